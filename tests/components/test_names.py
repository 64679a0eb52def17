"""Whatever a stack is called, every resource gets a name that its service takes; AWS's own models are the judge."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

import pytest
from botocore.session import Session
from planned import Planned, Plans

from components.aws import names
from components.aws.names import SIGN_IN, Rule, fitted, plain
from components.errors import ComponentError

LONG = "feature-xyz-a-branch-that-somebody-described-in-full-1234567"
STACKS = ("prod", LONG, "Feature/ABC_1.2", "aws-cognito-test")
ACCOUNT = "123456789012"
RULES = tuple(rule for rule in vars(names).values() if isinstance(rule, Rule))

Shape = tuple[str, str]
IDENTIFIER = r"[a-zA-Z](-?[a-zA-Z0-9])*"
"""https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBCluster.html, and ElastiCache alike."""
GROUP = r"(?!sg-)[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}"
PLAIN_255 = r"[a-zA-Z0-9_-]{1,255}"
TAG = r"[\w\s.:/=+\-@]{0,256}"

NAMES: dict[str, dict[str, Shape | str]] = {
    "aws:apigatewayv2/api:Api": {"name": r".{1,128}"},
    "aws:apigatewayv2/authorizer:Authorizer": {"name": r".{1,128}"},
    "aws:apigatewayv2/stage:Stage": {"name": r"\$default|[a-zA-Z0-9_-]{1,128}"},
    "aws:apigatewayv2/vpcLink:VpcLink": {"name": r".{1,128}"},
    "aws:appautoscaling/policy:Policy": {"name": r"[ -~]{1,256}"},
    "aws:budgets/budget:Budget": {"name": r"[^:\\]{1,100}"},
    "aws:cloudfront/originAccessControl:OriginAccessControl": {"name": r"[a-zA-Z0-9_-]{1,64}"},
    "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy": {"name": r"[a-zA-Z0-9_-]{1,128}"},
    "aws:cloudwatch/dashboard:Dashboard": {"dashboardName": PLAIN_255},
    "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination": {"name": ("logs", "DeliveryDestinationName")},
    "aws:cloudwatch/logDeliverySource:LogDeliverySource": {"name": ("logs", "DeliverySourceName")},
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": {"policyName": r"[a-zA-Z0-9_-]{1,255}"},
    "aws:cloudwatch/logGroup:LogGroup": {"name": ("logs", "LogGroupName")},
    "aws:cloudwatch/metricAlarm:MetricAlarm": {"name": ("cloudwatch", "AlarmName")},
    "aws:cognito/userGroup:UserGroup": {"name": r"[a-z]{1,128}"},
    "aws:cognito/userPool:UserPool": {"name": ("cognito-idp", "UserPoolNameType")},
    "aws:cognito/userPoolClient:UserPoolClient": {"name": ("cognito-idp", "ClientNameType")},
    "aws:cognito/userPoolDomain:UserPoolDomain": {"domain": ("cognito-idp", "DomainType")},
    "aws:dynamodb/table:Table": {"name": ("dynamodb", "TableName")},
    "aws:ec2/securityGroup:SecurityGroup": {"name": GROUP, "description": GROUP},
    "aws:ecs/cluster:Cluster": {"name": PLAIN_255},
    "aws:ecs/service:Service": {"name": PLAIN_255},
    "aws:ecs/taskDefinition:TaskDefinition": {"family": PLAIN_255},
    "aws:elasticache/parameterGroup:ParameterGroup": {"name": IDENTIFIER},
    "aws:elasticache/replicationGroup:ReplicationGroup": {"replicationGroupId": rf"(?=.{{1,40}}$){IDENTIFIER}"},
    "aws:elasticache/subnetGroup:SubnetGroup": {"name": IDENTIFIER},
    "aws:elasticache/user:User": {
        "userId": ("elasticache", "UserId"),
        "userName": rf"(?=.{{1,40}}$){IDENTIFIER}",
    },
    "aws:elasticache/userGroup:UserGroup": {"userGroupId": rf"(?=.{{1,40}}$){IDENTIFIER}"},
    "aws:iam/role:Role": {"name": ("iam", "roleNameType"), "description": ("iam", "roleDescriptionType")},
    "aws:iam/rolePolicy:RolePolicy": {"name": ("iam", "policyNameType")},
    "aws:kms/alias:Alias": {"name": ("kms", "AliasNameType")},
    "aws:kms/key:Key": {"description": ("kms", "DescriptionType")},
    "aws:lambda/function:Function": {"name": r"[a-zA-Z0-9_-]{1,64}", "description": ("lambda", "Description")},
    "aws:scheduler/schedule:Schedule": {"name": ("scheduler", "Name"), "description": ("scheduler", "Description")},
    "aws:lb/loadBalancer:LoadBalancer": {"name": rf"(?!internal-)(?=.{{1,32}}$){IDENTIFIER}"},
    "aws:lb/targetGroup:TargetGroup": {"name": rf"(?=.{{1,32}}$){IDENTIFIER}"},
    "aws:opensearch/domain:Domain": {"domainName": ("opensearch", "DomainName")},
    "aws:rds/cluster:Cluster": {
        "clusterIdentifier": rf"(?=.{{1,63}}$){IDENTIFIER}",
        "finalSnapshotIdentifier": rf"(?=.{{1,255}}$){IDENTIFIER}",
    },
    "aws:rds/clusterInstance:ClusterInstance": {"identifier": rf"(?=.{{1,63}}$){IDENTIFIER}"},
    "aws:rds/clusterParameterGroup:ClusterParameterGroup": {"name": rf"(?=.{{1,255}}$){IDENTIFIER}"},
    "aws:rds/subnetGroup:SubnetGroup": {"name": r"(?!default$)[a-zA-Z0-9 ._-]{1,255}"},
    "aws:sagemaker/endpoint:Endpoint": {"name": ("sagemaker", "EndpointName")},
    "aws:sagemaker/endpointConfiguration:EndpointConfiguration": {"name": ("sagemaker", "EndpointConfigName")},
    "aws:sagemaker/model:Model": {"name": ("sagemaker", "ModelName")},
    "aws:secretsmanager/secret:Secret": {"name": ("secretsmanager", "NameType")},
    "aws:sfn/stateMachine:StateMachine": {"name": ("stepfunctions", "Name")},
    "aws:sns/topic:Topic": {"name": r"[a-zA-Z0-9_-]{1,256}"},
    "aws:sqs/queue:Queue": {"name": r"[a-zA-Z0-9_-]{1,80}"},
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": {"description": GROUP},
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": {"description": GROUP},
    "aws:sesv2/configurationSet:ConfigurationSet": {"configurationSetName": r"[a-zA-Z0-9_-]{1,64}"},
    "aws:wafv2/webAcl:WebAcl": {"name": ("wafv2", "EntityName")},
    "aws:sesv2/configurationSetEventDestination:ConfigurationSetEventDestination": {
        "eventDestinationName": r"[a-zA-Z0-9_-]{1,64}"
    },
}
"""What a service takes, by type and property: a shape of its model in botocore, or what its guide says, where the
model says nothing."""
NAMING = re.compile(r"(name|domain|family|identifier|userId|userGroupId|replicationGroupId)$", re.IGNORECASE)
NO_NAMES = {
    "aws:cloudwatch/logDelivery:LogDelivery": {"deliverySourceName"},
    "aws:cloudwatch/metricAlarm:MetricAlarm": {"metricName"},
    "aws:ec2/eip:Eip": {"domain"},
    "aws:ec2/vpcEndpoint:VpcEndpoint": {"serviceName"},
    "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders": {"clusterName"},
    "aws:elasticache/parameterGroup:ParameterGroup": {"family"},
    "aws:elasticache/userGroupAssociation:UserGroupAssociation": {"userGroupId", "userId"},
    "aws:rds/cluster:Cluster": {"databaseName", "masterUsername"},
    "aws:rds/clusterInstance:ClusterInstance": {"caCertIdentifier"},
    "aws:rds/clusterParameterGroup:ClusterParameterGroup": {"family"},
    "aws:sesv2/configurationSetEventDestination:ConfigurationSetEventDestination": {"configurationSetName"},
}
"""Properties that sound like a name and are a choice, or the name of another resource."""


@pytest.mark.parametrize("stack", STACKS)
def test_every_name_of_a_stack_is_one_that_its_service_takes(plans: Plans, stack: str) -> None:
    planned = plans.of("prod", called=stack)
    session = Session()
    seen = set()
    for type, name, property, value in named(planned):
        expected = NAMES[type][property]
        seen.add((type, property))
        if isinstance(expected, str):
            assert re.fullmatch(expected, value), f"{name}: {property} {value!r}"
            continue
        service, shape = expected
        model = session.get_service_model(service).shape_for(shape).metadata
        assert re.fullmatch(model.get("pattern", ".*"), value), f"{name}: {property} {value!r} is not {model}"
        assert model.get("min", 0) <= len(value) <= model.get("max", 1000), f"{name}: {property} {value!r}: {model}"
    assert len(seen) > 35


@pytest.mark.parametrize("stack", STACKS)
def test_no_sign_in_address_has_a_word_that_cognito_keeps_for_itself(plans: Plans, stack: str) -> None:
    domain = filled(plans.of("prod", called=stack).inputs("UserPoolDomain", "auth")["domain"])
    assert domain.startswith("marketplace-")
    assert domain.endswith(f"-{ACCOUNT}")
    assert not [word for word in ("aws", "amazon", "cognito") if word in domain]


@pytest.mark.parametrize("stack", STACKS)
def test_every_tag_of_a_stack_is_one_that_aws_takes(plans: Plans, stack: str) -> None:
    planned = plans.of("prod", called=stack)
    for resource in planned.plan.resources:
        for value in (planned.readable(resource.inputs).get("tags") or {}).values():
            assert re.fullmatch(TAG, value), f"{resource.name}: {value!r}"


def test_stacks_of_other_names_have_no_name_in_common(plans: Plans) -> None:
    def given(stack: str) -> set[str]:
        return {value for _, _, _, value in named(plans.of("prod", called=stack)) if "marketplace" in value}

    for one, other in itertools.combinations(STACKS, 2):
        assert not given(one) & given(other)


def test_a_stack_is_named_as_it_was(plans: Plans) -> None:
    prod = plans.of("prod")
    assert prod.inputs("rds/cluster:Cluster", "orders")["clusterIdentifier"] == "marketplace-prod-orders"
    assert prod.inputs("elasticache/userGroup:UserGroup", "carts")["userGroupId"] == "marketplace-prod-carts"
    assert prod.inputs("UserPoolDomain", "auth")["domain"] == "marketplace-prod-<accountId>"
    assert prod.inputs("Alias", "secrets")["name"] == "alias/marketplace-prod"
    assert prod.inputs("ecs/cluster:Cluster", "cluster")["name"] == "marketplace-prod"


@pytest.mark.parametrize(
    ("one", "other"),
    [("Feature-1", "feature-1"), ("feature_1", "feature.1"), ("feature--1", "feature-1"), ("feature-1-", "feature-1")],
)
def test_names_that_only_look_alike_stay_apart(one: str, other: str) -> None:
    assert plain(one) != plain(other)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.what)
def test_what_is_too_long_is_shortened_and_stays_apart(rule: Rule) -> None:
    shortened = {fitted(rule, "marketplace", "x" * 300, tail) for tail in ("catalog", "checkout", "checkout-saga")}
    assert len(shortened) == 3
    assert {len(name) for name in shortened} == {rule.longest}


@pytest.mark.parametrize("text", ["", "-", "1-stack", "日本", "_"])
def test_what_no_name_can_begin_with_is_refused(text: str) -> None:
    with pytest.raises(ComponentError, match="letter"):
        plain(text)


@pytest.mark.parametrize("text", ["aws", "amazon-cognito", "Prod", "a_b"])
def test_what_no_name_can_be_made_of_is_refused(text: str) -> None:
    with pytest.raises(ComponentError, match="cannot be made into the name"):
        fitted(SIGN_IN, text)


def named(planned: Planned) -> Iterator[tuple[str, str, str, str]]:
    """Type, resource, property and value of every name in the plan; a type that is not in `NAMES` must have none."""
    for resource in planned.plan.resources:
        if not resource.type.startswith("aws:"):
            continue
        inputs = planned.readable(resource.inputs)
        for property in NAMES.get(resource.type, {}):
            if isinstance(inputs.get(property), str):
                yield resource.type, resource.name, property, filled(inputs[property])
        known = NAMES.get(resource.type, {}).keys() | NO_NAMES.get(resource.type, set())
        unknown = {key for key in inputs if NAMING.search(key) and key not in known}
        unknown = {key for key in unknown if not str(inputs[key]).startswith("<")}
        assert not unknown, f"{resource.type}: what does {sorted(unknown)} take?"


def filled(text: str) -> str:
    """`text` with the account's id, and with a name that Pulumi makes for each reference to one."""
    text = text.replace("<accountId>", ACCOUNT)
    return re.sub(r"<\w+ ([\w-]+)\.\w+>", r"\1-1234567", text)
