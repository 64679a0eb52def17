"""Uniform resource names: `urn:pulumi:<stack>::<project>::<parent types>$<type>::<name>`."""

from __future__ import annotations

from typing import Final

STACK_TYPE: Final = "pulumi:pulumi:Stack"
PROVIDER_PREFIX: Final = "pulumi:providers:"


def make(stack: str, project: str, parent: str, type: str, name: str) -> str:
    """The URN of a resource; the types of its parents are part of it, the stack's own is not."""
    chain = qualified_type(parent) if parent else ""
    prefix = f"{chain}$" if chain and chain != STACK_TYPE else ""
    return f"urn:pulumi:{stack}::{project}::{prefix}{type}::{name}"


def title(name: str, type: str) -> str:
    """A resource in messages: `orders (aws:rds/cluster:Cluster)`."""
    return f"{name} ({type})"


def is_urn(text: str) -> bool:
    return text.startswith("urn:pulumi:") and len(text.split("::", 3)) == 4


def stack_and_project(urn: str) -> tuple[str, str]:
    stack, project, _ = urn.removeprefix("urn:pulumi:").split("::", 2)
    return stack, project


def qualified_type(urn: str) -> str:
    return urn.split("::", 3)[2]


def type_of(urn: str) -> str:
    return qualified_type(urn).rpartition("$")[2]


def name_of(urn: str) -> str:
    return urn.split("::", 3)[3]


def package_of(type: str) -> str:
    """`aws` for `aws:sqs/queue:Queue`, and for its provider `pulumi:providers:aws`."""
    if is_provider(type):
        return type.removeprefix(PROVIDER_PREFIX)
    return type.partition(":")[0]


def is_provider(type: str) -> bool:
    return type.startswith(PROVIDER_PREFIX)


def provider_urn(reference: str) -> str:
    """The URN inside a provider reference (`<urn>::<id>`)."""
    return reference.rpartition("::")[0]
