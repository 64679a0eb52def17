"""Buckets; what guards them (encryption, public access) is recorded."""

from __future__ import annotations

from typing import ClassVar, Final

from toolkit.engine.provider import Created, Properties
from toolkit.local.cloud.provider.emulator import Emulator

UNCONSTRAINED: Final = "us-east-1"
"""The one region that S3 wants not to be named (CreateBucket, "LocationConstraint")."""


class Bucket(Emulator):
    """`aws:s3/bucket:Bucket`; its id is its name."""

    type: ClassVar[str] = "aws:s3/bucket:Bucket"
    replace_on: ClassVar[frozenset[str]] = frozenset({"bucket", "bucketPrefix", "objectLockEnabled"})

    def create(self, inputs: Properties) -> Created:
        name, region = inputs["bucket"], self.region_of(inputs)
        arguments = {} if region == UNCONSTRAINED else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        self.backends.boto("s3").create_bucket(Bucket=name, **arguments)
        return Created(
            id=name,
            outputs={
                "arn": f"arn:aws:s3:::{name}",
                "bucketDomainName": f"{name}.s3.amazonaws.com",
                "bucketRegionalDomainName": f"{name}.s3.{region}.amazonaws.com",
            },
        )

    def exists(self, id: str, outputs: Properties) -> bool:
        return any(bucket["Name"] == id for bucket in self.backends.boto("s3").list_buckets()["Buckets"])

    def delete(self, id: str, outputs: Properties) -> None:
        s3 = self.backends.boto("s3")
        if outputs.get("forceDestroy"):
            for page in s3.get_paginator("list_objects_v2").paginate(Bucket=id):
                for item in page.get("Contents", ()):
                    s3.delete_object(Bucket=id, Key=item["Key"])
        s3.delete_bucket(Bucket=id)
