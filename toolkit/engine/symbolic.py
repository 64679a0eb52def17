"""A provider for every package whose SDK is installed. Its outputs are traceable placeholders."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from toolkit.engine import shapes, urns
from toolkit.engine.policy_document import POLICY_DOCUMENT, policy_document
from toolkit.engine.provider import Checked, Created, Diff, Properties, ProviderError
from toolkit.engine.references import symbolic
from toolkit.engine.sdk import InstalledSdk, Sdk
from toolkit.engine.tokens import Tokens
from toolkit.errors import ToolkitError

_LIST_LENGTHS: Final = {
    "aws:index/getAvailabilityZones:getAvailabilityZones": {"names": 3, "zoneIds": 3},
}
"""How many elements a typical account has, for lists that programs count or index."""


class SymbolicProvider:
    """Creates nothing. The same resource has the same outputs in every run with the same seed."""

    def __init__(self, seed: str = "a", sdk: Sdk | None = None) -> None:
        self.tokens = Tokens(seed)
        self._sdk = sdk or InstalledSdk()
        self.invokes: dict[str, tuple[str, Properties]] = {}
        """Every data source that was read, by id: its token, and its arguments with their references."""

    def check(  # noqa: PLR0917 - the protocol's signature
        self, urn: str, type: str, name: str, olds: Properties | None, news: Properties, random_seed: bytes
    ) -> Checked:
        """Refuses types that no SDK has, and makes up a name where one is possible but none is given."""
        nameable = _as_provider_error(shapes.takes_optional, type, "name", self._sdk)
        if nameable and not news.keys() & {"name", "namePrefix"}:
            news = news | {"name": _autoname(urn, news)}
        return Checked(inputs=news)

    def diff(  # noqa: PLR0917 - the protocol's signature
        self, urn: str, type: str, id: str, old_inputs: Properties, olds: Properties, news: Properties
    ) -> Diff:
        if not old_inputs:  # it is imported: what it has now is not known
            return Diff(changed=["id"])
        changed = sorted(key for key in {*old_inputs, *news} if old_inputs.get(key) != news.get(key))
        return Diff(changed=changed, replaces=[key for key in changed if key == "name"])

    def create(self, urn: str, type: str, news: Properties, *, preview: bool) -> Created:
        if preview:
            return Created(id="", outputs=news)
        return Created(id=self.tokens.text((urn, "id")), outputs=self._outputs(urn, type, news))

    def read(self, urn: str, type: str, id: str, olds: Properties) -> Created | None:
        return Created(id=id, outputs=self._outputs(urn, type, olds), inputs={})

    def update(  # noqa: PLR0917 - the protocol's signature
        self, urn: str, type: str, id: str, old_inputs: Properties, olds: Properties, news: Properties, *, preview: bool
    ) -> Properties:
        return news if preview else self._outputs(urn, type, news)

    def delete(self, urn: str, type: str, id: str, olds: Properties) -> None:
        pass

    def invoke(self, token: str, args: Mapping[str, Any]) -> Properties:
        if token == POLICY_DOCUMENT:
            return policy_document(args)
        id = self.invoke_id(token, args)
        self.invokes[id] = (token, symbolic(dict(args), self.tokens))
        leaves = _Symbols(self.tokens, f"invoke:{id}", _LIST_LENGTHS.get(token, {}))
        answer: Properties = _as_provider_error(shapes.result, token, args, leaves, self._sdk)
        return answer

    def invoke_id(self, token: str, args: Mapping[str, Any]) -> str:
        return f"{token}#{_digest(symbolic(dict(args), self.tokens))}"

    def _outputs(self, urn: str, type: str, inputs: Properties) -> Properties:
        # A made-up name becomes a placeholder, so that a plan shows who refers to it.
        given = {key: value for key, value in inputs.items() if (key, value) != ("name", _autoname(urn, inputs))}
        outputs: Properties = _as_provider_error(shapes.outputs, type, given, _Symbols(self.tokens, urn, {}), self._sdk)
        return outputs


class _Symbols:
    """Tokens at the leaves of one resource."""

    def __init__(self, tokens: Tokens, subject: str, lengths: Mapping[str, int]) -> None:
        self._tokens = tokens
        self._subject = subject
        self._lengths = lengths

    def text(self, path: shapes.Path) -> str:
        return self._tokens.text((self._subject, *path))

    def number(self, path: shapes.Path) -> int:
        return self._tokens.number((self._subject, *path))

    def flag(self, path: shapes.Path) -> bool:
        # A boolean cannot carry a reference. It differs between the seeds, which shows where it was used.
        return self._tokens.seed == "b"

    def choice(self, path: shapes.Path, values: Sequence[Any]) -> Any:
        return values[-1 if self._tokens.seed == "b" else 0]

    def length(self, path: shapes.Path) -> int:
        return self._lengths.get(str(path[-1]), 1)


def _autoname(urn: str, inputs: Properties) -> str:
    """`<logical name>-<7 hex>`, the form of the real providers, but the same in every run and every engine."""
    suffix = ".fifo" if inputs.get("fifoQueue") or inputs.get("fifoTopic") else ""
    return f"{urns.name_of(urn)}-{_digest(urn)[:7]}{suffix}"


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:12]


def _as_provider_error(call: Any, *args: Any) -> Any:
    """Turns the error for an unknown type token into a refusal of this provider."""
    try:
        return call(*args)
    except ToolkitError as error:
        raise ProviderError(error.message) from error
