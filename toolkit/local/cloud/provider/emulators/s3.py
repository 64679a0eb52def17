"""Buckets, their objects and what is declared of them.

Their policies are recorded, because moto reads no condition of them.
"""

from __future__ import annotations

from abc import abstractmethod
from base64 import b64decode
from typing import Any, ClassVar, Final

from toolkit.engine.provider import Created, Properties
from toolkit.local.cloud.provider.emulator import Emulator
from toolkit.local.cloud.provider.request import request

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
            for page in s3.get_paginator("list_object_versions").paginate(Bucket=id):
                for item in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
                    s3.delete_object(Bucket=id, Key=item["Key"], VersionId=item["VersionId"])
        s3.delete_bucket(Bucket=id)


class _BucketPart(Emulator):
    """One configuration of a bucket, declared as a resource of its own; its id is the bucket's name."""

    replace_on: ClassVar[frozenset[str]] = frozenset({"bucket"})
    call: ClassVar[str]
    """What is put, got and deleted, as boto3 calls it: `bucket_cors`."""
    argument: ClassVar[str]

    def create(self, inputs: Properties) -> Created:
        self._put(inputs)
        return Created(id=inputs["bucket"])

    def exists(self, id: str, outputs: Properties) -> bool:
        getattr(self.backends.boto("s3"), f"get_{self.call}")(Bucket=id)
        return True

    def update(self, id: str, before: Properties, inputs: Properties) -> Properties:
        self._put(inputs)
        return {}

    def delete(self, id: str, outputs: Properties) -> None:
        getattr(self.backends.boto("s3"), f"delete_{self.call}")(Bucket=id)

    def _put(self, inputs: Properties) -> None:
        configuration = {self.argument: self.configuration(inputs)}
        getattr(self.backends.boto("s3"), f"put_{self.call}")(Bucket=inputs["bucket"], **configuration)

    @abstractmethod
    def configuration(self, inputs: Properties) -> dict[str, Any]:
        """The inputs as boto3 takes them."""


class BucketCors(_BucketPart):
    """`aws:s3/bucketCorsConfiguration:BucketCorsConfiguration`."""

    type: ClassVar[str] = "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration"
    call: ClassVar[str] = "bucket_cors"
    argument: ClassVar[str] = "CORSConfiguration"
    NAMES: ClassVar = {
        "allowedHeaders": "AllowedHeaders",
        "allowedMethods": "AllowedMethods",
        "allowedOrigins": "AllowedOrigins",
        "exposeHeaders": "ExposeHeaders",
        "maxAgeSeconds": "MaxAgeSeconds",
    }

    def configuration(self, inputs: Properties) -> dict[str, Any]:
        rules = [{self.NAMES[name]: value for name, value in rule.items()} for rule in inputs["corsRules"]]
        return {"CORSRules": [{**rule, "MaxAgeSeconds": int(rule.get("MaxAgeSeconds", 0))} for rule in rules]}


class BucketEncryption(_BucketPart):
    """`aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration`."""

    type: ClassVar[str] = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    call: ClassVar[str] = "bucket_encryption"
    argument: ClassVar[str] = "ServerSideEncryptionConfiguration"

    def configuration(self, inputs: Properties) -> dict[str, Any]:
        chosen = [rule["applyServerSideEncryptionByDefault"] for rule in inputs["rules"]]
        defaults = [
            {"SSEAlgorithm": one["sseAlgorithm"]}
            | ({"KMSMasterKeyID": one["kmsMasterKeyId"]} if one.get("kmsMasterKeyId") else {})
            for one in chosen
        ]
        return {"Rules": [{"ApplyServerSideEncryptionByDefault": one} for one in defaults]}


class BucketOwnership(_BucketPart):
    """`aws:s3/bucketOwnershipControls:BucketOwnershipControls`."""

    type: ClassVar[str] = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
    call: ClassVar[str] = "bucket_ownership_controls"
    argument: ClassVar[str] = "OwnershipControls"

    def configuration(self, inputs: Properties) -> dict[str, Any]:
        return {"Rules": [{"ObjectOwnership": inputs["rule"]["objectOwnership"]}]}


class PublicAccessBlock(_BucketPart):
    """`aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock`."""

    type: ClassVar[str] = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
    call: ClassVar[str] = "public_access_block"
    argument: ClassVar[str] = "PublicAccessBlockConfiguration"

    def configuration(self, inputs: Properties) -> dict[str, Any]:
        names = ("blockPublicAcls", "ignorePublicAcls", "blockPublicPolicy", "restrictPublicBuckets")
        return {name[0].upper() + name[1:]: bool(inputs.get(name)) for name in names}


class BucketNotification(_BucketPart):
    """`aws:s3/bucketNotification:BucketNotification`: messages to queues."""

    type: ClassVar[str] = "aws:s3/bucketNotification:BucketNotification"
    call: ClassVar[str] = "bucket_notification_configuration"
    argument: ClassVar[str] = "NotificationConfiguration"

    def delete(self, id: str, outputs: Properties) -> None:
        self.backends.boto("s3").put_bucket_notification_configuration(Bucket=id, NotificationConfiguration={})

    def configuration(self, inputs: Properties) -> dict[str, Any]:
        return {"QueueConfigurations": [_notification(queue) for queue in inputs.get("queues") or ()]}


def _notification(queue: Properties) -> dict[str, Any]:
    configuration: dict[str, Any] = {"QueueArn": queue["queueArn"], "Events": queue["events"]}
    if queue.get("id"):
        configuration["Id"] = queue["id"]
    rules = [
        {"Name": name, "Value": queue[property]}
        for property, name in (("filterPrefix", "prefix"), ("filterSuffix", "suffix"))
        if queue.get(property)
    ]
    return configuration | ({"Filter": {"Key": {"FilterRules": rules}}} if rules else {})


class BucketObject(Emulator):
    """`aws:s3/bucketObjectv2:BucketObjectv2` with its content in the program; its id is bucket and key."""

    type: ClassVar[str] = "aws:s3/bucketObjectv2:BucketObjectv2"
    replace_on: ClassVar[frozenset[str]] = frozenset({"bucket", "key"})

    def create(self, inputs: Properties) -> Created:
        etag = self._put(inputs)
        bucket, key = inputs["bucket"], inputs["key"]
        return Created(id=f"{bucket}/{key}", outputs={"arn": f"arn:aws:s3:::{bucket}/{key}", "etag": etag})

    def exists(self, id: str, outputs: Properties) -> bool:
        bucket, _, key = id.partition("/")
        return bool(self.backends.boto("s3").head_object(Bucket=bucket, Key=key))

    def update(self, id: str, before: Properties, inputs: Properties) -> Properties:
        return {"etag": self._put(inputs)}

    def delete(self, id: str, outputs: Properties) -> None:
        bucket, _, key = id.partition("/")
        self.backends.boto("s3").delete_object(Bucket=bucket, Key=key)

    def _put(self, inputs: Properties) -> str:
        client = self.backends.boto("s3")
        content = inputs.get("content")
        body = b64decode(inputs.get("contentBase64") or "") if content is None else str(content).encode()
        described = {name: value for name, value in inputs.items() if name not in {"content", "contentBase64", "tags"}}
        return str(client.put_object(**request(client, "PutObject", described), Body=body)["ETag"]).strip('"')
