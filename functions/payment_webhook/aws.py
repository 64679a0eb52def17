"""The payment webhook on Lambda, called by the API with the request's raw body (payload format 2.0)."""

from __future__ import annotations

import base64
import json
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit

from commerce.payments import ForgedWebhook
from functions import event_loop
from functions.aws_lambda import logged

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from functions.payment_webhook.receiver import Receiver

metrics = Metrics()
SIGNATURE = "stripe-signature"


@cache
def _receiver() -> Receiver:
    from functions.payment_webhook.application import open_receiver

    return event_loop.run(open_receiver())


@metrics.log_metrics
@logged
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """200 for an event that was taken, 400 for one that was not signed; anything else leaves the handler as an error,
    which the API answers with 500, and the processor sends the event again."""
    sent = event.get("body") or ""
    body = base64.b64decode(sent) if event.get("isBase64Encoded") else sent.encode()
    try:
        receipt = event_loop.run(_receiver().receive(body, event.get("headers", {}).get(SIGNATURE, "")))
    except ForgedWebhook as forged:
        metrics.add_metric(name="WebhookForged", unit=MetricUnit.Count, value=1)
        problem = {"type": f"/problems/{forged.code}", "title": forged.title, "detail": forged.detail, "status": 400}
        return _answer(HTTPStatus.BAD_REQUEST, "application/problem+json", problem)
    metrics.add_metric(name=f"Webhook{receipt.title()}", unit=MetricUnit.Count, value=1)
    return _answer(HTTPStatus.OK, "application/json", {"receipt": receipt.value})


def _answer(status: HTTPStatus, content_type: str, body: dict[str, Any]) -> dict[str, Any]:
    return {"statusCode": status.value, "headers": {"content-type": content_type}, "body": json.dumps(body)}
