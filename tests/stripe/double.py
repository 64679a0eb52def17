"""Starts the double as `marketplace up` does: a process on a free port with a state folder."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import stripe

from toolkit.local.processes.ports import free_port

API_KEY = "sk_test_ofTheTests"
ALL_CAPABILITIES = {"card_payments": {"requested": True}, "transfers": {"requested": True}}


class Double:
    """A double on its own port; `kill` leaves it no chance to write anything."""

    def __init__(self, state: Path, *options: str) -> None:
        self.state = state
        self.options = options
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        own = ["--port", str(self.port), "--state", str(self.state), "--api-key", API_KEY]
        return [sys.executable, "-m", "toolkit.local.stripe", *own, *self.options]

    def start(self) -> None:
        self.process = subprocess.Popen(self.command())
        deadline = time.monotonic() + 20
        while True:
            try:
                if httpx.get(f"{self.url}/_double/health").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            assert self.process.poll() is None, "the double ended while it started"
            assert time.monotonic() < deadline, "the double did not become ready"
            time.sleep(0.05)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
            self.process = None

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)
        self.process = None

    def client(self, *, api_key: str = API_KEY, account: str | None = None, retries: int = 0) -> stripe.StripeClient:
        return stripe.StripeClient(
            api_key, base_addresses={"api": self.url}, stripe_account=account, max_network_retries=retries
        )

    def get(self, path: str) -> Any:
        return httpx.get(f"{self.url}{path}").raise_for_status().json()

    def post(self, path: str) -> Any:
        return httpx.post(f"{self.url}{path}").raise_for_status().json()

    def onboarded_account(self) -> str:
        account = self.client().v1.accounts.create({"type": "express", "capabilities": ALL_CAPABILITIES})
        self.post(f"/_double/accounts/{account.id}/onboard")
        return account.id

    def balance_of(self, account: str, currency: str = "usd") -> tuple[int, int]:
        """Available and pending."""
        amounts = self.get("/_double/ledger").get(account, {}).get(currency, {"available": 0, "pending": 0})
        return amounts["available"], amounts["pending"]


def payment(order_id: str, card: str = "pm_card_visa", amount: int = 5_000, **more: Any) -> Any:
    """Parameters of a confirmed payment that waits for its capture."""
    return {
        "amount": amount,
        "currency": "usd",
        "payment_method": card,
        "capture_method": "manual",
        "confirm": True,
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        "transfer_group": order_id,
        **more,
    }
