"""Order Database on AWS: Aurora PostgreSQL Serverless v2."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from components.architecture import engines
from components.aws.foundation import AwsFoundation
from components.aws.grant import Grant
from components.aws.logs import log_group
from components.aws.names import DATABASE, SNAPSHOT, fitted
from components.aws.narrow import on_aws
from components.aws.peer import Peer
from components.aws.policy import Statement, sid
from components.aws.signal import Signal, Watched
from components.aws.sizes import AUTO_PAUSE_SECONDS, IDLE_SESSION_SECONDS, aurora, instances
from components.link import Access
from components.network.aws import Network
from components.order_database import OrderDatabase as OrderDatabaseContract
from components.order_database import OrderDatabaseArgs, OrderDatabaseEnvironment
from components.order_database.aws.migrations import Migrations
from components.secrets_management.aws import Secrets

PARAMETER_FAMILY = "aurora-postgresql17"
MASTER_USER = "marketplace_admin"
DEADLOCKS = 5
DEADLOCK_SECONDS = 300
CERTIFICATE_AUTHORITY = "rds-ca-rsa2048-g1"
FORMER_MIGRATIONS = pulumi.Alias(type_="marketplace:migrations:Migrations", parent=pulumi.ROOT_STACK_RESOURCE)
"""Type and parent of the migrations when a stack declared them itself."""


class OrderDatabase(OrderDatabaseContract, Watched):
    """Creates the cluster, its instances, parameters, subnet group, security group and migrations.

    The master password is made, kept and rotated by RDS in Secrets Manager; the program never sees it.
    """

    ENGINE = "aurora-postgresql"

    migrations: Migrations

    def __init__(
        self, name: str, foundation: AwsFoundation, args: OrderDatabaseArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, foundation, opts=opts)
        self._account = foundation
        self._secrets = on_aws(args.secrets, Secrets)
        network = on_aws(args.network, Network)
        # A given name, because RDS derives the log group's name from it and would create one that never expires.
        identifier = fitted(DATABASE, foundation.prefix, name)
        logs = log_group(self, f"{name}-postgresql", f"/aws/rds/cluster/{identifier}/postgresql", self._secrets.key_arn)
        self.security_group = aws.ec2.SecurityGroup(
            name,
            description=f"PostgreSQL of {name}",
            vpc_id=network.vpc_id,
            tags={"Name": identifier},
            opts=self.child(),
        )
        self.cluster = self._cluster(identifier, args, network, logs)
        self.instances = [self._instance(index) for index in range(instances(foundation.profile))]
        self.database = args.database
        self.host = self.cluster.endpoint
        self.port = self.cluster.port
        self.migrations = Migrations(
            foundation,
            args.migrations,
            database=self,
            database_id=self.cluster.cluster_resource_id,
            network=network,
            secrets=self._secrets,
            opts=self.child(aliases=[FORMER_MIGRATIONS]),
        )
        self.signals = _signals(self.cluster)
        self.register_outputs({"host": self.host, "port": self.port, "database": self.database})

    def bind(self, workload: str, access: Access) -> Grant:
        """Sign-in as the user of the workload's name; for `administers`, the administrator's secret instead."""
        if access is Access.ADMINISTERS:
            return self._administer()
        user = self._account.arn("rds-db", "dbuser:", self.cluster.cluster_resource_id, f"/{workload}")
        environment = OrderDatabaseEnvironment(
            host=self.host, port=self.port, database=self.database, user=workload, quiet_seconds=self._quiet_seconds
        )
        return Grant(
            statements=(Statement(sid=sid("connect", self.name), actions=("rds-db:connect",), resources=(user,)),),
            environment=environment.variables(self.name),
            peers=(self._peer,),
            after=(self.migrations.create_user(workload, access),),
        )

    @property
    def _long_term(self) -> bool:
        version = engines("aws")[self.ENGINE].version(self._account.aurora_version)
        return version is not None and version.long_term

    @property
    def _quiet_seconds(self) -> int | None:
        hours = self._account.profile.quiet_hours
        return hours * 3600 if hours else None

    @property
    def _peer(self) -> Peer:
        return Peer(name=self.name, port=self.port, security_group_id=self.security_group.id)

    def _administer(self) -> Grant:
        secret_arn = self.cluster.master_user_secrets[0].secret_arn
        environment = OrderDatabaseEnvironment(
            host=self.host,
            port=self.port,
            database=self.database,
            secret=secret_arn,
            quiet_seconds=self._quiet_seconds,
        )
        return Grant(
            statements=(
                Statement(
                    sid=sid("master", self.name),
                    actions=("secretsmanager:GetSecretValue",),
                    resources=(secret_arn,),
                ),
                self._secrets.decrypt("secretsmanager"),
            ),
            environment=environment.variables(self.name),
            peers=(self._peer,),
            apis=("secretsmanager",),
            after=tuple(self.instances),
        )

    def _cluster(
        self, identifier: str, args: OrderDatabaseArgs, network: Network, logs: aws.cloudwatch.LogGroup
    ) -> aws.rds.Cluster:
        profile = self._account.profile
        size = aurora(profile)
        subnets = aws.rds.SubnetGroup(
            self.name, subnet_ids=network.data_subnet_ids, tags={"Name": identifier}, opts=self.child()
        )
        parameters = aws.rds.ClusterParameterGroup(
            self.name,
            family=PARAMETER_FAMILY,
            description=f"TLS only, and statements slower than a second are logged, for {self.name}",
            parameters=[
                {"name": "rds.force_ssl", "value": "1"},
                {"name": "log_min_duration_statement", "value": "1000"},
                *(
                    [{"name": "idle_session_timeout", "value": str(IDLE_SESSION_SECONDS * 1000)}]
                    if profile.quiet_hours
                    else []
                ),
            ],
            opts=self.child(),
        )
        return aws.rds.Cluster(
            self.name,
            cluster_identifier=identifier,
            engine="aurora-postgresql",
            # Serverless v2 is a kind of instance in a provisioned cluster.
            engine_mode="provisioned",
            # What a new cluster starts with. AWS installs patches and minor versions, and takes none back.
            engine_version=self._account.aurora_version,
            database_name=args.database,
            master_username=MASTER_USER,
            manage_master_user_password=True,
            master_user_secret_kms_key_id=self._secrets.key_arn,
            iam_database_authentication_enabled=True,
            storage_encrypted=True,
            kms_key_id=self._secrets.key_arn,
            serverlessv2_scaling_configuration=aws.rds.ClusterServerlessv2ScalingConfigurationArgs(
                min_capacity=size.minimum_capacity,
                max_capacity=size.maximum_capacity,
                seconds_until_auto_pause=AUTO_PAUSE_SECONDS if profile.quiet_hours else None,
            ),
            db_subnet_group_name=subnets.name,
            db_cluster_parameter_group_name=parameters.name,
            vpc_security_group_ids=[self.security_group.id],
            backup_retention_period=profile.backup_days,
            preferred_backup_window="02:00-03:00",
            preferred_maintenance_window="sun:03:30-sun:04:30",
            copy_tags_to_snapshot=True,
            enabled_cloudwatch_logs_exports=["postgresql"],
            deletion_protection=profile.protect_data,
            skip_final_snapshot=not profile.keep_backups,
            # A snapshot outlives the stack. The generated name of the subnet group tells several of them apart.
            final_snapshot_identifier=pulumi.Output.concat(
                fitted(SNAPSHOT, self._account.prefix, "final"), "-", subnets.name
            )
            if profile.keep_backups
            else None,
            delete_automated_backups=not profile.keep_backups,
            # Its name is given, so the old cluster is deleted first. Where data is protected, Pulumi refuses.
            opts=self.guarded(depends_on=[logs], ignore_changes=["engineVersion"], delete_before_replace=True),
        )

    def _instance(self, index: int) -> aws.rds.ClusterInstance:
        return aws.rds.ClusterInstance(
            f"{self.name}-{index}",
            cluster_identifier=self.cluster.id,
            engine="aurora-postgresql",
            instance_class="db.serverless",
            # A reader of tier 0 or 1 keeps the writer's size, so that it can take over at full load.
            promotion_tier=min(index, 1),
            publicly_accessible=False,
            # An upgrade would leave the version with long-term support, to which AWS adds patches only.
            auto_minor_version_upgrade=not self._long_term,
            ca_cert_identifier=CERTIFICATE_AUTHORITY,
            performance_insights_enabled=True,
            performance_insights_kms_key_id=self._secrets.key_arn,
            opts=self.child(),
        )


def _signals(cluster: aws.rds.Cluster) -> tuple[Signal, ...]:
    dimensions = {"DBClusterIdentifier": cluster.cluster_identifier}
    return (
        Signal(
            name="capacity",
            meaning="The order database has been near its highest capacity for 15 minutes: raise the maximum.",
            namespace="AWS/RDS",
            metric="ACUUtilization",
            dimensions=dimensions,
            statistic="Average",
            threshold=90,
            period_seconds=300,
            periods=3,
        ),
        Signal(
            name="deadlocks",
            meaning="Transactions in the order database wait for each other, and are ended: find them in its log.",
            namespace="AWS/RDS",
            metric="Deadlocks",
            dimensions=dimensions,
            # The metric is a rate per second.
            statistic="Average",
            threshold=DEADLOCKS / DEADLOCK_SECONDS,
            period_seconds=DEADLOCK_SECONDS,
        ),
    )
