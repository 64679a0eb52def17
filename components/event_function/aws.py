"""Event functions on AWS: a Lambda, and an event source mapping for each queue it consumes."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from components.aws.foundation import AwsFoundation
from components.aws.grant import Grant
from components.aws.image_function import ImageFunction
from components.aws.narrow import on_aws
from components.aws.policy import Statement, sid
from components.aws.signal import Watched
from components.aws.sizes import RESERVED_CONCURRENCY
from components.errors import ComponentError
from components.event_function import EventFunction as EventFunctionContract
from components.event_function import EventFunctionArgs
from components.fulfillment_queue.aws import FulfillmentQueue
from components.link import Access
from components.network.aws import Network
from components.secrets_management.aws import Secrets


class EventFunction(EventFunctionContract, Watched):
    """Creates the Lambda and its event sources.

    A batch fails by message (`ReportBatchItemFailures`): what was handled is not delivered again, and what keeps
    failing ends in the queue's dead-letter queue.
    """

    ENGINE = "lambda"

    def __init__(
        self, name: str, foundation: AwsFoundation, args: EventFunctionArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, foundation, function=args.workload.function, links=args.links, opts=opts)
        queues = [on_aws(link.target, FulfillmentQueue) for link in args.links if link.access is Access.CONSUMES]
        body = ImageFunction(
            self,
            foundation,
            workload=args.workload,
            image=args.image,
            network=on_aws(args.network, Network),
            secrets=on_aws(args.secrets, Secrets),
            environment=args.environment,
            links=args.links,
            # The event source bounds a queue's function; nothing else bounds one that is called.
            reserved_concurrency=None if queues else RESERVED_CONCURRENCY[foundation.profile.database_size],
        )
        self.lambda_function = body.function
        self.signals = body.signals
        for queue in queues:
            self._consume(queue, args)
        self.register_outputs({"arn": self.lambda_function.arn})

    def bind(self, workload: str, access: Access) -> Grant:
        """Permission to invoke the function."""
        return Grant(
            statements=(
                Statement(
                    sid=sid("invoke", self.name),
                    actions=("lambda:InvokeFunction",),
                    resources=(self.lambda_function.arn,),
                ),
            )
        )

    def _consume(self, queue: FulfillmentQueue, args: EventFunctionArgs) -> None:
        if queue.handling_seconds < args.workload.timeout_seconds:
            raise ComponentError(
                f"{queue.name!r} gives a consumer {queue.handling_seconds} s for a message, "
                f"and {self.name!r} may work on it for {args.workload.timeout_seconds} s.",
                next_step=f"Give the queue at least handling_seconds={args.workload.timeout_seconds}.",
            )
        aws.lambda_.EventSourceMapping(
            f"{self.name}-{queue.name}",
            event_source_arn=queue.queue.arn,
            function_name=self.lambda_function.arn,
            batch_size=args.workload.batch_size,
            function_response_types=["ReportBatchItemFailures"],
            scaling_config={"maximum_concurrency": self.foundation.profile.queue_concurrency},
            opts=self.child(),
        )
