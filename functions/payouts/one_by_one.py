"""How a task of a round works through what is due."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from commerce.errors import MarketplaceError
from commerce.payments import PaymentUnavailable

UNREACHABLE_AFTER = 3
"""So many in a row without an answer: the processor cannot be reached, and the rest waits for the next round."""

Due = TypeVar("Due")
_log = logging.getLogger(__name__)


async def one_by_one(due: Iterable[Due], settle: Callable[[Due], Awaitable[bool]]) -> int:
    """How many `settle` settled. One that fails is left for the next round, and does not keep those after it waiting.

    Raises an ExceptionGroup of what failed, after all others were settled.
    """
    settled, unanswered = 0, 0
    failures: list[Exception] = []
    for one in due:
        try:
            settled += await settle(one)
            unanswered = 0
        except MarketplaceError as failure:
            _log.exception("left for the next round", extra={"context": failure.context})
            failures.append(failure)
            unanswered = unanswered + 1 if isinstance(failure, PaymentUnavailable) else 0
        if unanswered == UNREACHABLE_AFTER:
            break
    if failures:
        raise ExceptionGroup(f"{len(failures)} were not settled", failures)
    return settled
