"""A provider in memory with the behavior of one resource type, on which both engines are compared."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from toolkit.engine import urns
from toolkit.engine.provider import Checked, CheckFailure, Created, Diff, Properties, ProviderError


@dataclass
class MemoryCloud:
    """Implements `Provider`. A changed `name` replaces, `name: broken` fails, `name: invalid` is refused."""

    things: dict[str, Properties] = field(default_factory=dict)
    journal: list[str] = field(default_factory=list)
    delete_before_replace: bool = False
    _numbers: Any = field(default_factory=itertools.count)
    _lock: Any = field(default_factory=threading.Lock)

    def check(  # noqa: PLR0917
        self, urn: str, type: str, name: str, olds: Properties | None, news: Properties, random_seed: bytes
    ) -> Checked:
        if news.get("name") == "invalid":
            return Checked(inputs=news, failures=[CheckFailure(property="name", reason="is not a name")])
        if "name" not in news:
            kept = (olds or {}).get("name") or f"{name}-{random_seed.hex()[:7]}"
            news = news | {"name": kept}
        return Checked(inputs=news)

    def diff(  # noqa: PLR0917
        self, urn: str, type: str, id: str, old_inputs: Properties, olds: Properties, news: Properties
    ) -> Diff:
        changed = sorted(key for key in {*old_inputs, *news} if old_inputs.get(key) != news.get(key))
        forced = [key for key in changed if key in ("name", "kmsMasterKeyId")]
        return Diff(changed=changed, replaces=forced, delete_before_replace=self.delete_before_replace)

    def create(self, urn: str, type: str, news: Properties, *, preview: bool) -> Created:
        if preview:
            return Created(id="", outputs=news)
        if news["name"] == "broken":
            raise ProviderError("the cloud is out of queues")
        with self._lock:
            id = f"id-{next(self._numbers)}"
            self.things[id] = news
            self.journal.append(f"create {urns.name_of(urn)}")
        return Created(id=id, outputs=news | {"arn": f"arn:{id}", "url": f"https://{id}"})

    def read(self, urn: str, type: str, id: str, olds: Properties) -> Created | None:
        thing = self.things.get(id)
        return None if thing is None else Created(id=id, outputs=thing | {"arn": f"arn:{id}"}, inputs=thing)

    def update(  # noqa: PLR0917
        self, urn: str, type: str, id: str, old_inputs: Properties, olds: Properties, news: Properties, *, preview: bool
    ) -> Properties:
        if not preview:
            with self._lock:
                self.things[id] = news
                self.journal.append(f"update {urns.name_of(urn)}")
        return olds | news

    def delete(self, urn: str, type: str, id: str, olds: Properties) -> None:
        with self._lock:
            self.things.pop(id, None)
            self.journal.append(f"delete {urns.name_of(urn)}")

    def invoke(self, token: str, args: Mapping[str, Any]) -> Properties:
        return {"arn": f"arn:{args['name']}", "url": "https://found", "tags": {}}
