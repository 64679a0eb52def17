"""Puts a provider behind gRPC, so that the real Pulumi CLI can drive it (`PULUMI_DEBUG_PROVIDERS`)."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager
from typing import Any, TypeAlias

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from toolkit.engine import paths, urns
from toolkit.engine.monitor import MAX_MESSAGE_BYTES
from toolkit.engine.provider import Provider, ProviderError
from toolkit.engine.values import decode, encode

Context: TypeAlias = Any
"""A `grpc.ServicerContext`; grpcio publishes no types."""


class Server:
    """A provider listening on the loopback interface until `stop()`."""

    def __init__(self, server: Any, port: int) -> None:
        self.port = port
        self._server = server

    def stop(self) -> None:
        self._server.stop(grace=1).wait()


def serve(provider: Provider, host: str = "127.0.0.1", port: int = 0, *, version: str = "0.0.1") -> Server:
    """Starts serving a provider; port 0 picks a free one.

    `version` is reported to the CLI, which warns about a provider older than the program's SDK.

    Raises:
        OSError: the port is taken.
    """
    options = [("grpc.max_receive_message_length", MAX_MESSAGE_BYTES), ("grpc.so_reuseport", 0)]
    server = grpc.server(futures.ThreadPoolExecutor(32, "provider"), options=options)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(ProviderService(provider, version), server)
    try:
        bound = server.add_insecure_port(f"{host}:{port}")
    except RuntimeError as error:
        raise OSError(f"port {port} of {host} is taken") from error
    server.start()
    return Server(server, bound)


class ProviderService(provider_pb2_grpc.ResourceProviderServicer):
    """Pulumi's provider protocol over a `Provider`.

    It does not accept secrets. The CLI therefore removes the marks from its requests and restores them on the
    answers, by the same rule as the offline engine.
    """

    def __init__(self, provider: Provider, version: str) -> None:
        self._provider = provider
        self._version = version

    def Check(self, request: Any, context: Context) -> provider_pb2.CheckResponse:  # noqa: N802
        urn = request.urn
        olds = decode(request.olds) if request.HasField("olds") and request.olds.fields else None
        with _refusals_as_status(context):
            checked = self._provider.check(
                urn, urns.type_of(urn), urns.name_of(urn), olds, decode(request.news), request.randomSeed
            )
        failures = [provider_pb2.CheckFailure(property=f.property, reason=f.reason) for f in checked.failures]
        return provider_pb2.CheckResponse(inputs=encode(checked.inputs), failures=failures)

    def Diff(self, request: Any, context: Context) -> provider_pb2.DiffResponse:  # noqa: N802
        olds, news = decode(request.old_inputs), decode(request.news)
        with _refusals_as_status(context):
            type = urns.type_of(request.urn)
            diff = self._provider.diff(request.urn, type, request.id, olds, decode(request.olds), news)
        changed = provider_pb2.DiffResponse.DIFF_SOME if diff.changed else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(
            changes=changed,
            diffs=diff.changed,
            replaces=diff.replaces,
            deleteBeforeReplace=diff.delete_before_replace,
            # The CLI needs them for the nested paths of `replace_on_changes`.
            detailedDiff={
                paths.text(steps): _property_diff(replaces=name in diff.replaces)
                for name in diff.changed
                for steps in paths.details(name, olds, news)
            },
            hasDetailedDiff=bool(diff.changed),
        )

    def Create(self, request: Any, context: Context) -> provider_pb2.CreateResponse:  # noqa: N802
        with _refusals_as_status(context):
            created = self._provider.create(
                request.urn, urns.type_of(request.urn), decode(request.properties), preview=request.preview
            )
        return provider_pb2.CreateResponse(id=created.id, properties=encode(created.outputs))

    def Read(self, request: Any, context: Context) -> provider_pb2.ReadResponse:  # noqa: N802
        with _refusals_as_status(context):
            found = self._provider.read(request.urn, urns.type_of(request.urn), request.id, decode(request.properties))
        if found is None:
            return provider_pb2.ReadResponse()
        # For an import the CLI sends no inputs, and takes none in the answer for a refusal.
        known = encode(found.inputs) if found.inputs is not None else request.inputs if request.inputs.fields else None
        return provider_pb2.ReadResponse(id=found.id, properties=encode(found.outputs), inputs=known)

    def Update(self, request: Any, context: Context) -> provider_pb2.UpdateResponse:  # noqa: N802
        with _refusals_as_status(context):
            outputs = self._provider.update(
                request.urn,
                urns.type_of(request.urn),
                request.id,
                decode(request.old_inputs),
                decode(request.olds),
                decode(request.news),
                preview=request.preview,
            )
        return provider_pb2.UpdateResponse(properties=encode(outputs))

    def Delete(self, request: Any, context: Context) -> empty_pb2.Empty:  # noqa: N802
        with _refusals_as_status(context):
            self._provider.delete(request.urn, urns.type_of(request.urn), request.id, decode(request.properties))
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: Context) -> provider_pb2.InvokeResponse:  # noqa: N802
        with _refusals_as_status(context):
            answer = self._provider.invoke(request.tok, decode(request.args))
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(encode(answer))
        return response

    # What the CLI calls before it uses a plugin.

    def Handshake(self, request: Any, context: Context) -> provider_pb2.ProviderHandshakeResponse:  # noqa: N802
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=False)

    def GetPluginInfo(self, request: Any, context: Context) -> plugin_pb2.PluginInfo:  # noqa: N802
        return plugin_pb2.PluginInfo(version=self._version)

    def Attach(self, request: Any, context: Context) -> empty_pb2.Empty:  # noqa: N802
        return empty_pb2.Empty()

    def CheckConfig(self, request: Any, context: Context) -> provider_pb2.CheckResponse:  # noqa: N802
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Context) -> provider_pb2.DiffResponse:  # noqa: N802
        changed = sorted(key for key in {*request.olds.fields, *request.news.fields} if _differs(key, request))
        some, none = provider_pb2.DiffResponse.DIFF_SOME, provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(changes=some if changed else none, diffs=changed)

    def Configure(self, request: Any, context: Context) -> provider_pb2.ConfigureResponse:  # noqa: N802
        return provider_pb2.ConfigureResponse(acceptSecrets=False, supportsPreview=True)

    def Cancel(self, request: Any, context: Context) -> empty_pb2.Empty:  # noqa: N802
        return empty_pb2.Empty()


def _property_diff(*, replaces: bool) -> provider_pb2.PropertyDiff:
    kind = provider_pb2.PropertyDiff.UPDATE_REPLACE if replaces else provider_pb2.PropertyDiff.UPDATE
    return provider_pb2.PropertyDiff(kind=kind, inputDiff=True)


def _differs(key: str, request: Any) -> bool:
    return bool(request.olds.fields.get(key) != request.news.fields.get(key))


@contextmanager
def _refusals_as_status(context: Context) -> Iterator[None]:
    """Sends a refusal to the CLI as its message alone, without a traceback of this process."""
    try:
        yield
    except ProviderError as error:
        context.abort(grpc.StatusCode.UNKNOWN, str(error))
