"""The environments of the stack's processes and of the servers behind them: the only place that builds them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Protocol

ROOT: Final = Path(__file__).parents[3]
"""The folder from which `toolkit`, `services` and `functions` are imported."""
INHERITED: Final = re.compile(
    r"PATH|HOME|USER|LANG|LC_\w+|TZ|TMPDIR|TERM|VIRTUAL_ENV|(LD|DYLD)_LIBRARY_PATH|PYTHON\w+|SSL_CERT_(FILE|DIR)|"
    r"COVERAGE_\w+"
)
"""What a process needs of the shell that started it. Nothing else passes: a container inherits no shell either."""
COGNITO = re.compile(r"https://cognito-idp\.[a-z0-9-]+\.amazonaws\.com/")


class Account(Protocol):
    """What a workload's environment says of the emulated cloud account."""

    @property
    def region(self) -> str: ...
    @property
    def aws_endpoint(self) -> str: ...
    def credentials(self, role_arn: str, session: str) -> Mapping[str, str]:
        """Environment variables with which a process acts as the role."""
        ...


def of_server(own: Mapping[str, str]) -> dict[str, str]:
    """For a server that the cloud is made of: nothing of AWS but its own variables."""
    return {**_inherited(), **own}


def of_workload(account: Account, name: str, role_arn: str | None, planned: Mapping[str, str]) -> dict[str, str]:
    """For a process of the stack: the emulated cloud, the credentials of its role, and the plan's own variables."""
    return {
        **_inherited(),
        "AWS_ENDPOINT_URL": account.aws_endpoint,
        "AWS_REGION": account.region,
        "AWS_DEFAULT_REGION": account.region,
        "AWS_EC2_METADATA_DISABLED": "true",
        **(account.credentials(role_arn, name) if role_arn else {}),
        **resolved(planned, account.aws_endpoint),
    }


def resolved(planned: Mapping[str, str], aws_endpoint: str) -> dict[str, str]:
    """The plan's variables, changed where they name something that is different on this machine."""
    return {name: _resolved(name, value, aws_endpoint) for name, value in planned.items()}


def emulated_keys_url(url: str, aws_endpoint: str) -> str:
    """Where the keys of a Cognito issuer are served here; another issuer's address stays."""
    return COGNITO.sub(f"{aws_endpoint}/", url, count=1) if COGNITO.match(url) else url


def listening(environment: Mapping[str, str], port: int) -> dict[str, str]:
    """The environment of a process that serves on a loopback port."""
    return {**environment, "HOST": "127.0.0.1", "PORT": str(port)}


def secret_values(references: Mapping[str, str], read: Callable[[str], str]) -> dict[str, str]:
    """Values of the variables that a container takes from secrets, as ECS sets them.

    A reference is a secret's ARN, or `<arn>:<json key>:<stage>:<version>`; `read` returns a secret's text.
    """
    values = {}
    for name, reference in references.items():
        parts = reference.split(":")
        arn, key = ":".join(parts[:7]), parts[7] if len(parts) > 7 else ""
        text = read(arn)
        values[name] = str(json.loads(text)[key]) if key else text
    return values


def _inherited() -> dict[str, str]:
    """What passes of this process's own variables, with the project on the import path."""
    inherited = {name: value for name, value in os.environ.items() if INHERITED.fullmatch(name)}
    path = os.pathsep.join(filter(None, (str(ROOT), inherited.get("PYTHONPATH"))))
    return {**inherited, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}


def _resolved(name: str, value: str, aws_endpoint: str) -> str:
    if name.endswith("_TLS"):
        return "disable"  # the servers listen on loopback only
    if name.endswith("_KEYS_URL"):
        return emulated_keys_url(value, aws_endpoint)
    return value
