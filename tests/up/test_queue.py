"""The fulfillment queue: at least once, and never for ever."""

from __future__ import annotations

import json
import time

from tests.up.conftest import Running, check_out, until
from toolkit.local.purchase.buying import VISA, follow
from toolkit.local.purchase.receipt import Receipt

QUEUE = "aws:sqs/queue:Queue"


def test_a_duplicate_queue_message_fulfills_an_order_once(running: Running) -> None:
    with running.visitor("twice") as visitor:
        order_id = check_out(visitor, {running.offer(stock=1): 1}, VISA)
        before = follow(visitor, order_id)
        sqs, url = running.boto("sqs"), running.outputs(QUEUE, "fulfillment")["url"]
        for _ in range(2):
            sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"order_id": order_id}))

        def handled() -> bool:
            names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
            counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
            return counts["ApproximateNumberOfMessages"] == "0"

        until(handled, seconds=20, what="both messages taken")
        time.sleep(0.5)
        assert Receipt.model_validate(visitor.get(f"/orders/{order_id}")) == before


def test_a_poisoned_message_ends_in_the_dead_letter_queue(running: Running) -> None:
    """It was sent before everything else here: it held nobody up."""
    sqs = running.boto("sqs")
    dead = running.outputs(QUEUE, "fulfillment-dead-letters")["url"]

    def arrived() -> bool:
        messages = sqs.receive_message(QueueUrl=dead, MaxNumberOfMessages=10, VisibilityTimeout=0).get("Messages", ())
        return any(message["Body"] == running.poison for message in messages)

    until(arrived, seconds=60, what="the message in the dead-letter queue")
