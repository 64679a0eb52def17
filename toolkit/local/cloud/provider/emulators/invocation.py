"""A Lambda function called once during the deployment, such as the one that migrates the database."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Final

from toolkit.engine.provider import Created, Properties, ProviderError
from toolkit.local.cloud.provider.emulator import Backends, Emulator
from toolkit.local.lambda_functions.configuration import LambdaConfiguration


@dataclass(frozen=True, kw_only=True)
class LambdaCall:
    """A Lambda function and the event for one call."""

    function: LambdaConfiguration
    handler: str
    event: str
    environment: tuple[tuple[str, str], ...]
    """The configured variables, in order."""
    role_arn: str


OneShot = Callable[[LambdaCall], str]
"""Runs a handler to its end under its own role and returns its answer as JSON; raises ProviderError."""

LIFECYCLE: Final = "CRUD"
"""The scope in which an invocation also runs on update and delete."""


class Invocation(Emulator):
    """`aws:lambda/invocation:Invocation`: runs the handler when it is created and, in its lifecycle's scope, when its
    input changes and when it is deleted. A new trigger makes a new invocation, as on AWS."""

    type: ClassVar[str] = "aws:lambda/invocation:Invocation"
    replace_on: ClassVar[frozenset[str]] = frozenset({"functionName", "qualifier", "triggers"})

    def __init__(self, backends: Backends, run: OneShot) -> None:
        super().__init__(backends)
        self._run = run

    def create(self, inputs: Properties) -> Created:
        result = self._invoke(inputs, action="create", previous=None)
        return Created(id=f"{inputs['functionName']}_invocation", outputs={"result": result})

    def exists(self, id: str, outputs: Properties) -> bool:
        return True

    def update(self, id: str, before: Properties, inputs: Properties) -> Properties:
        return {"result": self._invoke(inputs, action="update", previous=before.get("input"))}

    def delete(self, id: str, outputs: Properties) -> None:
        if outputs.get("lifecycleScope") == LIFECYCLE:
            self._invoke(outputs, action="delete", previous=outputs.get("input"))

    def _invoke(self, inputs: Properties, *, action: str, previous: str | None) -> str:
        event = str(inputs["input"])
        if inputs.get("lifecycleScope") == LIFECYCLE:
            key = str(inputs.get("terraformKey", "tf"))
            before = None if previous is None else json.loads(previous)
            event = json.dumps(json.loads(event) | {key: {"action": action, "prev_input": before}})
        function = self.backends.boto("lambda").get_function_configuration(FunctionName=inputs["functionName"])
        command = function.get("ImageConfigResponse", {}).get("ImageConfig", {}).get("Command") or []
        handler = command[0] if command else function.get("Handler")
        if not handler:
            raise ProviderError(f"{inputs['functionName']} names no handler: set image_config.commands")
        return self._run(
            LambdaCall(
                function=LambdaConfiguration(
                    name=function["FunctionName"],
                    arn=function["FunctionArn"],
                    timeout_seconds=int(function.get("Timeout", 3)),
                    memory_mib=int(function.get("MemorySize", 128)),
                ),
                handler=handler,
                event=event,
                environment=tuple(sorted(function.get("Environment", {}).get("Variables", {}).items())),
                role_arn=function["Role"],
            )
        )
