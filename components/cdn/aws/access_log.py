"""The distribution's access log: CloudFront's standard logging, version 2, into a bucket of its own.

Version 1 writes by an ACL, which new buckets do not have. Deliveries to S3 cost nothing but the storage.
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging.html
"""

from __future__ import annotations

from typing import Final

import pulumi
import pulumi_aws as aws

from components.aws.foundation import EDGE_REGION, AwsFoundation
from components.aws.names import DELIVERY, fitted
from components.aws.policy import Statement, policy, tls_only
from components.component import Component

DELIVERS: Final = "delivery.logs.amazonaws.com"


def access_log(owner: Component, account: AwsFoundation, distribution: aws.cloudfront.Distribution) -> None:
    """Creates the bucket, its policy and expiry, and the delivery; its three parts are in us-east-1 only."""
    name = f"{owner.name}-log"
    bucket = aws.s3.Bucket(name, force_destroy=not account.profile.protect_data, opts=owner.guarded())
    closed = aws.s3.BucketPublicAccessBlock(
        name,
        bucket=bucket.id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=owner.child(),
    )
    days = account.profile.log_retention_days
    aws.s3.BucketLifecycleConfiguration(
        name,
        bucket=bucket.id,
        rules=[{"id": "expire", "status": "Enabled", "filter": {"prefix": ""}, "expiration": {"days": days}}],
        opts=owner.child(),
    )
    label = fitted(DELIVERY, account.prefix, owner.name)
    # ARNs of deliveries are in us-east-1, as the deliveries are.
    sources = pulumi.Output.concat(
        f"arn:{account.partition}:logs:{EDGE_REGION}:", account.account_id, f":delivery-source:{label}"
    )
    allowed = aws.s3.BucketPolicy(
        name,
        bucket=bucket.id,
        policy=policy(
            Statement(
                sid="DeliverLogs",
                principal={"Service": DELIVERS},
                actions=("s3:PutObject",),
                resources=(pulumi.Output.concat(bucket.arn, "/*"),),
                conditions={
                    "StringEquals": {
                        "aws:SourceAccount": account.account_id,
                        "s3:x-amz-acl": "bucket-owner-full-control",
                    },
                    "ArnLike": {"aws:SourceArn": sources},
                },
            ),
            tls_only(pulumi.Output.concat(bucket.arn, "/*"), "s3:*"),
        ),
        opts=owner.child(depends_on=[closed]),
    )
    source = aws.cloudwatch.LogDeliverySource(
        name,
        name=label,
        region=EDGE_REGION,
        log_type="ACCESS_LOGS",
        resource_arn=distribution.arn,
        opts=owner.child(),
    )
    destination = aws.cloudwatch.LogDeliveryDestination(
        name,
        name=label,
        region=EDGE_REGION,
        output_format="json",
        delivery_destination_configuration={"destination_resource_arn": bucket.arn},
        opts=owner.child(depends_on=[allowed]),
    )
    aws.cloudwatch.LogDelivery(
        name,
        region=EDGE_REGION,
        delivery_source_name=source.name,
        delivery_destination_arn=destination.arn,
        opts=owner.child(),
    )
