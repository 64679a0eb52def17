"""The Lua scripts of this folder, loaded once and called by their hash."""

from __future__ import annotations

from pathlib import Path

from redis.asyncio import Redis
from redis.commands.core import AsyncScript

_FOLDER = Path(__file__).with_name("lua")


def script(client: Redis, name: str) -> AsyncScript:
    """A callable for `lua/<name>.lua`; a server that does not know it (it restarted) is sent the text again."""
    return client.register_script((_FOLDER / f"{name}.lua").read_text("utf-8"))
