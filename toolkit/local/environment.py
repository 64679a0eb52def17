"""A process's environment: the plan's own, resolved to this machine."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

TLS_SUFFIX = "_TLS"


def resolved(planned: Mapping[str, str]) -> dict[str, str]:
    """The plan's variables as they are, but without TLS: the engines listen on loopback only.

    Where AWS is (`AWS_ENDPOINT_URL`) and the credentials of the role come from the supervisor.
    """
    return {name: "disable" if name.endswith(TLS_SUFFIX) else value for name, value in planned.items()}


def listening(environment: Mapping[str, str], port: int) -> dict[str, str]:
    """The environment of a process that serves on a port of loopback."""
    return {**environment, "HOST": "127.0.0.1", "PORT": str(port)}


def injected(references: Mapping[str, str], read: Callable[[str], str]) -> dict[str, str]:
    """Values of the variables that a container takes from secrets, as ECS injects them.

    A reference is a secret's ARN, or `<arn>:<json key>:<stage>:<version>`; `read` returns a secret's text.
    """
    values = {}
    for name, reference in references.items():
        parts = reference.split(":")
        arn, key = ":".join(parts[:7]), parts[7] if len(parts) > 7 else ""
        text = read(arn)
        values[name] = str(json.loads(text)[key]) if key else text
    return values
