"""The edge's key in Secrets Manager, in the rules of the load balancer, and in the distribution that sends it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any, Final

from commerce.adapters.aws.session import CONFIG, session
from commerce.adapters.edge_settings import EdgeSettings
from commerce.errors import MarketplaceError

CURRENT: Final = "AWSCURRENT"
PENDING: Final = "AWSPENDING"


class EdgeKeyRefused(MarketplaceError):
    """The distribution sends a key that a rule of the load balancer does not accept."""

    code = "edge-key-refused"
    title = "The edge's key is refused"

    def __init__(self, rule: str) -> None:
        super().__init__(
            f"{rule} does not accept the key that the distribution sends. Deploy the stack again.", rule=rule
        )


class CloudFrontKeys:
    """`commerce.ports.EdgeKeys`: values are never logged, and never leave AWS but in memory."""

    def __init__(self, settings: EdgeSettings) -> None:
        self._settings = settings
        self._secrets = session().client("secretsmanager", config=CONFIG)
        self._balancer = session().client("elbv2", config=CONFIG)
        self._cloudfront = session().client("cloudfront", config=CONFIG)

    def propose(self, version: str) -> None:
        """The value is stored under the version's id before anything accepts it."""
        stages = self._secrets.describe_secret(SecretId=self._settings.key).get("VersionIdsToStages", {})
        # Secrets Manager may have made the version already, without a value.
        if version in stages and self._has_value(version):
            return
        self._secrets.put_secret_value(
            SecretId=self._settings.key,
            ClientRequestToken=version,
            SecretString=secrets.token_hex(32),
            VersionStages=[PENDING],
        )

    def switch_to(self, version: str) -> None:
        """Edges that are still told send the current key for some minutes: both are accepted."""
        new = self._value(VersionId=version)
        current = self._value(VersionStage=CURRENT)
        for rule in self._rules():
            conditions = [
                _accepting(condition, [new, current]) if self._is_key(condition) else _declared(condition)
                for condition in rule["Conditions"]
            ]
            self._balancer.modify_rule(RuleArn=rule["RuleArn"], Conditions=conditions)
        config, tag = self._distribution()
        for header in self._headers(config):
            header["HeaderValue"] = new
        self._cloudfront.update_distribution(Id=self._settings.distribution, DistributionConfig=config, IfMatch=tag)

    def verify(self) -> None:
        """Compares the two configurations: it needs no request, and so no way to the API."""
        config, _ = self._distribution()
        sent = {header["HeaderValue"] for header in self._headers(config)}
        for rule in self._rules():
            for condition in rule["Conditions"]:
                if self._is_key(condition) and not sent <= set(condition["HttpHeaderConfig"]["Values"]):
                    raise EdgeKeyRefused(rule["RuleArn"])

    def promote(self, version: str) -> None:
        """Secrets Manager itself moves the label of the previous version."""
        stages = self._secrets.describe_secret(SecretId=self._settings.key)["VersionIdsToStages"]
        current = next(id for id, labels in stages.items() if CURRENT in labels)
        if current != version:
            self._secrets.update_secret_version_stage(
                SecretId=self._settings.key,
                VersionStage=CURRENT,
                MoveToVersionId=version,
                RemoveFromVersionId=current,
            )

    def _has_value(self, version: str) -> bool:
        try:
            return bool(self._value(VersionId=version))
        except self._secrets.exceptions.ResourceNotFoundException:
            return False

    def _value(self, **which: str) -> str:
        return str(self._secrets.get_secret_value(SecretId=self._settings.key, **which)["SecretString"])

    def _rules(self) -> Iterator[dict[str, Any]]:
        for page in self._balancer.get_paginator("describe_rules").paginate(ListenerArn=self._settings.entrance):
            for rule in page["Rules"]:
                if any(map(self._is_key, rule["Conditions"])):
                    yield rule

    def _is_key(self, condition: dict[str, Any]) -> bool:
        named = (condition.get("HttpHeaderConfig") or {}).get("HttpHeaderName", "")
        return str(named).lower() == self._settings.header

    def _distribution(self) -> tuple[dict[str, Any], str]:
        answer = self._cloudfront.get_distribution_config(Id=self._settings.distribution)
        return answer["DistributionConfig"], answer["ETag"]

    def _headers(self, config: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for origin in config["Origins"]["Items"]:
            for header in (origin.get("CustomHeaders") or {}).get("Items", ()):
                if header["HeaderName"].lower() == self._settings.header:
                    yield header


def _accepting(condition: dict[str, Any], values: list[str]) -> dict[str, Any]:
    name = condition["HttpHeaderConfig"]["HttpHeaderName"]
    return {"Field": condition["Field"], "HttpHeaderConfig": {"HttpHeaderName": name, "Values": values}}


def _declared(condition: dict[str, Any]) -> dict[str, Any]:
    """As it was, without the values that the answer repeats in an older form, which a change may not have beside it."""
    return {key: value for key, value in condition.items() if key == "Field" or key.endswith("Config")}
