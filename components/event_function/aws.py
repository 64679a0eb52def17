"""Event functions on AWS: a Lambda, and an event source mapping for each queue it consumes."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from components.aws.foundation import AwsFoundation
from components.aws.grant import Grant, Linkable
from components.aws.identity import Identity
from components.aws.image_function import ImageFunction
from components.aws.narrow import on_aws
from components.aws.policy import Statement, sid
from components.aws.signal import Watched
from components.errors import ComponentError
from components.event_function import EventFunction as EventFunctionContract
from components.event_function import EventFunctionArgs
from components.fulfillment_queue.aws import FulfillmentQueue
from components.link import Access
from components.network.aws import Network
from components.secrets_management.aws import Secrets

VISIBILITY_FACTOR = 6
"""AWS's advice: a message stays hidden six times as long as the function may run, for retries after throttling."""


class EventFunction(EventFunctionContract, Linkable, Watched):
    """Creates the Lambda, its idempotency table where it wants one, and its event sources.

    A batch fails by message (`ReportBatchItemFailures`): what was handled is not delivered again, and what keeps
    failing ends in the queue's dead-letter queue.
    """

    ENGINE = "lambda"
    OFFERS = (Access.INVOKES,)

    def __init__(
        self, name: str, foundation: AwsFoundation, args: EventFunctionArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, foundation, function=args.workload.function, links=args.links, opts=opts)
        network = on_aws(args.network, Network)
        secrets = on_aws(args.secrets, Secrets)
        queues = [on_aws(link.target, FulfillmentQueue) for link in args.links if link.access is Access.CONSUMES]
        own = [self._memory(foundation, network, secrets)] if args.workload.remembers_events else []
        body = ImageFunction(
            self,
            foundation,
            workload=args.workload,
            image=args.image,
            network=network,
            secrets=secrets,
            environment=args.environment,
            links=args.links,
            own=own,
            # The event source bounds a queue's function; nothing else bounds one that is called.
            reserved_concurrency=None if queues else foundation.profile.reserved_concurrency,
        )
        self.lambda_function = body.function
        self.signals = body.signals
        for queue in queues:
            self._consume(queue, args)
        self.register_outputs({"arn": self.lambda_function.arn})

    def bind(self, identity: Identity, access: Access) -> Grant:
        """Leave to invoke the function."""
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
        needed = VISIBILITY_FACTOR * args.workload.timeout_seconds
        if queue.visibility_timeout_seconds < needed:
            raise ComponentError(
                f"{queue.name!r} hides a message for {queue.visibility_timeout_seconds} s, "
                f"and {self.name!r} may work on it for {args.workload.timeout_seconds} s.",
                next_step=f"Give the queue a visibility timeout of at least {needed} s.",
            )
        aws.lambda_.EventSourceMapping(
            f"{self.name}-{queue.name}",
            event_source_arn=queue.queue.arn,
            function_name=self.lambda_function.arn,
            batch_size=args.workload.batch_size,
            function_response_types=["ReportBatchItemFailures"],
            scaling_config={"maximum_concurrency": self.foundation.profile.function_concurrency},
            opts=self.child(),
        )

    def _memory(self, account: AwsFoundation, network: Network, secrets: Secrets) -> Grant:
        """The idempotency table: an event's id, what came of it, and when to forget it."""
        table = aws.dynamodb.Table(
            f"{self.name}-idempotency",
            billing_mode="PAY_PER_REQUEST",
            hash_key="id",
            attributes=[{"name": "id", "type": "S"}],
            ttl={"attribute_name": "expiration", "enabled": True},
            server_side_encryption={"enabled": True, "kms_key_arn": secrets.key_arn},
            # Its rows live for 14 days, as long as a message can wait among the dead letters, and can be lost: the
            # handler is idempotent by state as well.
            point_in_time_recovery={"enabled": False},
            opts=self.child(),
        )
        return Grant(
            statements=(
                Statement(
                    sid="RememberEvents",
                    actions=("dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"),
                    resources=(table.arn,),
                ),
                secrets.decrypt("dynamodb", account.region),
            ),
            environment={"IDEMPOTENCY_TABLE": table.name},
            peers=(network.endpoints.gateway("dynamodb"),),
        )
