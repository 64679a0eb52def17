"""Describes the SDKs' types over gRPC, from the program's process, which has the SDKs loaded anyway.

The engine then does not load them a second time, which saves a second and most of its memory.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent import futures
from dataclasses import asdict
from typing import Any, Final

import grpc

from toolkit.engine.sdk import Description, InstalledSdk
from toolkit.errors import ToolkitError

_SERVICE: Final = "toolkit.Sdk"
_METHODS: Final = ("resource", "data_source")


def serve_descriptions() -> tuple[Any, str]:
    """Starts a server in this process. Returns it (it stops when nothing refers to it any more) and its address."""
    sdk = InstalledSdk()
    handlers = {name: grpc.unary_unary_rpc_method_handler(_answer(getattr(sdk, name))) for name in _METHODS}
    server = grpc.server(futures.ThreadPoolExecutor(2, "describe"), options=[("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_SERVICE, handlers),))
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    return server, address


def _answer(describe: Callable[[str], Description]) -> Callable[[bytes, Any], bytes]:
    def answer(request: bytes, context: Any) -> bytes:
        try:
            return json.dumps(asdict(describe(request.decode()))).encode()
        except ToolkitError as error:
            return json.dumps({"error": error.message, "next_step": error.next_step}).encode()

    return answer


class RemoteSdk:
    """The SDKs of the program's process. Remembers each answer; without a connection uses the SDKs installed here."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Description] = {}
        self._channel: Any = None

    def connect(self, address: str) -> None:
        self._channel = grpc.insecure_channel(address)

    def close(self) -> None:
        if self._channel is not None:
            self._channel.close()
            self._channel = None

    def resource(self, type: str) -> Description:
        return self._known.get(("resource", type)) or self._request("resource", type)

    def data_source(self, token: str) -> Description:
        return self._known.get(("data_source", token)) or self._request("data_source", token)

    def _request(self, method: str, token: str) -> Description:
        if self._channel is None:
            installed: Description = getattr(InstalledSdk(), method)(token)
            return self._known.setdefault((method, token), installed)
        answer = json.loads(self._channel.unary_unary(f"/{_SERVICE}/{method}")(token.encode()))
        if "error" in answer:
            raise ToolkitError(answer["error"], next_step=answer["next_step"])
        return self._known.setdefault((method, token), Description(**answer))
