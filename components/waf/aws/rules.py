"""The rules of the web ACL, as plain values: what they let pass, and what they cost.

A web ACL's capacity is counted in units (WCU). Up to 1500 of them are in its basic price; 5000 are the limit.
https://docs.aws.amazon.com/waf/latest/developerguide/aws-waf-capacity-units.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from components.errors import ComponentError
from components.workload import Route

INSPECTED_BYTES: Final = 16 * 1024
"""Of a body, without the fee for more: https://docs.aws.amazon.com/waf/latest/developerguide/web-acl-setting-body-inspection-limit.html"""
LONGEST_PATTERN: Final = 200
"""Characters of a regular expression: https://docs.aws.amazon.com/waf/latest/developerguide/limits.html"""
WINDOW_SECONDS: Final = 300
REQUESTS: Final = 3_000
"""From one address in a window: ten a second, for a household or an office behind one."""
COSTLY_REQUESTS: Final = 100
MACHINE_REQUESTS: Final = 30_000
"""Stripe sends from about a dozen addresses: https://docs.stripe.com/ips"""

_PARAMETER: Final = re.compile(r"\{[^}]+\}")


@dataclass(frozen=True, kw_only=True)
class ManagedGroup:
    """A group of rules that AWS keeps up to date."""

    name: str
    vendor_name: str
    units: int
    counted: tuple[str, ...] = ()
    """Its rules that only count: they refuse honest requests of a marketplace."""


COMMON: Final = ManagedGroup(
    name="common",
    vendor_name="AWSManagedRulesCommonRuleSet",
    units=700,
    counted=(
        # It refuses bodies from 8 KiB. The rule "body-size" has the limit that the API needs.
        "SizeRestrictions_BODY",
        # Product texts and webhooks hold markup, paths and addresses. What is stored is escaped where it is shown.
        "CrossSiteScripting_BODY",
        "EC2MetaDataSSRF_BODY",
        "GenericLFI_BODY",
        "GenericRFI_BODY",
    ),
)
KNOWN_BAD_INPUTS: Final = ManagedGroup(
    name="known-bad-inputs", vendor_name="AWSManagedRulesKnownBadInputsRuleSet", units=200
)
IP_REPUTATION: Final = ManagedGroup(name="ip-reputation", vendor_name="AWSManagedRulesAmazonIpReputationList", units=25)
SQL_INJECTION: Final = ManagedGroup(
    name="sql-injection",
    vendor_name="AWSManagedRulesSQLiRuleSet",
    units=200,
    # A description may well read like SQL; every statement of the services has parameters.
    counted=("SQLi_BODY", "SQLiExtendedPatterns_BODY"),
)


def managed_groups(*, paid: bool) -> tuple[ManagedGroup, ...]:
    """Each costs a dollar a month: a throw-away stack, which strangers do not find, has the most telling one."""
    return (COMMON, KNOWN_BAD_INPUTS, IP_REPUTATION, SQL_INJECTION) if paid else (KNOWN_BAD_INPUTS,)


def rules(routes: Sequence[Route], *, paid: bool, count_only: bool) -> list[dict[str, Any]]:
    """All rules in their order: sizes and rates first, which cost least and refuse most."""
    large = [route for route in routes if route.bulk or route.from_machines]
    machines = [route for route in routes if route.from_machines]
    costly = [route for route in routes if route.costly]
    own = [_rule("body-size", _larger_than_inspected(large), _refusal(413))]
    own.append(_rule("rate", _rate(REQUESTS, _elsewhere(machines)), _refusal(429)))
    if costly:
        own.append(_rule("rate-costly", _rate(COSTLY_REQUESTS, _at(costly)), _refusal(429)))
    if machines:
        own.append(_rule("rate-machines", _rate(MACHINE_REQUESTS, _at(machines)), _refusal(429)))
    groups = [_managed(group, count_only=count_only) for group in managed_groups(paid=paid)]
    return [rule | {"priority": priority} for priority, rule in enumerate([*own, *groups])]


def capacity(rules: Iterable[dict[str, Any]]) -> int:
    """WCU of the rules, by AWS's table."""
    units = {group.vendor_name: group.units for group in managed_groups(paid=True)}
    return sum(_units(rule["statement"], units) for rule in rules)


def _units(statement: Any, managed: dict[str, int]) -> int:
    """A rate has 2, a regular expression 3, a text transformation 10, all else 1."""
    own = {"rate_based_statement": 2, "size_constraint_statement": 1, "regex_match_statement": 3}
    total = 0
    for kind, body in statement.items():
        if kind == "managed_rule_group_statement":
            return managed[body["name"]]
        total += own.get(kind, 1)
        total += 10 * sum(one["type"] != "NONE" for one in body.get("text_transformations", ()))
        inner = [
            *body.get("statements", ()),
            *(body[key] for key in ("statement", "scope_down_statement") if key in body),
        ]
        total += sum(_units(one, managed) for one in inner)
    return total


def _rule(name: str, statement: dict[str, Any], action: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "statement": statement, "visibility_config": visible(name), **action}


def visible(name: str) -> dict[str, Any]:
    """A metric of this name. Samples of requests would show headers to whoever may look at the firewall."""
    return {"metric_name": name, "cloudwatch_metrics_enabled": True, "sampled_requests_enabled": False}


def _refusal(status: int) -> dict[str, Any]:
    return {"action": {"block": {"custom_response": {"response_code": status}}}}


def _larger_than_inspected(allowed: Sequence[Route]) -> dict[str, Any]:
    size = {
        "size_constraint_statement": {
            # What does not fit into the inspected part counts as larger.
            "field_to_match": {"body": {"oversize_handling": "MATCH"}},
            "comparison_operator": "GT",
            "size": INSPECTED_BYTES,
            "text_transformations": [{"priority": 0, "type": "NONE"}],
        }
    }
    elsewhere = _elsewhere(allowed)
    return {"and_statement": {"statements": [size, elsewhere]}} if elsewhere else size


def _rate(limit: int, scope: dict[str, Any] | None) -> dict[str, Any]:
    rate: dict[str, Any] = {"limit": limit, "aggregate_key_type": "IP", "evaluation_window_sec": WINDOW_SECONDS}
    if scope:
        rate["scope_down_statement"] = scope
    return {"rate_based_statement": rate}


def _elsewhere(routes: Sequence[Route]) -> dict[str, Any] | None:
    return {"not_statement": {"statement": _at(routes)}} if routes else None


def _at(routes: Sequence[Route]) -> dict[str, Any]:
    """Requests to the paths of these routes, whatever their method."""
    found = [
        {
            "regex_match_statement": {
                "regex_string": pattern,
                "field_to_match": {"uri_path": {}},
                "text_transformations": [{"priority": 0, "type": "URL_DECODE"}],
            }
        }
        for pattern in patterns(routes)
    ]
    return found[0] if len(found) == 1 else {"or_statement": {"statements": found}}


def patterns(routes: Iterable[Route]) -> list[str]:
    """As few regular expressions as match the paths of these routes.

    Raises `ComponentError` for a path that is too long for one.
    """
    paths = dict.fromkeys(_PARAMETER.sub("[^/]+", route.path.replace(".", r"\.")) for route in routes)
    made: list[str] = []
    for path in paths:
        if len(f"^({path})$") > LONGEST_PATTERN:
            raise ComponentError(f"The firewall takes no path that is as long as {path!r}.")
        joined = f"{made[-1][:-2]}|{path})$" if made else ""
        if joined and len(joined) <= LONGEST_PATTERN:
            made[-1] = joined
        else:
            made.append(f"^({path})$")
    return made


def _managed(group: ManagedGroup, *, count_only: bool) -> dict[str, Any]:
    statement: dict[str, Any] = {"vendor_name": "AWS", "name": group.vendor_name}
    if group.counted:
        statement["rule_action_overrides"] = [{"name": rule, "action_to_use": {"count": {}}} for rule in group.counted]
    override: dict[str, Any] = {"count": {}} if count_only else {"none": {}}
    return _rule(group.name, {"managed_rule_group_statement": statement}, {"override_action": override})
