"""Container services on AWS: ECS on Fargate."""

from __future__ import annotations

from typing import Final

import pulumi
import pulumi_aws as aws

from components.aws.foundation import AwsFoundation
from components.aws.grant import Grant
from components.aws.identity import Identity
from components.aws.logs import log_group
from components.aws.narrow import on_aws
from components.aws.signal import Signal, Watched
from components.container_cluster.aws import ContainerCluster
from components.container_service import ContainerService as ContainerServiceContract
from components.container_service import ContainerServiceArgs
from components.container_service.aws.autoscaling import follow_load
from components.container_service.aws.patterns import path_patterns
from components.container_service.aws.task_definition import task_definition
from components.edge_key import HEADER
from components.link import Access
from components.secrets_management.aws import Secrets

DRAIN_SECONDS: Final = 30
STARTUP_SECONDS: Final = 60
PATTERNS_PER_RULE: Final = 3
"""A rule compares five values, and two of them are the valid keys of the edge:
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html"""
APIS_TO_START: Final = ("s3", "ecr.api", "ecr.dkr", "logs")
"""AWS APIs that Fargate calls to start a task: it pulls the image, whose layers are in S3, and writes the logs."""


class ContainerService(ContainerServiceContract, Watched):
    """Creates the task definition and its two roles, the service, its target group and rule, and its autoscaling.

    A deployment that does not come up is rolled back by the circuit breaker. The number of running tasks belongs
    to the autoscaling, so Pulumi ignores it once the service exists.
    """

    ENGINE = "ecs-fargate"

    def __init__(
        self,
        name: str,
        foundation: AwsFoundation,
        args: ContainerServiceArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        workload = args.workload
        super().__init__(name, foundation, function=workload.function, links=args.links, opts=opts)
        self.workload = workload
        self.cluster = on_aws(args.cluster, ContainerCluster)
        network = self.cluster.network
        logs = log_group(self, name, f"/{foundation.prefix}/{name}", on_aws(args.secrets, Secrets).key_arn)
        identity = Identity(self, foundation, service="ecs-tasks.amazonaws.com", network=network)
        identity.grant(args.links, Grant(apis=APIS_TO_START))
        tasks = task_definition(
            self,
            foundation,
            workload=workload,
            image=args.image,
            logs=logs,
            identity=identity,
            environment=args.environment,
        )
        targets = self._targets()
        after = [*identity.after, *self._connect_balancer(identity), *self._rules(targets)]
        self.service = self._service(tasks, targets, identity, after=after)
        follow_load(
            self,
            cluster=self.cluster.cluster,
            service=self.service,
            balancer=self.cluster.balancer,
            targets=targets,
        )
        self.signals = _signals(self.cluster.balancer, targets)
        self.register_outputs({"service": self.service.name})

    def bind(self, workload: str, access: Access) -> Grant:
        """The way to the load balancer, which knows the service's paths."""
        return Grant(peers=(self.cluster.entrance,))

    def _targets(self) -> aws.lb.TargetGroup:
        return aws.lb.TargetGroup(
            self.name,
            vpc_id=self.cluster.network.vpc_id,
            target_type="ip",
            protocol="HTTP",
            port=self.workload.port,
            deregistration_delay=DRAIN_SECONDS,
            load_balancing_algorithm_type="least_outstanding_requests",
            # The process, not its dependencies: a database that is away must not make ECS kill every task.
            health_check={
                "path": "/healthz",
                "matcher": "200",
                "interval": 10,
                "timeout": 5,
                "healthy_threshold": 2,
                "unhealthy_threshold": 3,
            },
            opts=self.child(),
        )

    def _rules(self, targets: aws.lb.TargetGroup) -> list[pulumi.Resource]:
        """Each rule has up to three patterns. The provider assigns the priorities: services share no path, so the order
        does not matter. Rules are changed from last to first, so that a pattern that moves is always in one."""
        patterns = path_patterns(self.workload.routes)
        key = self.cluster.edge_key
        starts = range(0, len(patterns), PATTERNS_PER_RULE)
        rules: list[pulumi.Resource] = []
        for number, start in reversed(list(enumerate(starts, start=1))):
            rule = aws.lb.ListenerRule(
                self.name if number == 1 else f"{self.name}-{number}",
                listener_arn=self.cluster.listener.arn,
                conditions=[
                    {"path_pattern": {"values": patterns[start : start + PATTERNS_PER_RULE]}},
                    {"http_header": {"http_header_name": HEADER, "values": [key.current, key.previous]}},
                ],
                actions=[{"type": "forward", "target_group_arn": targets.arn}],
                opts=self.child(depends_on=list(rules)),
            )
            rules.append(rule)
        return rules

    def _connect_balancer(self, identity: Identity) -> list[pulumi.Resource]:
        port = self.workload.port
        return [
            aws.vpc.SecurityGroupEgressRule(
                f"{self.cluster.name}-to-{self.name}",
                security_group_id=self.cluster.security_group.id,
                description=f"{self.cluster.name} to {self.name}",
                ip_protocol="tcp",
                from_port=port,
                to_port=port,
                referenced_security_group_id=identity.security_group_id,
                opts=self.child(),
            ),
            aws.vpc.SecurityGroupIngressRule(
                f"{self.name}-from-{self.cluster.name}",
                security_group_id=identity.security_group_id,
                description=f"{self.cluster.name} to {self.name}",
                ip_protocol="tcp",
                from_port=port,
                to_port=port,
                referenced_security_group_id=self.cluster.security_group.id,
                opts=self.child(),
            ),
        ]

    def _service(
        self,
        tasks: aws.ecs.TaskDefinition,
        targets: aws.lb.TargetGroup,
        identity: Identity,
        after: list[pulumi.Resource],
    ) -> aws.ecs.Service:
        return aws.ecs.Service(
            self.name,
            cluster=self.cluster.cluster.arn,
            task_definition=tasks.arn,
            desired_count=self.foundation.profile.minimum_replicas,
            capacity_provider_strategies=[{"capacity_provider": self.cluster.capacity, "weight": 1}],
            network_configuration={
                "subnets": self.cluster.network.private_subnet_ids,
                "security_groups": [identity.security_group_id],
                "assign_public_ip": False,
            },
            load_balancers=[
                {
                    "target_group_arn": targets.arn,
                    "container_name": self.name,
                    "container_port": self.workload.port,
                }
            ],
            deployment_circuit_breaker={"enable": True, "rollback": True},
            deployment_minimum_healthy_percent=100,
            deployment_maximum_percent=200,
            availability_zone_rebalancing="ENABLED",
            health_check_grace_period_seconds=STARTUP_SECONDS,
            enable_execute_command=False,
            enable_ecs_managed_tags=True,
            propagate_tags="SERVICE",
            wait_for_steady_state=True,
            opts=self.child(
                depends_on=[*after, self.cluster.providers, *self.cluster.network.ready],
                ignore_changes=["desiredCount"],
            ),
        )


def _signals(balancer: aws.lb.LoadBalancer, targets: aws.lb.TargetGroup) -> tuple[Signal, ...]:
    dimensions: dict[str, pulumi.Input[str]] = {
        "LoadBalancer": balancer.arn_suffix,
        "TargetGroup": targets.arn_suffix,
    }
    return (
        Signal(
            name="errors",
            meaning="The service answers with 5xx: read its log group.",
            namespace="AWS/ApplicationELB",
            metric="HTTPCode_Target_5XX_Count",
            dimensions=dimensions,
            threshold=10,
            period_seconds=300,
        ),
        Signal(
            name="latency",
            meaning="One request in a hundred takes longer than a second.",
            namespace="AWS/ApplicationELB",
            metric="TargetResponseTime",
            dimensions=dimensions,
            statistic="p99",
            threshold=1,
            period_seconds=300,
            periods=3,
        ),
        Signal(
            name="unhealthy",
            meaning="A task of the service fails its health check.",
            namespace="AWS/ApplicationELB",
            metric="UnHealthyHostCount",
            dimensions=dimensions,
            statistic="Maximum",
            threshold=1,
            periods=3,
        ),
    )
