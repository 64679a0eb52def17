"""What a month may cost, and who hears when it will cost more: AWS Budgets, which cost nothing."""

from __future__ import annotations

from typing import Any, Final

import pulumi_aws as aws

from components.aws.foundation import AwsFoundation
from components.aws.names import BUDGET, fitted
from components.component import Component

SPENT_PERCENT: Final = 80
FORECAST_PERCENT: Final = 100
STACK_TAG: Final = "Stack"
"""Every resource has it. AWS counts by it once it is activated as a cost allocation tag of the account."""


def budget(owner: Component, account: AwsFoundation, *, monthly_usd: int, email: str, whole_account: bool) -> None:
    """Creates a budget of the account, or of what carries this stack's tag. Mails go out when most of it is spent, and
    when the month is forecast to exceed it; AWS looks some times a day."""
    tag = f"user:{STACK_TAG}${account.tags[STACK_TAG]}"
    aws.budgets.Budget(
        owner.name,
        name=fitted(BUDGET, account.prefix, owner.name),
        budget_type="COST",
        time_unit="MONTHLY",
        limit_amount=str(monthly_usd),
        limit_unit="USD",
        cost_filters=None if whole_account else [{"name": "TagKeyValue", "values": [tag]}],
        notifications=[
            _notification("ACTUAL", SPENT_PERCENT, email),
            _notification("FORECASTED", FORECAST_PERCENT, email),
        ],
        opts=owner.child(),
    )


def _notification(kind: str, percent: int, email: str) -> dict[str, Any]:
    return {
        "notification_type": kind,
        "comparison_operator": "GREATER_THAN",
        "threshold": percent,
        "threshold_type": "PERCENTAGE",
        "subscriber_email_addresses": [email],
    }
