"""WAF / DDoS: the firewall in front of everything that is public."""

from __future__ import annotations

from dataclasses import dataclass

from components.component import Component
from components.secrets_management import Secrets
from components.workload import Route


@dataclass(frozen=True, kw_only=True)
class WafArgs:
    """Contract of the firewall."""

    routes: tuple[Route, ...]
    """Every route behind it: some are limited more, some less."""
    secrets: Secrets
    count_only: bool = False
    """Rules that look for attacks only count what they would refuse, for as long as one watches what that is."""


class Waf(Component):
    """Refuses known attacks, floods from one address and oversized bodies, before they reach anything else."""

    FUNCTION = "waf"
