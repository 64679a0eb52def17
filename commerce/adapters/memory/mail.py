"""`commerce.ports.MailBook`, `Mailer` and `Directory` in memory."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from commerce.notices import MailInProgress, NoticeKind
from commerce.ports.mail import Mail

_Key = tuple[int, str, NoticeKind]


class MemoryMailBook:
    def __init__(self) -> None:
        self._claimed: dict[_Key, datetime] = {}
        self.settled: dict[_Key, str | None] = {}
        self._blocked: set[str] = set()

    async def claim(self, event_id: int, recipient_id: str, kind: NoticeKind, lease: timedelta) -> bool:
        key, now = (event_id, recipient_id, kind), datetime.now(UTC)
        if key in self.settled:
            return False
        if key in self._claimed and self._claimed[key] > now - lease:
            raise MailInProgress(event_id)
        self._claimed[key] = now
        return True

    async def settle(self, event_id: int, recipient_id: str, kind: NoticeKind, message_id: str | None) -> None:
        self.settled[event_id, recipient_id, kind] = message_id

    async def give_back(self, event_id: int, recipient_id: str, kind: NoticeKind) -> None:
        self._claimed.pop((event_id, recipient_id, kind), None)

    async def block(self, address: str, reason: str) -> None:
        self._blocked.add(address.strip().lower())

    async def blocked(self, address: str) -> bool:
        return address.strip().lower() in self._blocked


class MemoryMailer:
    """Keeps what was sent; raises the errors it was given first."""

    def __init__(self, *errors: Exception) -> None:
        self.sent: list[Mail] = []
        self._errors = list(errors)

    async def send(self, mail: Mail) -> str:
        if self._errors:
            raise self._errors.pop(0)
        self.sent.append(mail)
        return f"mail-{len(self.sent)}"


class MemoryDirectory:
    def __init__(self, addresses: Mapping[str, str]) -> None:
        self._addresses = addresses

    async def address(self, user_id: str) -> str | None:
        return self._addresses.get(user_id)
