"""A provider for every package whose SDK is installed, whose outputs are placeholders that can be traced."""

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

_LENGTHS: Final = {
    "aws:index/getAvailabilityZones:getAvailabilityZones": {"names": 3, "zoneIds": 3},
}
"""Lists that programs count or index: how many elements a typical account has."""


class SymbolicProvider:
    """Creates nothing. The same resource has the same outputs in every run with the same seed."""

    def __init__(self, seed: str = "a", sdk: Sdk | None = None) -> None:
        self.tokens = Tokens(seed)
        self._sdk = sdk or InstalledSdk()
        self.invokes: dict[str, tuple[str, Properties]] = {}
        """Every data source that was asked, by id: its token, and its arguments with their references."""

    def check(  # noqa: PLR0917 - the protocol's signature
        self, urn: str, type: str, name: str, olds: Properties | None, news: Properties, random_seed: bytes
    ) -> Checked:
        """Refuses types that no SDK has, and names what may have a name but was given none."""
        nameable = _explained(shapes.takes_optional, type, "name", self._sdk)
        if nameable and not news.keys() & {"name", "namePrefix"}:
            news = news | {"name": _autoname(urn, news)}
        return Checked(inputs=news)

    def diff(  # noqa: PLR0917 - the protocol's signature
        self, urn: str, type: str, id: str, old_inputs: Properties, olds: Properties, news: Properties
    ) -> Diff:
        changed = sorted(key for key in {*old_inputs, *news} if old_inputs.get(key) != news.get(key))
        return Diff(changed=changed, replaces=[key for key in changed if key == "name"])

    def create(self, urn: str, type: str, news: Properties, *, preview: bool) -> Created:
        if preview:
            return Created(id="", outputs=news)
        return Created(id=self.tokens.text((urn, "id")), outputs=self._outputs(urn, type, news))

    def read(self, urn: str, type: str, id: str, olds: Properties) -> Created | None:
        return Created(id=id, outputs=self._outputs(urn, type, olds))

    def update(  # noqa: PLR0917 - the protocol's signature
        self, urn: str, type: str, id: str, old_inputs: Properties, olds: Properties, news: Properties, *, preview: bool
    ) -> Properties:
        return news if preview else self._outputs(urn, type, news)

    def delete(self, urn: str, type: str, id: str, olds: Properties) -> None:
        pass

    def invoke(self, token: str, args: Mapping[str, Any]) -> Properties:
        if token == POLICY_DOCUMENT:
            return policy_document(args)
        known = symbolic(dict(args), self.tokens)
        id = f"{token}#{_digest(known)}"
        self.invokes[id] = (token, known)
        leaves = _Symbols(self.tokens, f"invoke:{id}", _LENGTHS.get(token, {}))
        answer: Properties = _explained(shapes.result, token, args, leaves, self._sdk)
        return answer

    def _outputs(self, urn: str, type: str, inputs: Properties) -> Properties:
        # A name that the program did not choose is for others to refer to, not to repeat.
        given = {key: value for key, value in inputs.items() if (key, value) != ("name", _autoname(urn, inputs))}
        outputs: Properties = _explained(shapes.outputs, type, given, _Symbols(self.tokens, urn, {}), self._sdk)
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
        # Two values cannot carry a reference; that they differ between seeds shows where one mattered.
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


def _explained(function: Any, *args: Any) -> Any:
    """A mistake in a type token is the program's, so it is told like any refusal of a provider."""
    try:
        return function(*args)
    except ToolkitError as error:
        raise ProviderError(error.message) from error
