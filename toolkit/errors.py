"""The error that the command line shows to its user."""

from __future__ import annotations


class ToolkitError(Exception):
    """What went wrong, in one line, and what to do next.

    The command line prints `message` and `next_step`, without a traceback, and exits with `exit_code`.
    """

    exit_code = 1

    def __init__(self, message: str, *, next_step: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step
