"""Transforms: callbacks in the program that may change a resource before it is registered, or a data source's call."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import grpc
from pulumi.runtime.proto import alias_pb2, callback_pb2, callback_pb2_grpc, resource_pb2

from toolkit.engine.provider import Properties
from toolkit.engine.values import OutputValue, Secret, decode, encode

Callback = callback_pb2.Callback
Request = resource_pb2.RegisterResourceRequest
Invoke = resource_pb2.ResourceInvokeRequest


class Transforms:
    """Calls the program's transforms: a resource's own first, then its ancestors', then the stack's."""

    def __init__(self) -> None:
        self._stack: list[Callback] = []
        self._invokes: list[Callback] = []
        self._own: dict[str, tuple[Callback, ...]] = {}
        self._channels: dict[str, grpc.Channel] = {}

    def add_to_stack(self, callback: Callback) -> None:
        self._stack.append(callback)

    def add_to_invokes(self, callback: Callback) -> None:
        self._invokes.append(callback)

    def remember(self, urn: str, callbacks: Iterable[Callback]) -> None:
        """Keeps a resource's transforms: they apply to its children too."""
        if own := tuple(callbacks):
            self._own[urn] = own

    def apply(self, request: Request, ancestors: Iterable[str]) -> Request:
        """The request after all transforms; the same object where there are none."""
        callbacks = [*request.transforms, *(c for urn in ancestors for c in self._own.get(urn, ())), *self._stack]
        if not callbacks:
            return request
        changed = Request()
        changed.CopyFrom(request)
        # Values carry their dependencies through the transforms, so that the engine knows them afterwards.
        inputs = with_dependencies(decode(request.object), request)
        changed.object.CopyFrom(encode(inputs))
        for callback in callbacks:
            self._call(callback, changed)
        _extract_dependencies(changed)
        return changed

    def apply_to_invoke(self, request: Invoke) -> Invoke:
        """The call of a data source after all its transforms."""
        changed = Invoke()
        changed.CopyFrom(request)
        for callback in self._invokes:
            transform = resource_pb2.TransformInvokeRequest(
                token=changed.tok,
                args=changed.args,
                options=resource_pb2.TransformInvokeOptions(
                    provider=changed.provider, version=changed.version, plugin_download_url=changed.pluginDownloadURL
                ),
            )
            response = resource_pb2.TransformInvokeResponse.FromString(self._answer(callback, transform))
            if response.HasField("args"):
                changed.args.CopyFrom(response.args)
            if response.HasField("options"):
                changed.provider, changed.version = response.options.provider, response.options.version
        return changed

    def _answer(self, callback: Callback, request: Any) -> bytes:
        channel = self._channels.get(callback.target)
        if channel is None:
            channel = self._channels[callback.target] = grpc.insecure_channel(callback.target)
        message = callback_pb2.CallbackInvokeRequest(token=callback.token, request=request.SerializeToString())
        response: bytes = callback_pb2_grpc.CallbacksStub(channel).Invoke(message).response
        return response

    def _call(self, callback: Callback, request: Request) -> None:
        transform = resource_pb2.TransformRequest(
            type=request.type,
            name=request.name,
            custom=request.custom,
            parent=request.parent,
            properties=request.object,
            options=_options(request),
        )
        response = resource_pb2.TransformResponse.FromString(self._answer(callback, transform))
        if response.HasField("properties"):
            request.object.CopyFrom(response.properties)
        if response.HasField("options"):
            _set_options(request, response.options)

    def close(self) -> None:
        for channel in self._channels.values():
            channel.close()


_LISTS = {
    "depends_on": "dependencies",
    "ignore_changes": "ignoreChanges",
    "replace_on_changes": "replaceOnChanges",
    "additional_secret_outputs": "additionalSecretOutputs",
    "replace_with": "replace_with",
}


def _options(request: Request) -> resource_pb2.TransformResourceOptions:
    options = resource_pb2.TransformResourceOptions(
        provider=request.provider,
        providers=request.providers,
        version=request.version,
        deleted_with=request.deletedWith,
        custom_timeouts=request.customTimeouts,
        replacement_trigger=request.replacement_trigger if request.HasField("replacement_trigger") else None,
        aliases=[*request.aliases, *(alias_pb2.Alias(urn=urn) for urn in request.aliasURNs)],
    )
    for name, field in _LISTS.items():
        getattr(options, name).extend(getattr(request, field))
    setattr(options, "import", request.importId)
    if request.HasField("protect"):
        options.protect = request.protect
    if request.HasField("retainOnDelete"):
        options.retain_on_delete = request.retainOnDelete
    if request.deleteBeforeReplaceDefined:
        options.delete_before_replace = request.deleteBeforeReplace
    return options


def _set_options(request: Request, options: resource_pb2.TransformResourceOptions) -> None:
    for name, field in _LISTS.items():
        values = getattr(request, field)
        del values[:]
        values.extend(getattr(options, name))
    del request.aliasURNs[:]
    del request.aliases[:]
    request.aliases.extend(options.aliases)
    request.providers.clear()
    request.providers.update(options.providers)
    request.provider = options.provider
    request.version = options.version
    request.deletedWith = options.deleted_with
    request.importId = getattr(options, "import")
    request.replacement_trigger.CopyFrom(options.replacement_trigger)
    request.customTimeouts.CopyFrom(options.custom_timeouts)
    if options.HasField("protect"):
        request.protect = options.protect
    if options.HasField("retain_on_delete"):
        request.retainOnDelete = options.retain_on_delete
    if options.HasField("delete_before_replace"):
        request.deleteBeforeReplace = options.delete_before_replace
        request.deleteBeforeReplaceDefined = True


def with_dependencies(inputs: Properties, request: Request) -> Properties:
    """Inputs in which each property with dependencies is an `OutputValue` that lists them."""
    marked: Properties = {}
    for key, value in inputs.items():
        dependencies = tuple(request.propertyDependencies[key].urns) if key in request.propertyDependencies else ()
        marked[key] = OutputValue(value, dependencies) if dependencies else value
    return marked


def _extract_dependencies(request: Request) -> None:
    """Turns values with dependencies back into plain ones, and rebuilds the request's dependencies from them."""
    plain: Properties = {}
    request.propertyDependencies.clear()
    everything = set(request.dependencies)
    for key, value in decode(request.object).items():
        found: set[str] = set()
        plain[key] = _without_dependencies(value, found)
        request.propertyDependencies[key].urns.extend(sorted(found))
        everything |= found
    request.object.CopyFrom(encode(plain))
    del request.dependencies[:]
    request.dependencies.extend(sorted(everything))


def _without_dependencies(value: object, found: set[str]) -> object:
    match value:
        case OutputValue():
            found.update(value.dependencies)
            return _without_dependencies(value.value, found)
        case Secret():
            return Secret(_without_dependencies(value.value, found))
        case dict():
            return {key: _without_dependencies(item, found) for key, item in value.items()}
        case list():
            return [_without_dependencies(item, found) for item in value]
    return value
