"""Product Search on AWS: an OpenSearch domain, or a serverless collection that sleeps when nobody searches."""

from __future__ import annotations

import pulumi

from components.aws.foundation import AwsFoundation
from components.aws.grant import Grant
from components.aws.narrow import on_aws
from components.aws.signal import Watched
from components.link import Access
from components.network.aws import Network
from components.product_search import ProductSearch as ProductSearchContract
from components.product_search import ProductSearchArgs
from components.product_search.aws.collection import SearchCollection
from components.product_search.aws.domain import SearchDomain
from components.secrets_management.aws import Secrets


class ProductSearch(ProductSearchContract, Watched):
    """Creates the engine that the profile pays for; the application speaks to both in the same way."""

    ENGINE = "opensearch"
    SLEEPING_ENGINE = "opensearch-serverless"

    def __init__(
        self,
        name: str,
        foundation: AwsFoundation,
        args: ProductSearchArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        sleeps = foundation.profile.search_sleeps
        super().__init__(name, foundation, engine=self.SLEEPING_ENGINE if sleeps else self.ENGINE, opts=opts)
        self._body = (
            SearchCollection(self, foundation)
            if sleeps
            else SearchDomain(self, foundation, on_aws(args.network, Network), on_aws(args.secrets, Secrets))
        )
        self.host = self._body.host
        self.signals = self._body.signals
        self.register_outputs({"host": self.host})

    def bind(self, workload: str, access: Access) -> Grant:
        """Permission to search the index of products, or to make, fill and replace it."""
        return self._body.bind(workload, access)
