"""SES: an account with production access, whose senders were verified before the stack was made."""

from __future__ import annotations

from moto.ses.models import SESBackend


def accept_every_sender() -> None:
    """Replaces moto's check: on AWS an identity is the account's and is verified by hand, which a stack cannot do."""

    def is_verified(_self: SESBackend, _source: str) -> bool:
        return True

    SESBackend._is_verified_address = is_verified
