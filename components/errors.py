"""Errors of a stack that cannot be deployed as it is written."""

from __future__ import annotations

import pulumi


class ComponentError(pulumi.RunError):
    """A stack that cannot be deployed as written: `message` says what is wrong, `next_step` what to do.

    A `pulumi.RunError`, so that Pulumi prints the message and no traceback.
    """

    def __init__(self, message: str, *, next_step: str = "") -> None:
        super().__init__(f"{message} {next_step}".strip())
        self.message = message
        self.next_step = next_step


class UnsupportedAccess(ComponentError):
    """A link asks a component for an access that it does not offer."""

    def __init__(self, target: str, access: str, offered: tuple[str, ...]) -> None:
        offers = f"It can be linked by: {', '.join(offered)}." if offered else "Nothing can be linked to it."
        super().__init__(f"{target!r} does not offer the access {str(access)!r}.", next_step=offers)
        self.target = target
        self.access = access


class CloudNotAvailable(ComponentError):
    """The chosen cloud has no components in this release."""

    def __init__(self, cloud: str, available: tuple[str, ...]) -> None:
        super().__init__(
            f"marketplace:cloud is {cloud!r}, and this release has no components for it.",
            next_step=f"Choose one of: {', '.join(available)}.",
        )
        self.cloud = cloud


class WrongCloud(ComponentError):
    """A component of one cloud was handed to a component of another."""

    def __init__(self, got: object, wanted: type) -> None:
        super().__init__(f"Expected {wanted.__module__}.{wanted.__name__}, got {type(got).__module__}.")


class EngineNotAvailable(ComponentError):
    """An engine exists on the cloud, but this release deploys another for its function."""

    def __init__(self, function: str, asked: str, deployed: str) -> None:
        super().__init__(
            f"marketplace:engines asks for {asked!r} to play {function}, and this release has no component for it.",
            next_step=f"Choose {deployed!r}, or leave it out.",
        )
        self.function = function
        self.asked = asked
