"""A stack's settings: every mistake at once, by its full key."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import botocore.session
import pytest
import yaml
from planned import ROOT

from components import cloud
from components.aws.regions import REGIONS
from components.aws.settings import AwsSettings
from components.clouds import CLOUDS
from components.errors import ComponentError
from components.foundation import Engines
from stacks.marketplace import marketplace
from stacks.settings import Settings, SettingsError, load
from stacks.workloads import HANDLERS, SERVICES
from toolkit.engine.program import Program

ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
GOOD = {
    "aws:region": "eu-west-1",
    "marketplace:cloud": "aws",
    "marketplace:profile": "prod",
    "marketplace:image": f"{ECR}/shop:1",
    "marketplace:scorerImage": f"{ECR}/shop:1-scorer",
    "marketplace:alarmEmail": "alarms@shop.example",
    "marketplace:mailFrom": "no-reply@shop.example",
}


def aws(settings: Settings) -> AwsSettings:
    assert isinstance(settings.cloud_settings, AwsSettings)
    return settings.cloud_settings


def images_in(region: str) -> dict[str, str]:
    """The settings of the images, for registries of the region."""
    return {key: value.replace("eu-west-1", region) for key, value in GOOD.items() if key.lower().endswith("image")}


def problems(**given: str) -> dict[str, str]:
    config = GOOD | {f"marketplace:{key}": value for key, value in given.items()}
    with pytest.raises(SettingsError) as refused:
        load(config, stack="test")
    return refused.value.problems


def test_what_is_not_said_has_a_default() -> None:
    settings = load(GOOD, stack="test")
    assert settings.return_window_days == 14
    assert settings.refund_commission
    assert [zone.id for zone in aws(settings).zones] == ["euw1-az1", "euw1-az2", "euw1-az3"]
    assert aws(settings).aurora_version == "17.7"
    assert settings.profile.protect_data


def test_numbers_and_lists_are_read_from_text() -> None:
    given = {"marketplace:returnWindowDays": "30", "marketplace:availabilityZones": '["eu-west-1b", "eu-west-1c"]'}
    settings = load(GOOD | given, stack="test")
    assert settings.return_window_days == 30
    assert [(zone.suffix, zone.name) for zone in aws(settings).zones] == [("b", "eu-west-1b"), ("c", "eu-west-1c")]


def test_every_mistake_is_reported_at_once_by_its_full_key() -> None:
    found = problems(returnWindowDays="soon", commissionBasisPoints="20000", currency="USD", networkCidr="10.0.0.1/16")
    assert found.keys() == {
        "marketplace:returnWindowDays",
        "marketplace:commissionBasisPoints",
        "marketplace:currency",
        "marketplace:networkCidr",
    }
    assert "'soon'" in found["marketplace:returnWindowDays"]


@pytest.mark.parametrize(("window", "delivery"), [("81", None), ("14", None), ("90", "0"), ("61", "30"), ("60", "30")])
def test_a_share_is_never_held_longer_than_stripe_allows(window: str, delivery: str | None) -> None:
    given = {"returnWindowDays": window} | ({} if delivery is None else {"deliveryDays": delivery})
    if int(window) + int(delivery or "10") <= 90:
        load(GOOD | {f"marketplace:{name}": value for name, value in given.items()}, stack="test")
    else:
        assert "90 days at most" in problems(**given)["marketplace:deliveryDays"]


def test_a_missing_setting_is_named() -> None:
    with pytest.raises(SettingsError) as refused:
        load({}, stack="test")
    assert refused.value.problems == {
        "marketplace:cloud": "is required: one of aws",
        "marketplace:profile": "is required",
    }


def test_a_missing_setting_of_the_cloud_is_named() -> None:
    with pytest.raises(SettingsError) as refused:
        load({"marketplace:cloud": "aws"}, stack="test")
    assert refused.value.problems == {
        "aws:region": "is required",
        "marketplace:image": "is required",
        "marketplace:profile": "is required",
        "marketplace:scorerImage": "is required",
    }


@pytest.mark.parametrize("id", ["azure", "gcp"])
def test_a_cloud_without_components_is_named_beside_other_mistakes(id: str) -> None:
    found = problems(cloud=id, burst="0")
    assert found["marketplace:cloud"] == f"this release has no components for {CLOUDS[id].label}; use aws"
    assert found.keys() == {"marketplace:cloud", "marketplace:burst"}


@pytest.mark.parametrize(
    ("engines", "message"),
    [
        ({"recommendations": "personalize"}, r"no component for it\. Choose 'own-ranking', or leave it out\."),
        (
            {"cart-cache": "nonsense"},
            r"No engine 'nonsense' plays Cart.* Choose 'elasticache-valkey', or leave it out\.",
        ),
        ({"cart-cache": "elasticache-redis"}, r"Choose 'elasticache-valkey'"),
        ({"catalog-service": "app-runner"}, r"closed to new customers since 2026-04-30.*Choose 'ecs-fargate'"),
    ],
)
def test_an_engine_that_cannot_be_deployed_is_refused_before_anything_is_declared(
    engines: dict[str, str], message: str
) -> None:
    settings = load(GOOD | {"marketplace:engines": json.dumps(engines)}, stack="test")
    with pytest.raises(ComponentError, match=message):
        marketplace(settings, stack="test")


def test_the_engines_that_are_deployed_can_be_asked_for() -> None:
    deployed = cloud.load("aws").deployed(SERVICES, HANDLERS)
    assert deployed["checkout-orchestration"] == "step-functions"
    assert deployed["dead-letter-queue"] == "sqs-dlq"
    assert deployed["catalog-service"] == "ecs-fargate"
    Engines(chosen=deployed).require("aws", deployed)


def test_a_misspelled_key_is_told_what_it_may_have_meant() -> None:
    assert problems(retrunWindowDays="30") == {
        "marketplace:retrunWindowDays": "unknown key; did you mean marketplace:returnWindowDays?"
    }


def test_a_misspelled_key_of_the_cloud_is_told_too() -> None:
    config = {key: value for key, value in GOOD.items() if key != "aws:region"} | {"aws:regoin": "eu-west-1"}
    with pytest.raises(SettingsError) as refused:
        load(config, stack="test")
    assert refused.value.problems == {
        "aws:region": "is required",
        "aws:regoin": "unknown key; did you mean aws:region?",
    }


@pytest.mark.parametrize(
    ("region", "meant"),
    [("eu-wset-1", " (did you mean eu-west-1?)"), ("us-east-9", " (did you mean us-east-"), ("x", "")],
)
def test_a_region_that_does_not_exist_is_the_only_thing_to_blame(region: str, meant: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load(GOOD | {"aws:region": region}, stack="test")
    assert list(refused.value.problems) == ["aws:region"]
    assert f"no AWS region has this name{meant}" in refused.value.problems["aws:region"]


def test_the_regions_are_those_that_the_sdk_knows() -> None:
    session = botocore.session.get_session()
    partitions = session.get_available_partitions()
    known = {region for partition in partitions for region in session.get_available_regions("ecs", partition)}
    assert {region for region in known if not region.startswith(("us-iso", "eu-isoe", "eusc"))} == REGIONS


CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/0f0e-1d2c"


@pytest.mark.parametrize(
    ("given", "key", "said"),
    [
        ({"domain": "shop.example.com"}, "domain", "needs marketplace:certificateArn"),
        ({"certificateArn": CERTIFICATE}, "domain", "is required with marketplace:certificateArn"),
        (
            {"domain": "shop.example.com", "certificateArn": CERTIFICATE.replace("us-east-1", "eu-west-1")},
            "certificateArn",
            "expected a certificate in us-east-1",
        ),
        ({"domain": "https://shop.example.com", "certificateArn": CERTIFICATE}, "domain", "without https://"),
        ({"domain": "Shop.example.com", "certificateArn": CERTIFICATE}, "domain", "in lower case"),
        ({"domain": "shop", "certificateArn": CERTIFICATE}, "domain", "expected a domain"),
    ],
)
def test_a_name_of_ones_own_needs_its_certificate(given: dict[str, str], key: str, said: str) -> None:
    assert said in problems(**given)[f"marketplace:{key}"]


def test_a_name_of_ones_own_is_taken_in_any_region() -> None:
    given = {"marketplace:domain": "shop.example.com", "marketplace:certificateArn": CERTIFICATE}
    settings = load(GOOD | given, stack="test")
    assert (settings.domain, aws(settings).certificate_arn) == ("shop.example.com", CERTIFICATE)


def test_a_budget_that_nobody_hears_of_is_refused() -> None:
    config = {key: value for key, value in GOOD.items() if not key.endswith("alarmEmail")}
    with pytest.raises(SettingsError) as refused:
        load(config | {"marketplace:profile": "ephemeral", "marketplace:monthlyBudgetUsd": "60"}, stack="test")
    assert "marketplace:alarmEmail" in refused.value.problems["marketplace:monthlyBudgetUsd"]


def test_a_python_name_is_told_its_key() -> None:
    assert problems(return_window_days="30") == {
        "marketplace:return_window_days": "unknown key; did you mean marketplace:returnWindowDays?"
    }


def test_a_key_like_no_other_is_called_unknown() -> None:
    assert problems(zzz="1") == {"marketplace:zzz": "unknown key"}


def test_misspelled_and_wrong_settings_come_together() -> None:
    assert len(problems(retrunWindowDays="30", burst="0")) == 2


def test_other_namespaces_are_left_alone() -> None:
    load(GOOD | {"aws:profile": "me", "pulumi:disable-default-providers": '["*"]'}, stack="test")


def test_the_value_of_a_secret_is_not_repeated() -> None:
    with pytest.raises(SettingsError) as refused:
        load(GOOD | {"marketplace:alarmEmail": "hunter2"}, stack="test", secret_keys=["marketplace:alarmEmail"])
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("profile", "production"),
        ("cloud", "oracle"),
        ("returnWindowDays", "91"),
        ("callbackUrls", '["http://shop.example.com/"]'),
        ("callbackUrls", "[not json"),
        ("callbackUrls", "[]"),
        ("callbackUrls", '["http://localhost.evil.example/x"]'),
        ("callbackUrls", '["http://localhost@evil.example/x"]'),
        ("callbackUrls", '["https:///signed-in"]'),
        ("callbackUrls", '["https://shop.example.com/#signed-in"]'),
        ("logoutUrls", '["http://127.0.0.1.evil.example/"]'),
        ("allowedOrigins", '["https://shop.example.com/"]'),
        ("availabilityZones", '["eu-west-1a"]'),
        ("availabilityZones", '["eu-west-1a", "eu-west-1a"]'),
        ("availabilityZones", '["eu-west-1a", "eu-west-1b", "eu-west-1b"]'),
        ("availabilityZones", '["us-east-1a", "us-east-1b"]'),
        ("networkCidr", "10.0.0.0/21"),
        ("networkCidr", "10.0.0.0/8"),
        ("image", "docker.io/library/python:3.12"),
        ("image", f"{ECR}/shop"),
        ("image", f"{ECR}/shop@sha256:abc"),
        ("image", "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:1"),
        ("availabilityZones", "3"),
        ("availabilityZones", '["euw1-az1"]'),
        ("availabilityZones", '["euw1-az1", "euw2-az2"]'),
        ("availabilityZones", '["euw1-az1", "euw1-az4"]'),
        ("availabilityZones", '["euw1-az1", "eu-west-1b"]'),
        ("auroraVersion", "16.8"),
        ("protect", "perhaps"),
        ("currency", "xyz"),
        ("currency", "isk"),
        ("currency", "kwd"),
        ("mailFrom", "nobody"),
        ("sesIdentity", "arn:aws:ses:eu-west-1:123456789012:identity/shop.example"),
        ("engines", '["lambda"]'),
        ("engines", '{"cart-cach": "elasticache-valkey"}'),
        ("accountId", "12345"),
        ("alarmEmail", "nobody"),
        ("logLevel", "LOUD"),
        ("fraudReviewFrom", "0"),
        ("fraudRefuseFrom", "1.01"),
        ("fraudRefuseFrom", "0.4"),
        ("scorerImage", "docker.io/library/python:3.12"),
    ],
)
def test_a_value_out_of_range_is_refused(key: str, value: str) -> None:
    assert list(problems(**{key: value})) == [f"marketplace:{key}"]


def test_what_belongs_to_the_region_is_reported_beside_other_mistakes() -> None:
    found = problems(
        callbackUrls="[]", availabilityZones='["us-east-1a"]', networkCidr="10.0.0.0/24", image="shop", burst="0"
    )
    assert found.keys() == {
        f"marketplace:{key}" for key in ("callbackUrls", "availabilityZones", "networkCidr", "image", "burst")
    }
    assert "4096 addresses" in found["marketplace:networkCidr"]
    assert "zones of eu-west-1" in found["marketplace:availabilityZones"]
    assert "ECR in eu-west-1" in found["marketplace:image"]


@pytest.mark.parametrize(
    ("region", "zones"),
    [
        ("us-east-1", ["use1-az1", "use1-az2", "use1-az4"]),
        ("eu-west-3", ["euw3-az1", "euw3-az3"]),
        ("us-gov-west-1", ["usgw1-az1", "usgw1-az2", "usgw1-az3"]),
        ("ap-southeast-2", ["apse2-az1", "apse2-az2", "apse2-az3"]),
    ],
)
def test_a_network_stands_in_zones_that_have_everything(region: str, zones: list[str]) -> None:
    settings = load(GOOD | images_in(region) | {"aws:region": region}, stack="test")
    assert [zone.id for zone in aws(settings).zones][:3] == zones
    assert [zone.suffix for zone in aws(settings).zones][: len(zones)] == list("abc")[: len(zones)]


def test_a_zone_without_vpc_links_is_refused_by_its_id() -> None:
    assert (
        "euw1-az4 has no VPC links"
        in problems(availabilityZones='["euw1-az1", "euw1-az4"]')["marketplace:availabilityZones"]
    )


def test_a_region_whose_zones_nobody_looked_at_asks_for_them() -> None:
    region = images_in("af-south-1") | {"aws:region": "af-south-1"}
    with pytest.raises(SettingsError) as refused:
        load(GOOD | region, stack="test")
    assert list(refused.value.problems) == ["marketplace:availabilityZones"]
    given = region | {"marketplace:availabilityZones": '["afs1-az1", "afs1-az2"]'}
    assert [zone.id for zone in aws(load(GOOD | given, stack="test")).zones] == ["afs1-az1", "afs1-az2"]


@pytest.mark.parametrize("key", ["marketplace:alarmEmail", "marketplace:mailFrom"])
def test_production_has_somebody_who_hears_of_alarms_and_a_sender_of_mails(key: str) -> None:
    config = {name: value for name, value in GOOD.items() if name != key}
    with pytest.raises(SettingsError) as refused:
        load(config, stack="test")
    assert list(refused.value.problems) == [key]
    assert refused.value.problems[key].startswith("is required")
    load(config | {"marketplace:profile": "ephemeral"}, stack="test")


def test_an_alarm_reaches_somebody_wherever_data_is_protected() -> None:
    config = images_in("eu-west-1") | {"aws:region": "eu-west-1", "marketplace:cloud": "aws"}
    unprotected = config | {"marketplace:profile": "staging", "marketplace:protect": "false"}
    assert not load(unprotected, stack="test").profile.protect_data
    for refused in (config | {"marketplace:profile": "staging"}, unprotected | {"marketplace:protect": "true"}):
        with pytest.raises(SettingsError, match=r"alarmEmail: is required where data is protected"):
            load(refused, stack="test")


def test_protection_is_lifted_without_another_profile() -> None:
    settings = load(GOOD | {"marketplace:protect": "false"}, stack="test")
    assert not settings.profile.protect_data
    assert settings.profile.keep_backups
    assert settings.profile.zones == 3


def test_a_version_whose_support_has_ended_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Later(datetime):
        @classmethod
        def now(cls, tz: object = None) -> Later:
            return cls(2027, 1, 1, tzinfo=UTC)

    chosen = GOOD | {"marketplace:auroraVersion": "17.5"}
    assert aws(load(chosen, stack="test")).aurora_version == "17.5"
    monkeypatch.setattr("components.aws.settings.datetime", Later)
    with pytest.raises(SettingsError, match=r"auroraVersion: the support of this version ended on 2026-12-31"):
        load(chosen, stack="test")
    load(GOOD, stack="test")


@pytest.mark.parametrize("tag", [":1", "@sha256:" + "0" * 64, ":1@sha256:" + "0" * 64])
def test_an_image_is_named_by_tag_or_digest(tag: str) -> None:
    assert load(GOOD | {"marketplace:image": f"{ECR}/team/shop{tag}"}, stack="test").cloud_settings.image.endswith(tag)


@pytest.mark.parametrize("address", ["http://localhost:3000/x", "http://127.0.0.1/x", "https://shop.example.com/x"])
def test_a_storefront_may_be_on_the_machine_of_who_develops_it(address: str) -> None:
    assert load(GOOD | {"marketplace:callbackUrls": f'["{address}"]'}, stack="test").callback_urls == (address,)


def test_a_storefront_may_call_the_api_from_where_it_signs_people_in() -> None:
    assert load(GOOD, stack="test").allowed_origins == ("http://localhost:8000",)
    shop = GOOD | {"marketplace:callbackUrls": '["https://a.example/in", "https://a.example/x", "https://b.example/"]'}
    assert load(shop, stack="test").allowed_origins == ("https://a.example", "https://b.example")
    assert load(shop | {"marketplace:allowedOrigins": "[]"}, stack="test").allowed_origins == ()
    ports = GOOD | {
        "marketplace:callbackUrls": '["https://Shop.Example:443/in", "http://localhost:80/", "https://b:8443/"]'
    }
    as_sent = ("https://shop.example", "http://localhost", "https://b:8443")
    assert load(ports, stack="test").allowed_origins == as_sent, "in lower case, without the scheme's own port"


def test_the_message_is_one_line_for_each_mistake() -> None:
    with pytest.raises(SettingsError) as refused:
        load(GOOD | {"marketplace:burst": "0", "marketplace:retrunWindowDays": "1"}, stack="test")
    first, *lines = str(refused.value).splitlines()
    assert first == "2 settings are wrong in Pulumi.test.yaml:"
    assert [line.split(": ")[0].strip() for line in lines] == ["marketplace:burst", "marketplace:retrunWindowDays"]


@pytest.mark.parametrize("stack", sorted(path.name.split(".")[1] for path in ROOT.glob("Pulumi.*.yaml")))
def test_the_settings_of_every_stack_are_good(stack: str) -> None:
    load(Program.load(ROOT, stack).config, stack=stack)


def test_no_resource_can_fall_back_to_a_default_provider() -> None:
    project: dict[str, Any] = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
    assert project["config"]["pulumi:disable-default-providers"]["value"] == ["*"]
