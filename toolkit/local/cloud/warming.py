"""Loads the clients and services of AWS that a deployment uses, before it starts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from toolkit.local.cloud.provider.emulator import Backends

CALLS: Final[Mapping[str, tuple[str, Mapping[str, Any]]]] = {
    "iam": ("list_roles", {}),
    "sts": ("get_caller_identity", {}),
    "sqs": ("list_queues", {}),
    "kms": ("list_keys", {}),
    "logs": ("describe_log_groups", {}),
    "cognito-idp": ("list_user_pools", {"MaxResults": 1}),
    "ecs": ("list_clusters", {}),
    "dynamodb": ("list_tables", {}),
    "s3": ("list_buckets", {}),
    "secretsmanager": ("list_secrets", {}),
    "lambda": ("list_functions", {}),
    "stepfunctions": ("list_state_machines", {}),
}
"""A cheap call of each service: the answer does not matter."""


def warm(backends: Backends) -> None:
    """Calls every service once: boto3 and moto load a service at its first call, which takes up to a second."""
    for service, (operation, arguments) in CALLS.items():
        getattr(backends.boto(service), operation)(**arguments)
