"""The private network that services, functions and data stores share.

Shared infrastructure, not one of the architecture's functions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi

from components.component import Component
from components.secrets_management import Secrets


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """Contract of the network."""

    cidr: str
    """Private IPv4 range of at least 4096 addresses (a /20 or wider), cut into subnets."""
    secrets: Secrets
    """Its key encrypts the record of connections."""
    for_others: bool = False
    """Other stacks stand in it, too."""
    shared: pulumi.Output[dict[str, Any]] | None = None
    """What another stack's network says of itself (`Network.shared`), to stand in that one instead of making one. The
    range is that network's then."""


class Network(Component):
    """Private subnets for what runs, data subnets without a way out, public ones only for the way to the internet."""

    shared: dict[str, Any]
    """What an environment has to know to stand in this network: an output of a baseline."""
