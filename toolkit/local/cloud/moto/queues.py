"""SQS: moto's queues without the work that grows with their length, and without the loss of a message."""

from __future__ import annotations

from moto.core.utils import unix_time
from moto.sqs.models import Message, Queue, SQSBackend


def make_fast() -> None:
    """Replaces two methods of moto."""

    def is_message_valid(self: SQSBackend, queue_name: str, message: Message) -> bool:
        """moto counts all messages of the queue, to answer with every attribute, for each message that it hands out."""
        kept: int = self.get_queue(queue_name).message_retention_period
        return bool(unix_time() < message.sent_timestamp / 1000 + kept)

    delete = Queue.delete_message

    def delete_message(self: Queue, receipt_handle: str) -> None:
        """moto writes the list of messages anew: one that came meanwhile would be lost."""
        with self._messages_lock:
            delete(self, receipt_handle)

    SQSBackend.is_message_valid_based_on_retention_period = is_message_valid
    Queue.delete_message = delete_message
