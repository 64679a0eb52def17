"""The double must not be what limits a purchase on this machine."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import httpx
import psutil

from tests.stripe.double import API_KEY, Double

PAYMENTS_PER_CPU_SECOND = 300
PAYMENTS = 600


def test_a_core_confirms_at_least_300_payments_a_second(double: Double, order_id: str) -> None:
    """Measured in processor time of the double, so that other work on the machine does not count."""
    body = urlencode(
        {
            "amount": 5_000,
            "currency": "usd",
            "payment_method": "pm_card_visa",
            "capture_method": "manual",
            "confirm": "true",
            "automatic_payment_methods[enabled]": "true",
            "automatic_payment_methods[allow_redirects]": "never",
            "transfer_group": order_id,
        }
    )
    assert double.process is not None
    process = psutil.Process(double.process.pid)

    def pay(worker: int) -> None:
        with httpx.Client(base_url=double.url, headers={"authorization": f"Bearer {API_KEY}"}) as client:
            for number in range(PAYMENTS // 4):
                headers = {
                    "content-type": "application/x-www-form-urlencoded",
                    "idempotency-key": f"{order_id}/{worker}/{number}",
                }
                assert client.post("/v1/payment_intents", content=body, headers=headers).status_code == 200

    before = process.cpu_times()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(pay, range(4)))
    after = process.cpu_times()
    spent = after.user + after.system - before.user - before.system
    assert PAYMENTS / spent >= PAYMENTS_PER_CPU_SECOND
