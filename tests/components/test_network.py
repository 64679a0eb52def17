"""Who reaches whom: subnets, routes, endpoints and security groups."""

from __future__ import annotations

import ipaddress
import itertools

import pytest
from planned import Planned

from components.errors import ComponentError
from components.network.aws.subnets import subnet_plans

ZONES = ("eu-west-1a", "eu-west-1b", "eu-west-1c")


def test_subnets_lie_in_the_network_and_apart() -> None:
    plans = subnet_plans("10.40.0.0/16", ZONES)
    subnets = [ipaddress.ip_network(cidr) for plan in plans for cidr in (plan.private, plan.data, plan.public)]
    assert all(subnet.subnet_of(ipaddress.ip_network("10.40.0.0/16")) for subnet in subnets)  # type: ignore[arg-type]
    assert not any(one.overlaps(other) for one, other in itertools.combinations(subnets, 2))


def test_another_zone_moves_no_subnet() -> None:
    assert subnet_plans("10.0.0.0/16", ZONES)[:2] == subnet_plans("10.0.0.0/16", ZONES[:2])


@pytest.mark.parametrize("cidr", ["10.0.0.0/21", "10.0.0.0/24"])
def test_a_range_too_small_for_its_subnets_is_refused(cidr: str) -> None:
    with pytest.raises(ComponentError, match="too small"):
        subnet_plans(cidr, ZONES)


def test_production_spans_three_zones_with_a_way_out_in_each(prod: Planned) -> None:
    assert set(prod.every("Subnet")) == {
        f"network-{tier}-{zone}" for tier in ("public", "private", "data") for zone in "abc"
    }
    assert set(prod.every("NatGateway")) == {"network-nat-a", "network-nat-b", "network-nat-c"}
    assert set(prod.every("FlowLog")) == {"network-flows"}


def test_a_subnet_stands_in_a_zone_known_by_its_id_and_stays_there(prod: Planned) -> None:
    zones = {"a": "use1-az1", "b": "use1-az2", "c": "use1-az4"}
    for name in prod.every("Subnet"):
        subnet = prod.one("Subnet", name)
        assert subnet.inputs["availabilityZoneId"] == zones[name[-1]]
        assert "availabilityZone" not in subnet.inputs
        assert subnet.ignore_changes == ["availabilityZone", "availabilityZoneId"]


def test_zones_are_named_where_the_settings_name_them(changed: Planned) -> None:
    zones = {name: changed.inputs("Subnet", name)["availabilityZone"] for name in changed.every("Subnet")}
    assert {name[-1] for name in zones} == {"f", "d", "b"}
    assert all(zone == f"us-east-1{name[-1]}" for name, zone in zones.items())


def test_a_throw_away_stack_spans_two_zones_with_one_way_out_and_no_paid_endpoint(dev: Planned) -> None:
    assert set(dev.every("NatGateway")) == {"network-nat-a"}
    assert len(dev.every("Subnet")) == 6
    assert {dev.inputs("VpcEndpoint", name)["vpcEndpointType"] for name in dev.every("VpcEndpoint")} == {"Gateway"}
    assert not dev.every("FlowLog")
    assert dev.inputs("RouteTableAssociation", "network-private-b")["routeTableId"].endswith("network-private-a.id>")


WAYS = ("ec2/route:Route", "RouteTableAssociation", "NatGateway", "VpcEndpoint", "InternetGateway")
RUNS = ("lambda/function:Function", "lambda/invocation:Invocation", "ecs/service:Service", "VpcLink")


@pytest.mark.parametrize("kind", RUNS)
def test_nothing_runs_before_the_network_is_ready_or_after_it_is_gone(stack: Planned, kind: str) -> None:
    ways = {r.urn for r in stack.plan.resources if r.type.endswith(WAYS)}
    runs = [r for r in stack.plan.resources if r.type.endswith(kind)]
    assert ways
    assert runs
    for resource in runs:
        missing = ways - stack.needs(resource)
        assert not missing, f"{resource.name} may outlive {sorted(missing)}"


def test_an_invocation_needs_its_permissions_its_rules_and_the_database_until_it_is_over(stack: Planned) -> None:
    rules = {"migrations-to-orders", "orders-from-migrations"}
    names = {"migrations", "orders-0", *rules}
    kinds = ("RolePolicy", "ClusterInstance", "SecurityGroupEgressRule", "SecurityGroupIngressRule")
    needed = {r.urn for r in stack.plan.resources if r.type.endswith(kinds) and r.name in names}
    assert len(needed) == len(names)
    for name in stack.every("Invocation"):
        assert needed <= stack.needs(stack.one("Invocation", name))


def test_data_subnets_lead_nowhere(prod: Planned) -> None:
    tables = {prod.inputs("ec2/route:Route", name)["routeTableId"] for name in prod.every("Route") if "network" in name}
    assert "<RouteTable network-data.id>" not in tables
    for zone in "abc":
        association = prod.inputs("RouteTableAssociation", f"network-data-{zone}")
        assert association["routeTableId"] == "<RouteTable network-data.id>"


def test_no_subnet_hands_out_public_addresses(prod: Planned) -> None:
    assert not any(prod.inputs("Subnet", name)["mapPublicIpOnLaunch"] for name in prod.every("Subnet"))


def test_the_default_security_group_admits_nobody(prod: Planned) -> None:
    default = prod.inputs("DefaultSecurityGroup", "network-default")
    assert default["ingress"] == default["egress"] == []


def test_security_groups_have_no_rules_but_the_listed_ones(prod: Planned) -> None:
    for name in prod.every("SecurityGroup"):
        assert not {"ingress", "egress"} & prod.inputs("SecurityGroup", name).keys()
    assert rules(prod, "SecurityGroupIngressRule") == {
        ("api", "cluster", 80),
        ("cluster", "catalog", 8080),
        ("cluster", "checkout", 8080),
        ("cluster", "seller", 8080),
        ("seller", "orders", "<Cluster orders.port>"),
        ("catalog", "orders", "<Cluster orders.port>"),
        ("checkout", "orders", "<Cluster orders.port>"),
        ("checkout-saga", "orders", "<Cluster orders.port>"),
        ("order-processor", "orders", "<Cluster orders.port>"),
        ("migrations", "orders", "<Cluster orders.port>"),
        ("checkout", "carts", 6379),
        ("payouts", "orders", "<Cluster orders.port>"),
        ("checkout-saga", "carts", 6379),
        ("catalog", "carts", 6379),
        ("ranker", "carts", 6379),
        ("catalog", "search", 443),
        ("inventory-sync", "search", 443),
        ("inventory-sync", "carts", 6379),
        ("inventory-sync", "orders", "<Cluster orders.port>"),
        ("ranker", "orders", "<Cluster orders.port>"),
        ("catalog-import", "orders", "<Cluster orders.port>"),
        ("notifier", "orders", "<Cluster orders.port>"),
        ("payment-webhook", "orders", "<Cluster orders.port>"),
        ("dispute", "orders", "<Cluster orders.port>"),
        ("cluster", "dispute", 8080),
    }


def test_each_way_in_has_its_way_out(prod: Planned) -> None:
    out = {rule for rule in rules(prod, "SecurityGroupEgressRule") if rule[1] in prod.every("SecurityGroup")}
    assert out == rules(prod, "SecurityGroupIngressRule")


def test_only_who_calls_stripe_or_an_api_of_the_cloud_without_an_endpoint_speaks_to_the_outside_world(
    prod: Planned,
) -> None:
    outside = {
        name
        for name in prod.every("SecurityGroupEgressRule")
        if prod.inputs("SecurityGroupEgressRule", name).get("cidrIpv4")
    }
    assert outside == {
        "catalog-to-internet",
        "checkout-saga-to-internet",
        "checkout-to-internet",
        "dispute-to-internet",
        "edge-key-rotation-to-internet",
        "inventory-sync-to-internet",
        "migrations-to-internet",
        "notifier-to-internet",
        "payment-webhook-to-internet",
        "payouts-to-internet",
        "seller-to-internet",
    }
    for name in prod.every("SecurityGroupIngressRule"):
        assert "cidrIpv4" not in prod.inputs("SecurityGroupIngressRule", name)


def rules(stack: Planned, kind: str) -> set[tuple[str, str, int | str]]:
    """(from, to, port) of every rule between two security groups, or to a prefix list or range."""
    found: set[tuple[str, str, int | str]] = set()
    for name in stack.every(kind):
        rule = stack.inputs(kind, name)
        here = group(rule["securityGroupId"])
        there = rule.get("referencedSecurityGroupId")
        other = group(there) if there else rule.get("prefixListId", rule.get("cidrIpv4"))
        assert rule["fromPort"] == rule["toPort"]
        assert rule["ipProtocol"] == "tcp"
        pair = (here, other) if kind == "SecurityGroupEgressRule" else (other, here)
        found.add((*pair, rule["fromPort"]))
    return found


def group(reference: str) -> str:
    return reference.removeprefix("<SecurityGroup ").removesuffix(".id>")
