"""A running Stripe double, and the real SDK pointed at it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import stripe

from tests.stripe.double import Double


@pytest.fixture(scope="session")
def shared_double(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Double]:
    double = Double(tmp_path_factory.mktemp("stripe"), "--retry-seconds", "0.05", "--delivery-attempts", "4")
    double.start()
    yield double
    double.stop()


@pytest.fixture
def double(shared_double: Double) -> Double:
    """One double for all tests: they use accounts, orders and keys of their own."""
    return shared_double


@pytest.fixture
def own_double(tmp_path: Path) -> Iterator[Callable[..., Double]]:
    """Starts doubles with options of their own; they end with the test."""
    started: list[Double] = []

    def start(*options: str) -> Double:
        double = Double(tmp_path / "stripe", *options)
        double.start()
        started.append(double)
        return double

    yield start
    for double in started:
        double.stop()


@pytest.fixture
def client(double: Double) -> stripe.StripeClient:
    return double.client()


@pytest.fixture
def seller(double: Double) -> str:
    """A connected account that has answered the onboarding."""
    return double.onboarded_account()


_orders = itertools.count(1)


@pytest.fixture
def order_id(request: pytest.FixtureRequest) -> str:
    return f"order-{request.node.name}-{next(_orders)}"
