"""Event functions on AWS: a Lambda, and what calls it: one file for each kind of trigger."""

from __future__ import annotations

import itertools
from typing import cast

import pulumi

from components.aws.consumed import ConsumedQueue
from components.aws.foundation import AwsFoundation
from components.aws.grant import Grant
from components.aws.image_function import ImageFunction
from components.aws.narrow import on_aws
from components.aws.policy import Statement, sid
from components.aws.signal import Watched
from components.aws.sizes import RESERVED_CONCURRENCY
from components.catalog_database.aws import CatalogDatabase
from components.dead_letter_queue import DeadLetterQueueArgs
from components.dead_letter_queue.aws import DeadLetterQueue
from components.event_function import EventFunction as EventFunctionContract
from components.event_function import EventFunctionArgs
from components.event_function.aws.queue import consume
from components.event_function.aws.rotation import Rotated, rotate
from components.event_function.aws.schedule import run_every
from components.event_function.aws.stream import follow
from components.link import Access
from components.network.aws import Network
from components.secrets_management.aws import Secrets


class EventFunction(EventFunctionContract, Watched):
    """Creates the Lambda and its triggers."""

    ENGINE = "lambda"

    def __init__(
        self, name: str, foundation: AwsFoundation, args: EventFunctionArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, foundation, function=args.workload.function, links=args.links, opts=opts)
        queues = [on_aws(link.target, ConsumedQueue) for link in args.links if link.access is Access.CONSUMES]
        followed = [on_aws(link.target, CatalogDatabase) for link in args.links if link.access is Access.FOLLOWS]
        given_up = [
            DeadLetterQueue(f"{name}-given-up", foundation, DeadLetterQueueArgs(), opts=self.child())
            for _ in followed[:1]
        ]
        rotated = [cast(Rotated, link.target) for link in args.links if link.access is Access.ROTATES]
        # A queue, a stream, a schedule and a rotation bound their function; nothing else bounds one that is called.
        seldom = bool(rotated) or args.workload.every_minutes is not None
        bounded = bool(queues or followed) or seldom
        body = ImageFunction(
            self,
            foundation,
            workload=args.workload,
            image=args.image,
            network=on_aws(args.network, Network),
            secrets=on_aws(args.secrets, Secrets),
            environment=args.environment,
            links=args.links,
            grants=[Grant(statements=(queue.keep(),)) for queue in given_up],
            reserved_concurrency=None if bounded else RESERVED_CONCURRENCY[foundation.profile.database_size],
            seldom=seldom,
        )
        self.workload = args.workload
        self.lambda_function = body.function
        self.signals = body.signals
        for queue in queues:
            consume(self, queue, args.workload, body.function)
        for database, kept in itertools.product(followed, given_up):
            self.signals += (*follow(self, database, kept, body.function), *kept.signals)
        if args.workload.every_minutes is not None:
            self.signals += run_every(self, foundation, args.workload, body.function)
        for target in rotated:
            rotate(self, target, body.function)
        self.register_outputs({"arn": self.lambda_function.arn})

    def bind(self, workload: str, access: Access) -> Grant:
        """Permission to invoke the function. The API's is the function's own to give: see `http.py`."""
        if access is Access.ROUTES:
            return Grant()
        return Grant(
            statements=(
                Statement(
                    sid=sid("invoke", self.name),
                    actions=("lambda:InvokeFunction",),
                    resources=(self.lambda_function.arn,),
                ),
            )
        )
