"""The firewall's own rules: sizes of bodies, and rates by address. The groups that AWS manages are not known here."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

INSPECTED_BYTES = 16 * 1024
"""Of a body: what CloudFront hands to its firewall."""
FORGET_AFTER = 10_000
"""Addresses that are counted at most; beyond, counting begins anew."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What the rules look at."""

    path: str
    address: str | None
    """The viewer's; `None` for a caller on this machine, whose clients all have the same one."""
    body_bytes: int


Matches = Callable[[Request], bool]


class Firewall:
    """Judges requests by rules in their order; the first that matches and blocks decides."""

    def __init__(self, rules: Iterable[Mapping[str, Any]], clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._rules = [
            (_status(rule["action"]["block"]), self._compiled(rule["statement"]))
            for rule in rules
            if (rule.get("action") or {}).get("block") is not None
        ]

    def refusal(self, request: Request) -> int | None:
        """The status that the request is refused with, `None` for one that may pass."""
        return next((status for status, matches in self._rules if matches(request)), None)

    def _compiled(self, statement: Mapping[str, Any]) -> Matches:  # noqa: PLR0911 - one for each kind of statement
        [(kind, body)] = ((kind, body) for kind, body in statement.items() if body is not None)
        match kind:
            case "andStatement":
                all_of = self._inner(body)
                return lambda request: all(matches(request) for matches in all_of)
            case "orStatement":
                any_of = self._inner(body)
                return lambda request: any(matches(request) for matches in any_of)
            case "notStatement":
                inner = self._compiled(body["statement"])
                return lambda request: not inner(request)
            case "regexMatchStatement" if (body.get("fieldToMatch") or {}).get("uriPath") is not None:
                pattern = re.compile(body["regexString"])
                return lambda request: pattern.search(unquote(request.path)) is not None
            case "sizeConstraintStatement" if (body.get("fieldToMatch") or {}).get("body") is not None:
                largest = min(int(body["size"]), INSPECTED_BYTES)
                return lambda request: request.body_bytes > largest
            case "rateBasedStatement" if body.get("aggregateKeyType") == "IP":
                scope = self._compiled(body["scopeDownStatement"]) if body.get("scopeDownStatement") else None
                return _Rate(int(body["limit"]), float(body.get("evaluationWindowSec") or 300), scope, self._clock)
        return lambda request: False

    def _inner(self, body: Mapping[str, Any]) -> Sequence[Matches]:
        return [self._compiled(statement) for statement in body["statements"]]


class _Rate:
    """Matches requests of an address that has sent more than `limit` within the window."""

    def __init__(self, limit: int, window_seconds: float, scope: Matches | None, clock: Callable[[], float]) -> None:
        self._limit, self._window_seconds, self._scope, self._clock = limit, window_seconds, scope, clock
        self._sent: dict[str, deque[float]] = {}

    def __call__(self, request: Request) -> bool:
        if request.address is None or (self._scope is not None and not self._scope(request)):
            return False
        if len(self._sent) > FORGET_AFTER:
            self._sent.clear()
        sent = self._sent.setdefault(request.address, deque())
        now = self._clock()
        while sent and sent[0] <= now - self._window_seconds:
            sent.popleft()
        if len(sent) <= self._limit:
            sent.append(now)
        return len(sent) > self._limit


def _status(block: Mapping[str, Any]) -> int:
    return int((block.get("customResponse") or {}).get("responseCode") or 403)
