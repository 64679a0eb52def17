"""Data sources: what a program asks of the cloud, answered for this machine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from toolkit.engine.provider import Properties, ProviderError
from toolkit.local.provider.emulator import ACCOUNT, REGION


def answer(token: str, arguments: Mapping[str, Any]) -> Properties:
    """The data source's result; an unknown one is refused by name."""
    source = SOURCES.get(token)
    if source is None:
        raise ProviderError(f"this machine cannot answer the data source {token}")
    return source(arguments)


def _caller_identity(arguments: Mapping[str, Any]) -> Properties:
    return {"id": ACCOUNT, "accountId": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:root", "userId": "DEPLOYER"}


def _region(arguments: Mapping[str, Any]) -> Properties:
    region = arguments.get("region") or arguments.get("name") or REGION
    return {
        "id": region,
        "name": region,
        "region": region,
        "description": region,
        "endpoint": f"ec2.{region}.amazonaws.com",
    }


def _partition(arguments: Mapping[str, Any]) -> Properties:
    return {"id": "aws", "partition": "aws", "dnsSuffix": "amazonaws.com", "reverseDnsPrefix": "com.amazonaws"}


def _availability_zones(arguments: Mapping[str, Any]) -> Properties:
    region = arguments.get("region") or REGION
    return {
        "id": region,
        "region": region,
        "names": [f"{region}{zone}" for zone in "abc"],
        "zoneIds": [f"use1-az{number}" for number in (1, 2, 3)],
        "groupNames": [region],
    }


def _policy_document(arguments: Mapping[str, Any]) -> Properties:
    statements = [_statement(statement) for statement in arguments.get("statements") or ()]
    document = {"Version": arguments.get("version") or "2012-10-17", "Statement": statements}
    return {
        "id": hashlib.sha256(json.dumps(document).encode()).hexdigest()[:10],
        "json": json.dumps(document, indent=2),
        "minifiedJson": json.dumps(document, separators=(",", ":")),
        **dict(arguments),
    }


def _statement(declared: Mapping[str, Any]) -> dict[str, Any]:
    statement: dict[str, Any] = {"Effect": declared.get("effect") or "Allow"}
    if declared.get("sid"):
        statement["Sid"] = declared["sid"]
    for key, name in (
        ("actions", "Action"),
        ("notActions", "NotAction"),
        ("resources", "Resource"),
        ("notResources", "NotResource"),
    ):
        values = list(declared.get(key) or ())
        if values:
            statement[name] = values[0] if len(values) == 1 else values
    for key, name in (("principals", "Principal"), ("notPrincipals", "NotPrincipal")):
        if declared.get(key):
            statement[name] = {
                principal["type"]: principal["identifiers"][0]
                if len(principal["identifiers"]) == 1
                else principal["identifiers"]
                for principal in declared[key]
            }
    conditions: dict[str, dict[str, Any]] = {}
    for condition in declared.get("conditions") or ():
        values = condition["values"]
        conditions.setdefault(condition["test"], {})[condition["variable"]] = values[0] if len(values) == 1 else values
    return statement | ({"Condition": conditions} if conditions else {})


SOURCES: Final[Mapping[str, Callable[[Mapping[str, Any]], Properties]]] = {
    "aws:iam/getPolicyDocument:getPolicyDocument": _policy_document,
    "aws:index/getAvailabilityZones:getAvailabilityZones": _availability_zones,
    "aws:index/getCallerIdentity:getCallerIdentity": _caller_identity,
    "aws:index/getPartition:getPartition": _partition,
    "aws:index/getRegion:getRegion": _region,
}
