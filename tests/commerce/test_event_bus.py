"""Events through SNS to queues that filter by type, against moto."""

from __future__ import annotations

import json

import boto3
from commerce_samples import NOON

from commerce.adapters import cloud
from commerce.events import DomainEvent, EventType, RecordedEvent

REGION = "eu-central-1"


def recorded(number: int, type: EventType = EventType.ORDER_ACCEPTED) -> RecordedEvent:
    return RecordedEvent(
        event_id=number, event=DomainEvent(type=type, subject_id=f"o{number}", data={"total": 1}, occurred_at=NOON)
    )


def subscribed(topic: str, name: str, **attributes: str) -> str:
    sqs = boto3.client("sqs", region_name=REGION)
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    boto3.client("sns", region_name=REGION).subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true", **attributes}
    )
    return str(url)


def received(url: str) -> list[RecordedEvent]:
    sqs, events = boto3.client("sqs", region_name=REGION), []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        events += [RecordedEvent.from_message(message["Body"]) for message in messages]
    return sorted(events, key=lambda event: event.event_id)


async def test_events_of_any_number_arrive_whole_at_each_queue_that_wants_them(aws: None) -> None:
    topic = boto3.client("sns", region_name=REGION).create_topic(Name="events")["TopicArn"]
    everything = subscribed(topic, "everything")
    failures = subscribed(topic, "failures", FilterPolicy=json.dumps({"type": ["order_failed"]}))
    events = [recorded(number) for number in range(23)] + [recorded(23, EventType.ORDER_FAILED)]
    bus = cloud.load("aws").event_bus(topic)
    assert await bus.publish(events) == set(range(24))
    assert received(everything) == events
    assert received(failures) == events[23:]


async def test_nothing_to_publish_calls_nobody(aws: None) -> None:
    assert await cloud.load("aws").event_bus("arn:aws:sns:eu-central-1:123456789012:nowhere").publish([]) == frozenset()
