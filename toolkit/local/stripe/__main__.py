"""`python -m toolkit.local.stripe --port N --state DIR [--api-key sk_test_...]`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import uvicorn

from toolkit.errors import ToolkitError
from toolkit.local.stripe.app import create_app
from toolkit.local.stripe.call import DEFAULT_API_KEY, Settings
from toolkit.local.stripe.storage import Store


def main() -> int:
    """Serve until a signal; the exit code."""
    defaults = Settings()
    parser = argparse.ArgumentParser(prog="python -m toolkit.local.stripe", description="A Stripe Connect double")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state", type=Path, required=True, help="folder of the state file")
    parser.add_argument("--api-key", default=DEFAULT_API_KEY, help="the only key that is accepted")
    parser.add_argument("--settlement-seconds", type=int, default=defaults.settlement_seconds)
    parser.add_argument("--fee-basis-points", type=int, default=defaults.fee_basis_points)
    parser.add_argument("--fee-fixed", type=int, default=defaults.fee_fixed, help="minor units")
    parser.add_argument("--latency-seconds", type=float, default=defaults.latency_seconds)
    parser.add_argument("--retry-seconds", type=float, default=defaults.retry_seconds)
    parser.add_argument("--delivery-attempts", type=int, default=defaults.delivery_attempts)
    given = parser.parse_args()
    settings = Settings(
        settlement_seconds=given.settlement_seconds,
        fee_basis_points=given.fee_basis_points,
        fee_fixed=given.fee_fixed,
        latency_seconds=given.latency_seconds,
        retry_seconds=given.retry_seconds,
        delivery_attempts=given.delivery_attempts,
    )
    os.umask(0o077)
    try:
        store = Store(given.state)
    except ToolkitError as error:
        sys.stderr.write(f"{error.message}\n{error.next_step}\n")
        return error.exit_code
    app = create_app(store, api_key=given.api_key, settings=settings)
    uvicorn.run(app, host=given.host, port=given.port, access_log=False, log_level="warning")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
