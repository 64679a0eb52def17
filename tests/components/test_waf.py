"""The firewall: what it refuses, how often one address may come, and what it costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from planned import Planned, Plans

from components.errors import ComponentError
from components.waf.aws import MOST_UNITS
from components.waf.aws.rules import INSPECTED_BYTES, capacity, patterns, rules
from components.workload import Route
from toolkit.engine.model import Plan

CHECKOUT = Route(method="POST", path="/checkout", costly=True)
WEBHOOK = Route(method="POST", path="/webhooks/stripe", public=True, from_machines=True)
IMPORT = Route(method="POST", path="/catalog/imports/{import_id}/rows", bulk=True)
MANAGED = [
    "AWSManagedRulesCommonRuleSet",
    "AWSManagedRulesKnownBadInputsRuleSet",
    "AWSManagedRulesAmazonIpReputationList",
    "AWSManagedRulesSQLiRuleSet",
]


def named(found: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    assert [rule["priority"] for rule in found] == list(range(len(found)))
    return {rule["name"]: rule for rule in found}


def groups(found: list[dict[str, Any]]) -> list[str]:
    return [
        rule["statement"]["managedRuleGroupStatement"]["name"]
        for rule in found
        if "managedRuleGroupStatement" in rule["statement"]
    ]


def test_production_has_every_group_and_a_throw_away_stack_the_most_telling(prod: Planned, dev: Planned) -> None:
    assert groups(prod.inputs("WebAcl", "firewall")["rules"]) == MANAGED
    assert groups(dev.inputs("WebAcl", "firewall")["rules"]) == ["AWSManagedRulesKnownBadInputsRuleSet"]


def test_the_firewall_is_cloudfronts_and_lives_where_cloudfront_does(stack: Planned) -> None:
    acl = stack.inputs("WebAcl", "firewall")
    assert (acl["scope"], acl["region"], acl["defaultAction"]) == ("CLOUDFRONT", "us-east-1", {"allow": {}})
    assert stack.children("firewall") == {
        "WebAcl": {"firewall"},
        "LogGroup": {"firewall"},
        "WebAclLoggingConfiguration": {"firewall"},
    }


def test_a_stack_elsewhere_keeps_its_firewall_and_its_alarm_where_cloudfront_is(
    declare: Callable[[str], Plan],
) -> None:
    source = """
        import dataclasses
        from components.observability import ObservabilityArgs
        from components.profile import PROD
        from components.waf import WafArgs

        on = dataclasses.replace(foundation(), profile=PROD)
        secrets = cloud.Secrets("secrets", on, SecretsArgs())
        firewall = cloud.Waf("firewall", on, WafArgs(routes=(), secrets=secrets))
        observability = cloud.Observability(
            "observability", on, ObservabilityArgs(secrets=secrets, email="a@b.example"))
        observability.watch(firewall)
    """
    there = Planned(declare(source))
    for kind in ("WebAcl", "LogGroup", "WebAclLoggingConfiguration"):
        assert there.inputs(kind, "firewall")["region"] == "us-east-1", kind
    # The stack's key does not reach there.
    assert "kmsKeyId" not in there.inputs("LogGroup", "firewall")
    alarm = there.inputs("MetricAlarm", "firewall-refusals")
    assert (alarm["region"], alarm["alarmActions"]) == ("us-east-1", ["<Topic observability-us-east-1.arn>"])
    for kind in ("Topic", "TopicPolicy", "TopicSubscription"):
        assert there.inputs(kind, "observability-us-east-1")["region"] == "us-east-1", kind


def test_the_log_has_what_was_refused_and_nothing_that_signs_a_caller_in(stack: Planned) -> None:
    log = stack.inputs("WebAclLoggingConfiguration", "firewall")
    assert stack.inputs("LogGroup", "firewall")["name"].startswith("aws-waf-logs-")
    redacted = {field["singleHeader"]["name"] for field in log["redactedFields"]}
    assert {"authorization", "cookie"} <= redacted
    assert log["loggingFilter"]["defaultBehavior"] == "DROP"


def test_no_rule_keeps_samples_which_show_the_headers(stack: Planned) -> None:
    acl = stack.inputs("WebAcl", "firewall")
    for part in [acl, *acl["rules"]]:
        assert part["visibilityConfig"]["sampledRequestsEnabled"] is False


def test_the_alarm_watches_the_metrics_of_this_firewall_and_of_no_other(stack: Planned) -> None:
    acl = stack.inputs("WebAcl", "firewall")
    assert acl["visibilityConfig"]["metricName"] == acl["name"]
    if "firewall-refusals" in stack.every("MetricAlarm"):
        watched = stack.inputs("MetricAlarm", "firewall-refusals")["dimensions"]
        assert watched == {"WebACL": acl["visibilityConfig"]["metricName"], "Rule": "ALL"}


def test_the_rules_fit_into_the_basic_price() -> None:
    assert capacity(rules([CHECKOUT, WEBHOOK, IMPORT], paid=True, count_only=False)) <= MOST_UNITS


def test_bodies_beyond_what_is_inspected_are_refused_except_where_they_belong() -> None:
    statement = named(rules([CHECKOUT, WEBHOOK, IMPORT], paid=False, count_only=False))["body-size"]["statement"]
    size, elsewhere = statement["and_statement"]["statements"]
    assert size["size_constraint_statement"]["size"] == INSPECTED_BYTES
    # Without this a body of which only the beginning is inspected would pass.
    assert size["size_constraint_statement"]["field_to_match"] == {"body": {"oversize_handling": "MATCH"}}
    allowed = elsewhere["not_statement"]["statement"]
    pattern = allowed["regex_match_statement"]["regex_string"]
    assert pattern == r"^(/webhooks/stripe|/catalog/imports/[^/]+/rows)$"


def test_no_managed_rule_refuses_a_body_for_its_size_or_its_text(prod: Planned) -> None:
    counted = {
        override["name"]
        for rule in prod.inputs("WebAcl", "firewall")["rules"]
        for override in rule["statement"].get("managedRuleGroupStatement", {}).get("ruleActionOverrides", [])
        if override["actionToUse"] == {"count": {}}
    }
    assert {"SizeRestrictions_BODY", "CrossSiteScripting_BODY", "GenericRFI_BODY", "SQLi_BODY"} <= counted


def test_what_costs_money_is_limited_more_and_what_machines_send_less() -> None:
    found = named(rules([CHECKOUT, WEBHOOK], paid=True, count_only=False))
    limits = {
        name: rule["statement"]["rate_based_statement"]["limit"] for name, rule in found.items() if "rate" in name
    }
    assert limits["rate-costly"] < limits["rate"] < limits["rate-machines"]
    everywhere_else = found["rate"]["statement"]["rate_based_statement"]["scope_down_statement"]["not_statement"]
    assert everywhere_else["statement"]["regex_match_statement"]["regex_string"] == "^(/webhooks/stripe)$"
    assert found["rate"]["action"]["block"]["custom_response"]["response_code"] == 429


def test_a_firewall_can_count_before_it_refuses(plans: Plans) -> None:
    acl = plans.of("prod", firewallCountsOnly="true").inputs("WebAcl", "firewall")
    overrides = {rule["name"]: rule["overrideAction"] for rule in acl["rules"] if "overrideAction" in rule}
    assert set(map(str, overrides.values())) == {str({"count": {}})}
    assert len(overrides) == len(MANAGED)


def test_paths_are_joined_up_to_the_length_that_an_expression_may_have() -> None:
    made = patterns([Route(method="GET", path=f"/{'x' * 60}{number}") for number in range(7)])
    assert len(made) == 3
    assert all(len(pattern) <= 200 for pattern in made)
    with pytest.raises(ComponentError, match="takes no path that is as long"):
        patterns([Route(method="GET", path=f"/{'x' * 200}")])
