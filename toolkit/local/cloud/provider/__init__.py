"""The provider that creates the planned AWS resources on this machine."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError

from toolkit.engine.provider import Checked, Created, Diff, Properties, ProviderError
from toolkit.engine.sdk import InstalledSdk, Sdk
from toolkit.engine.shapes import takes_optional
from toolkit.errors import ToolkitError
from toolkit.local.cloud.provider import data_sources
from toolkit.local.cloud.provider.emulator import Backends
from toolkit.local.cloud.provider.emulators.invocation import OneShot
from toolkit.local.cloud.provider.lambda_runner import LambdaRunner
from toolkit.local.cloud.provider.naming import DEFAULTS, NAME_PROPERTIES, UNNAMED, autonamed
from toolkit.local.cloud.provider.recorded import record, without_markers
from toolkit.local.cloud.provider.registry import EMULATED, REPLACED_WHEN_RECORDED, RUN_BY_PROCESSES, emulators

GONE = re.compile(r"NotFound|NonExistent|NoSuch|DoesNotExist|NotExist|MissingAction")

__all__ = ["LocalProvider", "is_emulated"]


class LocalProvider:
    """Implements `toolkit.engine.provider.Provider` for the `aws` package, on this machine.

    Emulated types (`registry.EMULATED`) are created in moto or a server; others are recorded with plausible outputs.
    Safe for concurrent use: both engines create independent resources at the same time.
    """

    def __init__(self, backends: Backends, run: OneShot | None = None, sdk: Sdk | None = None) -> None:
        """`run` calls a Lambda function during the deployment, by default in a process of its own.

        `sdk` describes the types, by default from the SDKs installed here, which takes seconds to load.
        """
        self._sdk = sdk or InstalledSdk()
        self._region = backends.region
        self._backends = backends
        self._runner = LambdaRunner(backends)
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
        """Creates the resource, or echoes its inputs in a preview."""
        if preview:
            return Created(id="", outputs=without_markers(news))
        recorded = record(urn, type, news, self._region, self._sdk)
        emulator = self._emulators.get(type)
        if emulator is None:
            return recorded
        with _naming(urn):
            made = emulator.create(without_markers(news))
        return Created(id=made.id, outputs=recorded.outputs | made.outputs)

    def read(self, urn: str, type: str, id: str, olds: Properties) -> Created | None:
        """What was recorded, as long as it still exists."""
        emulator = self._emulators.get(type)
        if emulator is not None:
            with _naming(urn):
                if not _found(lambda: emulator.exists(id, olds)):
                    return None
        return Created(id=id, outputs=olds)

    def update(  # noqa: PLR0917 - Pulumi's protocol
        self, urn: str, type: str, id: str, old_inputs: Properties, olds: Properties, news: Properties, *, preview: bool
    ) -> Properties:
        """Applies the changed inputs; inputs that were taken away disappear from the outputs too."""
        kept = {key: value for key, value in olds.items() if key not in old_inputs}
        emulator = self._emulators.get(type)
        changed: Properties = {}
        if emulator is not None and not preview:
            with _naming(urn):
                changed = emulator.update(id, without_markers(old_inputs), without_markers(news))
        outputs = kept | without_markers(news)
        if emulator is not None:
            outputs |= {key: olds[key] for key in emulator.decided_by_server if key in olds}
        return outputs | ({"tagsAll": news.get("tags") or {}} if "tagsAll" in olds else {}) | changed

    def delete(self, urn: str, type: str, id: str, olds: Properties) -> None:
        """Deletes the resource; one that is already gone is not an error."""
        emulator = self._emulators.get(type)
        if emulator is not None:
            with _naming(urn):
                _found(lambda: emulator.delete(id, olds) or True)

    def invoke(self, token: str, args: Mapping[str, Any]) -> Properties:
        """Answers a data source."""
        return data_sources.answer(token, args, self._backends)

    def _named_by(self, type: str) -> str | None:
        if type in NAME_PROPERTIES:
            return NAME_PROPERTIES[type]
        emulator = self._emulators.get(type)
        declared = emulator.named_by if emulator else None
        if declared is not None or type in UNNAMED:
            return declared
        return "name" if takes_optional(type, "name", self._sdk) else None

    def _replace_on(self, type: str) -> frozenset[str]:
        emulator = self._emulators.get(type)
        return REPLACED_WHEN_RECORDED.get(type, frozenset({"name"})) if emulator is None else emulator.replace_on


def is_emulated(type: str) -> bool:
    """Whether this machine emulates the type; the others are recorded only."""
    emulated = {emulator.type for emulator in EMULATED} | RUN_BY_PROCESSES
    return type in emulated or type == "aws:lambda/invocation:Invocation"


def _found(operation: Callable[[], bool]) -> bool:
    """The operation's answer, `False` when AWS answers that there is no such thing."""
    try:
        return operation()
    except ClientError as error:
        if GONE.search(error.response["Error"]["Code"]) or "not found" in str(error).lower():
            return False
        raise


@contextmanager
def _naming(urn: str) -> Iterator[None]:
    """Turns the refusal of an emulator into a `ProviderError` that names the resource."""
    try:
        yield
    except (ProviderError, ToolkitError):
        raise
    except Exception as error:  # boto3, asyncpg and redis raise their own; the message is all that the user needs
        _, _, type_chain, name = urn.split("::", 3)
        raise ProviderError(f"{type_chain.rsplit('$', 1)[-1]} {name}: {error}") from error
