"""IAM policies as values: statements in, one JSON document out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi

from components.aws.foundation import AwsFoundation

Conditions = Mapping[str, Mapping[str, pulumi.Input[Any]]]


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement of a policy. `principal` is for policies on resources; a workload's own have none."""

    sid: str
    """Says in a word what it is for; a policy has each once."""
    actions: tuple[str, ...]
    resources: tuple[pulumi.Input[str], ...]
    effect: str = "Allow"
    conditions: Conditions = field(default_factory=dict)
    principal: Mapping[str, pulumi.Input[Any]] | str | None = None

    def document(self) -> dict[str, Any]:
        """The statement in IAM's JSON shape."""
        body: dict[str, Any] = {"Sid": self.sid, "Effect": self.effect}
        if self.principal is not None:
            body["Principal"] = self.principal
        body["Action"] = list(self.actions)
        if self.resources:  # a repository's policy names none: it is of one resource
            body["Resource"] = list(self.resources)
        if self.conditions:
            body["Condition"] = {operator: dict(keys) for operator, keys in self.conditions.items()}
        return body


def policy(*statements: Statement) -> pulumi.Output[str]:
    """The policy document of these statements, as JSON."""
    return pulumi.Output.json_dumps(
        {"Version": "2012-10-17", "Statement": [statement.document() for statement in statements]}
    )


def trust(service: str, account: AwsFoundation, *, confused_deputy: bool = True) -> pulumi.Output[str]:
    """Lets a service of AWS assume the role, on behalf of this account only.

    `confused_deputy=False` is for services that do not send `aws:SourceAccount` when they assume a role.
    """
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    if confused_deputy:
        statement["Condition"] = {"StringEquals": {"aws:SourceAccount": account.account_id}}
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [statement]})


def tls_only(resource: pulumi.Input[str], actions: str) -> Statement:
    """Refuses, on a resource's own policy, every call that does not come over TLS."""
    return Statement(
        sid="TlsOnly",
        effect="Deny",
        principal="*",
        actions=(actions,),
        resources=(resource,),
        conditions={"Bool": {"aws:SecureTransport": "false"}},
    )


def sid(*words: str) -> str:
    """A statement id of letters and digits only: `sid("connect", "checkout-flow")` is `ConnectCheckoutFlow`."""
    return "".join(part.capitalize() for word in words for part in word.replace("-", "_").split("_"))
