"""What the real engine refuses in a request before any provider sees it."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from typing import Any, Final

from toolkit.engine import urns
from toolkit.engine.paths import parse
from toolkit.errors import ToolkitError

_VERSION: Final = re.compile(r"\d+\.\d+\.\d+([-+].+)?")
_DURATION: Final = re.compile(r"[-+]?(0|((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))+)")


def not_offline(what: str, *, plugin: bool = False) -> ToolkitError:
    """The error for something that the program may well do, but only with the real CLI, or with a `plugin` too."""
    return ToolkitError(
        f"{what}, which the offline engine does not do",
        next_step="run this stack with pulumi, where that plugin is installed"
        if plugin
        else "run `pulumi preview` with `marketplace provider --symbolic` attached",
    )


def refuse_registration(request: Any, known: Container[str]) -> None:
    """Refuses a malformed registration, and one that refers to a resource that is not among the `known` URNs.

    Raises:
        ToolkitError: it is refused; the message says why.
    """
    if request.type.startswith("pulumi-python:dynamic"):
        raise not_offline(f"{request.name} has a dynamic provider")
    if request.custom and request.type.count(":") != 2:
        raise ToolkitError(
            f"type {request.type!r} of {request.name} is not a valid type token (must have format '*:*:*')",
            next_step="correct the type token",
        )
    title = urns.title(request.name, request.type)
    if urns.is_provider(request.type) and request.importId:
        raise _wrong("import_", title, "provider resources may not be read")
    aliases = [*request.aliasURNs, *(alias.urn or alias.spec.parentUrn for alias in request.aliases)]
    for alias in filter(None, aliases):
        if not urns.is_urn(alias):
            raise _wrong("aliases", title, f"invalid URN {alias!r}")
    if request.custom and request.version and not _VERSION.fullmatch(request.version):
        raise _wrong("version", title, f"{request.version!r} is no `major.minor.patch`")
    for timeout in filter(None, (getattr(request.customTimeouts, name) for name in ("create", "update", "delete"))):
        if not _DURATION.fullmatch(timeout):
            raise _wrong("custom_timeouts", title, f"{timeout!r} is no duration such as `5m`")
    for path in request.hideDiffs:
        try:
            parse(path)
        except ValueError as error:
            raise _wrong("hide_diffs", title, str(error)) from None
    _refuse_unknown(title, "parent", filter(None, [request.parent]), known)
    _refuse_unknown(title, "depends_on", request.dependencies, known)
    _refuse_unknown(title, "deleted_with", filter(None, [request.deletedWith]), known)


def refuse_read(request: Any, known: Container[str]) -> None:
    """The same for a resource that the program reads."""
    title = urns.title(request.name, request.type)
    if not request.id:
        raise ToolkitError(f"{title} is read without an id", next_step="give the id of an existing resource")
    if urns.is_provider(request.type):
        raise _wrong("id", title, "provider resources may not be read")
    _refuse_unknown(title, "parent", filter(None, [request.parent]), known)
    _refuse_unknown(title, "depends_on", request.dependencies, known)


def refuse_provider(reference: str, needed_by: str, known: Container[str]) -> None:
    """Refuses a reference to a provider that no one registered."""
    if urns.provider_urn(reference) not in known:
        raise ToolkitError(
            f"unknown provider {reference!r} for {needed_by}", next_step="give it a provider it has made"
        )


def _refuse_unknown(title: str, option: str, given: Iterable[str], known: Container[str]) -> None:
    for urn in given:
        if not urns.is_urn(urn):
            raise _wrong(option, title, f"invalid URN {urn!r}")
        if urn not in known:
            raise _wrong(option, title, f"could not find resource {urn}")


def _wrong(option: str, title: str, why: str) -> ToolkitError:
    return ToolkitError(f"`{option}` of {title}: {why}", next_step=f"correct the option `{option}`")
