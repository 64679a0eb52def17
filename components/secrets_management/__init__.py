"""Secrets Management: the key that secrets, logs and data at rest are encrypted under.

Secrets themselves are made by the components that need them (Payments its Stripe secret, the order database
its master secret), without a value: none ever passes through the program or its state.
"""

from __future__ import annotations

import pulumi

from components.component import Component


class Secrets(Component):
    """A customer-managed key and its policy."""

    FUNCTION = "secrets-management"

    key_arn: pulumi.Output[str]
