"""What to say when the emulated account does not answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError

from toolkit.errors import ToolkitError


@contextmanager
def aws_errors() -> Iterator[None]:
    """Turns what boto3 raises, for example when moto ends in the middle of a call, into a `ToolkitError`."""
    try:
        yield
    except BotoCoreError as error:
        raise ToolkitError(
            f"an AWS service of this machine did not answer: {error}",
            next_step="run up again; if it happens again, read `marketplace logs moto`",
        ) from error
