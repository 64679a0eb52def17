"""The baseline layer, and environments that stand on one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from planned import ROOT, Planned, Plans

from components.delivery import Repository
from components.delivery.aws.rights import DATA, DEPLOYS, LINKED, PASSED_TO, READ_BY_THE_PROGRAM, READS
from components.errors import ComponentError
from stacks.settings import SettingsError, load
from toolkit.errors import ToolkitError
from toolkit.local.stack.deployment import LocalStack, Settings
from toolkit.local.stack.steps import Steps

NAME = "organization/marketplace/baseline"
SUBJECT = "token.actions.githubusercontent.com:sub"
AUDIENCE = "token.actions.githubusercontent.com:aud"
BOUNDARY = "arn:aws:iam::123456789012:policy/workloads"
NETWORK = {
    "vpc_id": "vpc-1",
    "private_subnet_ids": ["subnet-p1", "subnet-p2"],
    "data_subnet_ids": ["subnet-d1", "subnet-d2"],
    "prefix_lists": {"s3": "pl-1", "dynamodb": "pl-2"},
    "endpoints_group_id": "sg-endpoints",
}
OUTPUTS: dict[str, Any] = {
    "layer": "baseline",
    "cloud": "aws",
    "region": "us-east-1",
    "network": NETWORK,
    "workload_boundary": BOUNDARY,
}


@pytest.fixture(scope="session")
def baseline(plans: Plans) -> Planned:
    return plans.of("baseline")


@pytest.fixture(scope="session")
def tenant(plans: Plans) -> Planned:
    """An environment on a baseline."""
    return standing_on(plans, OUTPUTS)


def standing_on(plans: Plans, outputs: dict[str, Any], **settings: str) -> Planned:
    return plans.of("dev", called="tenant", beside={NAME: outputs}, baseline=NAME, **settings)


def test_a_baseline_runs_nothing(baseline: Planned) -> None:
    kinds = {resource.type.partition(":")[2].partition("/")[0] for resource in baseline.plan.resources}
    assert not kinds & {"ecs/service", "lambda", "rds", "elasticache", "apigatewayv2", "lb", "cognito", "sqs"}
    assert {function.id for function in baseline.plan.functions} == {"secrets-management"}
    assert not baseline.plan.links
    assert not baseline.plan.findings


def test_tags_of_the_registry_never_move_and_images_with_one_never_expire(baseline: Planned) -> None:
    repository = baseline.inputs("Repository", "images")
    assert repository["imageTagMutability"] == "IMMUTABLE"
    assert repository["imageScanningConfiguration"] == {"scanOnPush": True}
    assert repository["forceDelete"] is False
    assert baseline.one("Repository", "images").protect
    (rule,) = json.loads(baseline.inputs("LifecyclePolicy", "images")["policy"])["rules"]
    assert rule["selection"]["tagStatus"] == "untagged"
    (statement,) = json.loads(baseline.inputs("RepositoryPolicy", "images")["policy"])["Statement"]
    assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert "Resource" not in statement


def test_the_account_is_safe_and_stays_so_without_the_stack(baseline: Planned) -> None:
    block = baseline.inputs("AccountPublicAccessBlock", "account")
    assert [block[key] for key in sorted(block) if key != "accountId"] == [True, True, True, True]
    assert baseline.inputs("EncryptionByDefault", "account")["enabled"] is True
    for kind in ("AccountPublicAccessBlock", "EncryptionByDefault"):
        assert baseline.one(kind, "account").protect


@pytest.mark.parametrize(
    ("role", "context"), [("delivery-preview", "pull_request"), ("delivery-deploy", "environment:production")]
)
def test_the_pipeline_signs_in_by_its_exact_subject(baseline: Planned, role: str, context: str) -> None:
    (trusted,) = json.loads(baseline.inputs("Role", role)["assumeRolePolicy"])["Statement"]
    assert trusted["Principal"] == {"Federated": "<OpenIdConnectProvider delivery.arn>"}
    assert trusted["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert trusted["Condition"] == {
        "StringEquals": {
            AUDIENCE: "sts.amazonaws.com",
            SUBJECT: [
                f"repo:example/marketplace:{context}",
                f"repo:example@1000/marketplace@2000:{context}",
            ],
        }
    }


def test_a_pull_request_reads_descriptions_and_no_data(baseline: Planned) -> None:
    statements = {statement["Sid"]: statement for statement in baseline.statements("delivery-preview")}
    allowed = {sid: statement for sid, statement in statements.items() if statement["Effect"] == "Allow"}
    assert allowed.keys() == {"ReadDescriptions", "ReadTheEdgesKey", "DecryptTheEdgesKey"}
    assert allowed["ReadDescriptions"]["Action"] == list(READS)
    denied = statements["NoData"]
    assert (denied["Effect"], denied["Action"], denied["Resource"]) == ("Deny", list(DATA), ["*"])
    verbs = {action.partition(":")[2] for action in READS}
    assert all(verb.startswith(("BatchGet", "Describe", "Get", "List", "View", "GET")) for verb in verbs)


def test_a_pull_request_decrypts_the_secret_that_the_program_reads_and_nothing_else(baseline: Planned) -> None:
    statements = {statement["Sid"]: statement for statement in baseline.statements("delivery-preview")}
    key = "arn:aws:secretsmanager:us-east-1:<accountId>:secret:edge-key-*"
    assert statements["ReadTheEdgesKey"]["Resource"] == [key]
    context = {"kms:EncryptionContext:SecretARN": key}
    assert statements["DecryptTheEdgesKey"]["Condition"] == {
        "StringEquals": {"kms:ViaService": "secretsmanager.us-east-1.amazonaws.com"},
        "StringLike": context,
    }
    for sid, action, condition in (
        ("NoOtherSecret", "secretsmanager:GetSecretValue", {"secretsmanager:SecretId": key}),
        ("NothingElseDecrypted", "kms:Decrypt", context),
    ):
        assert (statements[sid]["Effect"], statements[sid]["Action"]) == ("Deny", [action])
        assert (statements[sid]["Resource"], statements[sid]["Condition"]) == (["*"], {"StringNotLike": condition})


ASKED_BY_A_PREVIEW = {
    "aws:index/getCallerIdentity:getCallerIdentity": None,  # refused to nobody
    "aws:secretsmanager/getRandomPassword:getRandomPassword": "secretsmanager:GetRandomPassword",
    "aws:secretsmanager/getSecretVersion:getSecretVersion": "secretsmanager:GetSecretValue",
}


@pytest.mark.parametrize("stack", ["prod", "dev"])
def test_a_pull_request_may_ask_what_the_program_asks(plans: Plans, baseline: Planned, stack: str) -> None:
    allowed = {a for s in baseline.statements("delivery-preview") if s["Effect"] == "Allow" for a in s["Action"]}
    planned = plans.of(stack)
    for invoke in planned.plan.invokes:
        action = ASKED_BY_A_PREVIEW[invoke.token]
        assert action is None or action in allowed
    read = {planned.readable(i.args["secretId"]) for i in planned.plan.invokes if "secretId" in i.args}
    assert read == {f"<Secret {READ_BY_THE_PROGRAM}.id>"}
    name = planned.inputs("Secret", READ_BY_THE_PROGRAM)["name"]
    assert name.startswith(f"{READ_BY_THE_PROGRAM}-")


PREFIXES = {
    "apigatewayv2": "apigateway",
    "appautoscaling": "application-autoscaling",
    "cloudcontrol": "cloudformation",
    "cognito": "cognito-idp",
    "lb": "elasticloadbalancing",
    "opensearch": "es",
    "sesv2": "ses",
    "sfn": "states",
    "vpc": "ec2",
}
"""Where IAM calls a service otherwise than the provider."""


def service(type_: str) -> str:
    """The prefix of the actions that make a resource of this type."""
    _, module, kind = type_.split(":")
    module = module.partition("/")[0]
    if module == "opensearch" and kind.startswith("Serverless"):
        return "aoss"
    if module == "cloudwatch" and kind.startswith("Log"):
        return "logs"
    return PREFIXES.get(module, module)


EVERYTHING: dict[str, dict[str, str]] = {
    "prod": {"shieldAdvanced": "accept-3000-usd-a-month-for-a-year"},
    "dev": {},
}


@pytest.mark.parametrize("stack", EVERYTHING)
def test_the_pipeline_may_make_and_read_whatever_an_environment_is_made_of(plans: Plans, stack: str) -> None:
    resources = plans.of(stack, **EVERYTHING[stack]).plan.resources
    needed = {service(r.type) for r in resources if r.type.startswith("aws:")} - {"iam"}
    assert needed <= {action.partition(":")[0] for action in DEPLOYS}
    assert needed <= {action.partition(":")[0] for action in READS}


@pytest.mark.parametrize("stack", ["prod", "dev"])
def test_the_pipeline_hands_roles_to_every_service_that_has_one(plans: Plans, stack: str) -> None:
    planned = plans.of(stack)
    trusted = {
        statement["Principal"]["Service"]
        for name in planned.every("Role")
        for statement in json.loads(planned.inputs("Role", name)["assumeRolePolicy"])["Statement"]
    }
    assert trusted <= set(PASSED_TO)


def test_a_first_deployment_makes_the_roles_of_services_and_no_other_without_the_boundary(baseline: Planned) -> None:
    statements = {statement["Sid"]: statement for statement in baseline.statements("delivery-deploy")}
    linked = statements["RolesOfServices"]
    assert linked["Action"] == ["iam:CreateServiceLinkedRole"]
    assert linked["Resource"] == ["arn:aws:iam::<accountId>:role/aws-service-role/*"]
    assert linked["Condition"] == {"StringEquals": {"iam:AWSServiceName": list(LINKED)}}
    assert {"ecs.amazonaws.com", "opensearchservice.amazonaws.com", "rds.amazonaws.com"} <= set(LINKED)


def test_a_deployment_makes_roles_within_the_boundary_only(baseline: Planned) -> None:
    statements = {statement["Sid"]: statement for statement in baseline.statements("delivery-deploy")}
    assert statements["Regional"]["Condition"] == {"StringEquals": {"aws:RequestedRegion": ["us-east-1"]}}
    assert {*statements["Regional"]["Action"], *statements["Global"]["Action"]} == set(DEPLOYS)
    assert not any(action.startswith(("iam:", "organizations:", "account:", "*")) for action in DEPLOYS)
    assert statements["RolesWithinTheBoundary"] == {
        "Sid": "RolesWithinTheBoundary",
        "Effect": "Allow",
        "Action": ["iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"],
        "Resource": ["arn:aws:iam::<accountId>:role/*"],
        "Condition": {"StringEquals": {"iam:PermissionsBoundary": "<Policy delivery-workloads.arn>"}},
    }
    assert "iam:PassedToService" in statements["PassRoles"]["Condition"]["StringEquals"]
    assert statements["NotItself"]["Effect"] == statements["KeepTheBoundary"]["Effect"] == "Deny"
    assert set(statements["NotItself"]["Resource"]) == {
        "<Role delivery-preview.arn>",
        "<Role delivery-deploy.arn>",
        "<OpenIdConnectProvider delivery.arn>",
        "<Policy delivery-workloads.arn>",
    }
    granting = [s for s in statements.values() if s["Effect"] == "Allow" and any("iam:" in a for a in s["Action"])]
    assert {s["Sid"] for s in granting} == {"RolesWithinTheBoundary", "KeepRoles", "PassRoles", "RolesOfServices"}
    assert not {a for s in granting for a in s["Action"]} & {"iam:AttachRolePolicy", "iam:UpdateAssumeRolePolicy"}


def test_without_a_repository_nobody_signs_in(plans: Plans) -> None:
    config = {"marketplace:cloud": "aws", "aws:region": "us-east-1", "marketplace:layer": "baseline"}
    settings = load(config | {"marketplace:profile": "ephemeral"}, stack="baseline")
    assert settings.github_repository is None


def test_an_environment_makes_no_network_where_it_takes_one(tenant: Planned) -> None:
    network_kinds = {"Vpc", "Subnet", "NatGateway", "InternetGateway", "RouteTable", "VpcEndpoint", "Eip", "FlowLog"}
    assert not [r.urn for r in tenant.plan.resources if r.type.rpartition(":")[2] in network_kinds]
    assert (
        tenant.inputs("ecs/service:Service", "catalog")["networkConfiguration"]["subnets"]
        == NETWORK["private_subnet_ids"]
    )
    assert tenant.inputs("rds/subnetGroup:SubnetGroup", "orders")["subnetIds"] == NETWORK["data_subnet_ids"]


def test_its_security_groups_are_its_own(tenant: Planned) -> None:
    groups = tenant.every("SecurityGroup")
    assert {"catalog", "orders", "carts"} <= groups.keys()
    assert {tenant.inputs("SecurityGroup", name)["vpcId"] for name in groups} == {"vpc-1"}
    for name in tenant.every("SecurityGroupIngressRule"):
        assert tenant.inputs("SecurityGroupIngressRule", name)["securityGroupId"] != "sg-endpoints"


def test_every_role_of_it_carries_the_boundary(tenant: Planned, plans: Plans) -> None:
    roles = tenant.every("Role")
    assert {tenant.inputs("Role", name)["permissionsBoundary"] for name in roles} == {BOUNDARY}
    alone = plans.of("dev")
    assert not [name for name in alone.every("Role") if "permissionsBoundary" in alone.inputs("Role", name)]


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no baseline": ({"api_url": "https://shop"}, "which has no outputs of a baseline"),
    "an environment": (OUTPUTS | {"layer": "environment"}, "which has no outputs of a baseline"),
    "elsewhere": (OUTPUTS | {"region": "eu-west-1"}, "is on aws in eu-west-1, and this stack on aws in us-east-1"),
    "too narrow": (
        OUTPUTS | {"network": NETWORK | {"private_subnet_ids": ["subnet-p1"]}},
        "spans 1 zones, and this stack's profile takes 2",
    ),
}


@pytest.mark.parametrize("outputs", REFUSED)
def test_what_cannot_be_stood_on_is_refused(plans: Plans, outputs: str) -> None:
    given, said = REFUSED[outputs]
    with pytest.raises(ToolkitError) as refused:
        standing_on(plans, given)
    assert said in str(refused.value)


def test_a_baseline_that_is_not_known_is_refused_with_the_way_to_give_it(plans: Plans) -> None:
    with pytest.raises(ToolkitError, match="reads the outputs of the stack") as refused:
        plans.of("dev", called="tenant", baseline=NAME)
    assert f"--outputs {NAME}=FILE" in refused.value.next_step


LAYERS: dict[str, tuple[dict[str, str], str]] = {
    "a baseline on a baseline": ({"layer": "baseline", "baseline": NAME}, "marketplace:baseline"),
    "an environment with a pipeline": (
        {"githubRepository": "a/b", "githubIds": "1/2", "image": "i"},
        "marketplace:githubRepository",
    ),
    "a repository without its numbers": ({"layer": "baseline", "githubRepository": "a/b"}, "marketplace:githubIds"),
    "a layer of another name": ({"layer": "base"}, "marketplace:layer"),
    "a reference that is none": ({"baseline": "baseline"}, "marketplace:baseline"),
    "an environment without an image": ({}, "marketplace:image"),
}


@pytest.mark.parametrize("case", LAYERS)
def test_settings_of_the_other_layer_are_refused(case: str) -> None:
    given, key = LAYERS[case]
    config = {"marketplace:cloud": "aws", "aws:region": "us-east-1", "marketplace:profile": "ephemeral"}
    if given.get("image"):
        images = dict.fromkeys(("image", "scorerImage"), "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:1")
        given = given | images
    with pytest.raises(SettingsError) as refused:
        load(config | {f"marketplace:{name}": value for name, value in given.items()}, stack="test")
    assert key in refused.value.problems


@pytest.mark.parametrize(("slug", "ids"), [("shop", "1/2"), ("a/b", "1"), ("a/b", "x/y"), ("/b", "1/2")])
def test_what_names_no_repository_is_refused(slug: str, ids: str) -> None:
    with pytest.raises(ComponentError, match="githubIds"):
        Repository.of(slug, ids)


def test_a_baseline_is_not_run_on_this_machine(tmp_path: Path) -> None:
    settings = Settings(root=ROOT, stack="baseline", state=tmp_path, port=8108)
    with pytest.raises(ToolkitError, match="is a baseline") as refused:
        LocalStack(settings, Steps(None))  # type: ignore[arg-type]
    assert "marketplace up --stack dev" in refused.value.next_step
