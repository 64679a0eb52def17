"""WAF / DDoS on AWS: a WAFv2 web ACL for CloudFront, and Shield.

Shield Standard protects every distribution without a resource of its own. What belongs to CloudFront lives in
us-east-1, wherever the stack is.
"""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from components.aws.foundation import EDGE_REGION, AwsFoundation
from components.aws.names import FIREWALL, fitted
from components.aws.narrow import on_aws
from components.aws.signal import Signal, Watched
from components.errors import ComponentError
from components.secrets_management.aws import Secrets
from components.waf import Waf as WafContract
from components.waf import WafArgs
from components.waf.aws.rules import capacity, rules, visible

MOST_UNITS = 1500
"""WCU in the basic price of a web ACL."""
LOGS = "aws-waf-logs"
"""WAF writes to no log group whose name begins otherwise."""
NEVER_LOGGED = ("authorization", "cookie", "stripe-signature")


class Waf(WafContract, Watched):
    """Creates the web ACL, and a log of what it refused or counted, without what signs a caller in."""

    ENGINE = "waf-shield"

    def __init__(
        self, name: str, foundation: AwsFoundation, args: WafArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, foundation, opts=opts)
        listed = rules(args.routes, paid=foundation.profile.paid_edge, count_only=args.count_only)
        if (units := capacity(listed)) > MOST_UNITS:
            raise ComponentError(
                f"{name!r} has rules of {units} WCU; AWS asks an extra fee from {MOST_UNITS} on.",
                next_step="Let fewer routes be costly, bulk or from machines.",
            )
        called = fitted(FIREWALL, foundation.prefix, name)
        self.acl = aws.wafv2.WebAcl(
            name,
            name=called,
            description=f"In front of {foundation.prefix}",
            scope="CLOUDFRONT",
            region=EDGE_REGION,
            default_action={"allow": {}},
            rules=listed,
            # The dimension `WebACL` of its metrics, which tells the stacks of an account apart:
            # https://docs.aws.amazon.com/waf/latest/APIReference/API_VisibilityConfig.html
            visibility_config=visible(called),
            opts=self.child(),
        )
        self.acl_arn: pulumi.Output[str] = self.acl.arn
        self._log(foundation, on_aws(args.secrets, Secrets))
        self.signals = _signals(self.acl)
        self.register_outputs({"acl_arn": self.acl_arn})

    def _log(self, account: AwsFoundation, secrets: Secrets) -> None:
        logs = aws.cloudwatch.LogGroup(
            self.name,
            name=f"{LOGS}-{fitted(FIREWALL, account.prefix, self.name)}",
            region=EDGE_REGION,
            retention_in_days=account.profile.log_retention_days,
            # A key is of one region. Elsewhere CloudWatch encrypts under a key of its own.
            kms_key_id=secrets.key_arn if account.region == EDGE_REGION else None,
            opts=self.child(),
        )
        aws.wafv2.WebAclLoggingConfiguration(
            self.name,
            region=EDGE_REGION,
            resource_arn=self.acl.arn,
            log_destination_configs=[logs.arn],
            redacted_fields=[{"single_header": {"name": header}} for header in NEVER_LOGGED],
            # The distribution's own log has what passed.
            logging_filter={
                "default_behavior": "DROP",
                "filters": [
                    {
                        "behavior": "KEEP",
                        "requirement": "MEETS_ANY",
                        "conditions": [
                            {"action_condition": {"action": action}}
                            for action in ("BLOCK", "COUNT", "EXCLUDED_AS_COUNT")
                        ],
                    }
                ],
            },
            opts=self.child(),
        )


def _signals(acl: aws.wafv2.WebAcl) -> tuple[Signal, ...]:
    return (
        Signal(
            name="refusals",
            meaning="The firewall refuses many requests: an attack, or a rule that refuses honest ones. See its log.",
            namespace="AWS/WAFV2",
            metric="BlockedRequests",
            dimensions={"WebACL": acl.name, "Rule": "ALL"},
            threshold=5_000,
            period_seconds=300,
            region=EDGE_REGION,
        ),
    )
