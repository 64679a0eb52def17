"""The rotation on Lambda, called by Secrets Manager with one step after another.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, Field

from functions.aws_lambda import logged

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

_log = logging.getLogger(__name__)


class RotationEvent(BaseModel):
    """What Secrets Manager says; the secret is the one of the link."""

    step: Literal["createSecret", "setSecret", "testSecret", "finishSecret"] = Field(alias="Step")
    version: str = Field(alias="ClientRequestToken")


@logged
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Runs the step. One that fails is called again, and fails the rotation in the end; both keys stay valid."""
    from functions.edge_key.application import open_keys

    asked = RotationEvent.model_validate(event)
    keys = open_keys()
    match asked.step:
        case "createSecret":
            keys.propose(asked.version)
        case "setSecret":
            keys.switch_to(asked.version)
        case "testSecret":
            keys.verify()
        case "finishSecret":
            keys.promote(asked.version)
    _log.info("rotation step done", extra={"step": asked.step})
