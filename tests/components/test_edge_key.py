"""The API is reached through the edge only: it sends a key, the entrance asks for it, and a function changes it."""

from __future__ import annotations

import json

import pytest
from planned import Planned, Plans

from toolkit.errors import ToolkitError

CURRENT = "<secretString>"


def test_every_way_to_a_service_asks_for_the_key_with_two_valid_values(stack: Planned) -> None:
    rules = stack.every("ListenerRule")
    assert len(rules) >= 2
    for name in rules:
        path, header = stack.inputs("ListenerRule", name)["conditions"]
        assert header["httpHeader"]["values"] == [CURRENT, CURRENT]
        # A rule compares five values at most.
        assert len(path["pathPattern"]["values"]) + 2 <= 5


def test_what_comes_without_the_key_is_forbidden(stack: Planned) -> None:
    (action,) = stack.inputs("lb/listener:Listener", "cluster")["defaultActions"]
    assert action["fixedResponse"]["statusCode"] == "403"
    assert json.loads(action["fixedResponse"]["messageBody"])["status"] == 403


def test_the_edge_sends_the_key_to_the_api_and_to_nobody_else(stack: Planned) -> None:
    site, api, images = stack.inputs("Distribution", "edge")["origins"]
    assert [header["value"] for header in api["customHeaders"]] == [CURRENT]
    assert "customHeaders" not in site
    assert "customHeaders" not in images


def test_the_two_valid_values_are_the_current_and_the_previous_one(stack: Planned) -> None:
    _, header = stack.one("ListenerRule", "checkout").inputs["conditions"]["$secret"]
    sources = [value["$ref"][0] for value in header["httpHeader"]["values"]]
    assert len(set(sources)) == 2
    _, api, _ = stack.one("Distribution", "edge").inputs["origins"]["$secret"]
    assert api["customHeaders"][0]["value"]["$ref"][0] == sources[0]


def test_the_key_is_a_secret_wherever_the_plan_has_it(stack: Planned) -> None:
    for urn in (stack.one("Distribution", "edge").urn, *(one.urn for one in stack.every("ListenerRule").values())):
        resource = stack.resources[urn]
        holder = resource.inputs["origins" if "Distribution" in resource.type else "conditions"]
        assert "$secret" in json.dumps(holder), urn


def test_the_values_are_made_by_the_cloud_and_kept_by_every_later_deployment(stack: Planned) -> None:
    for name in ("edge-key-first", "edge-key-second"):
        version = stack.one("SecretVersion", name)
        assert version.ignore_changes == ["secretString"]
        assert stack.inputs("SecretVersion", name)["secretString"] == "<randomPassword>"
    first, second = (stack.one("SecretVersion", f"edge-key-{label}") for label in ("first", "second"))
    assert first.urn in second.dependencies


def test_the_rotation_changes_this_key_and_what_uses_it_and_nothing_else(prod: Planned) -> None:
    runtime = {"WriteLogs", "WriteTraces", "DescribeNetwork", "AttachNetwork"}
    allowed = {sid: rights for sid, rights in prod.allowed("edge-key-rotation").items() if sid not in runtime}
    rules = "arn:aws:elasticloadbalancing:us-east-1:<accountId>:listener-rule/<LoadBalancer cluster.arnSuffix>/*"
    assert allowed == {
        "RotateEdge": (
            [
                "secretsmanager:DescribeSecret",
                "secretsmanager:GetSecretValue",
                "secretsmanager:PutSecretValue",
                "secretsmanager:UpdateSecretVersionStage",
            ],
            ["<Secret edge-key.arn>"],
        ),
        "EncryptSecretsmanager": (["kms:Decrypt", "kms:GenerateDataKey"], ["<Key secrets.arn>"]),
        "DescribeRules": (["elasticloadbalancing:DescribeRules"], ["*"]),
        "ChangeRules": (["elasticloadbalancing:ModifyRule"], [rules]),
        "ChangeEdge": (
            ["cloudfront:GetDistributionConfig", "cloudfront:UpdateDistribution"],
            ["<Distribution edge.arn>"],
        ),
        "SeeFirewall": (["wafv2:GetWebACL"], ["<WebAcl firewall.arn>"]),
    }


def test_secrets_manager_alone_calls_the_rotation_and_for_this_secret_alone(stack: Planned) -> None:
    permission = stack.inputs("Permission", "edge-key-rotation-edge")
    assert permission["principal"] == "secretsmanager.amazonaws.com"
    assert permission["sourceArn"] == "<Secret edge-key.arn>"
    rotation = stack.inputs("SecretRotation", "edge-key-rotation-edge")
    assert rotation["rotationRules"] == {"automaticallyAfterDays": 30}
    assert rotation["rotateImmediately"] is False
    assert "reservedConcurrentExecutions" not in stack.inputs("lambda/function:Function", "edge-key-rotation")


def test_the_marketplace_can_have_a_name_of_its_own(plans: Plans) -> None:
    arn = "arn:aws:acm:us-east-1:123456789012:certificate/0f0e"
    named = plans.of("prod", domain="shop.example.com", certificateArn=arn)
    distribution = named.inputs("Distribution", "edge")
    assert distribution["aliases"] == ["shop.example.com"]
    assert distribution["viewerCertificate"] == {
        "acmCertificateArn": arn,
        "sslSupportMethod": "sni-only",
        "minimumProtocolVersion": "TLSv1.2_2021",
    }
    outputs = named.readable(named.plan.outputs)
    assert outputs["url"] == "https://shop.example.com"
    assert outputs["domain_target"] == "<Distribution edge.domainName>"


def test_shield_advanced_is_bought_with_open_eyes(plans: Plans) -> None:
    with pytest.raises(ToolkitError, match=r"3,000 USD a month.*one year.*aws\.amazon\.com/shield/pricing"):
        plans.of("prod", shieldAdvanced="true")
    bought = plans.of("prod", shieldAdvanced="accept-3000-usd-a-month-for-a-year")
    assert bought.inputs("Protection", "edge")["resourceArn"] == "<Distribution edge.arn>"
    assert not plans.of("prod").every("Protection")
