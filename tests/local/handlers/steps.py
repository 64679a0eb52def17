"""Handlers for the tests of the runtime, the interpreter and the poller."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any


class SoldOut(Exception):
    """A business error that a state machine catches by name."""


def step(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Does what the event asks for and tells what it saw."""
    match event.get("do"):
        case "raise":
            raise SoldOut("nothing left of o-1")
        case "sleep":
            time.sleep(event["seconds"])
        case "die":
            os.kill(os.getpid(), 9)
        case "die once":
            marker = Path(event["marker"])
            if not marker.exists():
                marker.touch()
                os.kill(os.getpid(), 9)
        case "fail until":
            attempts = Path(event["attempts"])
            with attempts.open("a") as file:
                file.write("x")
            if len(attempts.read_text()) < event["last"]:
                raise SoldOut("not yet")
        case "unserializable":
            return {"handler": step}
        case "print":
            sys.stdout.write("printed by the handler\n")
    return {
        "order_id": event.get("order_id"),
        "step": event.get("step"),
        "remaining_milliseconds": context.get_remaining_time_in_millis(),
        "request_id": context.aws_request_id,
        "arn": context.invoked_function_arn,
        "name": os.environ["AWS_LAMBDA_FUNCTION_NAME"],
        "trace": os.environ["_X_AMZN_TRACE_ID"],
        "pid": os.getpid(),
    }
