"""What the stacks cost while they stand idle."""

from __future__ import annotations

import pytest
from monthly_cost import monthly
from planned import Plans
from test_baseline import NAME, OUTPUTS

TRAFFIC = 45
"""Dollars of light traffic in production: see docs/decisions."""
BUDGET = 625
BRANCH_BUDGET = 60
BRANCH = {"alwaysAwake": "false"}


def test_production_stays_within_its_budget(plans: Plans) -> None:
    costs = monthly(plans.of("prod"))
    assert sum(costs.values()) + TRAFFIC <= BUDGET, costs
    # All that is billed by the hour is in the sum.
    assert costs.keys() >= {"Fargate", "NAT", "Aurora", "Valkey", "OpenSearch", "load balancer", "WAF"}
    assert min(costs.values()) > 0


def test_who_has_more_traffic_pays_for_more(plans: Plans) -> None:
    scale, prod = (sum(monthly(plan).values()) for plan in (plans.of("prod", profile="scale"), plans.of("prod")))
    assert scale > prod + 300


def test_a_branch_on_a_baseline_stays_within_its_budget(plans: Plans) -> None:
    costs = monthly(plans.of("dev", called="tenant", beside={NAME: OUTPUTS}, baseline=NAME, **BRANCH), free=False)
    assert sum(costs.values()) <= BRANCH_BUDGET, costs
    assert costs.keys() == {
        "Fargate", "load balancer", "Aurora", "Valkey", "WAF", "keys and secrets", "alarms", "polled queues"
    }  # fmt: skip
    assert 0 < costs["Aurora"] < 5


def test_a_branch_that_stands_alone_pays_for_its_way_out_besides(plans: Plans) -> None:
    alone = monthly(plans.of("dev", **BRANCH), free=False)
    assert alone["NAT"] == pytest.approx(36.5)
    assert sum(alone.values()) - alone["NAT"] <= BRANCH_BUDGET


def test_a_branch_that_never_sleeps_costs_more(plans: Plans) -> None:
    awake = monthly(plans.of("dev"), free=False)
    assert awake["Aurora"] == pytest.approx(43.8)
