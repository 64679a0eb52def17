"""Catalog Database on AWS: a DynamoDB table, paid by request."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from components.aws.foundation import AwsFoundation
from components.aws.grant import Grant
from components.aws.narrow import on_aws
from components.aws.policy import Statement, sid
from components.aws.signal import Signal, Watched
from components.catalog_database import CatalogDatabase as CatalogDatabaseContract
from components.catalog_database import CatalogDatabaseArgs, CatalogDatabaseEnvironment
from components.link import Access
from components.secrets_management.aws import Secrets

READ = ("dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan")
WRITE = ("dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem")

REGIONAL_ENDPOINT = {"AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled"}
"""The SDK calls `dynamodb.<region>`, which the network's endpoint answers, and no address of the account's own."""


class CatalogDatabase(CatalogDatabaseContract, Watched):
    """Creates the table, with a stream of its changes for search and recommendations to follow."""

    ENGINE = "dynamodb"

    def __init__(
        self,
        name: str,
        foundation: AwsFoundation,
        args: CatalogDatabaseArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, foundation, opts=opts)
        self._secrets = on_aws(args.secrets, Secrets)
        self.table = aws.dynamodb.Table(
            name,
            billing_mode="PAY_PER_REQUEST",
            hash_key=args.key,
            attributes=[{"name": name, "type": "S"} for name in (args.key, *args.listed_by)],
            global_secondary_indexes=[
                {"name": f"by-{name}", "hash_key": name, "range_key": args.key, "projection_type": "ALL"}
                for name in args.listed_by
            ],
            stream_enabled=True,
            stream_view_type="NEW_AND_OLD_IMAGES",
            server_side_encryption={"enabled": True, "kms_key_arn": self._secrets.key_arn},
            point_in_time_recovery={"enabled": True, "recovery_period_in_days": foundation.profile.backup_days},
            deletion_protection_enabled=foundation.profile.protect_data,
            opts=self.guarded(),
        )
        self.collection = self.table.name
        self.signals = (
            Signal(
                name="throttles",
                meaning="The catalog table turns requests away: one product is far hotter than the others.",
                namespace="AWS/DynamoDB",
                metric="ReadThrottleEvents",
                dimensions={"TableName": self.table.name},
                threshold=10,
                period_seconds=300,
            ),
        )
        self.register_outputs({"collection": self.collection})

    def bind(self, workload: str, access: Access) -> Grant:
        """Permission to read the table, to read and write it, or to read its changes; never to change the table."""
        if access is Access.FOLLOWS:
            return self._follow()
        actions = READ if access is Access.READS else tuple(sorted((*READ, *WRITE)))
        return Grant(
            statements=(
                Statement(
                    sid=sid(access, self.name),
                    actions=actions,
                    resources=(self.table.arn, pulumi.Output.concat(self.table.arn, "/index/*")),
                ),
                self._secrets.decrypt("dynamodb"),
            ),
            environment={
                **CatalogDatabaseEnvironment(collection=self.table.name).variables(self.name),
                **REGIONAL_ENDPOINT,
            },
            apis=("dynamodb",),
        )

    def _follow(self) -> Grant:
        """Lambda itself reads the stream, with the function's role and outside of the network."""
        stream = pulumi.Output.concat(self.table.arn, "/stream/*")
        return Grant(
            statements=(
                Statement(
                    sid=sid(Access.FOLLOWS, self.name),
                    actions=(
                        "dynamodb:DescribeStream",
                        "dynamodb:GetRecords",
                        "dynamodb:GetShardIterator",
                        "dynamodb:ListStreams",
                    ),
                    resources=(stream,),
                ),
                self._secrets.decrypt("dynamodb"),
            )
        )
