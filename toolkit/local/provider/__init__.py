"""The provider that turns the planned AWS resources into things on this machine."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from toolkit.engine.provider import Checked, Created, Diff, Properties, ProviderError
from toolkit.engine.sdk import InstalledSdk, Sdk
from toolkit.engine.shapes import takes_optional
from toolkit.errors import ToolkitError
from toolkit.local.provider import invokes
from toolkit.local.provider.emulator import Backends, Emulator
from toolkit.local.provider.function_runner import FunctionRunner
from toolkit.local.provider.invocation import OneShot
from toolkit.local.provider.naming import DEFAULTS, NAME_PROPERTIES, UNNAMED, autonamed
from toolkit.local.provider.recorded import record, without_markers
from toolkit.local.provider.registry import EMULATED, REPLACED_WHEN_RECORDED, RUN_BY_PROCESSES, emulators

GONE = re.compile(r"NotFound|NonExistent|NoSuch|DoesNotExist|NotExist|MissingAction")

T = TypeVar("T")

__all__ = ["LocalProvider", "is_emulated"]


class LocalProvider:
    """Implements `toolkit.engine.provider.Provider` for the `aws` package, on this machine.

    Emulated types become real things (`registry.EMULATED`); every other type is recorded with plausible outputs.
    Safe for concurrent use: both engines create independent resources at the same time.
    """

    def __init__(self, backends: Backends, run: OneShot | None = None, sdk: Sdk | None = None) -> None:
        """`run` is how a function is called during the deployment, by default in a process of its own.

        `sdk` describes the types, by default from the SDKs installed here, which takes seconds to load.
        """
        self._sdk = sdk or InstalledSdk()
        self._region = backends.region
        self._runner = FunctionRunner(backends)
        self._emulators = emulators(backends, run or self._runner)

    def close(self) -> None:
        """Ends what the deployment started for itself."""
        self._runner.close()

    def check(  # noqa: PLR0917 - Pulumi's protocol
        self, urn: str, type: str, name: str, olds: Properties | None, news: Properties, random_seed: bytes
    ) -> Checked:
        """Names what the program does not name; types are checked by the plan already."""
        return Checked(inputs=autonamed(type, name, urn, olds, news, random_seed, self._named_by(type)))

    def diff(  # noqa: PLR0917 - Pulumi's protocol
        self, urn: str, type: str, id: str, old_inputs: Properties, olds: Properties, news: Properties
    ) -> Diff:
        """Top-level inputs that differ, and those that AWS cannot change in place."""
        before, after = without_markers(old_inputs), without_markers(news)
        changed = sorted(key for key in {*before, *after} if before.get(key) != after.get(key))
        replaces = [key for key in changed if key in self._replace_on(type)]
        named_by = self._named_by(type)
        same_name = named_by is not None and named_by not in changed and DEFAULTS not in news
        return Diff(changed=changed, replaces=replaces, delete_before_replace=bool(replaces) and same_name)

    def create(self, urn: str, type: str, news: Properties, *, preview: bool) -> Created:
        """Creates the resource, or tells its inputs back in a preview."""
        if preview:
            return Created(id="", outputs=without_markers(news))
        recorded = record(urn, type, news, self._region, self._sdk)
        emulator = self._emulators.get(type)
        if emulator is None:
            return recorded
        made = _told(urn, lambda: emulator.create(without_markers(news)))
        return Created(id=made.id, outputs=recorded.outputs | made.outputs)

    def read(self, urn: str, type: str, id: str, olds: Properties) -> Created | None:
        """What was recorded, as long as its engine still has it."""
        emulator = self._emulators.get(type)
        if emulator is not None and not _told(urn, lambda: _found(lambda: emulator.exists(id, olds))):
            return None
        return Created(id=id, outputs=olds)

    def update(  # noqa: PLR0917 - Pulumi's protocol
        self, urn: str, type: str, id: str, old_inputs: Properties, olds: Properties, news: Properties, *, preview: bool
    ) -> Properties:
        """Applies the changed inputs; inputs that were taken away disappear from the outputs too."""
        kept = {key: value for key, value in olds.items() if key not in old_inputs}
        emulator = self._emulators.get(type)
        changed = {}
        if emulator is not None and not preview:
            changed = _told(urn, lambda: emulator.update(id, without_markers(old_inputs), without_markers(news)))
        outputs = kept | without_markers(news)
        if emulator is not None:
            # The engine decides some outputs that are inputs too (a database's port): they stay as it said.
            outputs |= {key: olds[key] for key in _decided_by_engine(emulator) if key in olds}
        return outputs | ({"tagsAll": news.get("tags") or {}} if "tagsAll" in olds else {}) | changed

    def delete(self, urn: str, type: str, id: str, olds: Properties) -> None:
        """Deletes the resource; one that is already gone is not an error."""
        emulator = self._emulators.get(type)
        if emulator is not None:
            _told(urn, lambda: _found(lambda: emulator.delete(id, olds) or True))

    def invoke(self, token: str, args: Mapping[str, Any]) -> Properties:
        """Answers a data source."""
        return invokes.answer(token, args, self._region)

    def _named_by(self, type: str) -> str | None:
        if type in NAME_PROPERTIES:
            return NAME_PROPERTIES[type]
        emulator = self._emulators.get(type)
        declared: str | None = getattr(emulator, "named_by", None)
        if declared is not None or type in UNNAMED:
            return declared
        return "name" if takes_optional(type, "name", self._sdk) else None

    def _replace_on(self, type: str) -> frozenset[str]:
        emulator = self._emulators.get(type)
        return REPLACED_WHEN_RECORDED.get(type, frozenset({"name"})) if emulator is None else emulator.replace_on


def is_emulated(type: str) -> bool:
    """Whether something on this machine plays this type; the others are recorded only."""
    played = {emulator.type for emulator in EMULATED} | RUN_BY_PROCESSES
    return type in played or type == "aws:lambda/invocation:Invocation"


def _decided_by_engine(emulator: Emulator) -> frozenset[str]:
    return (
        frozenset({"port", "endpoint"}) if emulator.type.startswith(("aws:rds/", "aws:elasticache/")) else frozenset()
    )


def _found(operation: Callable[[], bool]) -> bool:
    """The operation's answer, no when the engine says that there is no such thing."""
    try:
        return operation()
    except ClientError as error:
        if GONE.search(error.response["Error"]["Code"]) or "not found" in str(error).lower():
            return False
        raise


def _told(urn: str, operation: Callable[[], T]) -> T:
    """The operation's answer; an engine's refusal becomes a ProviderError that names the resource."""
    try:
        return operation()
    except (ProviderError, ToolkitError):
        raise
    except Exception as error:  # whatever the engine's client raises: its message is all that the user needs
        _, _, type_chain, name = urn.split("::", 3)
        raise ProviderError(f"{type_chain.rsplit('$', 1)[-1]} {name}: {error}") from error
