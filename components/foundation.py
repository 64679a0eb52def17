"""What every component of a stack stands on."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.profile import Profile


@dataclass(frozen=True, kw_only=True)
class Foundation:
    """The stack's provider, levers and name. Each cloud extends it with what it must know of the account."""

    prefix: str
    """Project and stack (`marketplace-prod`): the start of names that must be unique in an account."""
    profile: Profile
    provider: pulumi.ProviderResource
