"""Orders that the whole stack on this machine fulfills in a second: buyers' journeys through the gateway.

A buyer puts an item in the cart, checks out, and reads the order until it is fulfilled, again and again.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console

from bench.load import Connection, Load
from bench.report import Measure
from toolkit.cli import stay_on_this_machine
from toolkit.local.processes.ports import free_port
from toolkit.local.purchase.buying import VISA, stock_shelves
from toolkit.local.purchase.visitor import sign_in
from toolkit.local.stack.deployment import LocalStack, Settings
from toolkit.local.stack.steps import Steps

ROOT = Path(__file__).resolve().parent.parent
BUYERS = 32
WORKERS = 3
"""Of the saga's Lambda function: each step of an order waits for PostgreSQL or Stripe most of its time."""
WARM_SECONDS = 5.0
SECONDS = 20.0
READ_AGAIN_SECONDS = 0.25
CLIENTS = "the buyers"


def measure() -> list[Measure]:
    """Starts the dev stack in a temporary folder and lets the buyers buy for some seconds.

    A buyer sees that an order is fulfilled at the next reading, so each time is up to 0.25 s too long.
    """
    stay_on_this_machine()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(root=ROOT, stack="dev", state=Path(folder), port=free_port(), workers=WORKERS)
        with LocalStack(settings, Steps(Console(quiet=True))) as stack:
            stack.up()
            cognito = stack.machine.boto("cognito-idp")
            stock_shelves(cognito, stack.user_pool, stack.url)
            tokens = [sign_in(cognito, stack.user_pool, f"buyer-{number}@bench.example") for number in range(BUYERS)]
            processes = {name: identity.pid for name, identity in stack.machine.recorded().items()}
            return asyncio.run(_measure(settings.port, tokens, processes))


async def _measure(port: int, tokens: Sequence[str], processes: Mapping[str, int]) -> list[Measure]:
    offers = await _offers(port)
    started = time.perf_counter()
    first, last = started + WARM_SECONDS, started + WARM_SECONDS + SECONDS
    buyers = [
        asyncio.create_task(_journeys(port, token, offers[number % len(offers)], first, last))
        for number, token in enumerate(tokens)
    ]
    await asyncio.sleep(first - time.perf_counter())
    before = _processor_seconds(processes)
    await asyncio.sleep(last - time.perf_counter())
    after = _processor_seconds(processes)
    load = Load(seconds=SECONDS, latencies_seconds=[latency for journey in buyers for latency in await journey])
    orders = len(load.latencies_seconds)
    assert orders, f"no order was fulfilled within {SECONDS:.0f} seconds"
    used = {name: 1000 * (seconds - before[name]) / orders for name, seconds in after.items()}
    together = sum(used.values())
    return [
        Measure(
            name="orders fulfilled",
            value=f"{load.per_second:.1f}/s, p50 {load.percentile_ms(50):,.0f} ms, p99 {load.percentile_ms(99):,.0f} ms"
            f" ({orders} orders, {BUYERS} buyers), {together:.0f} ms of processor time each",
        ),
        *(
            Measure(name=f"of that in {name}", value=f"{share:.1f} ms", ratio=f"{share / together:.2f}")
            for name, share in sorted(used.items(), key=lambda item: -item[1])
        ),
    ]


async def _offers(port: int) -> list[str]:
    async with Connection(port) as connection:
        _, page = await connection.exchange("GET", "/catalog/products")
    return [offer["offer_id"] for item in json.loads(page)["items"] for offer in item["offers"]]


async def _journeys(port: int, token: str, offer_id: str, first: float, last: float) -> list[float]:
    """Seconds from checkout to fulfillment of each order that was fulfilled between two times."""
    latencies: list[float] = []
    async with Connection(port, authorization=f"Bearer {token}", content_type="application/json") as me:
        while time.perf_counter() < last:
            await _ask(me, 200, "PUT", f"/cart/items/{offer_id}", {"quantity": 1})
            started = time.perf_counter()
            order = await _ask(me, 202, "POST", "/checkout", {"payment_method": VISA})
            while order["status"] != "fulfilled":
                assert order["status"] != "failed", order
                await asyncio.sleep(READ_AGAIN_SECONDS)
                order = await _ask(me, 200, "GET", f"/orders/{order['order_id']}")
            ended = time.perf_counter()
            if first < ended <= last:
                latencies.append(ended - started)
    return latencies


async def _ask(me: Connection, expected: int, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
    status, answer = await me.exchange(method, path, json.dumps(body).encode() if body else b"")
    assert status == expected, answer
    return json.loads(answer)


def _processor_seconds(processes: Mapping[str, int]) -> dict[str, float]:
    """What each process and its children have used."""
    seconds = {CLIENTS: sum(psutil.Process().cpu_times()[:2])}
    for name, pid in processes.items():
        parent = psutil.Process(pid)
        family = [parent, *parent.children(recursive=True)]
        seconds[name] = sum(sum(member.cpu_times()[:2]) for member in family)
    return seconds
