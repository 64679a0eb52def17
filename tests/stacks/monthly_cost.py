"""What a stack costs a month while it stands idle: quantities from its plan, list prices of us-east-1 in US dollars.

What is billed by the hour or the month, and what AWS itself asks and wakes. Requests of people, data and logs come on
top (docs/decisions).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

from planned import Planned

from components.aws.sizes import AUTO_PAUSE_SECONDS, IDLE_SESSION_SECONDS

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
MONTHLY: Final = {
    "gp3_gb": 0.122,
    "web_acl": 5.0,
    "web_acl_rule": 1.0,
    "key": 1.0,
    "secret": 0.4,
    "alarm": 0.1,
    "dashboard": 3.0,
}
FREE: Final = {"alarm": 10, "dashboard": 3}
"""Of an account. A branch shares it with others, and counts on none."""
POLLED_QUEUE: Final = 0.26
"""Lambda keeps five requests open at a queue, each for 20 seconds: 650,000 a month at $0.40 a million."""
WAKING_SECONDS: Final = 30
HOURLY_CRON: Final = re.compile(r"cron\(0 0/(\d+) .*\)")
CONTAINER_INSIGHTS: Final = 0.3
"""A metric. There are 8 of a cluster, 11 of a service and 6 of a task family."""


def monthly(stack: Planned, *, free: bool = True) -> dict[str, float]:  # noqa: PLR0912 - one for each type
    """Dollars by what they are for; `free` takes off what an account has for nothing."""
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
                costs["Aurora"] += scaling["minCapacity"] * _hours("acu") or _wakes(stack)
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
            case "ecs/cluster:Cluster" if inputs["settings"] == [{"name": "containerInsights", "value": "enabled"}]:
                services = len(stack.every("ecs/service:Service"))
                costs["Container Insights"] += (8 + (11 + 6) * services) * CONTAINER_INSIGHTS
            case "lambda/eventSourceMapping:EventSourceMapping" if "<Queue" in inputs["eventSourceArn"]:
                costs["polled queues"] += POLLED_QUEUE
            case _:
                pass
    for kind, name in (("alarm", "MetricAlarm"), ("dashboard", "Dashboard")):
        paid = max(0, len(stack.every(name)) - FREE[kind] * free)
        costs[f"{kind}s"] = paid * MONTHLY[kind]
    return {what: dollars for what, dollars in costs.items() if dollars}


def _wakes(stack: Planned) -> float:
    """A database that sleeps wakes at the hours of the schedules, all at once, and stays awake for a while at one unit
    of capacity."""
    hours = {match[1] for name in stack.every("Schedule")
             if (match := HOURLY_CRON.fullmatch(stack.inputs("Schedule", name)["scheduleExpression"]))}  # fmt: skip
    (every,) = hours
    awake = (WAKING_SECONDS + IDLE_SESSION_SECONDS + AUTO_PAUSE_SECONDS) / 3600
    return HOURS / int(every) * awake * HOURLY["acu"]


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
