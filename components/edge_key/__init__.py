"""The key by which the services know that a request came through the edge, and so through the firewall.

The edge sends it with every request to the API; the services' entrance refuses what comes without it. Two values are
valid at any time, the one that is sent and the one that was sent before, so that it changes without a refusal.

Not one of the architecture's functions: it stands between the CDN and the services.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from components.component import Component
from components.secrets_management import Secrets

HEADER: Final = "x-edge-key"


@dataclass(frozen=True, kw_only=True)
class EdgeKeyArgs:
    """Contract of the key."""

    secrets: Secrets


class EdgeKey(Component):
    """A secret of the edge and the entrance. Its values are made by the cloud, and new ones each month."""
