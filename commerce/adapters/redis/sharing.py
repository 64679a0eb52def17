"""A client whose concurrent commands share round trips."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis

from commerce.adapters.batches import Batches
from commerce.adapters.tracing import recording, waiting_for

_Command = tuple[tuple[Any, ...], dict[str, Any]]


class SharingRedis(Redis):
    """What several tasks ask at the same time is written at once and read at once.

    Each caller gets the answer or the error of its own command; an outage is told to all who share the batch. Blocking
    commands do not belong here.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._batches: Batches[_Command, Any] = Batches(self._together, at_once=1, most=128)

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        if not recording():
            return await self._batches.result((args, options))
        with waiting_for("redis", str(args[0])):
            return await self._batches.result((args, options))

    async def _together(self, commands: Sequence[_Command]) -> Sequence[Any]:
        if len(commands) == 1:
            ((args, options),) = commands
            return [await super().execute_command(*args, **options)]  # type: ignore[no-untyped-call]
        async with self.pipeline(transaction=False) as pipeline:
            for args, options in commands:
                pipeline.pipeline_execute_command(*args, **options)  # type: ignore[no-untyped-call]
            return await pipeline.execute(raise_on_error=False)
