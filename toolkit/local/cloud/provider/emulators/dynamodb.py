"""DynamoDB tables."""

from __future__ import annotations

from typing import Any, ClassVar

from toolkit.engine.provider import Created, Properties
from toolkit.local.cloud.provider.emulator import Emulator


class Table(Emulator):
    """`aws:dynamodb/table:Table` with its indexes, stream, expiry and tags; its id is the table's name."""

    type: ClassVar[str] = "aws:dynamodb/table:Table"
    replace_on: ClassVar[frozenset[str]] = frozenset({"name", "hashKey", "rangeKey", "localSecondaryIndexes"})

    def create(self, inputs: Properties) -> Created:
        dynamodb = self.backends.boto("dynamodb")
        billing_mode = inputs.get("billingMode", "PROVISIONED")
        arguments: dict[str, Any] = {
            "TableName": inputs["name"],
            "AttributeDefinitions": _attributes(inputs),
            "KeySchema": _key_schema(inputs),
            "BillingMode": billing_mode,
            "Tags": [{"Key": key, "Value": value} for key, value in (inputs.get("tags") or {}).items()],
            "DeletionProtectionEnabled": False,
        }
        if billing_mode == "PROVISIONED":
            arguments["ProvisionedThroughput"] = _throughput(inputs)
        for property, argument in (
            ("globalSecondaryIndexes", "GlobalSecondaryIndexes"),
            ("localSecondaryIndexes", "LocalSecondaryIndexes"),
        ):
            if inputs.get(property):
                arguments[argument] = [_index(index, billing_mode) for index in inputs[property]]
        if inputs.get("streamEnabled"):
            arguments["StreamSpecification"] = _stream(inputs)
        table = dynamodb.create_table(**arguments)["TableDescription"]
        self._expire(inputs)
        return Created(id=inputs["name"], outputs=_outputs(table))

    def exists(self, id: str, outputs: Properties) -> bool:
        self.backends.boto("dynamodb").describe_table(TableName=id)
        return True

    def update(self, id: str, before: Properties, inputs: Properties) -> Properties:
        dynamodb = self.backends.boto("dynamodb")
        billing_mode = inputs.get("billingMode", "PROVISIONED")
        arguments: dict[str, Any] = {"TableName": id, "BillingMode": billing_mode}
        if billing_mode == "PROVISIONED":
            arguments["ProvisionedThroughput"] = _throughput(inputs)
        if bool(inputs.get("streamEnabled")) != bool(before.get("streamEnabled")):
            arguments["StreamSpecification"] = _stream(inputs)
        changes = _index_changes(before, inputs, billing_mode)
        if changes:
            arguments |= {"AttributeDefinitions": _attributes(inputs), "GlobalSecondaryIndexUpdates": changes}
        table = dynamodb.update_table(**arguments)["TableDescription"]
        if inputs.get("ttl") != before.get("ttl"):
            self._expire(inputs)
        return _outputs(table)

    def delete(self, id: str, outputs: Properties) -> None:
        self.backends.boto("dynamodb").delete_table(TableName=id)

    def _expire(self, inputs: Properties) -> None:
        ttl = inputs.get("ttl") or {}
        if ttl.get("attributeName"):
            self.backends.boto("dynamodb").update_time_to_live(
                TableName=inputs["name"],
                TimeToLiveSpecification={
                    "Enabled": bool(ttl.get("enabled", True)),
                    "AttributeName": ttl["attributeName"],
                },
            )


def _outputs(table: dict[str, Any]) -> Properties:
    return {
        "arn": table["TableArn"],
        "streamArn": table.get("LatestStreamArn", ""),
        "streamLabel": table.get("LatestStreamLabel", ""),
    }


def _attributes(inputs: Properties) -> list[dict[str, str]]:
    return [
        {"AttributeName": attribute["name"], "AttributeType": attribute["type"]} for attribute in inputs["attributes"]
    ]


def _key_schema(keys: Properties) -> list[dict[str, str]]:
    schema = [{"AttributeName": keys["hashKey"], "KeyType": "HASH"}] if keys.get("hashKey") else []
    if keys.get("rangeKey"):
        schema.append({"AttributeName": keys["rangeKey"], "KeyType": "RANGE"})
    return schema or [
        {"AttributeName": key["attributeName"], "KeyType": key["keyType"]} for key in keys.get("keySchemas") or ()
    ]


def _throughput(capacity: Properties) -> dict[str, int]:
    return {
        "ReadCapacityUnits": int(capacity.get("readCapacity") or 1),
        "WriteCapacityUnits": int(capacity.get("writeCapacity") or 1),
    }


def _index(index: Properties, billing_mode: str) -> dict[str, Any]:
    projection: dict[str, Any] = {"ProjectionType": index["projectionType"]}
    if index.get("nonKeyAttributes"):
        projection["NonKeyAttributes"] = index["nonKeyAttributes"]
    definition = {"IndexName": index["name"], "KeySchema": _key_schema(index), "Projection": projection}
    return definition | ({"ProvisionedThroughput": _throughput(index)} if billing_mode == "PROVISIONED" else {})


def _index_changes(before: Properties, inputs: Properties, billing_mode: str) -> list[dict[str, Any]]:
    indexes = {index["name"]: index for index in before.get("globalSecondaryIndexes") or ()}
    after = {index["name"]: index for index in inputs.get("globalSecondaryIndexes") or ()}
    gone = [{"Delete": {"IndexName": name}} for name in indexes if name not in after]
    new = [{"Create": _index(index, billing_mode)} for name, index in after.items() if name not in indexes]
    return gone + new


def _stream(inputs: Properties) -> dict[str, Any]:
    if not inputs.get("streamEnabled"):
        return {"StreamEnabled": False}
    return {"StreamEnabled": True, "StreamViewType": inputs.get("streamViewType", "NEW_AND_OLD_IMAGES")}
