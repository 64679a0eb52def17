"""Amazon Personalize, beside the marketplace's own ranking: it learns from views, and a campaign answers from a model.

Only for a stack whose settings accept its price. What it needs comes in time: views are told from the first day, a
solution version is trained by hand once there are enough of them, and the campaign is made when the settings name it.
"""

from __future__ import annotations

import json
from typing import Final

import pulumi

from components._escape.aws import cloud_control
from components.aws.foundation import AwsFoundation
from components.aws.grant import Grant
from components.aws.names import LEARNING, fitted
from components.aws.peer import INTERNET
from components.aws.policy import Statement, sid
from components.component import Component
from components.recommendations import RecommendationsEnvironment

RECIPE: Final = "recipe/aws-user-personalization-v2"
REQUESTS_PER_SECOND: Final = 1
"""Of the campaign, which are paid whether they come or not; it takes more by itself."""
INTERACTIONS: Final = json.dumps(
    {
        "type": "record",
        "name": "Interactions",
        "namespace": "com.amazonaws.personalize.schema",
        "version": "1.0",
        "fields": [
            {"name": "USER_ID", "type": "string"},
            {"name": "ITEM_ID", "type": "string"},
            {"name": "EVENT_TYPE", "type": "string"},
            {"name": "TIMESTAMP", "type": "long"},
        ],
    }
)
"""What is told of a view. Users are ids of the user pool, items ids of products."""


class Personalize:
    """Creates schema, dataset group, dataset, event tracker and solution, and the campaign of a trained version.

    Each is made after the one before: Personalize refuses two changes of a dataset group at the same time.
    """

    def __init__(self, owner: Component, account: AwsFoundation, *, solution_version: str | None) -> None:
        self._owner = owner
        label = fitted(LEARNING, account.prefix, owner.name)
        schema = self._made("schema", "Schema", {"Name": label, "Schema": INTERACTIONS})
        group = self._made("group", "DatasetGroup", {"Name": label})
        dataset = self._made(
            "views",
            "Dataset",
            {"Name": label, "DatasetType": "Interactions", "DatasetGroupArn": group.id, "SchemaArn": schema.id},
        )
        self._tracker = self._made("tracker", "EventTracker", {"Name": label, "DatasetGroupArn": group.id}, dataset)
        solution = self._made(
            "solution",
            "Solution",
            {
                "Name": label,
                "DatasetGroupArn": group.id,
                "RecipeArn": f"arn:{account.partition}:personalize:::{RECIPE}",
            },
            self._tracker,
        )
        self._campaign = (
            self._made(
                "campaign",
                "Campaign",
                {
                    "Name": label,
                    "SolutionVersionArn": solution_version,
                    "MinProvisionedTPS": REQUESTS_PER_SECOND,
                },
                solution,
            )
            if solution_version
            else None
        )

    def grant(self) -> Grant:
        """To tell views and, once there is a campaign, to ask it; both over the internet."""
        name = self._owner.name
        statements = [
            # A view is told by an id that only the description has.
            Statement(
                sid=sid("tell", name),
                actions=("personalize:DescribeEventTracker", "personalize:PutEvents"),
                resources=(self._tracker.id,),
            )
        ]
        if self._campaign is not None:
            statements.append(
                Statement(
                    sid=sid("ask", name),
                    actions=("personalize:GetRecommendations",),
                    resources=(self._campaign.id,),
                )
            )
        environment = RecommendationsEnvironment(
            views=self._tracker.id, model=self._campaign.id if self._campaign is not None else None
        )
        return Grant(statements=tuple(statements), environment=environment.variables(name), peers=(INTERNET,))

    def _made(
        self, part: str, kind: str, properties: dict[str, pulumi.Input[str | int]], *after: pulumi.Resource
    ) -> pulumi.CustomResource:
        return cloud_control(self._owner, f"{self._owner.name}-{part}", f"AWS::Personalize::{kind}", properties, after)
