"""Turns that were not taken in time: looked for every half minute, by every instance of the service."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from commerce.ports import Cases
from services.http.attention import Attention

LOOK_EVERY_SECONDS = 30.0
_log = logging.getLogger(__name__)


async def keep_deadlines(cases: Cases, attention: Attention) -> None:
    """Runs until it is canceled. A store that is away is asked again at the next look."""
    while True:
        try:
            if expired := await cases.expire_due(datetime.now(UTC)):
                _log.info("turns ran out", extra={"case_ids": expired})
        except Exception:
            _log.exception("cannot look for turns that ran out")
        await attention.rest(LOOK_EVERY_SECONDS)
