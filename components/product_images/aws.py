"""Product Image Store on AWS: a private S3 bucket that CloudFront reads through origin access control."""

from __future__ import annotations

from typing import Final

import pulumi
import pulumi_aws as aws

from components.aws.foundation import AwsFoundation
from components.aws.grant import Grant
from components.aws.policy import Statement, policy, sid
from components.link import Access
from components.product_images import (
    IMPORTS_PREFIX,
    PUBLIC_PREFIX,
    UPLOADS_PREFIX,
    ProductImagesArgs,
    ProductImagesEnvironment,
)
from components.product_images import ProductImages as ProductImagesContract
from components.upload_queue import UploadQueueArgs
from components.upload_queue.aws import UploadQueue

CORS_SECONDS: Final = 3_600
UPLOADED: Final = (UPLOADS_PREFIX, IMPORTS_PREFIX)


class ProductImages(ProductImagesContract):
    """Creates the bucket, what guards it, and a queue for each prefix that files are uploaded to.

    Encrypted under S3's own key. The pictures are public, and under our own key CloudFront would have to be named in
    the key's policy before it exists.
    """

    ENGINE = "s3"

    uploads: UploadQueue
    imports: UploadQueue

    def __init__(
        self, name: str, foundation: AwsFoundation, args: ProductImagesArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, foundation, opts=opts)
        self.bucket = aws.s3.Bucket(name, force_destroy=not foundation.profile.protect_data, opts=self.guarded())
        self.origin = self.bucket.bucket_regional_domain_name
        self._guard(foundation)
        self._keep(foundation, args)
        aws.s3.BucketCorsConfiguration(
            name,
            bucket=self.bucket.id,
            cors_rules=[
                {
                    "allowed_methods": ["POST"],
                    "allowed_origins": list(args.allowed_origins),
                    "allowed_headers": ["*"],
                    "expose_headers": ["ETag"],
                    "max_age_seconds": CORS_SECONDS,
                }
            ],
            opts=self.child(),
        )
        self.uploads = self._queue("uploads", foundation, args.upload_seconds)
        self.imports = self._queue("imports", foundation, args.import_seconds)
        self._notify()
        self.register_outputs({"store": self.bucket.id})

    def bind(self, workload: str, access: Access) -> Grant:
        """Permission for the objects of some prefixes; see the contract for which."""
        reads = Statement(
            sid=sid("read", self.name), actions=("s3:GetObject",), resources=tuple(map(self._objects, UPLOADED))
        )
        # Without it a missing object is answered like a forbidden one.
        lists = Statement(sid=sid("list", self.name), actions=("s3:ListBucket",), resources=(self.bucket.arn,))
        return Grant(
            statements=(lists, reads, *self._changes(access)),
            environment=ProductImagesEnvironment(store=self.bucket.id).variables(self.name),
            apis=("s3",),
        )

    def _changes(self, access: Access) -> tuple[Statement, ...]:
        if access is Access.READS:
            return ()
        written: tuple[str, ...] = UPLOADED
        deleted: tuple[str, ...] = (PUBLIC_PREFIX,)
        if access is Access.PUBLISHES:
            written, deleted = (PUBLIC_PREFIX,), (UPLOADS_PREFIX, PUBLIC_PREFIX)
        return (
            Statement(
                sid=sid("write", self.name), actions=("s3:PutObject",), resources=tuple(map(self._objects, written))
            ),
            Statement(
                sid=sid("delete", self.name), actions=("s3:DeleteObject",), resources=tuple(map(self._objects, deleted))
            ),
        )

    def _objects(self, prefix: str) -> pulumi.Output[str]:
        return pulumi.Output.concat(self.bucket.arn, "/", prefix, "*")

    def _guard(self, account: AwsFoundation) -> None:
        """No public access, no access control lists, encryption, and TLS only."""
        aws.s3.BucketOwnershipControls(
            self.name,
            bucket=self.bucket.id,
            rule={"object_ownership": "BucketOwnerEnforced"},
            opts=self.child(),
        )
        private = aws.s3.BucketPublicAccessBlock(
            self.name,
            bucket=self.bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self.child(),
        )
        aws.s3.BucketServerSideEncryptionConfiguration(
            self.name,
            bucket=self.bucket.id,
            rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
            opts=self.child(),
        )
        aws.s3.BucketPolicy(
            self.name,
            bucket=self.bucket.id,
            policy=policy(
                Statement(
                    sid="TlsOnly",
                    effect="Deny",
                    principal="*",
                    actions=("s3:*",),
                    resources=(self.bucket.arn, pulumi.Output.concat(self.bucket.arn, "/*")),
                    conditions={"Bool": {"aws:SecureTransport": "false"}},
                ),
                # Any distribution of this account: one by its id could be named only after it exists, and it needs
                # this bucket before.
                Statement(
                    sid="Distributions",
                    principal={"Service": "cloudfront.amazonaws.com"},
                    actions=("s3:GetObject",),
                    resources=(self._objects(PUBLIC_PREFIX),),
                    conditions={"ArnLike": {"aws:SourceArn": _distributions(account)}},
                ),
            ),
            # Two changes of one bucket's access at the same time are a conflict.
            opts=self.child(depends_on=[private]),
        )

    def _keep(self, account: AwsFoundation, args: ProductImagesArgs) -> None:
        """Uploads go by themselves; where data is protected, what is overwritten or deleted can be brought back."""
        rules: list[dict[str, object]] = [
            {
                "id": prefix.rstrip("/"),
                "status": "Enabled",
                "filter": {"prefix": prefix},
                "expiration": {"days": days},
            }
            for prefix, days in ((UPLOADS_PREFIX, args.keep_uploads_days), (IMPORTS_PREFIX, args.keep_imports_days))
        ]
        depends_on: list[pulumi.Resource] = []
        if account.profile.protect_data:
            versioning = aws.s3.BucketVersioning(
                self.name,
                bucket=self.bucket.id,
                versioning_configuration={"status": "Enabled"},
                opts=self.child(),
            )
            depends_on.append(versioning)
            rules.append(
                {
                    "id": "former-versions",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "noncurrent_version_expiration": {"noncurrent_days": max(1, account.profile.recovery_days)},
                }
            )
        aws.s3.BucketLifecycleConfiguration(
            self.name, bucket=self.bucket.id, rules=rules, opts=self.child(depends_on=depends_on)
        )

    def _queue(self, prefix: str, account: AwsFoundation, handling_seconds: int) -> UploadQueue:
        return UploadQueue(
            f"{self.name}-{prefix}", account, UploadQueueArgs(handling_seconds=handling_seconds), opts=self.child()
        )

    def _notify(self) -> None:
        """A bucket has one notification resource, which would overwrite any other."""
        queues = {UPLOADS_PREFIX: self.uploads, IMPORTS_PREFIX: self.imports}
        allowed = [queue.receive_from(self.bucket) for queue in queues.values()]
        aws.s3.BucketNotification(
            self.name,
            bucket=self.bucket.id,
            queues=[
                {
                    "id": prefix.rstrip("/"),
                    "queue_arn": queue.queue.arn,
                    "events": ["s3:ObjectCreated:*"],
                    "filter_prefix": prefix,
                }
                for prefix, queue in queues.items()
            ],
            opts=self.child(depends_on=allowed),
        )


def _distributions(account: AwsFoundation) -> pulumi.Output[str]:
    """The ARNs of the account's distributions, which are in no region."""
    return pulumi.Output.concat(f"arn:{account.partition}:cloudfront::", account.account_id, ":distribution/*")
