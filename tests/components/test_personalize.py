"""Personalize: only for a stack that accepts its price, and a campaign only of what was trained."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from planned import Planned, Plans

from components.aws.settings import PERSONALIZE_ACCEPTED
from toolkit.errors import ToolkitError

VERSION = "arn:aws:personalize:us-east-1:123456789012:solution/marketplace-prod-recommendations/0a1b2c3d"
RESOURCE = "cloudcontrol/resource:Resource"


@pytest.fixture(scope="module")
def learning(plans: Plans) -> Planned:
    """Views are told, nothing is trained."""
    return plans.of("prod", personalize=PERSONALIZE_ACCEPTED)


@pytest.fixture(scope="module")
def answering(plans: Plans) -> Planned:
    return plans.of("prod", personalize=PERSONALIZE_ACCEPTED, personalizeSolutionVersion=VERSION)


def state(stack: Planned, part: str) -> dict[str, Any]:
    return dict(json.loads(stack.inputs(RESOURCE, f"recommendations-{part}")["desiredState"]))


def test_no_stack_has_it_unasked(prod: Planned, dev: Planned) -> None:
    for stack in (prod, dev):
        assert not stack.every("Resource")
        assert "RECOMMENDATIONS_VIEWS" not in stack.environment("catalog")
        actions = [action for actions, _ in stack.allowed("catalog").values() for action in actions]
        assert not [action for action in actions if action.startswith("personalize:")]


def test_it_learns_before_anything_is_paid_by_the_hour(learning: Planned) -> None:
    kinds = {learning.inputs(RESOURCE, name)["typeName"] for name in learning.every("Resource")}
    assert kinds == {
        f"AWS::Personalize::{kind}" for kind in ("Schema", "DatasetGroup", "Dataset", "EventTracker", "Solution")
    }
    group = "<Resource recommendations-group.id>"
    assert state(learning, "views") == {
        "Name": "marketplace-prod-recommendations",
        "DatasetType": "Interactions",
        "DatasetGroupArn": group,
        "SchemaArn": "<Resource recommendations-schema.id>",
    }
    assert state(learning, "solution")["RecipeArn"] == "arn:aws:personalize:::recipe/aws-user-personalization-v2"
    fields = {field["name"] for field in json.loads(state(learning, "schema")["Schema"])["fields"]}
    assert fields == {"USER_ID", "ITEM_ID", "EVENT_TYPE", "TIMESTAMP"}


def test_one_change_of_a_dataset_group_at_a_time(answering: Planned) -> None:
    order = ["schema", "views", "tracker", "solution", "campaign"]
    for before, after in pairwise(order):
        earlier, later = (answering.one(RESOURCE, f"recommendations-{part}") for part in (before, after))
        assert earlier.urn in answering.needs(later), (before, after)


def test_a_campaign_answers_from_the_version_that_was_trained(answering: Planned) -> None:
    assert state(answering, "campaign") == {
        "Name": "marketplace-prod-recommendations",
        "SolutionVersionArn": VERSION,
        "MinProvisionedTPS": 1,
    }


def test_only_who_notes_views_tells_them_and_asks(learning: Planned, answering: Planned) -> None:
    tracker, campaign = (f"<Resource recommendations-{part}.id>" for part in ("tracker", "campaign"))
    told = (["personalize:DescribeEventTracker", "personalize:PutEvents"], [tracker])
    assert learning.allowed("catalog")["TellRecommendations"] == told
    assert "AskRecommendations" not in learning.allowed("catalog")
    assert answering.allowed("catalog")["AskRecommendations"] == (["personalize:GetRecommendations"], [campaign])
    assert answering.environment("catalog")["RECOMMENDATIONS_VIEWS"] == tracker
    assert answering.environment("catalog")["RECOMMENDATIONS_MODEL"] == campaign
    for workload in ("ranker", "checkout", "inventory-sync"):
        assert not {"TellRecommendations", "AskRecommendations"} & answering.allowed(workload).keys(), workload


def test_it_is_bought_with_open_eyes(plans: Plans) -> None:
    said = r"394 USD a month.*aws\.amazon\.com/personalize.*1,000 views of 25 buyers"
    with pytest.raises(ToolkitError, match=said) as no:
        plans.of("prod", personalize="true")
    assert PERSONALIZE_ACCEPTED in str(no.value)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"personalizeSolutionVersion": VERSION}, "needs marketplace:personalize"),
        ({"personalize": PERSONALIZE_ACCEPTED, "personalizeSolutionVersion": "latest"}, "expected a trained version"),
    ],
)
def test_a_campaign_of_nothing_is_refused(plans: Plans, given: dict[str, str], said: str) -> None:
    with pytest.raises(ToolkitError, match=said):
        plans.of("prod", **given)
