"""`aws.iam.get_policy_document`, computed as the AWS provider computes it. It needs no account."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from toolkit.engine.provider import Properties

POLICY_DOCUMENT: Final = "aws:iam/getPolicyDocument:getPolicyDocument"
_LISTS: Final = {"actions": "Action", "notActions": "NotAction", "resources": "Resource", "notResources": "NotResource"}


def policy_document(args: Mapping[str, Any]) -> Properties:
    """The data source's result, the document itself in `json`."""
    document: dict[str, Any] = {"Version": args.get("version", "2012-10-17")}
    if "policyId" in args:
        document["Id"] = args["policyId"]
    document["Statement"] = [_statement(statement) for statement in args.get("statements", ())]
    text = json.dumps(document, indent=2)
    return dict(args) | {"id": "document", "json": text, "minifiedJson": json.dumps(document, separators=(",", ":"))}


def _statement(given: Mapping[str, Any]) -> dict[str, Any]:
    statement: dict[str, Any] = {"Sid": given["sid"]} if given.get("sid") else {}
    statement["Effect"] = given.get("effect", "Allow")
    for name, key in _LISTS.items():
        if given.get(name):
            statement[key] = _one_or_many(given[name])
    for name, key in {"principals": "Principal", "notPrincipals": "NotPrincipal"}.items():
        if given.get(name):
            statement[key] = _principals(given[name])
    conditions: dict[str, dict[str, Any]] = {}
    for condition in given.get("conditions", ()):
        conditions.setdefault(condition["test"], {})[condition["variable"]] = _one_or_many(condition["values"])
    return statement | ({"Condition": conditions} if conditions else {})


def _principals(given: list[Mapping[str, Any]]) -> Any:
    if any(item["type"] == "*" for item in given):
        return "*"
    return {item["type"]: _one_or_many(item["identifiers"]) for item in given}


def _one_or_many(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values
