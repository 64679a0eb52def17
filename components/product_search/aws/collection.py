"""An OpenSearch Serverless collection, which costs nothing while nobody searches."""

from __future__ import annotations

from typing import Final

import pulumi
import pulumi_aws as aws

from components.aws.foundation import AwsFoundation
from components.aws.grant import Grant
from components.aws.names import SEARCH_COLLECTION, fitted
from components.aws.peer import INTERNET
from components.aws.policy import Statement, sid
from components.aws.signal import Signal
from components.component import Component
from components.link import Access
from components.product_search import ProductSearchEnvironment

SERVICE: Final = "aoss"
MOST_UNITS: Final = 1
"""OpenSearch compute units for each of searching and indexing; the least is none."""
INDEXES: Final = "products*"
SEARCH: Final = ("aoss:DescribeIndex", "aoss:ReadDocument")
INDEX: Final = ("aoss:CreateIndex", "aoss:DeleteIndex", *SEARCH, "aoss:UpdateIndex", "aoss:WriteDocument")
ALIASES: Final = (
    "aoss:CreateCollectionItems",
    "aoss:DeleteCollectionItems",
    "aoss:DescribeCollectionItems",
    "aoss:UpdateCollectionItems",
)


class SearchCollection:
    """Creates the collection with its policies, as children of `owner`.

    Its address is public, as those of AWS's own services: a request is answered only when it is signed by a role that
    a data access policy of the collection names.
    """

    def __init__(self, owner: Component, account: AwsFoundation) -> None:
        self._owner = owner
        self._collection_name = name = fitted(SEARCH_COLLECTION, account.prefix, owner.name)
        rule = {"ResourceType": "collection", "Resource": [f"collection/{name}"]}
        encryption = aws.opensearch.ServerlessSecurityPolicy(
            f"{owner.name}-encryption",
            name=name,
            type="encryption",
            # A key of one's own costs compute units that never sleep.
            policy=pulumi.Output.json_dumps({"Rules": [rule], "AWSOwnedKey": True}),
            opts=owner.child(),
        )
        reach = aws.opensearch.ServerlessSecurityPolicy(
            f"{owner.name}-network",
            name=name,
            type="network",
            policy=pulumi.Output.json_dumps([{"Rules": [rule], "AllowFromPublic": True}]),
            opts=owner.child(),
        )
        group = aws.opensearch.ServerlessCollectionGroup(
            owner.name,
            name=name,
            description=f"Product search of {account.prefix}",
            generation="NEXTGEN",
            standby_replicas="ENABLED",  # the new generation takes nothing else
            capacity_limits=[
                {
                    "max_indexing_capacity_in_ocu": MOST_UNITS,
                    "max_search_capacity_in_ocu": MOST_UNITS,
                    "min_indexing_capacity_in_ocu": 0,
                    "min_search_capacity_in_ocu": 0,
                }
            ],
            opts=owner.child(),
        )
        self._collection = aws.opensearch.ServerlessCollection(
            owner.name,
            name=name,
            type="SEARCH",
            collection_group_name=group.name,
            standby_replicas="ENABLED",
            opts=owner.child(depends_on=[encryption, reach]),
        )
        self.host: pulumi.Output[str] = self._collection.collection_endpoint.apply(
            lambda address: address.removeprefix("https://")
        )
        self.signals: tuple[Signal, ...] = ()

    def bind(self, workload: str, access: Access) -> Grant:
        """The right to speak to the collection, and a data access policy with what the access needs there."""

        def admit(role_arn: pulumi.Output[str]) -> pulumi.Resource:
            policy: pulumi.Resource = aws.opensearch.ServerlessAccessPolicy(
                f"{self._owner.name}-{workload}",
                name=fitted(SEARCH_COLLECTION, self._owner.foundation.prefix, workload),
                type="data",
                policy=pulumi.Output.json_dumps([{"Rules": self._rules(access), "Principal": [role_arn]}]),
                opts=self._owner.child(),
            )
            return policy

        return Grant(
            statements=(
                Statement(
                    sid=sid(access, self._owner.name),
                    actions=("aoss:APIAccessAll",),
                    resources=(self._collection.arn,),
                ),
            ),
            environment=ProductSearchEnvironment(host=self.host, service=SERVICE).variables(self._owner.name),
            peers=(INTERNET,),
            admit=admit,
        )

    def _rules(self, access: Access) -> list[dict[str, object]]:
        permitted = SEARCH if access is Access.QUERIES else INDEX
        index = f"index/{self._collection_name}/{INDEXES}"
        rules: list[dict[str, object]] = [{"ResourceType": "index", "Resource": [index], "Permission": list(permitted)}]
        if access is Access.INDEXES:
            collection = f"collection/{self._collection_name}"
            rules.append({"ResourceType": "collection", "Resource": [collection], "Permission": list(ALIASES)})
        return rules
