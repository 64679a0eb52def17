"""Personalize beside the own rankings, as botocore's models describe it; it may fail, and nobody notices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.stub import ANY, Stubber

from commerce.adapters.aws import personalize
from commerce.adapters.aws.personalize import PersonalizedRankings
from commerce.adapters.memory import MemoryRankings

TRACKER = "arn:aws:personalize:us-east-1:123456789012:event-tracker/t"
CAMPAIGN = "arn:aws:personalize:us-east-1:123456789012:campaign/shop"


@pytest.fixture
def rankings(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[PersonalizedRankings, Stubber, Stubber]]:
    for name, value in {"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}.items():
        monkeypatch.setenv(name, value)
    personalize.session.cache_clear()
    made = PersonalizedRankings(MemoryRankings(), tracker=TRACKER, campaign=CAMPAIGN)
    made.__dict__["_tracking_id"] = "tracking"
    with Stubber(made._events) as events, Stubber(made._runtime) as runtime:
        yield made, events, runtime
    personalize.session.cache_clear()


def events_of(buyer: str, products: list[str]) -> dict[str, Any]:
    listed = [{"eventType": "view", "itemId": product, "sentAt": ANY} for product in products]
    return {"trackingId": "tracking", "userId": buyer, "sessionId": ANY, "eventList": listed}


async def test_views_are_noted_and_told_by_buyer_ten_at_once(
    rankings: tuple[PersonalizedRankings, Stubber, Stubber],
) -> None:
    made, events, _ = rankings
    seen = [f"p{number}" for number in range(12)]
    events.add_response("put_events", {}, events_of("ann", seen[:10]))
    events.add_response("put_events", {}, events_of("ann", seen[10:]))
    events.add_response("put_events", {}, events_of("bob", ["mug"]))
    await made.record_views([*(("ann", product) for product in seen), ("bob", "mug")])
    events.assert_no_pending_responses()
    assert len(await made.take_views(100)) == 11


async def test_the_model_comes_before_the_own_rankings(
    rankings: tuple[PersonalizedRankings, Stubber, Stubber],
) -> None:
    made, _, runtime = rankings
    await made.publish({}, {"": ["best"]})
    asked = {"campaignArn": CAMPAIGN, "userId": "ann", "numResults": ANY}
    runtime.add_response("get_recommendations", {"itemList": [{"itemId": "a"}, {"itemId": "b"}]}, asked)
    candidates = await made.for_buyer("ann")
    assert candidates.rankings[0] == ("a", "b")
    assert candidates.of_all == ("best",)


async def test_without_an_answer_the_own_rankings_are_shown_and_views_are_kept(
    rankings: tuple[PersonalizedRankings, Stubber, Stubber],
) -> None:
    made, events, runtime = rankings
    await made.publish({}, {"": ["best"]})
    runtime.add_client_error("get_recommendations", "ThrottlingException")
    events.add_client_error("put_events", "InvalidInputException")
    candidates = await made.for_buyer("ann")
    assert (candidates.rankings, candidates.of_all) == ((), ("best",))
    await made.record_views([("ann", "mug"), ("ann", "cup")])
    assert await made.take_views(10) == (("mug", "cup"),)
