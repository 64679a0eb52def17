"""Which AWS types this machine emulates, and which inputs replace a resource that is only recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from toolkit.local.cloud.provider.emulator import Backends, Emulator
from toolkit.local.cloud.provider.emulators import (
    cognito,
    dynamodb,
    ecs,
    elasticache,
    events,
    iam,
    kms,
    lambda_,
    logs,
    opensearch,
    rds,
    s3,
    secretsmanager,
    sesv2,
    sfn,
    sns,
    sqs,
)
from toolkit.local.cloud.provider.emulators.invocation import Invocation, OneShot

EMULATED: Final[tuple[type[Emulator], ...]] = (
    cognito.ResourceServer,
    cognito.UserGroup,
    cognito.UserPool,
    cognito.UserPoolClient,
    cognito.UserPoolDomain,
    dynamodb.Table,
    ecs.Cluster,
    ecs.Service,
    ecs.TaskDefinition,
    elasticache.ReplicationGroup,
    elasticache.ServerlessCache,
    elasticache.User,
    events.EventRule,
    events.EventTarget,
    events.Schedule,
    iam.Policy,
    iam.Role,
    iam.RolePolicy,
    iam.RolePolicyAttachment,
    kms.Alias,
    kms.Key,
    lambda_.EventInvokeConfig,
    lambda_.LambdaFunction,
    lambda_.Permission,
    logs.LogGroup,
    opensearch.Domain,
    opensearch.ServerlessCollection,
    rds.Cluster,
    rds.ClusterInstance,
    s3.Bucket,
    s3.BucketCors,
    s3.BucketEncryption,
    s3.BucketNotification,
    s3.BucketObject,
    s3.BucketOwnership,
    s3.PublicAccessBlock,
    secretsmanager.Secret,
    secretsmanager.SecretPolicy,
    secretsmanager.SecretVersion,
    sesv2.ConfigurationSet,
    sfn.StateMachine,
    sns.Topic,
    sns.TopicPolicy,
    sns.TopicSubscription,
    sqs.Queue,
    sqs.QueuePolicy,
    sqs.RedrivePolicy,
)

RUN_BY_PROCESSES: Final = frozenset(
    {
        "aws:apigatewayv2/api:Api",
        "aws:apigatewayv2/authorizer:Authorizer",
        "aws:apigatewayv2/integration:Integration",
        "aws:apigatewayv2/route:Route",
        "aws:apigatewayv2/stage:Stage",
        "aws:cloudfront/distribution:Distribution",
        "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy",
        "aws:lambda/eventSourceMapping:EventSourceMapping",
        "aws:lb/listener:Listener",
        "aws:lb/listenerRule:ListenerRule",
        "aws:lb/targetGroup:TargetGroup",
        "aws:sagemaker/endpoint:Endpoint",
        "aws:sagemaker/endpointConfiguration:EndpointConfiguration",
        "aws:sagemaker/model:Model",
        "aws:wafv2/webAcl:WebAcl",
    }
)
"""Types that the gateway, the pollers and the models' processes read from the record: they count as emulated too."""

REPLACED_WHEN_RECORDED: Final[Mapping[str, frozenset[str]]] = {
    "aws:apigatewayv2/api:Api": frozenset({"protocolType"}),
    "aws:apigatewayv2/authorizer:Authorizer": frozenset({"apiId"}),
    "aws:apigatewayv2/integration:Integration": frozenset({"apiId", "integrationType", "connectionType"}),
    "aws:apigatewayv2/route:Route": frozenset({"apiId"}),
    "aws:apigatewayv2/stage:Stage": frozenset({"apiId", "name"}),
    "aws:apigatewayv2/vpcLink:VpcLink": frozenset({"subnetIds", "securityGroupIds"}),
    "aws:cloudfront/distribution:Distribution": frozenset(),
    "aws:ec2/route:Route": frozenset({"routeTableId", "destinationCidrBlock"}),
    "aws:ec2/routeTable:RouteTable": frozenset({"vpcId"}),
    "aws:ec2/securityGroup:SecurityGroup": frozenset({"name", "vpcId", "description"}),
    "aws:ec2/subnet:Subnet": frozenset({"vpcId", "cidrBlock", "availabilityZone"}),
    "aws:ec2/vpc:Vpc": frozenset({"cidrBlock"}),
    "aws:ec2/vpcEndpoint:VpcEndpoint": frozenset({"vpcId", "serviceName", "vpcEndpointType"}),
    "aws:lambda/eventSourceMapping:EventSourceMapping": frozenset({"eventSourceArn"}),
    "aws:lb/listener:Listener": frozenset({"loadBalancerArn"}),
    "aws:lb/listenerRule:ListenerRule": frozenset({"listenerArn"}),
    "aws:lb/loadBalancer:LoadBalancer": frozenset({"name", "internal", "loadBalancerType"}),
    "aws:lb/targetGroup:TargetGroup": frozenset({"name", "port", "protocol", "targetType", "vpcId"}),
    "aws:sagemaker/endpointConfiguration:EndpointConfiguration": frozenset({"name", "productionVariants"}),
    "aws:sagemaker/model:Model": frozenset({"name", "primaryContainer", "executionRoleArn"}),
    "aws:wafv2/webAcl:WebAcl": frozenset({"name", "scope"}),
}
"""Inputs that AWS cannot change in place, for recorded types; the others replace on `name`."""


def emulators(backends: Backends, run: OneShot) -> Mapping[str, Emulator]:
    """One emulator per emulated type, keyed by the type's token."""
    made: Iterable[Emulator] = (*(emulator(backends) for emulator in EMULATED), Invocation(backends, run))
    return {emulator.type: emulator for emulator in made}
