"""The identity of a workload on AWS: its role, its one policy, its security group."""

from __future__ import annotations

from collections.abc import Iterable

import pulumi
import pulumi_aws as aws

from components.aws.foundation import AwsFoundation
from components.aws.grant import Grant, bind
from components.aws.peer import Peer
from components.aws.policy import Statement, policy, trust
from components.component import Component
from components.errors import ComponentError
from components.link import Link
from components.network.aws import Network


class Identity:
    """Creates a role that `service` may assume and, inside a network, a security group with no rule.

    `grant` then adds one inline policy with exactly the statements of the links, and one egress rule (with
    its counterpart at the target) for each peer.
    """

    def __init__(
        self,
        owner: Component,
        account: AwsFoundation,
        *,
        service: str | None = None,
        network: Network | None = None,
        confused_deputy: bool = True,
    ) -> None:
        """`service` is the principal (`ecs-tasks.amazonaws.com`); `None` for what only needs a security group."""
        self.name = owner.name
        self.environment: dict[str, pulumi.Input[str]] = {}
        self.after: list[pulumi.Resource] = []
        self._owner = owner
        self._network = network
        self._role = (
            aws.iam.Role(
                owner.name,
                description=f"What {owner.name} may do",
                assume_role_policy=trust(service, account, confused_deputy=confused_deputy),
                opts=owner.child(),
            )
            if service
            else None
        )
        self._security_group = (
            aws.ec2.SecurityGroup(
                owner.name,
                description=f"Connections of {owner.name}",
                vpc_id=network.vpc_id,
                tags={"Name": f"{account.prefix}-{owner.name}"},
                opts=owner.child(),
            )
            if network
            else None
        )

    @property
    def role_arn(self) -> pulumi.Output[str]:
        """ARN of the role; an identity that no service assumes has none."""
        if self._role is None:
            raise ComponentError(f"{self.name!r} has no role: nothing runs under it.")
        arn: pulumi.Output[str] = self._role.arn
        return arn

    @property
    def security_group_id(self) -> pulumi.Output[str]:
        """Id of the security group; an identity outside a network has none."""
        if self._security_group is None:
            raise ComponentError(f"{self.name!r} has no security group: it is in no network.")
        id: pulumi.Output[str] = self._security_group.id
        return id

    def grant(self, links: Iterable[Link], *own: Grant) -> None:
        """Gives the workload what its links take and what it needs for itself (`own`)."""
        grants = [*own, *(bind(link, self.name) for link in links)]
        self._permit(statement for grant in grants for statement in grant.statements)
        for grant in grants:
            self.environment.update(grant.environment)
            self.after.extend(grant.after)
            if grant.admit is not None:
                self.after.append(grant.admit(self.role_arn))
        for peer in self._peers(grants):
            self._reach(peer)

    def _permit(self, needed: Iterable[Statement]) -> None:
        statements: dict[str, Statement] = {}
        for statement in needed:
            # Two links can need the same thing, such as the one key behind two stores; two things need two names.
            if statements.setdefault(statement.sid, statement) != statement:
                raise ComponentError(
                    f"{self.name!r} is given two different statements {statement.sid!r}; a policy has each once.",
                    next_step="Give the targets names that differ in more than dashes and capitals.",
                )
        if self._role and statements:
            allowed = aws.iam.RolePolicy(
                self.name, role=self._role.name, policy=policy(*statements.values()), opts=self._owner.child()
            )
            self.after.append(allowed)

    def _peers(self, grants: Iterable[Grant]) -> Iterable[Peer]:
        """Each peer once; an AWS API is reached through the network's endpoint for it."""
        if self._network is None:
            return ()
        peers: dict[str, Peer] = {}
        for grant in grants:
            for peer in (*grant.peers, *map(self._network.endpoints.peer, grant.apis)):
                peers[peer.name] = peer
        return peers.values()

    def _reach(self, peer: Peer) -> None:
        egress = aws.vpc.SecurityGroupEgressRule(
            f"{self.name}-to-{peer.name}",
            security_group_id=self.security_group_id,
            description=f"{self.name} to {peer.name}",
            ip_protocol="tcp",
            from_port=peer.port,
            to_port=peer.port,
            referenced_security_group_id=peer.security_group_id,
            prefix_list_id=peer.prefix_list_id,
            cidr_ipv4=peer.cidr,
            opts=self._owner.child(),
        )
        self.after.append(egress)
        if peer.security_group_id is not None and not peer.open:
            ingress = aws.vpc.SecurityGroupIngressRule(
                f"{peer.name}-from-{self.name}",
                security_group_id=peer.security_group_id,
                description=f"{self.name} to {peer.name}",
                ip_protocol="tcp",
                from_port=peer.port,
                to_port=peer.port,
                referenced_security_group_id=self.security_group_id,
                opts=self._owner.child(),
            )
            self.after.append(ingress)
