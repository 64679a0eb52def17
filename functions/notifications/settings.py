"""The notifications function's own settings; its link to the order database has its own."""

from __future__ import annotations

from functions.settings import FunctionSettings


class NotificationsSettings(FunctionSettings):
    """`AUTH_DIRECTORY` (where addresses are looked up), `NOTIFICATIONS_SENDER` (the address mails come from; without it
    none is sent) and `NOTIFICATIONS_PROFILE` (how they are sent)."""

    auth_directory: str
    notifications_sender: str | None = None
    notifications_profile: str
