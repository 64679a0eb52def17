"""Cart / Session Cache on AWS: ElastiCache with the Valkey engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pulumi
import pulumi_aws as aws

from components.aws.foundation import AwsFoundation
from components.aws.grant import Grant
from components.aws.logs import log_group
from components.aws.names import CACHE, fitted
from components.aws.narrow import on_aws
from components.aws.peer import Peer
from components.aws.policy import Statement, sid
from components.aws.signal import Signal, Watched
from components.aws.sizes import CACHE_NODES, instances
from components.cart_cache import STOCK_KEYS, CartCacheArgs, CartCacheEnvironment
from components.cart_cache import CartCache as CartCacheContract
from components.link import Access
from components.network.aws import Network
from components.secrets_management.aws import Secrets

VALKEY = "valkey"
ENGINE_VERSION = "8.0"
PARAMETER_FAMILY = "valkey8"
MAXIMUM_SNAPSHOTS = 7

NO_COMMANDS = "off ~* resetchannels -@all"
"""For the placeholder user that every group must contain: nobody signs in with it."""
ALL_KEYS = "*"
CONNECT = "+@connection +@transaction +time"
COMMANDS = {
    Access.READS: f"on ~* resetchannels -@all +@read {CONNECT} -@dangerous",
    Access.READS_WRITES: f"on ~* resetchannels -@all +@read +@write +@scripting {CONNECT} -@dangerous",
}
"""What a user may run: no administration, no flush, no keyspace scan by `KEYS`."""


class CartCache(CartCacheContract, Watched):
    """Creates the replication group, its user group (with nobody in it until a workload is linked) and its parameters.

    Each workload signs in as an ElastiCache user of its own, by IAM: there is no password, and Valkey has no
    default user in a group that was not given one.
    """

    ENGINE = "elasticache-valkey"

    def __init__(
        self, name: str, foundation: AwsFoundation, args: CartCacheArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, foundation, opts=opts)
        self._prefix = foundation.prefix
        network = on_aws(args.network, Network)
        secrets = on_aws(args.secrets, Secrets)
        self._members: list[pulumi.Resource] = []
        nobody = self._user("nobody", NO_COMMANDS)
        self.users = aws.elasticache.UserGroup(
            name,
            engine=VALKEY,
            user_group_id=fitted(CACHE, foundation.prefix, name),
            # A group is never empty. The other members come by an association each, when a workload is linked.
            user_ids=[nobody.user_id],
            opts=self.child(ignore_changes=["userIds"]),
        )
        self.security_group = aws.ec2.SecurityGroup(
            name,
            description=f"Valkey of {name}",
            vpc_id=network.vpc_id,
            tags={"Name": f"{foundation.prefix}-{name}"},
            opts=self.child(),
        )
        self.group = self._replication_group(network, secrets)
        self.host = self.group.primary_endpoint_address
        self.port = self.group.port
        self.stock = CachePart(cache=self, keys=STOCK_KEYS)
        self.signals = _signals(self.group, nodes=instances(foundation.profile))
        self.register_outputs({"host": self.host, "port": self.port})

    def bind(self, workload: str, access: Access) -> Grant:
        """A user for the workload, with the commands of the access."""
        return self.let_in(workload, access)

    def let_in(self, workload: str, access: Access, *, keys: str = ALL_KEYS) -> Grant:
        """A user for the workload, with the commands of the access on the keys of a pattern."""
        user = self._user(workload, COMMANDS[access].replace(f"~{ALL_KEYS}", f"~{keys}", 1))
        member = aws.elasticache.UserGroupAssociation(
            f"{self.name}-{workload}",
            user_group_id=self.users.user_group_id,
            user_id=user.user_id,
            # A group that is being changed can be attached to no cache, and takes no second change.
            opts=self.child(depends_on=[self.group, *self._members[-1:]]),
        )
        self._members.append(member)
        environment = CartCacheEnvironment(
            host=self.host, port=self.port, user=user.user_name, instance=self.group.replication_group_id
        )
        return Grant(
            statements=(
                Statement(
                    sid=sid("connect", self.name),
                    actions=("elasticache:Connect",),
                    resources=(self.group.arn, user.arn),
                ),
            ),
            environment=environment.variables(self.name),
            peers=(Peer(name=self.name, port=self.port, security_group_id=self.security_group.id),),
            after=(member,),
        )

    def _user(self, workload: str, commands: str) -> aws.elasticache.User:
        # For sign-in by IAM, ElastiCache requires that a user's id and name are the same.
        user_id = fitted(CACHE, self._prefix, workload)
        return aws.elasticache.User(
            f"{self.name}-{workload}",
            engine=VALKEY,
            user_id=user_id,
            user_name=user_id,
            authentication_mode={"type": "iam"},
            access_string=commands,
            opts=self.child(),
        )

    def _replication_group(self, network: Network, secrets: Secrets) -> aws.elasticache.ReplicationGroup:
        profile = self.foundation.profile
        subnets = aws.elasticache.SubnetGroup(
            self.name,
            description=f"Data subnets for {self.name}",
            subnet_ids=network.data_subnet_ids,
            opts=self.child(),
        )
        parameters = aws.elasticache.ParameterGroup(
            self.name,
            family=PARAMETER_FAMILY,
            description="Counters of stock are never evicted",
            parameters=[{"name": "maxmemory-policy", "value": "noeviction"}],
            opts=self.child(),
        )
        logs = log_group(self, f"{self.name}-slow", f"/{self._prefix}/{self.name}/slow", secrets.key_arn)
        return aws.elasticache.ReplicationGroup(
            self.name,
            description=f"Carts and stock counters of {self._prefix}",
            engine=VALKEY,
            engine_version=ENGINE_VERSION,
            node_type=CACHE_NODES[profile.cache_size],
            num_cache_clusters=instances(profile),
            automatic_failover_enabled=profile.standby,
            multi_az_enabled=profile.standby,
            port=6379,
            parameter_group_name=parameters.name,
            subnet_group_name=subnets.name,
            security_group_ids=[self.security_group.id],
            user_group_ids=[self.users.user_group_id],
            at_rest_encryption_enabled=True,
            kms_key_id=secrets.key_arn,
            transit_encryption_enabled=True,
            transit_encryption_mode="required",
            snapshot_retention_limit=min(profile.backup_days, MAXIMUM_SNAPSHOTS) if profile.standby else 0,
            snapshot_window="03:00-04:00",
            maintenance_window="sun:04:30-sun:05:30",
            auto_minor_version_upgrade=True,
            log_delivery_configurations=[
                {
                    "destination": logs.name,
                    "destination_type": "cloudwatch-logs",
                    "log_format": "json",
                    "log_type": "slow-log",
                }
            ],
            # What a new cache starts with: AWS installs minor versions by itself, and takes none back.
            opts=self.child(ignore_changes=["engineVersion"]),
        )


@dataclass(frozen=True, kw_only=True)
class CachePart:
    """The cache, for who is let at the keys of one pattern only."""

    cache: CartCache
    keys: str
    OFFERS: ClassVar[tuple[Access, ...]] = CartCacheContract.OFFERS

    @property
    def name(self) -> str:
        """The cache's: to the diagram and the environment it is one thing."""
        return self.cache.name

    def bind(self, workload: str, access: Access) -> Grant:
        """A user for the workload, with the commands of the access on these keys."""
        return self.cache.let_in(workload, access, keys=self.keys)


def _signals(group: aws.elasticache.ReplicationGroup, *, nodes: int) -> tuple[Signal, ...]:
    """One for each node: ElastiCache measures nodes, whose ids are the group's and a number from 001."""
    return tuple(
        Signal(
            name=f"memory-{node:03}",
            meaning="The cart cache is nearly full; it evicts nothing and will refuse writes: take a larger node.",
            namespace="AWS/ElastiCache",
            metric="DatabaseMemoryUsagePercentage",
            dimensions={"CacheClusterId": pulumi.Output.concat(group.replication_group_id, f"-{node:03}")},
            statistic="Maximum",
            threshold=80,
            period_seconds=300,
        )
        for node in range(1, nodes + 1)
    )
