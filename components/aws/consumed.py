"""Queues that an event function can take messages from."""

from __future__ import annotations

import pulumi_aws as aws

from components.component import Component
from components.dead_letter_queue import DeadLetterQueue


class ConsumedQueue(Component):
    """What the AWS classes of all queues have, whatever is in their messages."""

    queue: aws.sqs.Queue
    handling_seconds: int
    dead_letters: DeadLetterQueue
