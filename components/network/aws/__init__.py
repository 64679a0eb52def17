"""The network on AWS: a VPC over two or three zones; two where the region has only two usable ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from components.aws.foundation import AwsFoundation
from components.aws.narrow import on_aws
from components.errors import ComponentError
from components.network import Network as NetworkContract
from components.network import NetworkArgs
from components.network.aws.endpoints import Endpoints, SharedEndpoints
from components.network.aws.flow_logs import record_flows
from components.network.aws.subnets import SubnetPlan, subnet_plans
from components.profile import Profile
from components.secrets_management.aws import Secrets


class Network(NetworkContract):
    """Creates the VPC, its subnets and routes, NAT gateways, endpoints for AWS's APIs, and flow logs.

    The default security group and its rules are taken over and emptied, so that nothing is reachable by
    having been forgotten.

    With a network of another stack it creates nothing of that. Its security groups are always the stack's own.

    What runs in the subnets, or calls something there, depends on `ready`. It then starts once its way out is there,
    and a destroy deletes it before that.
    """

    def __init__(
        self, name: str, foundation: AwsFoundation, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, foundation, opts=opts)
        self._account = foundation
        self._connectivity: list[pulumi.Resource] = []
        self.endpoints: Endpoints | SharedEndpoints
        self.vpc_id: pulumi.Output[str]
        self.private_subnet_ids: list[pulumi.Output[str]]
        self.data_subnet_ids: list[pulumi.Output[str]]
        self.ready: tuple[pulumi.Resource, ...]
        """Routes, NAT gateways, associations and endpoints: without them nothing in the subnets reaches anything."""
        if args.shared is None:
            self._make(name, foundation, args)
        else:
            self._take_over(name, foundation, args.shared)
        self.register_outputs({"vpc_id": self.vpc_id})

    def _take_over(self, name: str, foundation: AwsFoundation, shared: pulumi.Output[dict[str, Any]]) -> None:
        """Creates nothing. What is not as this stack needs it is refused before anything stands in it."""
        profile = foundation.profile
        found = shared.apply(lambda found: _checked(found, profile))
        self.vpc_id = found["vpc_id"]
        self.private_subnet_ids = [found["private_subnet_ids"][index] for index in range(profile.zones)]
        self.data_subnet_ids = [found["data_subnet_ids"][index] for index in range(profile.zones)]
        self.endpoints = SharedEndpoints(
            account=foundation,
            prefix_lists=found["prefix_lists"],
            security_group_id=found["endpoints_group_id"],
        )
        # The baseline is complete before its outputs are there to be read.
        self.ready = ()

    def _make(self, name: str, foundation: AwsFoundation, args: NetworkArgs) -> None:
        profile = foundation.profile
        self.vpc = aws.ec2.Vpc(
            name,
            cidr_block=args.cidr,
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags=self._tags(),
            opts=self.child(),
        )
        self.vpc_id = self.vpc.id
        aws.ec2.DefaultSecurityGroup(
            f"{name}-default", vpc_id=self.vpc_id, ingress=[], egress=[], tags=self._tags("closed"), opts=self.child()
        )
        self._zones = {zone.suffix: zone for zone in foundation.zones[: profile.zones]}
        plans = subnet_plans(args.cidr, tuple(self._zones))
        public = [self._subnet("public", plan, plan.public) for plan in plans]
        private = [self._subnet("private", plan, plan.private) for plan in plans]
        data = [self._subnet("data", plan, plan.data) for plan in plans]
        self.private_subnet_ids = [subnet.id for subnet in private]
        self.data_subnet_ids = [subnet.id for subnet in data]
        private_tables = self._route(plans, public, private, data)
        self.endpoints = endpoints = Endpoints(
            self,
            foundation,
            vpc=self.vpc,
            subnet_ids=self.private_subnet_ids,
            route_table_ids=[table.id for table in private_tables],
        )
        self.ready = (*self._connectivity, *endpoints.created)
        if profile.record_connections:
            record_flows(self, foundation, vpc=self.vpc, key_arn=on_aws(args.secrets, Secrets).key_arn)
        if args.for_others:
            endpoints.open_to(self, args.cidr)
        self.shared = {
            "vpc_id": self.vpc_id,
            "private_subnet_ids": self.private_subnet_ids,
            "data_subnet_ids": self.data_subnet_ids,
            **endpoints.shared,
        }

    def _tags(self, *parts: str) -> dict[str, str]:
        return {"Name": "-".join((self._account.prefix, *parts))}

    def _subnet(self, tier: str, plan: SubnetPlan, cidr: str) -> aws.ec2.Subnet:
        zone = self._zones[plan.suffix]
        return aws.ec2.Subnet(
            f"{self.name}-{tier}-{plan.suffix}",
            vpc_id=self.vpc_id,
            availability_zone=zone.name,
            availability_zone_id=zone.id,
            cidr_block=cidr,
            map_public_ip_on_launch=False,
            tags=self._tags(tier, plan.suffix),
            # A subnet cannot move, and another one cannot have its range beside it.
            opts=self.child(ignore_changes=["availabilityZone", "availabilityZoneId"]),
        )

    def _route(
        self,
        plans: Sequence[SubnetPlan],
        public: Sequence[aws.ec2.Subnet],
        private: Sequence[aws.ec2.Subnet],
        data: Sequence[aws.ec2.Subnet],
    ) -> list[aws.ec2.RouteTable]:
        """Public subnets to the internet, private ones through NAT, data ones nowhere; returns the private tables."""
        internet = aws.ec2.InternetGateway(
            f"{self.name}-internet", vpc_id=self.vpc_id, tags=self._tags(), opts=self.child()
        )
        outside = self._table("public")
        way_out = aws.ec2.Route(
            f"{self.name}-public-internet",
            route_table_id=outside.id,
            destination_cidr_block="0.0.0.0/0",
            gateway_id=internet.id,
            opts=self.child(),
        )
        self._connectivity.append(way_out)
        inside = self._table("data")
        gateways = len(plans) if self._account.profile.exit_per_zone else 1
        tables = []
        for index, plan in enumerate(plans):
            self._associate("public", plan, public[index], outside)
            self._associate("data", plan, data[index], inside)
            if index < gateways:
                tables.append(self._private_table(plan, public[index], internet))
            self._associate("private", plan, private[index], tables[min(index, gateways - 1)])
        return tables

    def _private_table(
        self, plan: SubnetPlan, subnet: aws.ec2.Subnet, internet: aws.ec2.InternetGateway
    ) -> aws.ec2.RouteTable:
        address = aws.ec2.Eip(
            f"{self.name}-nat-{plan.suffix}",
            domain="vpc",
            tags=self._tags("nat", plan.suffix),
            opts=self.child(depends_on=[internet]),
        )
        nat = aws.ec2.NatGateway(
            f"{self.name}-nat-{plan.suffix}",
            allocation_id=address.id,
            subnet_id=subnet.id,
            tags=self._tags("nat", plan.suffix),
            opts=self.child(depends_on=[internet]),
        )
        table = self._table("private", plan.suffix)
        way_out = aws.ec2.Route(
            f"{self.name}-private-{plan.suffix}-nat",
            route_table_id=table.id,
            destination_cidr_block="0.0.0.0/0",
            nat_gateway_id=nat.id,
            opts=self.child(),
        )
        self._connectivity += [nat, way_out]
        return table

    def _table(self, *parts: str) -> aws.ec2.RouteTable:
        return aws.ec2.RouteTable(
            "-".join((self.name, *parts)), vpc_id=self.vpc_id, tags=self._tags(*parts), opts=self.child()
        )

    def _associate(self, tier: str, plan: SubnetPlan, subnet: aws.ec2.Subnet, table: aws.ec2.RouteTable) -> None:
        association = aws.ec2.RouteTableAssociation(
            f"{self.name}-{tier}-{plan.suffix}", subnet_id=subnet.id, route_table_id=table.id, opts=self.child()
        )
        self._connectivity.append(association)


def _checked(found: dict[str, Any], profile: Profile) -> dict[str, Any]:
    """What a shared network says of itself, if a stack of this profile can stand in it."""
    zones = min(len(found["private_subnet_ids"]), len(found["data_subnet_ids"]))
    if zones < profile.zones:
        raise ComponentError(
            f"The shared network spans {zones} zones, and this stack's profile takes {profile.zones}.",
            next_step="Give the baseline a profile with as many zones.",
        )
    if profile.private_cloud_apis and not found["endpoints_group_id"]:
        raise ComponentError(
            "The shared network has no interface endpoints, and this stack's profile calls no API of AWS "
            "through the internet.",
            next_step="Give the baseline a profile with them.",
        )
    return found
