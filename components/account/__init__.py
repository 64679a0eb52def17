"""The account's own switches, which exist once in it whatever stacks it has.

Shared infrastructure, not one of the architecture's functions.
"""

from __future__ import annotations

from components.component import Component


class Account(Component):
    """Safe defaults of the account: for what somebody makes in it by hand, too."""
