"""The edge's key is changed without a moment in which what is sent is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from commerce.adapters.aws.edge_keys import CloudFrontKeys, EdgeKeyRefused
from commerce.adapters.aws.session import session
from commerce.adapters.edge_settings import EdgeSettings

HEADER = "x-edge-key"
VERSION = "0f0e0d0c-0000-4000-8000-00000000000a"
NEXT = "0f0e0d0c-0000-4000-8000-00000000000b"


class Account:
    """A secret with a current and a previous value, a load balancer that accepts both, an edge that sends the first."""

    def __init__(self) -> None:
        self.secrets: Any = boto3.client("secretsmanager")
        self.balancer: Any = boto3.client("elbv2")
        self.cloudfront: Any = boto3.client("cloudfront")
        self.secret = self.secrets.create_secret(Name="edge-key", SecretString="before")["ARN"]
        self.secrets.put_secret_value(SecretId=self.secret, SecretString="now")
        ec2: Any = boto3.client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"us-east-1{zone}")
            for number, zone in enumerate("ab")
        ]
        ids = [subnet["Subnet"]["SubnetId"] for subnet in subnets]
        balancer = self.balancer.create_load_balancer(Name="internal", Subnets=ids)["LoadBalancers"][0]
        fixed = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "403"}}
        self.listener = self.balancer.create_listener(
            LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=80, DefaultActions=[fixed]
        )["Listeners"][0]["ListenerArn"]
        for priority, path in ((1, "/cart"), (2, "/orders/*")):
            self.balancer.create_rule(
                ListenerArn=self.listener,
                Priority=priority,
                Actions=[fixed],
                Conditions=[
                    {"Field": "path-pattern", "PathPatternConfig": {"Values": [path]}},
                    {
                        "Field": "http-header",
                        "HttpHeaderConfig": {"HttpHeaderName": HEADER, "Values": ["now", "before"]},
                    },
                ],
            )
        self.distribution = self._distribution()

    def _distribution(self) -> str:
        api = {
            "Id": "api",
            "DomainName": "abc.execute-api.us-east-1.amazonaws.com",
            "CustomHeaders": {"Quantity": 1, "Items": [{"HeaderName": HEADER, "HeaderValue": "now"}]},
            "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"},
        }
        made = self.cloudfront.create_distribution(
            DistributionConfig={
                "CallerReference": "one",
                "Origins": {"Quantity": 1, "Items": [api]},
                "DefaultCacheBehavior": {"TargetOriginId": "api", "ViewerProtocolPolicy": "https-only"},
                "Comment": "",
                "Enabled": True,
            }
        )
        return str(made["Distribution"]["Id"])

    @property
    def settings(self) -> EdgeSettings:
        return EdgeSettings(key=self.secret, header=HEADER, entrance=self.listener, distribution=self.distribution)

    def sent(self) -> str:
        config = self.cloudfront.get_distribution_config(Id=self.distribution)["DistributionConfig"]
        return str(config["Origins"]["Items"][0]["CustomHeaders"]["Items"][0]["HeaderValue"])

    def accepted(self) -> list[list[str]]:
        """The values of each rule that has a path."""
        rules = self.balancer.describe_rules(ListenerArn=self.listener)["Rules"]
        found = []
        for rule in rules:
            configs = {condition["Field"]: condition for condition in rule["Conditions"]}
            if "http-header" in configs:
                assert configs["path-pattern"]["PathPatternConfig"]["Values"]
                found.append(configs["http-header"]["HttpHeaderConfig"]["Values"])
        return found

    def value(self, stage: str) -> str:
        return str(self.secrets.get_secret_value(SecretId=self.secret, VersionStage=stage)["SecretString"])


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    for name, value in (("ACCESS_KEY_ID", "test"), ("SECRET_ACCESS_KEY", "test"), ("DEFAULT_REGION", "us-east-1")):
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    with mock_aws():
        session.cache_clear()
        yield Account()
    session.cache_clear()


def rotate(account: Account, version: str, *, repeat: int = 1) -> None:
    keys = CloudFrontKeys(account.settings)
    for step in (keys.propose, keys.switch_to):
        for _ in range(repeat):
            step(version)
            assert all(account.sent() in values for values in account.accepted())
    keys.verify()
    for _ in range(repeat):
        keys.promote(version)


@pytest.mark.parametrize("repeat", [1, 2])
def test_a_rotation_sends_a_new_value_and_still_accepts_the_one_before(account: Account, repeat: int) -> None:
    rotate(account, VERSION, repeat=repeat)
    new = account.value("AWSCURRENT")
    assert new not in {"now", "before"}
    assert len(new) >= 43
    assert account.value("AWSPREVIOUS") == "now"
    assert account.sent() == new
    assert account.accepted() == [[new, "now"], [new, "now"]]


def test_the_value_before_the_last_is_no_longer_accepted(account: Account) -> None:
    rotate(account, VERSION)
    first = account.value("AWSCURRENT")
    rotate(account, NEXT)
    second = account.value("AWSCURRENT")
    assert account.accepted() == [[second, first], [second, first]]


def test_a_switch_that_dies_before_the_edge_is_told_refuses_nothing(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = CloudFrontKeys(account.settings)
    keys.propose(VERSION)

    def dies() -> tuple[dict[str, Any], str]:
        raise ConnectionError

    monkeypatch.setattr(keys, "_distribution", dies)
    with pytest.raises(ConnectionError):
        keys.switch_to(VERSION)
    assert account.sent() == "now"
    assert all("now" in values for values in account.accepted())


def test_a_rule_that_does_not_accept_what_is_sent_is_named(account: Account) -> None:
    config = account.cloudfront.get_distribution_config(Id=account.distribution)
    config["DistributionConfig"]["Origins"]["Items"][0]["CustomHeaders"]["Items"][0]["HeaderValue"] = "strange"
    account.cloudfront.update_distribution(
        Id=account.distribution, DistributionConfig=config["DistributionConfig"], IfMatch=config["ETag"]
    )
    with pytest.raises(EdgeKeyRefused, match="listener-rule"):
        CloudFrontKeys(account.settings).verify()
