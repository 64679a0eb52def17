"""The two gRPC services that a Pulumi program calls: the resource monitor and the engine's log."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NoReturn, Self, TypeAlias

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import (
    alias_pb2,
    callback_pb2,
    engine_pb2,
    engine_pb2_grpc,
    resource_pb2,
    resource_pb2_grpc,
)

from toolkit.engine import urns
from toolkit.engine.aliases import alias_urns
from toolkit.engine.provider import UNKNOWN, ProviderError
from toolkit.engine.refusals import not_offline, refuse_provider, refuse_read, refuse_registration
from toolkit.engine.registration import Host, Registration, from_request, program_position
from toolkit.engine.transforms import Transforms
from toolkit.engine.values import decode, encode, without_references
from toolkit.errors import ToolkitError

MAX_MESSAGE_BYTES: Final = 400 << 20
"""The limit that the SDK itself sets."""

_FEATURES: Final = (
    resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
    resource_pb2.RESOURCE_MONITOR_FEATURE_OUTPUT_VALUES,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
    resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACE_WITH,
    resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACEMENT_TRIGGER,
    resource_pb2.RESOURCE_MONITOR_FEATURE_TRANSFORMS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_INVOKE_TRANSFORMS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_INVOKE_DEPENDS_ON,
)
_FEATURE_IDS: Final = ("secrets", "resourceReferences", "outputValues", "aliasSpecs", "deletedWith", "transforms")
"""What this engine supports. The SDK refuses the rest itself, in the program, where it is used."""

Context: TypeAlias = Any
"""A `grpc.ServicerContext`; grpcio publishes no types."""


class Monitor(resource_pb2_grpc.ResourceMonitorServicer, engine_pb2_grpc.EngineServicer):
    """Translates gRPC requests into calls of a `Host`.

    It also does what is the same for every host: URNs, inheritance from the parent, transforms, aliases, and the
    choice of a provider.
    """

    def __init__(self, host: Host, *, project: str, stack: str, root: Path) -> None:
        self.host = host
        self.failure: ToolkitError | None = None
        self._project, self._stack, self._root = project, stack, root
        self._registrations: dict[str, Registration] = {}
        self._transforms = Transforms()
        self._known: set[str] = set()
        """URNs of all resources that are registered or read."""
        self._root_urn = ""
        self._lock = threading.RLock()

    # Resources.

    def RegisterResource(self, request: Any, context: Context) -> resource_pb2.RegisterResourceResponse:  # noqa: N802
        with self._stop_at_first_failure(context):
            if request.remote:
                raise not_offline(f"{request.type} is a component of a plugin", plugin=True)
            refuse_registration(request, self._known)
            urn = self._urn(request.parent, request.type, request.name)
            self._inherit(request)
            registration = self._registration(self._transforms.apply(request, self._ancestors(request.parent)), urn)
            registered = self.host.register(registration)
        with self._lock:
            self._known.add(urn)
            self._registrations[urn] = registration
            self._transforms.remember(urn, request.transforms)
            if request.type == urns.STACK_TYPE:
                self._root_urn = urn
        # To the SDK an empty id means an unknown one.
        id = "" if registered.id == UNKNOWN else registered.id
        return resource_pb2.RegisterResourceResponse(urn=urn, id=id, object=encode(registered.outputs))

    def ReadResource(self, request: Any, context: Context) -> resource_pb2.ReadResourceResponse:  # noqa: N802
        with self._stop_at_first_failure(context):
            refuse_read(request, self._known)
            package = urns.package_of(request.type)
            registration = Registration(
                urn=self._urn(request.parent, request.type, request.name),
                type=request.type,
                name=request.name,
                parent=request.parent,
                inputs=decode(request.properties, self._root),
                dependencies=tuple(sorted(request.dependencies)),
                additional_secret_outputs=tuple(request.additionalSecretOutputs),
                source=program_position(request.stackTrace, self._root),
            )
            if package != "pulumi":
                provider = request.provider or self._inherited_provider(request.parent, package)
                provider = self._checked(provider, package, request.version, request.type)
                registration = replace(registration, provider=provider)
            outputs = self.host.read(registration, request.id)
            self._known.add(registration.urn)
        return resource_pb2.ReadResourceResponse(urn=registration.urn, properties=encode(outputs))

    def RegisterResourceOutputs(self, request: Any, context: Context) -> empty_pb2.Empty:  # noqa: N802
        with self._stop_at_first_failure(context):
            self.host.register_outputs(request.urn, decode(request.outputs, self._root))
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: Context) -> resource_pb2.ResourceInvokeResponse:  # noqa: N802
        with self._stop_at_first_failure(context):
            request = self._transforms.apply_to_invoke(request)
            args = without_references(decode(request.args, self._root))
            package = urns.package_of(request.tok)
            if package != "pulumi":
                provider = request.provider or self._inherited_provider(request.parent, package)
                self._checked(provider, package, request.version, request.tok)
            try:
                answer = self.host.invoke(request.tok, args, request.dependsOn)
            except ProviderError as error:
                # The program may catch it and go on.
                details = f"invocation of {request.tok} returned an error: {error}"
                context.abort(grpc.StatusCode.UNKNOWN, details)
        response = resource_pb2.ResourceInvokeResponse(unknown=answer is None)
        getattr(response, "return").CopyFrom(encode(answer or {}))
        return response

    def Call(self, request: Any, context: Context) -> NoReturn:  # noqa: N802
        self._abort(context, not_offline(f"the method {request.tok} runs in a plugin", plugin=True))

    def RegisterStackTransform(self, request: callback_pb2.Callback, context: Context) -> empty_pb2.Empty:  # noqa: N802
        self._transforms.add_to_stack(request)
        return empty_pb2.Empty()

    def RegisterStackInvokeTransform(self, request: callback_pb2.Callback, context: Context) -> empty_pb2.Empty:  # noqa: N802
        self._transforms.add_to_invokes(request)
        return empty_pb2.Empty()

    # What the SDK wants to know about the engine.

    def GetDeploymentInfo(self, request: Any, context: Context) -> resource_pb2.DeploymentInfo:  # noqa: N802
        return resource_pb2.DeploymentInfo(supportedFeatures=_FEATURES)

    def SupportsFeature(self, request: Any, context: Context) -> resource_pb2.SupportsFeatureResponse:  # noqa: N802
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id in _FEATURE_IDS)

    def SignalAndWaitForShutdown(self, request: Any, context: Context) -> empty_pb2.Empty:  # noqa: N802
        return empty_pb2.Empty()

    def RequirePulumiVersion(self, request: Any, context: Context) -> engine_pb2.RequirePulumiVersionResponse:  # noqa: N802
        return engine_pb2.RequirePulumiVersionResponse()

    def GetRootResource(self, request: Any, context: Context) -> engine_pb2.GetRootResourceResponse:  # noqa: N802
        return engine_pb2.GetRootResourceResponse(urn=self._root_urn)

    def SetRootResource(self, request: Any, context: Context) -> engine_pb2.SetRootResourceResponse:  # noqa: N802
        return engine_pb2.SetRootResourceResponse()

    def Log(self, request: Any, context: Context) -> empty_pb2.Empty:  # noqa: N802
        self.host.log(engine_pb2.LogSeverity.Name(request.severity).lower(), request.message, request.urn)
        return empty_pb2.Empty()

    # Rules that are the same for every host.

    def _urn(self, parent: str, type: str, name: str) -> str:
        return urns.make(self._stack, self._project, parent, type, name)

    def _ancestors(self, urn: str) -> Iterator[str]:
        while urn:
            yield urn
            urn = self._registrations[urn].parent if urn in self._registrations else ""

    def _inherit(self, request: Any) -> None:
        """Takes protection, retention and the provider from the parent where the resource does not set them."""
        parent = self._registrations.get(request.parent)
        if parent is None:
            return
        request.deletedWith = request.deletedWith or parent.deleted_with
        if not request.HasField("protect") and parent.protect is not None:
            request.protect = parent.protect
        if not request.HasField("retainOnDelete") and parent.retain_on_delete is not None:
            request.retainOnDelete = parent.retain_on_delete
        if not request.provider and parent.provider:
            served = urns.package_of(urns.type_of(urns.provider_urn(parent.provider)))
            if not request.custom or served == urns.package_of(request.type):
                request.provider = parent.provider
        if not request.custom:
            for package, provider in parent.providers.items():
                if package not in request.providers:
                    request.providers[package] = provider

    def _inherited_provider(self, parent: str, package: str) -> str:
        registration = self._registrations.get(parent)
        return registration.providers.get(package, "") if registration else ""

    def _registration(self, request: Any, urn: str) -> Registration:
        registration = from_request(request, urn, self._aliases(request, urn), self._root)
        if not registration.custom or urns.is_provider(registration.type):
            return registration
        package = urns.package_of(registration.type)
        provider = (
            registration.provider
            or registration.providers.get(package)
            or self._inherited_provider(registration.parent, package)
        )
        return replace(registration, provider=self._checked(provider, package, registration.version, registration.type))

    def _checked(self, provider: str, package: str, version: str, needed_by: str) -> str:
        """The provider, which must be registered; the default one of the package in place of none."""
        if not provider:
            provider = self.host.default_provider(package, version, needed_by)
            self._known.add(urns.provider_urn(provider))
        refuse_provider(provider, needed_by, self._known)
        return provider

    def _aliases(self, request: Any, urn: str) -> tuple[str, ...]:
        specs = [*(alias_pb2.Alias(urn=old) for old in request.aliasURNs), *request.aliases]
        return alias_urns(urn, request.parent, specs, self._older)

    def _older(self, urn: str) -> tuple[str, ...]:
        registration = self._registrations.get(urn)
        return registration.aliases if registration else ()

    def close(self) -> None:
        self._transforms.close()

    # Failures.

    @contextmanager
    def _stop_at_first_failure(self, context: Context) -> Iterator[None]:
        """Keeps the first failure for the user and aborts the request, and every later one: the program ends."""
        if self.failure is not None:
            context.abort(grpc.StatusCode.UNAVAILABLE, "the deployment has failed")
        try:
            yield
        except ToolkitError as error:
            self._abort(context, error)
        except grpc.RpcError as error:
            # A transform raised in the program. Its own report says where.
            context.abort(error.code(), error.details())

    def _abort(self, context: Context, error: ToolkitError) -> NoReturn:
        with self._lock:
            self.failure = self.failure or error
        context.abort(grpc.StatusCode.UNKNOWN, error.message)
        raise AssertionError("abort raises")


class MonitorServer:
    """A `Monitor` listening on a free port of the loopback interface while the block runs."""

    def __init__(self, monitor: Monitor) -> None:
        self.monitor = monitor
        options = [
            ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
            ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
            ("grpc.so_reuseport", 0),
        ]
        self._server = grpc.server(futures.ThreadPoolExecutor(32, "monitor"), options=options)
        resource_pb2_grpc.add_ResourceMonitorServicer_to_server(monitor, self._server)
        engine_pb2_grpc.add_EngineServicer_to_server(monitor, self._server)
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop(None)
        self.monitor.close()
