"""Loads what a deployment needs of the AWS emulator before it is needed: clients here, services there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from toolkit.local.machine import Machine

QUESTIONS: Final[Mapping[str, tuple[str, Mapping[str, Any]]]] = {
    "iam": ("list_roles", {}),
    "sts": ("get_caller_identity", {}),
    "sqs": ("list_queues", {}),
    "kms": ("list_keys", {}),
    "logs": ("describe_log_groups", {}),
    "cognito-idp": ("list_user_pools", {"MaxResults": 1}),
    "ecs": ("list_clusters", {}),
    "dynamodb": ("list_tables", {}),
    "secretsmanager": ("list_secrets", {}),
    "lambda": ("list_functions", {}),
    "stepfunctions": ("list_state_machines", {}),
}
"""A service, and something cheap to ask it: the answer does not matter."""


def warm(machine: Machine) -> None:
    """Both sides load a service when it is first asked for; a deployment would wait for each of them in turn."""
    for service, (operation, arguments) in QUESTIONS.items():
        getattr(machine.boto(service), operation)(**arguments)
