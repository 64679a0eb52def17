"""Amazon Personalize beside the marketplace's own rankings: views are told to it, and its model is asked first."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property

from botocore import exceptions
from botocore.config import Config

from commerce.adapters.aws.session import CONFIG, session
from commerce.ports import Rankings
from commerce.recommendations import RANKED, Candidates

_log = logging.getLogger(__name__)
# A page waits for it, and there are other recommendations: one attempt, and a short one.
_PATIENCE = Config(connect_timeout=1, read_timeout=1, retries={"mode": "standard", "total_max_attempts": 1})
_FAILURES = (exceptions.BotoCoreError, exceptions.ClientError)
_VIEW = "view"
_AT_ONCE = 10
"""Events in one request: https://docs.aws.amazon.com/personalize/latest/dg/API_UBS_PutEvents.html"""


class PersonalizedRankings:
    """`commerce.ports.Rankings` over others, which are what is shown wherever Personalize does not answer."""

    def __init__(self, own: Rankings, *, tracker: str, campaign: str | None) -> None:
        """`tracker` and `campaign` are ARNs; without a campaign Personalize only learns."""
        self._own = own
        self._tracker = tracker
        self._campaign = campaign
        self._events = session().client("personalize-events", config=CONFIG)
        self._runtime = session().client("personalize-runtime", config=CONFIG.merge(_PATIENCE))

    async def beside(self, product_id: str, category: str = "") -> Candidates:
        return await self._own.beside(product_id, category)

    async def for_buyer(self, buyer_id: str, category: str = "") -> Candidates:
        if self._campaign is None:
            return await self._own.for_buyer(buyer_id, category)
        own, ranked = await asyncio.gather(
            self._own.for_buyer(buyer_id, category), asyncio.to_thread(self._recommended, buyer_id)
        )
        return replace(own, rankings=(ranked, *own.rankings)) if ranked else own

    async def publish(
        self, rankings: Mapping[str, Sequence[str]], bestsellers: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        await self._own.publish(rankings, bestsellers)

    async def published(self) -> bool:
        return await self._own.published()

    async def record_views(self, views: Sequence[tuple[str, str]]) -> None:
        await self._own.record_views(views)
        await asyncio.to_thread(self._tell, views, datetime.now(UTC))

    async def take_views(self, limit: int) -> tuple[tuple[str, str], ...]:
        return await self._own.take_views(limit)

    @cached_property
    def _tracking_id(self) -> str:
        described = session().client("personalize", config=CONFIG).describe_event_tracker(eventTrackerArn=self._tracker)
        return str(described["eventTracker"]["trackingId"])

    def _tell(self, views: Sequence[tuple[str, str]], at: datetime) -> None:
        """Views that cannot be told are lost to it; the own rankings have them."""
        of_buyer: dict[str, list[str]] = defaultdict(list)
        for buyer_id, product_id in views:
            of_buyer[buyer_id].append(product_id)
        try:
            for buyer_id, products in of_buyer.items():
                for start in range(0, len(products), _AT_ONCE):
                    told = products[start : start + _AT_ONCE]
                    self._events.put_events(
                        trackingId=self._tracking_id,
                        userId=buyer_id,
                        # A day of one buyer.
                        sessionId=f"{buyer_id}/{at:%Y-%m-%d}",
                        eventList=[{"eventType": _VIEW, "itemId": product_id, "sentAt": at} for product_id in told],
                    )
        except _FAILURES:
            _log.warning("views not told", exc_info=True, extra={"views": len(views)})

    def _recommended(self, buyer_id: str) -> tuple[str, ...]:
        try:
            answer = self._runtime.get_recommendations(campaignArn=self._campaign, userId=buyer_id, numResults=RANKED)
        except _FAILURES:
            _log.warning("no recommendations of the model", exc_info=True)
            return ()
        return tuple(item["itemId"] for item in answer["itemList"])
