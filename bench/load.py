"""A closed-loop HTTP load generator that is cheap enough to share two cores with what it measures."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Self


@dataclass(frozen=True, kw_only=True)
class Load:
    """What a run of requests came to."""

    seconds: float
    latencies_seconds: Sequence[float]
    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def per_second(self) -> float:
        return len(self.latencies_seconds) / self.seconds

    def percentile_ms(self, percent: float) -> float:
        """Latency below which `percent` of the requests were answered, in milliseconds."""
        ordered = sorted(self.latencies_seconds)
        return 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]

    def with_(self, later: Load) -> Load:
        """Both runs as one: a machine's speed drifts, so a limit is measured before and after what it limits."""
        return Load(
            seconds=self.seconds + later.seconds,
            latencies_seconds=[*self.latencies_seconds, *later.latencies_seconds],
            statuses=self.statuses + later.statuses,
        )


def request(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """One HTTP/1.1 request, ready to write; header names with underscores become dashes."""
    lines = [f"{method} {path} HTTP/1.1", "host: bench", f"content-length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def drive(port: int, requests: Sequence[bytes], *, connections: int) -> Load:
    """Sends the requests over keep-alive connections to 127.0.0.1, each connection one at a time."""
    queue = iter(requests)
    latencies: list[float] = []
    statuses: Counter[int] = Counter()
    started = time.perf_counter()
    await asyncio.gather(*(_connection(port, queue, latencies, statuses) for _ in range(connections)))
    return Load(seconds=time.perf_counter() - started, latencies_seconds=latencies, statuses=statuses)


async def _connection(port: int, queue: Iterator[bytes], latencies: list[float], statuses: Counter[int]) -> None:
    async with Connection(port) as connection:
        for payload in queue:
            sent = time.perf_counter()
            status, _ = await connection.send(payload)
            latencies.append(time.perf_counter() - sent)
            statuses[status] += 1


class Connection:
    """One keep-alive connection to 127.0.0.1, for one request at a time; `headers` go with each `exchange`."""

    def __init__(self, port: int, **headers: str) -> None:
        self._port = port
        self._headers = headers

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    async def exchange(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        """Status and body of the answer."""
        return await self.send(request(method, path, body, **self._headers))

    async def send(self, payload: bytes) -> tuple[int, bytes]:
        """The same for a request that is ready to write."""
        self._writer.write(payload)
        head = await self._reader.readuntil(b"\r\n\r\n")
        return int(head[9:12]), await self._reader.readexactly(_content_length(head))


def _content_length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    return 0


async def repeat(call: Callable[[int], Awaitable[object]], *, count: int, workers: int) -> Load:
    """Calls an engine's own client the same way, to measure the limit below the service."""
    numbers = iter(range(count))
    latencies: list[float] = []

    async def worker() -> None:
        for number in numbers:
            sent = time.perf_counter()
            await call(number)
            latencies.append(time.perf_counter() - sent)

    started = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(workers)))
    return Load(seconds=time.perf_counter() - started, latencies_seconds=latencies)
