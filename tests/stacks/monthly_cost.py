"""What a stack costs a month while it stands idle: quantities from its plan, list prices of us-east-1 in US dollars.

Only what is billed by the hour or the month. Requests, data and logs come on top (docs/decisions).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

from planned import Planned

HOURS: Final = 730
HOURLY: Final = {
    "vcpu": 0.03238,
    "memory_gb": 0.00356,
    "spot_vcpu": 0.01030969,
    "spot_memory_gb": 0.00113349,
    "load_balancer": 0.0225,
    "nat": 0.045,
    "address": 0.005,
    "endpoint": 0.01,
    "acu": 0.12,
    "cache.t4g.micro": 0.0128,
    "cache.t4g.medium": 0.052,
    "cache.m7g.large": 0.1264,
    "t3.small.search": 0.036,
    "m7g.large.search": 0.135,
}
MONTHLY: Final = {"gp3_gb": 0.122, "web_acl": 5.0, "web_acl_rule": 1.0, "key": 1.0, "secret": 0.4, "alarm": 0.1}
FREE_ALARMS: Final = 10
CONTAINER_INSIGHTS: Final = 0.3
"""A metric. There are 8 of a cluster, 11 of a service and 6 of a task family."""


def monthly(stack: Planned) -> dict[str, float]:  # noqa: PLR0912 - one for each type that has a price
    """Dollars by what they are for."""
    costs: dict[str, float] = defaultdict(float)
    for resource in stack.plan.resources:
        inputs = stack.readable(resource.inputs)
        match resource.type.partition(":")[2]:
            case "ecs/taskDefinition:TaskDefinition":
                costs["Fargate"] += _tasks(stack, resource.name) * _task(stack, inputs)
            case "lb/loadBalancer:LoadBalancer":
                costs["load balancer"] += _hours("load_balancer")
            case "ec2/natGateway:NatGateway":
                costs["NAT"] += _hours("nat")
            case "ec2/eip:Eip":
                costs["NAT"] += _hours("address")
            case "ec2/vpcEndpoint:VpcEndpoint" if inputs["vpcEndpointType"] == "Interface":
                costs["interface endpoints"] += len(inputs["subnetIds"]) * _hours("endpoint")
            case "rds/clusterInstance:ClusterInstance":
                scaling = stack.inputs("rds/cluster:Cluster", "orders")["serverlessv2ScalingConfiguration"]
                costs["Aurora"] += scaling["minCapacity"] * _hours("acu")
            case "elasticache/replicationGroup:ReplicationGroup":
                costs["Valkey"] += inputs["numCacheClusters"] * _hours(inputs["nodeType"])
            case "opensearch/domain:Domain":
                costs["OpenSearch"] += _domain(inputs)
            case "wafv2/webAcl:WebAcl":
                costs["WAF"] += MONTHLY["web_acl"] + len(inputs.get("rules", ())) * MONTHLY["web_acl_rule"]
            case "kms/key:Key":
                costs["keys and secrets"] += MONTHLY["key"]
            case "secretsmanager/secret:Secret" | "rds/cluster:Cluster":  # the database's administrator has one
                costs["keys and secrets"] += MONTHLY["secret"]
            case "ecs/cluster:Cluster":
                costs["Container Insights"] += 8 * CONTAINER_INSIGHTS
            case "ecs/service:Service":
                costs["Container Insights"] += (11 + 6) * CONTAINER_INSIGHTS
            case _:
                pass
    costs["alarms"] = max(0, len(stack.every("MetricAlarm")) - FREE_ALARMS) * MONTHLY["alarm"]
    return dict(costs)


def _hours(what: str) -> float:
    return HOURLY[what] * HOURS


def _tasks(stack: Planned, service: str) -> int:
    return int(stack.inputs("appautoscaling/target:Target", service)["minCapacity"])


def _task(stack: Planned, inputs: Mapping[str, Any]) -> float:
    (strategy, *_) = stack.inputs("ecs/service:Service", inputs["family"].rpartition("-")[2])[
        "capacityProviderStrategies"
    ]
    spot = "spot_" if strategy["capacityProvider"] == "FARGATE_SPOT" else ""
    cores, gigabytes = int(inputs["cpu"]) / 1024, int(inputs["memory"]) / 1024
    return cores * _hours(f"{spot}vcpu") + gigabytes * _hours(f"{spot}memory_gb")


def _domain(inputs: Mapping[str, Any]) -> float:
    nodes = inputs["clusterConfig"]["instanceCount"]
    disk = inputs["ebsOptions"]["volumeSize"] * MONTHLY["gp3_gb"]
    return float(nodes * (_hours(inputs["clusterConfig"]["instanceType"]) + disk))
