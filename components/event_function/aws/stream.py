"""The trigger of a function that follows a table: an event source mapping of its stream."""

from __future__ import annotations

from typing import Final

import pulumi_aws as aws

from components.aws.signal import Signal
from components.catalog_database.aws import CatalogDatabase
from components.component import Component
from components.dead_letter_queue.aws import DeadLetterQueue

CHANGES: Final = 100
"""In one call at most."""
WINDOW_SECONDS: Final = 1
ATTEMPTS: Final = 50
"""Before a batch is given up. Lambda waits longer from one to the next, so that it is the better part of an hour."""
OLDEST_SECONDS: Final = 21_600
LATE_MILLISECONDS: Final = 300_000


def follow(
    owner: Component, database: CatalogDatabase, given_up: DeadLetterQueue, function: aws.lambda_.Function
) -> tuple[Signal, ...]:
    """Has `function`, which belongs to `owner`, called with every change of the table, in their order.

    A batch that fails is halved until what fails is alone. What keeps failing is reported to `given_up`, without its
    content, and the stream goes on.
    """
    aws.lambda_.EventSourceMapping(
        f"{owner.name}-{database.name}",
        event_source_arn=database.table.stream_arn,
        function_name=function.arn,
        starting_position="TRIM_HORIZON",
        batch_size=CHANGES,
        maximum_batching_window_in_seconds=WINDOW_SECONDS,
        bisect_batch_on_function_error=True,
        maximum_retry_attempts=ATTEMPTS,
        maximum_record_age_in_seconds=OLDEST_SECONDS,
        destination_config={"on_failure": {"destination_arn": given_up.queue.arn}},
        opts=owner.child(),
    )
    return (
        Signal(
            name="late",
            meaning=f"{owner.name} is behind the changes of {database.name}: read its log for what fails.",
            namespace="AWS/Lambda",
            metric="IteratorAge",
            dimensions={"FunctionName": function.name},
            statistic="Maximum",
            threshold=LATE_MILLISECONDS,
            period_seconds=60,
            periods=3,
        ),
    )
