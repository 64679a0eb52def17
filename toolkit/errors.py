"""What went wrong for the person at the keyboard, and what to do next."""

from __future__ import annotations


class ToolkitError(Exception):
    """A mistake or a missing condition, told in one line, with the next step.

    The command line prints `message` and `next_step` and exits with `exit_code`; it never prints a traceback for it.
    """

    exit_code = 1

    def __init__(self, message: str, *, next_step: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step
