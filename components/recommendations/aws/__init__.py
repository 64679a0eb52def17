"""Recommendations on AWS: the marketplace's own ranking, by a Lambda, in ElastiCache; and Personalize."""

from __future__ import annotations

from dataclasses import replace

import pulumi

from components.aws.foundation import AwsFoundation
from components.aws.grant import Grant
from components.aws.narrow import on_aws
from components.aws.signal import Watched
from components.cart_cache.aws import CartCache
from components.event_function import EventFunctionArgs
from components.event_function.aws import EventFunction
from components.link import Access, reads, reads_writes
from components.recommendations import KEYS, RecommendationsArgs
from components.recommendations import Recommendations as RecommendationsContract
from components.recommendations.aws.personalize import Personalize


class Recommendations(RecommendationsContract, Watched):
    """Creates the ranker. It needs no training and no data to begin with: until something is learned, bestsellers are
    shown."""

    ENGINE = "own-ranking"

    def __init__(
        self,
        name: str,
        foundation: AwsFoundation,
        args: RecommendationsArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, foundation, opts=opts)
        self._personalize: Personalize | None = None
        self._cache = on_aws(args.cache, CartCache)
        ranker = EventFunction(
            args.ranker.name,
            foundation,
            EventFunctionArgs(
                workload=args.ranker,
                network=args.network,
                secrets=args.secrets,
                image=args.image,
                environment=args.environment,
                links=(reads_writes(args.database), reads(args.catalog), reads_writes(self)),
            ),
            opts=self.child(),
        )
        self.signals = ranker.signals
        # After the ranker, which learns by itself and tells nobody.
        if foundation.personalize:
            self._personalize = Personalize(self, foundation, solution_version=foundation.personalize_version)
        self.register_outputs({"engine": self.ENGINE})

    def bind(self, workload: str, access: Access) -> Grant:
        """A user of the cache for the workload, which is let at the rankings and views only; and Personalize, for who
        notes views."""
        own = self._cache.let_in(workload, access, keys=KEYS)
        if self._personalize is None or access is not Access.READS_WRITES:
            return own
        beside = self._personalize.grant()
        return replace(
            own,
            statements=(*own.statements, *beside.statements),
            environment={**own.environment, **beside.environment},
            peers=(*own.peers, *beside.peers),
        )
