"""Webhook delivery: signed as Stripe signs, retried until the receiver answers 2xx, resumed after a restart."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx

from toolkit.local.stripe.call import Settings
from toolkit.local.stripe.events import public
from toolkit.local.stripe.storage import Json, Store

TIMEOUT_SECONDS = 10.0
BATCH = 50


def sign(payload: bytes, secret: str, moment: int) -> str:
    """The `Stripe-Signature` header of a payload sent at `moment` (seconds since the epoch)."""
    signature = hmac.new(secret.encode(), f"{moment}.".encode() + payload, hashlib.sha256).hexdigest()
    return f"t={moment},v1={signature}"


class Deliveries:
    """Sends the pending rows of the `deliveries` table."""

    def __init__(self, *, store: Store, settings: Settings) -> None:
        self.store = store
        self.settings = settings
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Look for deliveries now rather than when the next one is due."""
        self._woken.set()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Deliver until the block ends."""
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False) as client:
            task = asyncio.create_task(self._run(client))
            try:
                yield
            finally:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    async def _run(self, client: httpx.AsyncClient) -> None:
        while True:
            self._woken.clear()
            due = self._due(time.time())
            if due:
                await asyncio.gather(*(self._deliver(client, event, endpoint) for event, endpoint in due))
                continue
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), self._pause())

    def _due(self, now: float) -> Sequence[tuple[str, str]]:
        return self.store.connection.execute(
            "SELECT event, endpoint FROM deliveries WHERE state = 'pending' AND due <= ? ORDER BY due LIMIT ?",
            (now, BATCH),
        ).fetchall()

    def _pause(self) -> float | None:
        row = self.store.connection.execute("SELECT MIN(due) FROM deliveries WHERE state = 'pending'").fetchone()
        return None if row[0] is None else max(0.0, row[0] - time.time())

    async def _deliver(self, client: httpx.AsyncClient, event_id: str, endpoint_id: str) -> None:
        event = self._body(event_id)
        endpoint = self._body(endpoint_id)
        if event is None or endpoint is None or endpoint["status"] != "enabled":
            self._settle(event_id, endpoint_id, state="dropped", answer="endpoint gone or disabled", due=0.0)
            return
        payload = json.dumps(public(event), indent=2).encode()
        headers = {
            "content-type": "application/json; charset=utf-8",
            "stripe-signature": sign(payload, endpoint["_secret"], int(time.time())),
            "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        }
        try:
            response = await client.post(endpoint["url"], content=payload, headers=headers)
            accepted, answer = response.is_success, str(response.status_code)
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            accepted, answer = False, f"{type(error).__name__}: {error}"
        attempts = self._attempts(event_id, endpoint_id) + 1
        if accepted:
            self._settle(event_id, endpoint_id, state="delivered", answer=answer, due=0.0)
        elif attempts >= self.settings.delivery_attempts:
            self._settle(event_id, endpoint_id, state="failed", answer=answer, due=0.0)
        else:
            due = time.time() + self.settings.retry_seconds * 2 ** (attempts - 1)
            self._settle(event_id, endpoint_id, state="pending", answer=answer, due=due)

    def _body(self, identifier: str) -> Json | None:
        row = self.store.connection.execute("SELECT body FROM objects WHERE id = ?", (identifier,)).fetchone()
        return None if row is None else json.loads(row[0])

    def _attempts(self, event: str, endpoint: str) -> int:
        row = self.store.connection.execute(
            "SELECT attempts FROM deliveries WHERE event = ? AND endpoint = ?", (event, endpoint)
        ).fetchone()
        return int(row[0])

    def _settle(self, event: str, endpoint: str, *, state: str, answer: str, due: float) -> None:
        with self.store.transaction():
            self.store.connection.execute(
                "UPDATE deliveries SET attempts = attempts + 1, state = ?, answer = ?, due = ? "
                "WHERE event = ? AND endpoint = ?",
                (state, answer, due, event, endpoint),
            )
            body = self._body(event)
            if body is not None and state != "pending":
                body["pending_webhooks"] = max(0, body["pending_webhooks"] - 1)
                self.store.save(body)

    def all(self) -> list[dict[str, Any]]:
        """Every delivery, oldest first: event, endpoint, attempts, state and the receiver's last answer."""
        rows = self.store.connection.execute(
            "SELECT event, endpoint, attempts, state, answer FROM deliveries ORDER BY rowid"
        ).fetchall()
        names = ("event", "endpoint", "attempts", "state", "answer")
        return [dict(zip(names, row, strict=True)) for row in rows]
