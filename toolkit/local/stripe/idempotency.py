"""Idempotency keys: the first answer of a key is the answer of every later use, for a day."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from toolkit.local.stripe.refusal import Refusal
from toolkit.local.stripe.storage import Json, Store

KEPT_SECONDS = 24 * 3600
LONGEST_KEY = 255


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A status and a JSON body, and the id of the request that made them."""

    status: int
    body: str
    request_id: str


@dataclass(frozen=True, kw_only=True)
class Keys:
    """The keys in use at this moment, and those whose answers are stored. A key belongs to an account."""

    store: Store
    in_use: set[tuple[str, str]] = field(default_factory=set)

    def forget_old(self, now: int) -> None:
        """Delete the answers that are older than Stripe keeps them."""
        self.store.connection.execute("DELETE FROM answers WHERE created < ?", (now - KEPT_SECONDS,))

    def replay(self, account: str, key: str, fingerprint: str, now: int) -> Answer | None:
        """The stored answer of the key.

        Raises `Refusal` when the key is longer than 255 characters, is being used by a request that has not ended
        (409), or was used with another path or other parameters (400, idempotency_error).
        """
        if len(key) > LONGEST_KEY:
            raise Refusal(
                "Idempotency keys may be at most 255 characters long.", kind="idempotency_error", executed=False
            )
        if (account, key) in self.in_use:
            raise Refusal(
                "There is currently another in-progress request using this Idempotent Key (that probably means you "
                f"submitted twice, and the other request is still going through): {key}. Please try again later.",
                status=409,
                kind="idempotency_error",
                code="idempotency_key_in_use",
                executed=False,
            )
        row = self.store.connection.execute(
            "SELECT fingerprint, status, body, request_id FROM answers WHERE account = ? AND key = ? AND created >= ?",
            (account, key, now - KEPT_SECONDS),
        ).fetchone()
        if row is None:
            return None
        if row[0] != fingerprint:
            raise Refusal(
                "Keys for idempotent requests can only be used with the same parameters they were first used with. "
                f"Try using a key other than '{key}' if you meant to execute a different request.",
                kind="idempotency_error",
                executed=False,
            )
        return Answer(status=row[1], body=row[2], request_id=row[3])

    def remember(self, account: str, key: str, fingerprint: str, answer: Answer, now: int) -> None:
        """Store the answer, in the transaction of the change it reports."""
        self.store.connection.execute(
            "INSERT OR REPLACE INTO answers (account, key, fingerprint, status, body, request_id, created) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (account, key, fingerprint, answer.status, answer.body, answer.request_id, now),
        )


def fingerprint(method: str, path: str, parameters: dict[str, Any]) -> str:
    """A hash of what must not differ between two uses of a key."""
    request: Json = {"method": method, "path": path, "parameters": parameters}
    return hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()
