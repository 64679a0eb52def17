"""The double's state folder."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import stripe

from tests.stripe.double import Double, payment


def test_what_was_answered_is_still_there_after_a_kill(own_double: Callable[..., Double], order_id: str) -> None:
    double = own_double()
    client, seller = double.client(), double.onboarded_account()
    intent = client.v1.payment_intents.create(payment(order_id), {"idempotency_key": order_id})
    charge = str(client.v1.payment_intents.capture(intent.id).latest_charge)
    transfer = client.v1.transfers.create(
        {"amount": 900, "currency": "usd", "destination": seller, "source_transaction": charge}
    )
    double.kill()
    double.start()
    assert client.v1.payment_intents.retrieve(intent.id).amount_received == 5_000
    assert client.v1.payment_intents.create(payment(order_id), {"idempotency_key": order_id}).id == intent.id
    assert client.v1.transfers.retrieve(transfer.id).amount == 900
    assert double.balance_of(seller) == (0, 900)
    assert client.v1.accounts.retrieve(seller).payouts_enabled


def test_a_kill_under_load_loses_no_answered_payment(own_double: Callable[..., Double], order_id: str) -> None:
    double = own_double()
    answered: list[str] = []

    def pay(number: int) -> None:
        client = double.client()
        for attempt in range(1_000):
            try:
                parameters = payment(order_id, amount=1_000 + number)
                answered.append(client.v1.payment_intents.create(parameters).id)
            except stripe.APIConnectionError:
                return
            if number == 0 and attempt == 25:
                double.kill()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(pay, range(4)))
    double.start()
    kept = {intent.id for intent in double.client().v1.payment_intents.list({"limit": 100}).auto_paging_iter()}
    assert len(answered) > 25
    assert set(answered) <= kept
    assert len(kept) <= len(answered) + 4, "at most the payments that were being answered may be there besides"
    charges = double.client().v1.charges.list({"limit": 100}).auto_paging_iter()
    assert {charge.payment_intent for charge in charges} == kept


def test_two_doubles_do_not_share_a_state_folder(own_double: Callable[..., Double]) -> None:
    double = own_double()
    second = subprocess.run(Double(double.state).command(), capture_output=True, text=True, timeout=20, check=False)
    assert second.returncode == 1
    assert "Stop the other Stripe double" in second.stderr
    assert "Traceback" not in second.stderr


def test_a_state_file_of_another_kind_is_refused_in_words(own_double: Callable[..., Double]) -> None:
    double = own_double()
    double.stop()
    (double.state / "stripe.sqlite3-wal").unlink(missing_ok=True)
    (double.state / "stripe.sqlite3").write_bytes(b"not a database, but long enough to be one" * 100)
    ended = subprocess.run(double.command(), capture_output=True, text=True, timeout=20, check=False)
    assert ended.returncode == 1
    assert "is not a state file" in ended.stderr
    assert "Traceback" not in ended.stderr
