"""Data sources, answered for this machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from toolkit.engine.policy_document import POLICY_DOCUMENT, policy_document
from toolkit.engine.provider import Properties, ProviderError
from toolkit.local.cloud.provider.emulator import ACCOUNT, Backends


def answer(token: str, arguments: Mapping[str, Any], backends: Backends) -> Properties:
    """The data source's result in the stack's region; an unknown one is refused by name."""
    given = {name: value for name, value in arguments.items() if value is not None}
    if token in ASKED:
        return ASKED[token](given, backends)
    source = SOURCES.get(token)
    if source is None:
        raise ProviderError(f"this machine cannot answer the data source {token}")
    return source({"region": backends.region} | given)


def _caller_identity(arguments: Mapping[str, Any]) -> Properties:
    return {"id": ACCOUNT, "accountId": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:root", "userId": "DEPLOYER"}


def _region(arguments: Mapping[str, Any]) -> Properties:
    region = arguments.get("name") or arguments["region"]
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
    region = arguments["region"]
    return {
        "id": region,
        "region": region,
        "names": [f"{region}{zone}" for zone in "abc"],
        "zoneIds": [f"use1-az{number}" for number in (1, 2, 3)],
        "groupNames": [region],
    }


def _secret_version(arguments: Mapping[str, Any], backends: Backends) -> Properties:
    stage = arguments.get("versionStage") or "AWSCURRENT"
    found = backends.boto("secretsmanager").get_secret_value(SecretId=arguments["secretId"], VersionStage=stage)
    return {
        "id": f"{found['ARN']}|{stage}",
        "arn": found["ARN"],
        "secretId": arguments["secretId"],
        "secretString": found["SecretString"],
        "versionId": found["VersionId"],
        "versionStage": stage,
        "versionStages": found["VersionStages"],
    }


def _random_password(arguments: Mapping[str, Any], backends: Backends) -> Properties:
    asked = {name[0].upper() + name[1:]: value for name, value in arguments.items()}
    if "PasswordLength" in asked:
        asked["PasswordLength"] = int(asked["PasswordLength"])
    return {"id": "password", **arguments, **_made(backends.boto("secretsmanager").get_random_password(**asked))}


def _made(answer: Mapping[str, Any]) -> Properties:
    return {"randomPassword": answer["RandomPassword"]}


ASKED: Final[Mapping[str, Callable[[Mapping[str, Any], Backends], Properties]]] = {
    "aws:secretsmanager/getRandomPassword:getRandomPassword": _random_password,
    "aws:secretsmanager/getSecretVersion:getSecretVersion": _secret_version,
}
"""What the emulated account is asked for."""

SOURCES: Final[Mapping[str, Callable[[Mapping[str, Any]], Properties]]] = {
    POLICY_DOCUMENT: policy_document,
    "aws:index/getAvailabilityZones:getAvailabilityZones": _availability_zones,
    "aws:index/getCallerIdentity:getCallerIdentity": _caller_identity,
    "aws:index/getPartition:getPartition": _partition,
    "aws:index/getRegion:getRegion": _region,
}
