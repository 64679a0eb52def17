"""Endpoints: how the private subnets reach AWS's own APIs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi
import pulumi_aws as aws

from components.aws.foundation import AwsFoundation
from components.aws.peer import INTERNET, Peer
from components.component import Component
from components.errors import ComponentError

GATEWAYS: Final = ("dynamodb", "s3")
"""Free, and by route instead of by address. S3 also holds the layers of container images."""

INTERFACES: Final = {
    "ecr.api": "Fargate asks for an image's manifest",
    "ecr.dkr": "Fargate pulls the image",
    "logs": "containers write their logs",
    "secretsmanager": "workloads read secrets at run time",
    "states": "the checkout service starts the saga",
}
"""APIs that something in the private subnets calls, and what for. Each costs by the hour in each zone."""


@dataclass(frozen=True, kw_only=True)
class SharedEndpoints:
    """The endpoints of a network that another stack made."""

    account: AwsFoundation
    prefix_lists: pulumi.Output[dict[str, str]]
    security_group_id: pulumi.Output[str]
    """Of the interface endpoints, which let in the whole network."""

    def peer(self, service: str) -> Peer:
        """As `Endpoints.peer`."""
        if service in GATEWAYS:
            return Peer(name=service, port=443, prefix_list_id=self.prefix_lists[service])
        _known(service)
        if not self.account.profile.private_cloud_apis:
            return INTERNET
        return Peer(name="endpoints", port=443, security_group_id=self.security_group_id, open=True)


class Endpoints:
    """Creates the gateway endpoints and, where the profile says so, interface endpoints with their security group.

    Without interface endpoints these calls go through the NAT gateway.
    """

    def __init__(
        self,
        owner: Component,
        account: AwsFoundation,
        *,
        vpc: aws.ec2.Vpc,
        subnet_ids: Sequence[pulumi.Input[str]],
        route_table_ids: Sequence[pulumi.Input[str]],
    ) -> None:
        self._gateways = {
            service: aws.ec2.VpcEndpoint(
                f"{owner.name}-{service}",
                vpc_id=vpc.id,
                service_name=f"com.amazonaws.{account.region}.{service}",
                vpc_endpoint_type="Gateway",
                route_table_ids=route_table_ids,
                tags={"Name": f"{account.prefix}-{service}"},
                opts=owner.child(),
            )
            for service in GATEWAYS
        }
        self.created: list[pulumi.Resource] = list(self._gateways.values())
        self._security_group: aws.ec2.SecurityGroup | None = None
        if not account.profile.private_cloud_apis:
            return
        self._security_group = aws.ec2.SecurityGroup(
            f"{owner.name}-endpoints",
            description="Interface endpoints of AWS APIs",
            vpc_id=vpc.id,
            tags={"Name": f"{account.prefix}-endpoints"},
            opts=owner.child(),
        )
        for service in INTERFACES:
            endpoint = aws.ec2.VpcEndpoint(
                f"{owner.name}-{service.replace('.', '-')}",
                vpc_id=vpc.id,
                service_name=f"com.amazonaws.{account.region}.{service}",
                vpc_endpoint_type="Interface",
                subnet_ids=subnet_ids,
                security_group_ids=[self._security_group.id],
                private_dns_enabled=True,
                tags={"Name": f"{account.prefix}-{service}"},
                opts=owner.child(),
            )
            self.created.append(endpoint)

    def peer(self, service: str) -> Peer:
        """Where the API of `GATEWAYS` or `INTERFACES` is reached; the internet in a profile without its endpoint.

        Raises `ComponentError` for an API that the network has no endpoint for.
        """
        if service in self._gateways:
            return Peer(name=service, port=443, prefix_list_id=self._gateways[service].prefix_list_id)
        _known(service)
        if self._security_group is None:
            return INTERNET
        return Peer(name="endpoints", port=443, security_group_id=self._security_group.id)

    def open_to(self, owner: Component, cidr: str) -> None:
        """Lets in the whole network: stacks that stand in it make no rules here."""
        if self._security_group is not None:
            aws.vpc.SecurityGroupIngressRule(
                f"{owner.name}-endpoints-from-network",
                security_group_id=self._security_group.id,
                description="The network to the endpoints",
                ip_protocol="tcp",
                from_port=443,
                to_port=443,
                cidr_ipv4=cidr,
                opts=owner.child(),
            )

    @property
    def shared(self) -> dict[str, Any]:
        """What `SharedEndpoints` are made of; without interface endpoints there is no group."""
        return {
            "prefix_lists": {service: gateway.prefix_list_id for service, gateway in self._gateways.items()},
            "endpoints_group_id": self._security_group.id if self._security_group else "",
        }


def _known(service: str) -> None:
    if service not in INTERFACES:
        raise ComponentError(
            f"The network has no endpoint for the AWS API {service!r}.",
            next_step="Add it to INTERFACES in components/network/aws/endpoints.py.",
        )
