"""The payment webhook as API Gateway calls it."""

from __future__ import annotations

import base64
import importlib
import json
from types import SimpleNamespace
from typing import Any

import pytest

from commerce.payment_news import Notice, PaymentMoved
from commerce.payments import ForgedWebhook
from functions.payment_webhook.receiver import Receiver

CONTEXT = SimpleNamespace(
    function_name="payment-webhook",
    memory_limit_in_mb=256,
    invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:payment-webhook",
    aws_request_id="request",
)
RAW = b'{"id": "evt_1",  "note": "\xc3\xa9"}\n'


class Notices:
    def __init__(self) -> None:
        self.seen: list[tuple[bytes, str]] = []

    async def verify(self, body: bytes, signature: str) -> Notice:
        self.seen.append((body, signature))
        if signature == "forged":
            raise ForgedWebhook("The webhook's signature was not accepted.")
        news = None if signature == "unknown" else PaymentMoved(order_id="o1", payment_intent_id="pi_1")
        return Notice(event_id="evt_1", type="any", news=news)


class Inbox:
    def __init__(self) -> None:
        self.taken: set[str] = set()
        self.away = False

    async def take(self, notice: Notice) -> bool:
        if self.away:
            raise ConnectionError("the database is away")
        known = notice.event_id in self.taken
        self.taken.add(notice.event_id)
        return not known


@pytest.fixture
def stores(monkeypatch: pytest.MonkeyPatch) -> tuple[Notices, Inbox]:
    for name, value in {"CLOUD": "aws", "SERVICE_NAME": "w", "POWERTOOLS_METRICS_NAMESPACE": "Marketplace",
                        "POWERTOOLS_SERVICE_NAME": "w", "AWS_REGION": "us-east-1"}.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    notices, inbox = Notices(), Inbox()
    monkeypatch.setattr(entry(), "_receiver", lambda: Receiver(notices=notices, inbox=inbox))
    return notices, inbox


def entry() -> Any:
    """Imported with the first test: it reads its namespace then."""
    return importlib.import_module("functions.payment_webhook.aws")


def call(signature: str = "good", *, encoded: bool = False) -> dict[str, Any]:
    body = base64.b64encode(RAW).decode() if encoded else RAW.decode()
    event = {"headers": {"stripe-signature": signature}, "body": body, "isBase64Encoded": encoded}
    answer: dict[str, Any] = entry().handler(event, CONTEXT)
    return answer


def test_an_event_is_taken_once_and_answered_alike_when_it_is_repeated(stores: tuple[Notices, Inbox]) -> None:
    first, again = call(), call()
    assert [json.loads(one["body"])["receipt"] for one in (first, again)] == ["handled", "repeated"]
    assert first["statusCode"] == again["statusCode"] == 200


@pytest.mark.parametrize("encoded", [False, True])
def test_the_signature_is_verified_on_the_bytes_that_were_sent(stores: tuple[Notices, Inbox], encoded: bool) -> None:
    call(encoded=encoded)
    assert stores[0].seen == [(RAW, "good")]


def test_what_says_nothing_here_is_taken_and_not_stored(stores: tuple[Notices, Inbox]) -> None:
    assert json.loads(call("unknown")["body"]) == {"receipt": "ignored"}
    assert stores[1].taken == set()


def test_a_forged_event_is_refused_and_touches_nothing(stores: tuple[Notices, Inbox]) -> None:
    answer = call("forged")
    assert answer["statusCode"] == 400
    assert json.loads(answer["body"])["type"] == "/problems/forged-webhook"
    assert stores[1].taken == set()


def test_an_event_that_could_not_be_stored_is_not_acknowledged(stores: tuple[Notices, Inbox]) -> None:
    stores[1].away = True
    with pytest.raises(ConnectionError):
        call()
