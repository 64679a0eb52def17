from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from commerce.notices import NoticeKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail to one address, as text and as HTML."""

    to: str
    subject: str
    text: str
    html: str


class Mailer(Protocol):
    """Sends mail."""

    async def send(self, mail: Mail) -> str:
        """The id that the mail service gave it. Raises MailRefused where sending again would be refused, too."""
        ...


class Directory(Protocol):
    """The users of the marketplace."""

    async def address(self, user_id: str) -> str | None:
        """The user's verified mail address; None for a user who has none or does not exist."""
        ...


class MailBook(Protocol):
    """Which mails were sent, and which addresses are not written to. It keeps no address, only a digest of it."""

    async def claim(self, event_id: int, recipient_id: str, kind: NoticeKind, lease: timedelta) -> bool:
        """Whether this mail is to be sent, by the caller and within `lease`. False for one that is settled.

        Raises MailInProgress while another's claim holds.
        """
        ...

    async def settle(self, event_id: int, recipient_id: str, kind: NoticeKind, message_id: str | None) -> None:
        """The mail was sent under this id; without one it never will be."""
        ...

    async def give_back(self, event_id: int, recipient_id: str, kind: NoticeKind) -> None:
        """The mail could not be sent now: the next delivery may claim it at once."""
        ...

    async def block(self, address: str, reason: str) -> None:
        """Never write to this address again."""
        ...

    async def blocked(self, address: str) -> bool: ...
