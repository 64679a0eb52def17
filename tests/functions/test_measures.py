"""Figures of the business: what is told, where it is graphed, and how many there are, since each costs money."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from aws_lambda_powertools import Metrics

from commerce.events import DomainEvent, EventType
from commerce.measures import Measure, measured
from functions.aws_lambda import EmbeddedMeasures
from stacks.workloads import HANDLERS

MOST = 10
"""A custom metric is $0.30 a month (docs/decisions/0019)."""


@pytest.mark.parametrize(
    ("type", "data", "added"),
    [
        (EventType.ORDER_ACCEPTED, {"total": 900, "currency": "usd"}, {Measure.ORDERS_ACCEPTED: 1}),
        (EventType.ORDER_CAPTURED, {"total": 900}, {Measure.ORDERS_PAID: 1, Measure.SALES: 900}),
        (EventType.ORDER_FAILED, {"total": 900, "failure": "sold_out"}, {Measure.ORDERS_FAILED: 1}),
        (EventType.REFUND_MADE, {"amount": 250}, {Measure.REFUNDS: 250}),
        (EventType.PAYOUT_SENT, {"amount": 650, "recovered": 5}, {Measure.PAYOUTS: 650}),
        (EventType.CASE_OPENED, {}, {Measure.CASES_OPENED: 1}),
        (EventType.SALE_SHIPPED, {}, {}),
        (EventType.SHARE_RELEASED, {"amount": 650}, {}),
    ],
)
def test_an_event_adds_to_the_figures_that_it_is_about(
    type: EventType, data: dict[str, int | str], added: dict[Measure, int]
) -> None:
    told = DomainEvent(type=type, subject_id="o1", data=data, occurred_at=datetime.now(UTC))
    assert measured(told) == added


def test_every_figure_is_graphed_for_the_handler_that_tells_it_and_there_are_few() -> None:
    figures = [figure.name for handler in HANDLERS for figure in handler.figures]
    assert sorted(figures) == sorted(Measure)
    assert len(figures) <= MOST


def test_a_figure_is_an_embedded_metric_of_the_stack_and_its_handler(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "marketplace-dev")
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "notifier")
    metrics = Metrics()
    metrics.clear_metrics()

    @metrics.log_metrics
    def handler(_event: object, _context: object) -> None:
        measures = EmbeddedMeasures()
        measures.add(Measure.SALES, 900)
        measures.add(Measure.SALES, 100)
        measures.add(Measure.ORDERS_PAID, 1)

    handler({}, None)
    told = json.loads(capsys.readouterr().out)
    [embedded] = told["_aws"]["CloudWatchMetrics"]
    assert embedded["Namespace"] == "marketplace-dev"
    assert embedded["Dimensions"] == [["service"]]
    assert {metric["Name"] for metric in embedded["Metrics"]} == {"Sales", "OrdersPaid"}
    assert (told["service"], told["Sales"], told["OrdersPaid"]) == ("notifier", [900.0, 100.0], [1.0])
