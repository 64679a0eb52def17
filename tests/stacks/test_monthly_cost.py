"""What the stacks cost while they stand idle."""

from __future__ import annotations

import pytest
from monthly_cost import monthly
from planned import Plans

TRAFFIC = 45
"""Dollars of light traffic in production: see docs/decisions."""
BUDGET = 625


def test_production_stays_within_its_budget(plans: Plans) -> None:
    costs = monthly(plans.of("prod"))
    assert sum(costs.values()) + TRAFFIC <= BUDGET, costs
    # All that is billed by the hour is in the sum.
    assert costs.keys() >= {"Fargate", "NAT", "Aurora", "Valkey", "OpenSearch", "load balancer", "WAF"}
    assert min(costs.values()) > 0


def test_who_has_more_traffic_pays_for_more(plans: Plans) -> None:
    scale, prod = (sum(monthly(plan).values()) for plan in (plans.of("prod", profile="scale"), plans.of("prod")))
    assert scale > prod + 300


def test_a_branch_costs_a_third_of_production(plans: Plans) -> None:
    assert sum(monthly(plans.of("dev")).values()) == pytest.approx(165, abs=15)
