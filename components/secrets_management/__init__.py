"""Secrets Management: the key that secrets, logs and data at rest are encrypted under.

Secrets themselves are made by the components that need them (Payments its Stripe secret, the order database its
administrator's), without a value: none ever passes through the program or its state.
"""

from __future__ import annotations

from dataclasses import dataclass

from components.component import Component


@dataclass(frozen=True, kw_only=True)
class SecretsArgs:
    """Contract of the key: everything about it follows from the profile."""


class Secrets(Component):
    """A customer-managed key and its policy. Every store of the stack is encrypted under it."""

    FUNCTION = "secrets-management"
