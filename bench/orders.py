"""Orders fulfilled per second by the whole stack on this machine: buyers' journeys through the gateway.

A buyer puts two sellers' items in the cart, checks out and reads the order until it is fulfilled, again and again.
"""

from __future__ import annotations

import itertools
import json
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil
from rich.console import Console

from bench.load import Load
from bench.report import Measure
from toolkit.local.processes.ports import free_port
from toolkit.local.purchase.buying import VISA, stock_shelves
from toolkit.local.purchase.visitor import sign_in
from toolkit.local.stack.deployment import LocalStack, Settings
from toolkit.local.stack.steps import Steps

ROOT = Path(__file__).resolve().parent.parent
BUYERS = 32
WARM_SECONDS = 5.0
SECONDS = 20.0
READ_AGAIN_SECONDS = 0.25
STOCK = 1_000_000


def measure() -> list[Measure]:
    """Starts the dev stack in a temporary folder and lets the buyers buy for some seconds."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(root=ROOT, stack="dev", state=Path(folder), port=free_port())
        with LocalStack(settings, Steps(Console(quiet=True))) as stack:
            run = stack.up()
            cognito = stack.machine.boto("cognito-idp")
            stock_shelves(cognito, stack.user_pool, stack.url)
            tokens = [sign_in(cognito, stack.user_pool, f"buyer-{number}@bench.example") for number in range(BUYERS)]
            names = {identity.pid: name for name, identity in stack.machine.recorded().items()}
            load, busy = _buy(stack.url, tokens, names)
    assert run.resources.create
    return [
        Measure(
            name="orders fulfilled",
            value=f"{load.per_second:.1f}/s, p50 {load.percentile_ms(50):,.0f} ms, p99 {load.percentile_ms(99):,.0f} ms "
            f"({len(load.latencies_seconds)} orders, {BUYERS} buyers)",
            ratio=f"{sum(busy.values()) / load.per_second * 1000:.0f} ms of processor time each",
        ),
        *(
            Measure(
                name=f"processor time of {name}",
                value=f"{share / load.per_second * 1000:.1f} ms per order",
                ratio=f"{share / sum(busy.values()):.2f}",
            )
            for name, share in sorted(busy.items(), key=lambda item: -item[1])
        ),
    ]


def _buy(url: str, tokens: Sequence[str], names: dict[int, str]) -> tuple[Load, dict[str, float]]:
    with httpx.Client(base_url=url, trust_env=False) as client:
        items = client.get("/catalog/products").json()["items"]
    offers = [offer["offer_id"] for item in items for offer in item["offers"]]
    started = time.perf_counter()
    first, last = started + WARM_SECONDS, started + WARM_SECONDS + SECONDS
    latencies: list[float] = []

    def journeys(token: str, number: int) -> None:
        with httpx.Client(
            base_url=url, headers={"authorization": f"Bearer {token}"}, trust_env=False, timeout=60
        ) as me:
            for turn in itertools.count(number):
                begun = time.perf_counter()
                if begun > last:
                    return
                answer = me.put(f"/cart/items/{offers[turn % len(offers)]}", json={"quantity": 1})
                assert answer.status_code == 200, answer.text
                checkout = time.perf_counter()
                accepted = me.post(
                    "/checkout", json={"payment_method": VISA}, headers={"idempotency-key": f"{number}-{turn}"}
                )
                assert accepted.status_code == 202, accepted.text
                path = f"/orders/{accepted.json()['order_id']}"
                while (order := me.get(path).json())["status"] != "fulfilled":
                    assert order["status"] != "failed", order
                    time.sleep(READ_AGAIN_SECONDS)
                ended = time.perf_counter()
                if first < ended <= last:
                    latencies.append(ended - checkout)

    with ThreadPoolExecutor(len(tokens)) as pool:
        buyers = [pool.submit(journeys, token, number) for number, token in enumerate(tokens)]
        time.sleep(max(0.0, first - time.perf_counter()))
        before = _processor_seconds(names)
        time.sleep(max(0.0, last - time.perf_counter()))
        after = _processor_seconds(names)
        for buyer in buyers:
            buyer.result()
    busy = {name: (after[name] - before.get(name, 0.0)) / SECONDS for name in after}
    return Load(seconds=SECONDS, latencies_seconds=latencies), busy


def _processor_seconds(names: dict[int, str]) -> dict[str, float]:
    seconds = {"the buyers": sum(psutil.Process().cpu_times()[:2])}
    for pid, name in names.items():
        try:
            process = psutil.Process(pid)
            family = [process, *process.children(recursive=True)]
            t = [sum(m.cpu_times()[i] for m in family) for i in (0, 1)]
            print(
                name,
                [round(x, 2) for x in t],
                sum(m.num_threads() for m in family),
                sum(m.num_ctx_switches().voluntary for m in family),
            )
            seconds[name] = sum(t)
        except psutil.NoSuchProcess:
            continue
    return seconds
