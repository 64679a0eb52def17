"""What fraud detection keeps: assessments in memory and PostgreSQL, the buyer's pace in memory and Redis; and the check
that brings them together."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from commerce_samples import NOON, MarketPorts, checkout, fulfilled, memory_market, offer, postgres_market, stock_up
from fraud_samples import MODEL, assessed
from order_cases import SELLERS

from commerce.adapters.memory import MemoryAssessments, MemoryMarket, MemoryOrderPace, MemoryScorer
from commerce.adapters.memory.measures import MemoryMeasures
from commerce.adapters.postgres import PostgresAssessments
from commerce.adapters.redis import RedisOrderPace
from commerce.fraud import Decider, Decision, Features, Pace, Score, ScorerUnavailable, Thresholds
from commerce.fraud_check import FraudCheck
from commerce.measures import Measure
from commerce.orders import Order, OrderNotFound, place
from commerce.ports import Assessments, FraudScorer, OrderPace

THRESHOLDS = Thresholds(review=0.5, refuse=0.97)
Bought = tuple[MarketPorts, Assessments]


@pytest.fixture(params=["memory", "postgres"])
def stores(request: pytest.FixtureRequest) -> Bought:
    if request.param == "memory":
        memory = MemoryMarket()
        return memory_market(memory), MemoryAssessments(memory)
    pool = request.getfixturevalue("pool")
    return postgres_market(pool), PostgresAssessments(pool)


@pytest.fixture
async def bought(stores: Bought) -> Bought:
    """A market with goods, and its assessments."""
    await stock_up(stores[0].offers, 50)
    return stores


@pytest.fixture(params=["memory", "redis"])
def pace(request: pytest.FixtureRequest) -> OrderPace:
    return MemoryOrderPace() if request.param == "memory" else RedisOrderPace(request.getfixturevalue("redis_client"))


def order(order_id: str, *, minutes: float = 0, buyer_id: str = "buyer", card: str = "pm_1") -> Order:
    shop = {"lamp": offer("lamp", "ada", 1999, 5)}
    placed = place(checkout(order_id, {"lamp": 1}, buyer_id=buyer_id), shop, SELLERS, NOON + timedelta(minutes=minutes))
    return replace(placed, payment_method=card)


async def test_the_first_assessment_of_an_order_stays(bought: Bought) -> None:
    market, assessments = bought
    await market.orders.accept(checkout("o1", {"lamp": 1}))
    assert await assessments.of("o1") is None
    assert await assessments.record("o1", assessed(Decision.REVIEW)) == assessed(Decision.REVIEW)
    assert await assessments.record("o1", assessed(Decision.ALLOW)) == assessed(Decision.REVIEW)
    assert await assessments.of("o1") == assessed(Decision.REVIEW)


async def test_two_assessments_at_once_agree(bought: Bought) -> None:
    market, assessments = bought
    await market.orders.accept(checkout("o1", {"lamp": 1}))
    kept = await asyncio.gather(*(assessments.record("o1", assessed(one)) for one in Decision))
    assert len(set(kept)) == 1


async def test_an_order_that_is_not_there_is_not_assessed(bought: Bought) -> None:
    with pytest.raises(OrderNotFound):
        await bought[1].record("nothing", assessed(Decision.ALLOW))


async def test_the_history_is_the_buyers_other_orders(bought: Bought) -> None:
    market, assessments = bought
    await fulfilled(market, "paid", {"lamp": 1})
    await market.orders.accept(checkout("failed", {"lamp": 1}))
    await market.orders.fail("failed", "payment_declined")
    await market.orders.accept(checkout("open", {"lamp": 1}))
    await market.orders.accept(checkout("foreign", {"lamp": 1}, buyer_id="somebody"))
    await market.orders.accept(checkout("now", {"lamp": 1}))
    history = await assessments.history(await market.orders.get("now"))
    assert (history.paid_orders, history.failed_orders) == (1, 1)
    assert history.first_order_at == (await market.orders.get("paid")).accepted_at
    first = await assessments.history(await market.orders.get("foreign"))
    assert (first.first_order_at, first.paid_orders, first.failed_orders) == (None, 0, 0)


async def test_orders_are_counted_by_hour_and_day_and_cards_by_day(pace: OrderPace) -> None:
    await pace.count(order("o1", minutes=0, card="pm_1"))
    await pace.count(order("o2", minutes=600, card="pm_2"))
    await pace.count(order("foreign", minutes=600, buyer_id="somebody", card="pm_9"))
    counted = await pace.count(order("o3", minutes=630, card="pm_2"))
    assert counted == Pace(orders_last_hour=2, orders_last_day=3, cards_last_day=2)
    later = await pace.count(order("o4", minutes=26 * 60, card="pm_3"))
    assert later == Pace(orders_last_hour=1, orders_last_day=3, cards_last_day=2)


async def test_an_order_that_is_counted_again_counts_once(pace: OrderPace) -> None:
    first = await pace.count(order("o1"))
    assert await pace.count(order("o1")) == first == Pace(orders_last_hour=1, orders_last_day=1, cards_last_day=1)


class SlowScorer:
    """Answers with what it is given, after what it is told to do meanwhile."""

    def __init__(self, answer: Score | Exception, meanwhile: Any = None) -> None:
        self.answer, self.meanwhile, self.asked = answer, meanwhile, 0

    async def score(self, features: Features) -> Score:
        self.asked += 1
        if self.meanwhile is not None:
            await self.meanwhile()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


async def check(bought: Bought, scorer: FraudScorer, measures: MemoryMeasures | None = None) -> FraudCheck:
    await bought[0].orders.accept(checkout("o1", {"lamp": 1}))
    return FraudCheck(
        scorer=scorer,
        pace=MemoryOrderPace(),
        assessments=bought[1],
        thresholds=THRESHOLDS,
        measures=measures or MemoryMeasures(),
    )


async def test_the_model_decides_where_it_answers(bought: Bought) -> None:
    checked = await check(bought, MemoryScorer(MODEL))
    found = await checked.assess(await bought[0].orders.get("o1"))
    assert (found.decision, found.decided_by, found.model) == (Decision.ALLOW, Decider.MODEL, "sample")
    assert found.score == MODEL.score(found.features).probability
    assert await checked.cleared("o1")


async def test_the_rules_decide_where_it_does_not_and_the_order_says_so(bought: Bought) -> None:
    checked = await check(bought, SlowScorer(ScorerUnavailable("too slow")))
    await checked.assess(await bought[0].orders.get("o1"))
    kept = await bought[1].of("o1")
    assert kept is not None
    assert (kept.decision, kept.decided_by, kept.score) == (Decision.ALLOW, Decider.RULES, None)


async def test_it_is_counted_who_decides_and_each_order_once(bought: Bought) -> None:
    measures, scorer = MemoryMeasures(), SlowScorer(ScorerUnavailable("too slow"))
    checked = await check(bought, scorer, measures)
    for _ in range(2):
        await checked.assess(await bought[0].orders.get("o1"))
    assert measures.sums == {Measure.FRAUD_BY_RULES: 1}
    scorer.answer = Score(probability=0.0, model="m")
    await bought[0].orders.accept(checkout("o2", {"lamp": 1}))
    await checked.assess(await bought[0].orders.get("o2"))
    assert measures.sums == {Measure.FRAUD_BY_RULES: 1, Measure.FRAUD_BY_MODEL: 1}


async def test_a_scorer_that_comes_back_does_not_change_what_was_decided(bought: Bought) -> None:
    scorer = SlowScorer(ScorerUnavailable("too slow"))
    checked = await check(bought, scorer)
    placed = await bought[0].orders.get("o1")
    decided = await checked.assess(placed)
    scorer.answer = Score(probability=1.0, model="m")
    assert await checked.assess(placed) == decided
    assert scorer.asked == 1


async def test_what_another_execution_decided_meanwhile_stands(bought: Bought) -> None:
    scorer = SlowScorer(Score(probability=0.0, model="m"))
    checked = await check(bought, scorer)

    async def refuse() -> None:
        await bought[1].record("o1", assessed(Decision.REFUSE))

    scorer.meanwhile = refuse
    found = await checked.assess(await bought[0].orders.get("o1"))
    assert found == assessed(Decision.REFUSE)
    assert not await checked.cleared("o1")


async def test_an_order_that_was_not_assessed_is_not_cleared(bought: Bought) -> None:
    assert not await (await check(bought, MemoryScorer(MODEL))).cleared("o1")
