"""The cluster on AWS: ECS with Fargate capacity, and an internal Application Load Balancer."""

from __future__ import annotations

import json
from typing import Final

import pulumi
import pulumi_aws as aws

from components.aws.foundation import AwsFoundation
from components.aws.names import CLUSTER, fitted
from components.aws.narrow import on_aws
from components.aws.peer import Peer
from components.container_cluster import ContainerCluster as ContainerClusterContract
from components.container_cluster import ContainerClusterArgs
from components.edge_key.aws import EdgeKey
from components.network.aws import Network

HTTP: Final = 80
IDLE_SECONDS: Final = 60
FORBIDDEN: Final = {
    "type": "forbidden",
    "title": "Forbidden",
    "status": 403,
    "detail": "The API is reached through the address of the marketplace only.",
}


class ContainerCluster(ContainerClusterContract):
    """Creates the ECS cluster, the load balancer, its security group and its listener.

    The listener speaks HTTP: it is reached from the API's VPC link only, inside the VPC, whose traffic between
    instances AWS encrypts on the wire. What comes without the edge's key is refused by the load balancer
    itself; a path without a service the API has refused before.
    """

    def __init__(
        self,
        name: str,
        foundation: AwsFoundation,
        args: ContainerClusterArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, foundation, opts=opts)
        self.network = on_aws(args.network, Network)
        self.edge_key = on_aws(args.edge_key, EdgeKey)
        self.cluster = aws.ecs.Cluster(
            name,
            name=fitted(CLUSTER, foundation.prefix),
            settings=[
                {
                    "name": "containerInsights",
                    "value": "enabled" if foundation.profile.container_metrics else "disabled",
                }
            ],
            opts=self.child(),
        )
        self.capacity = "FARGATE_SPOT" if foundation.profile.interruptible else "FARGATE"
        self.providers = aws.ecs.ClusterCapacityProviders(
            name,
            cluster_name=self.cluster.name,
            capacity_providers=["FARGATE", "FARGATE_SPOT"],
            default_capacity_provider_strategies=[{"capacity_provider": self.capacity, "weight": 1}],
            opts=self.child(),
        )
        self.security_group = aws.ec2.SecurityGroup(
            name,
            description="Internal load balancer of the services",
            vpc_id=self.network.vpc_id,
            tags={"Name": f"{foundation.prefix}-{name}"},
            opts=self.child(),
        )
        self.balancer = aws.lb.LoadBalancer(
            name,
            load_balancer_type="application",
            internal=True,
            subnets=self.network.private_subnet_ids,
            security_groups=[self.security_group.id],
            idle_timeout=IDLE_SECONDS,
            drop_invalid_header_fields=True,
            desync_mitigation_mode="defensive",
            enable_deletion_protection=foundation.profile.protect_data,
            opts=self.child(),
        )
        self.listener = aws.lb.Listener(
            name,
            load_balancer_arn=self.balancer.arn,
            port=HTTP,
            protocol="HTTP",
            default_actions=[
                {
                    "type": "fixed-response",
                    "fixed_response": {
                        "content_type": "application/json",
                        "message_body": json.dumps(FORBIDDEN),
                        "status_code": "403",
                    },
                }
            ],
            opts=self.child(),
        )
        self.register_outputs({"cluster": self.cluster.name, "listener_arn": self.listener.arn})

    @property
    def entrance(self) -> Peer:
        """Where the API reaches the services."""
        return Peer(name=self.name, port=HTTP, security_group_id=self.security_group.id)
