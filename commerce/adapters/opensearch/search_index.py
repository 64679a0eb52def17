"""`commerce.ports.SearchIndex` on OpenSearch: one index behind an alias, a second one while it is rebuilt.

Every change is written through both aliases in one bulk request, which the engine resolves at one moment. Where no
rebuild runs, the second alias does not exist, and the engine says so for those items.
"""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

from commerce.adapters.opensearch.connection import OpenSearch, RequestRefused
from commerce.adapters.opensearch.documents import ALIAS, BUILDING, MADE_FOR, PREFIX, index_name, source, template
from commerce.indexing import RebuildOvertaken
from commerce.search import IndexChange, Rejected, SearchUnavailable

BULK_CHANGES: Final = 250
"""In one request, which stays far below the 10 MiB that a small node takes."""
_FIRST: Final = "0"
_NO_INDEX: Final = "index_not_found_exception"


class OpenSearchIndex:
    """Writes through the aliases, and makes the indexes behind them."""

    def __init__(self, engine: OpenSearch) -> None:
        self._engine = engine

    async def prepare(self, oldest_build: int = 0) -> bool:
        await self._engine.send(
            "PUT", f"/_index_template/{ALIAS}", template(serverless=self._engine.settings.serverless)
        )
        live = await self._behind(ALIAS)
        if not live:
            await self._create(index_name(_FIRST), ALIAS)
            return True
        builds = [name.removeprefix(f"{PREFIX}{MADE_FOR}-") for name in live]
        return not all(build.isdecimal() and int(build) >= max(1, oldest_build) for build in builds)

    async def write(self, changes: Sequence[IndexChange], build: str | None = None) -> tuple[Rejected, ...]:
        rejected: list[Rejected] = []
        for start in range(0, len(changes), BULK_CHANGES):
            rejected += await self._write(changes[start : start + BULK_CHANGES], build)
        return tuple(rejected)

    async def begin_rebuild(self, build: str) -> None:
        overtaken = await self._behind(BUILDING)
        await self._create(index_name(build))
        await self._change_aliases(
            {"add": {"index": index_name(build), "alias": BUILDING}},
            *({"remove_index": {"index": name}} for name in overtaken),
        )

    async def finish_rebuild(self, build: str) -> None:
        new = index_name(build)
        if await self._behind(BUILDING) != {new}:
            raise RebuildOvertaken(build)
        old = await self._behind(ALIAS) - {new}
        try:
            await self._change_aliases(
                {"remove": {"index": new, "alias": BUILDING, "must_exist": True}},
                {"add": {"index": new, "alias": ALIAS}},
                *({"remove_index": {"index": name}} for name in old),
            )
        except RequestRefused as refused:
            if refused.answered == HTTPStatus.NOT_FOUND:
                raise RebuildOvertaken(build) from refused
            raise

    async def refresh(self) -> None:
        if not self._engine.settings.serverless:
            await self._engine.send("POST", f"/{ALIAS}/_refresh")

    async def _write(self, changes: Sequence[IndexChange], build: str | None) -> list[Rejected]:
        targets = [(ALIAS, True), (BUILDING, True)] if build is None else [(index_name(build), False)]
        lines = [line for change in changes for target, alias in targets for line in _lines(change, target, alias)]
        answer = await self._engine.send_lines("/_bulk", lines)
        outcomes = [outcome for item in answer["items"] for outcome in item.values()]
        each = len(targets)
        return [
            refused
            for number, change in enumerate(changes)
            if (refused := _refusal(change, outcomes[number * each : (number + 1) * each]))
        ]

    async def _create(self, name: str, *aliases: str) -> None:
        try:
            await self._engine.send("PUT", f"/{name}", {"aliases": {alias: {} for alias in aliases}})
        except RequestRefused as refused:
            if refused.kind != "resource_already_exists_exception":
                raise

    async def _behind(self, alias: str) -> set[str]:
        """The indexes behind an alias."""
        try:
            return set(await self._engine.send("GET", f"/_alias/{alias}"))
        except RequestRefused as refused:
            if refused.answered == HTTPStatus.NOT_FOUND:
                return set()
            raise

    async def _change_aliases(self, *actions: dict[str, Any]) -> None:
        await self._engine.send("POST", "/_aliases", {"actions": list(actions)})


def _lines(change: IndexChange, target: str, alias: bool) -> list[dict[str, Any]]:
    about: dict[str, Any] = {
        "_index": target,
        "_id": change.product_id,
        "version": change.version,
        "version_type": "external",
        # A name that is no alias would be made an index of.
        **({"require_alias": True} if alias else {}),
    }
    return [{"index": about}, source(change)]


def _refusal(change: IndexChange, outcomes: Sequence[dict[str, Any]]) -> Rejected | None:
    """What an index said against the change. A later version that is there already is no refusal; the index that is
    not there is none, as long as another one is. Raises SearchUnavailable for what can succeed later."""
    missing = 0
    for outcome in outcomes:
        error = outcome.get("error")
        if error is None or outcome["status"] == HTTPStatus.CONFLICT:
            continue
        if error["type"] == _NO_INDEX:
            missing += 1
        elif outcome["status"] == HTTPStatus.TOO_MANY_REQUESTS or outcome["status"] >= 500:
            raise SearchUnavailable(f"{outcome['status']}: {error['reason']}")
        else:
            return Rejected(product_id=change.product_id, version=change.version, reason=_reason(error))
    if missing == len(outcomes):
        raise SearchUnavailable("the index is not there: it is being made, or was replaced this moment")
    return None


def _reason(error: dict[str, Any]) -> str:
    cause = error.get("caused_by") or {}
    return f"{error['type']}: {error['reason']}" + (f" ({cause['reason']})" if cause.get("reason") else "")
