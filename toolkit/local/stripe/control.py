"""Endpoints that Stripe does not have: health, balances, what buyers and sellers do in their browsers, and banks."""

from __future__ import annotations

import json
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from toolkit.local.stripe import funds
from toolkit.local.stripe.call import PLATFORM, Call
from toolkit.local.stripe.delivery import Deliveries
from toolkit.local.stripe.events import public
from toolkit.local.stripe.refusal import Refusal
from toolkit.local.stripe.resources import account_links, accounts, capabilities, disputes, payments
from toolkit.local.stripe.storage import Json

CallOf = Callable[[Request], Call]
FAR_FUTURE = 2**40


def routes(call_of: CallOf, deliveries: Deliveries) -> list[Route]:
    """The `/_double/...` routes. They need no key: the double listens on loopback only."""

    async def health(request: Request) -> Response:
        call_of(request).store.connection.execute("SELECT 1").fetchone()
        return JSONResponse({"status": "ok"})

    async def ledger(request: Request) -> Response:
        call = call_of(request)
        with call.store.transaction():
            return JSONResponse({account: _amounts(call, account) for account in _accounts(call)})

    async def settle(request: Request) -> Response:
        """Make all pending money available now."""
        call = call_of(request)
        with call.store.transaction():
            for account in _accounts(call):
                funds.settle(call, account, until=FAR_FUTURE)
        return JSONResponse({"status": "ok"})

    async def list_deliveries(request: Request) -> Response:
        return JSONResponse({"deliveries": deliveries.all()})

    async def onboard(request: Request) -> Response:
        """Complete the hosted onboarding for an account."""
        call = call_of(request)
        with call.store.transaction():
            account = capabilities.onboard(call, accounts.connected(call, call.path["id"]))
        deliveries.wake()
        return JSONResponse(public(account))

    async def follow_link(request: Request) -> Response:
        call = call_of(request)
        with call.store.transaction():
            target = account_links.follow(call, call.path["id"])
        deliveries.wake()
        return RedirectResponse(target, status_code=303)

    async def authenticate(request: Request) -> Response:
        """Answer 3-D Secure for the buyer: `?outcome=succeeded` (default) or `?outcome=failed`."""
        call = call_of(request)
        with call.store.transaction():
            intent = call.find("payment_intent", call.path["id"], param="intent")
            answer = _authenticated(call, intent, succeeded=request.query_params.get("outcome") != "failed")
        deliveries.wake()
        return JSONResponse(public(answer))

    async def dispute(request: Request) -> Response:
        """The bank of any card disputes a captured charge: `?reason=fraudulent` (default), `&inquiry=true`."""
        call, asked = call_of(request), request.query_params
        with call.store.transaction():
            charge = call.find("charge", call.path["id"])
            reason, inquiry = asked.get("reason", "fraudulent"), asked.get("inquiry") == "true"
            made = disputes.begin(call, charge, reason=reason, inquiry=inquiry)
        deliveries.wake()
        return JSONResponse(public(made))

    async def decide(request: Request) -> Response:
        """The bank decides: `?outcome=lost` (default) or `?outcome=won`."""
        call = call_of(request)
        with call.store.transaction():
            found = call.find("dispute", call.path["id"])
            decided = disputes.decide(call, found, "won" if request.query_params.get("outcome") == "won" else "lost")
        deliveries.wake()
        return JSONResponse(public(decided))

    return [
        Route("/_double/health", health),
        Route("/_double/ledger", ledger),
        Route("/_double/deliveries", list_deliveries),
        Route("/_double/settle", settle, methods=["POST"]),
        Route("/_double/accounts/{id}/onboard", _with_refusals(onboard), methods=["POST"]),
        Route("/_double/onboarding/{id}", _with_refusals(follow_link)),
        Route("/_double/charges/{id}/dispute", _with_refusals(dispute), methods=["POST"]),
        Route("/_double/disputes/{id}/decide", _with_refusals(decide), methods=["POST"]),
        Route("/_double/authenticate/{id}", _with_refusals(authenticate), methods=["GET", "POST"]),
    ]


def _with_refusals(handle: Callable[[Request], object]) -> Callable[[Request], object]:
    async def answered(request: Request) -> Response:
        try:
            response: Response = await handle(request)  # type: ignore[misc]
        except Refusal as refusal:
            return Response(json.dumps(refusal.body()), status_code=refusal.status, media_type="application/json")
        return response

    return answered


def _authenticated(call: Call, intent: Json, *, succeeded: bool) -> Json:
    try:
        return payments.authenticate(call, intent, succeeded=succeeded)
    except Refusal as refusal:
        if not refusal.keeps_changes:
            raise
        return call.find("payment_intent", intent["id"])


def _accounts(call: Call) -> list[str]:
    rows = call.store.connection.execute(
        "SELECT account FROM available UNION SELECT account FROM pending UNION SELECT ?", (PLATFORM,)
    ).fetchall()
    return [row[0] for row in rows]


def _amounts(call: Call, account: str) -> Json:
    return {
        currency: {"available": available, "pending": pending}
        for currency, (available, pending) in sorted(funds.balances(call, account).items())
    }
