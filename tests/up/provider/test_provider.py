"""The provider's protocol: naming, diff, replacement, recorded resources, data sources."""

from __future__ import annotations

import json

import pytest

from tests.up.provider.conftest import Cloud, urn
from toolkit.engine.provider import ProviderError
from toolkit.local.cloud.provider import is_emulated

QUEUE = "aws:sqs/queue:Queue"
VPC = "aws:ec2/vpc:Vpc"
BALANCER = "aws:lb/loadBalancer:LoadBalancer"


def test_a_resource_without_a_name_gets_one_and_keeps_it(cloud: Cloud) -> None:
    queue = cloud.deploy(QUEUE, "fulfillment", {"delaySeconds": 1})
    name = queue.inputs["name"]
    assert name.startswith("fulfillment-")
    assert len(name) == len("fulfillment-") + 7
    assert queue.check({"delaySeconds": 2})["name"] == name
    assert queue.outputs["name"] == name


def test_a_replacement_gets_another_name(cloud: Cloud) -> None:
    queue = cloud.deploy(QUEUE, "fulfillment", {})
    again = cloud.provider.check(queue.urn, QUEUE, "fulfillment", None, {}, b"another seed").inputs
    assert again["name"] != queue.inputs["name"]


def test_a_name_that_the_program_gives_is_used_as_it_is(cloud: Cloud) -> None:
    assert cloud.deploy(QUEUE, "q", {"name": "orders"}).outputs["name"] == "orders"


def test_a_fifo_queue_and_a_short_name_follow_the_services_rules(cloud: Cloud) -> None:
    assert cloud.deploy(QUEUE, "jobs", {"fifoQueue": True}).inputs["name"].endswith(".fifo")
    assert len(cloud.deploy(BALANCER, "a" * 60, {}).inputs["name"]) == 32


def test_the_same_inputs_are_no_change(cloud: Cloud) -> None:
    queue = cloud.deploy(QUEUE, "fulfillment", {"delaySeconds": 1})
    assert queue.diff({"delaySeconds": 1}).changed == []


def test_a_changed_input_is_an_update_and_a_changed_name_a_replacement(cloud: Cloud) -> None:
    queue = cloud.deploy(QUEUE, "fulfillment", {"delaySeconds": 1})
    changed = queue.diff({"delaySeconds": 2})
    assert (changed.changed, changed.replaces) == (["delaySeconds"], [])
    renamed = queue.diff({"name": "orders", "delaySeconds": 1})
    assert renamed.replaces == ["name"]
    assert not renamed.delete_before_replace


def test_a_replacement_that_keeps_its_name_deletes_first(cloud: Cloud) -> None:
    table = cloud.deploy(
        "aws:dynamodb/table:Table",
        "t",
        {
            "name": "products",
            "hashKey": "id",
            "billingMode": "PAY_PER_REQUEST",
            "attributes": [{"name": "id", "type": "S"}],
        },
    )
    diff = table.diff(table.inputs | {"hashKey": "sku", "attributes": [{"name": "sku", "type": "S"}]})
    assert diff.replaces == ["hashKey"]
    assert diff.delete_before_replace


def test_a_preview_creates_nothing(cloud: Cloud) -> None:
    made = cloud.provider.create(urn(QUEUE, "q"), QUEUE, {"name": "q"}, preview=True)
    assert (made.id, made.outputs) == ("", {"name": "q"})
    assert "QueueUrls" not in cloud.servers.boto("sqs").list_queues()


def test_a_recorded_resource_has_stable_outputs_in_the_services_form(cloud: Cloud) -> None:
    first, second = (cloud.deploy(VPC, "network", {"cidrBlock": "10.0.0.0/16"}) for _ in range(2))
    assert first.created == second.created
    assert first.id.startswith("vpc-0")
    assert len(first.id) == len("vpc-") + 17
    assert first.outputs["arn"].endswith(f":vpc/{first.id}")
    assert first.outputs["cidrBlock"] == "10.0.0.0/16"
    assert "mainRouteTableId" in first.outputs
    assert first.diff({"cidrBlock": "10.1.0.0/16"}).replaces == ["cidrBlock"]
    assert not is_emulated(VPC)


def test_a_listener_and_its_rules_are_named_after_their_load_balancer(cloud: Cloud) -> None:
    balancer = cloud.deploy(BALANCER, "internal", {"internal": True})
    listener = cloud.deploy("aws:lb/listener:Listener", "http", {"loadBalancerArn": balancer.id, "port": 80})
    rule = cloud.deploy("aws:lb/listenerRule:ListenerRule", "catalog", {"listenerArn": listener.id})
    assert balancer.outputs["dnsName"].startswith("internal-")
    assert listener.id.startswith(balancer.id.replace(":loadbalancer/", ":listener/"))
    assert rule.id.startswith(listener.id.replace(":listener/", ":listener-rule/"))


def test_an_input_that_was_taken_away_leaves_the_outputs(cloud: Cloud) -> None:
    vpc = cloud.deploy(VPC, "network", {"cidrBlock": "10.0.0.0/16", "tags": {"a": "b"}})
    assert vpc.outputs["tagsAll"] == {"a": "b"}
    vpc.update({"cidrBlock": "10.0.0.0/16"})
    assert "tags" not in vpc.outputs
    assert vpc.outputs["tagsAll"] == {}


def test_a_deleted_resource_reads_as_gone_and_deleting_it_again_is_fine(cloud: Cloud) -> None:
    queue = cloud.deploy(QUEUE, "q", {})
    assert queue.read() is not None
    queue.delete()
    assert queue.read() is None
    queue.delete()


def test_an_emulators_refusal_names_the_resource(cloud: Cloud) -> None:
    with pytest.raises(ProviderError, match=r"aws:sqs/queue:Queue q: .*deadLetterTargetArn"):
        cloud.deploy(QUEUE, "q", {"redrivePolicy": json.dumps({"maxReceiveCount": 3})})


def test_data_sources_are_answered_and_unknown_ones_refused_by_name(cloud: Cloud) -> None:
    invoke = cloud.provider.invoke
    assert invoke("aws:index/getCallerIdentity:getCallerIdentity", {})["accountId"] == "123456789012"
    assert len(invoke("aws:index/getAvailabilityZones:getAvailabilityZones", {})["names"]) == 3
    document = invoke(
        "aws:iam/getPolicyDocument:getPolicyDocument",
        {"statements": [{"actions": ["sqs:SendMessage"], "resources": ["*"]}]},
    )
    assert json.loads(document["json"])["Statement"] == [
        {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}
    ]
    with pytest.raises(ProviderError, match="getAmi"):
        invoke("aws:ec2/getAmi:getAmi", {})
