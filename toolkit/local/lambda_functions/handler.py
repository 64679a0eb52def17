"""Calls a handler as Lambda's Python runtime does: context object, errors, results as JSON."""

from __future__ import annotations

import importlib
import json
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from toolkit.local.lambda_functions.configuration import LambdaConfiguration


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The result or the error of an invocation, as JSON."""

    payload: bytes
    is_error: bool = False


class InitError(Exception):
    """The handler could not be loaded; `details` is what Lambda would log."""

    def __init__(self, error_type: str, message: str, details: str) -> None:
        super().__init__(message)
        self.details = f"[ERROR] {error_type}: {message}\n{details}".rstrip()


class Context:
    """The second argument of a handler."""

    def __init__(self, configuration: LambdaConfiguration, request_id: str, deadline: float) -> None:
        self.function_name = configuration.name
        self.function_version = "$LATEST"
        self.memory_limit_in_mb = str(configuration.memory_mib)
        self.invoked_function_arn = configuration.arn
        self.aws_request_id = request_id
        self.log_group_name = f"/aws/lambda/{configuration.name}"
        self.log_stream_name = ""
        self.identity = SimpleNamespace(cognito_identity_id=None, cognito_identity_pool_id=None)
        self.client_context = None
        self._deadline = deadline

    def get_remaining_time_in_millis(self) -> int:
        """Until the time-out, never negative."""
        return max(0, int((self._deadline - time.time()) * 1000))


class Handler:
    """A loaded handler."""

    def __init__(self, call: Callable[[Any, Any], Any]) -> None:
        self._call = call

    @classmethod
    def load(cls, path: str) -> Handler:
        """Imports `package.module.function`; raises `InitError` with the name that Lambda gives to the failure."""
        module, _, name = path.rpartition(".")
        try:
            call = getattr(importlib.import_module(module.replace("/", ".")), name)
        except ImportError as error:
            message = f"Unable to import module '{module}': {error}"
            raise InitError("Runtime.ImportModuleError", message, traceback.format_exc()) from error
        except AttributeError as error:
            if traceback.extract_tb(error.__traceback__)[-1].filename != __file__:
                raise InitError("AttributeError", str(error), traceback.format_exc()) from error
            message = f"Handler '{name}' missing on module '{module}'"
            raise InitError("Runtime.HandlerNotFound", message, "") from error
        except Exception as error:
            raise InitError(type(error).__name__, str(error), traceback.format_exc()) from error
        return cls(call)

    def call(self, event: bytes, *, request_id: str, deadline: float, configuration: LambdaConfiguration) -> Answer:
        """Runs the handler; an exception becomes an error answer and a line in the log."""
        try:
            value = json.loads(event)
        except ValueError as error:
            return failure("Runtime.UnmarshalError", f"Unable to unmarshal input: {error}", request_id)
        try:
            result = self._call(value, Context(configuration, request_id, deadline))
        except Exception as error:
            sys.stderr.write(f"[ERROR] {request_id} {traceback.format_exc()}")
            frames = traceback.extract_tb(error.__traceback__)[1:]
            return failure(type(error).__name__, str(error), request_id, traceback.format_list(frames))
        try:
            return Answer(payload=json.dumps(result, default=_as_json).encode())
        except (TypeError, ValueError) as error:
            return failure("Runtime.MarshalError", f"Unable to marshal response: {error}", request_id)


def failure(error_type: str, message: str, request_id: str, stack: list[str] | None = None) -> Answer:
    """An error as Lambda answers it; state machines match `errorType`."""
    body = {"errorMessage": message, "errorType": error_type, "requestId": request_id, "stackTrace": stack or []}
    return Answer(payload=json.dumps(body).encode(), is_error=True)


def _as_json(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
