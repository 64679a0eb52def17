"""Which route of an HTTP API a request belongs to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from toolkit.local.gateway.api import Route

LITERAL, PARAMETER, GREEDY, END, DEFAULT = 0, 1, 2, 3, 9
"""Kinds of a segment, the most specific first."""


@dataclass(frozen=True, kw_only=True)
class _Compiled:
    route: Route
    pattern: re.Pattern[str]
    rank: tuple[object, ...]


class Router:
    """Chooses as API Gateway does: literal segments before parameters before `{proxy+}` before `$default`."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = sorted((_compiled(route) for route in routes), key=lambda compiled: compiled.rank)

    def find(self, method: str, path: str) -> Route | None:
        """The most specific route for the request."""
        for compiled in self._routes:
            if compiled.route.method in ("ANY", method) and compiled.pattern.fullmatch(path):
                return compiled.route
        return None


def _compiled(route: Route) -> _Compiled:
    if route.path == "$default":
        return _Compiled(route=route, pattern=re.compile(r".*", re.DOTALL), rank=((DEFAULT,), True))
    kinds, pattern = [], ""
    for segment in route.path.strip("/").split("/"):
        if segment.startswith("{") and segment.endswith("+}"):
            kinds.append(GREEDY)
            pattern += "/.+"
        elif segment.startswith("{"):
            kinds.append(PARAMETER)
            pattern += "/[^/]+"
        else:
            kinds.append(LITERAL)
            pattern += "/" + re.escape(segment)
    # The end of a path ranks behind a greedy segment, so that the longer of two matching paths wins.
    return _Compiled(route=route, pattern=re.compile(pattern), rank=((*kinds, END), route.method == "ANY"))
