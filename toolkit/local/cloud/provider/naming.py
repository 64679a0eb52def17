"""Autonaming: a resource that its program does not name is called `<logical name>-<7 hex>`, as the real provider does.

The chosen name is remembered in the checked inputs under `__defaults` (the real provider's own marker), so that the
next deployment keeps it and a replacement gets another one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

from toolkit.engine.provider import Properties

DEFAULTS: Final = "__defaults"
"""Marks the inputs that the provider filled, exactly as pulumi-aws does."""

NAME_PROPERTIES: Final[Mapping[str, str]] = {
    "aws:cloudwatch/eventRule:EventRule": "name",
    "aws:dynamodb/table:Table": "name",
    "aws:elasticache/replicationGroup:ReplicationGroup": "replicationGroupId",
    "aws:elasticache/serverlessCache:ServerlessCache": "name",
    "aws:elasticache/user:User": "userId",
    "aws:elasticache/userGroup:UserGroup": "userGroupId",
    "aws:ecs/taskDefinition:TaskDefinition": "family",
    "aws:rds/cluster:Cluster": "clusterIdentifier",
    "aws:rds/clusterInstance:ClusterInstance": "identifier",
    "aws:rds/instance:Instance": "identifier",
    "aws:s3/bucket:Bucket": "bucket",
    "aws:s3/bucketV2:BucketV2": "bucket",
}
"""Types whose physical name is not `name`, or whose SDK type does not tell that they have one."""

UNNAMED: Final = frozenset(
    {"aws:apigatewayv2/stage:Stage", "aws:route53/record:Record", "aws:cognito/userGroup:UserGroup"}
)
"""Types whose `name` is content, never invented."""

MAXIMUM_LENGTHS: Final[Mapping[str, int]] = {
    "aws:elasticache/replicationGroup:ReplicationGroup": 40,
    "aws:elasticache/user:User": 40,
    "aws:iam/policy:Policy": 128,
    "aws:iam/role:Role": 64,
    "aws:kms/alias:Alias": 256,
    "aws:lambda/function:Function": 64,
    "aws:lb/loadBalancer:LoadBalancer": 32,
    "aws:lb/targetGroup:TargetGroup": 32,
    "aws:rds/cluster:Cluster": 63,
    "aws:s3/bucket:Bucket": 63,
    "aws:scheduler/schedule:Schedule": 64,
    "aws:sfn/stateMachine:StateMachine": 80,
    "aws:sqs/queue:Queue": 80,
}
"""The service's limit on the physical name, in characters; others are left at 255."""


def autonamed(  # noqa: PLR0917 - the protocol's own arguments, and the property
    type: str, logical_name: str, urn: str, olds: Properties | None, news: Properties, seed: bytes, named_by: str | None
) -> Properties:
    """`news` with its physical name: the program's, else the one it already has, else a new one.

    `named_by` is the property to fill, `None` for a type that has no physical name.
    """
    inputs = {key: value for key, value in news.items() if key != DEFAULTS}
    if named_by is None or inputs.get(named_by) is not None or inputs.get(f"{named_by}Prefix") is not None:
        return inputs
    kept = (olds or {}).get(named_by) if named_by in _defaults(olds) else None
    inputs[named_by] = kept or _invented(type, logical_name, urn, inputs, seed)
    inputs[DEFAULTS] = [named_by]
    return inputs


def _defaults(inputs: Properties | None) -> Sequence[str]:
    defaults = (inputs or {}).get(DEFAULTS, ())
    return defaults if isinstance(defaults, list) else ()


def _invented(type: str, logical_name: str, urn: str, inputs: Properties, seed: bytes) -> str:
    suffix = hashlib.sha256(seed + urn.encode()).hexdigest()[:7]
    ending = ".fifo" if inputs.get("fifoQueue") or inputs.get("fifoTopic") else ""
    prefix = "alias/" if type == "aws:kms/alias:Alias" else ""
    length = MAXIMUM_LENGTHS.get(type, 255) - len(prefix) - len(ending) - len(suffix) - 1
    return f"{prefix}{logical_name[:length]}-{suffix}{ending}"
