"""The migrations function, invoked by the deployment with the roles that the stack's links ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from aws_lambda_powertools import Logger, Tracer
from pydantic import BaseModel, BeforeValidator

from functions import event_loop

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
tracer = Tracer()


def _as_link_access(value: object) -> object:
    """A link's access as its verb is spelt in Python (`reads_writes`) is the same access."""
    return value.replace("_", "-") if isinstance(value, str) else value


class MigrationsEvent(BaseModel):
    """Database role (the workload's name) to access; `none` takes it away, roles that are not named keep theirs."""

    roles: dict[str, Annotated[Literal["reads", "reads-writes", "none"], BeforeValidator(_as_link_access)]]


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, list[str]]:
    """Migrates and grants; returns the versions applied now and the roles that were granted or taken."""
    from functions.migrations.application import bring_up_to_date

    request = MigrationsEvent.model_validate(event)
    applied = event_loop.run(bring_up_to_date(request.roles))
    logger.info("order database is up to date", extra={"applied": applied, "roles": request.roles})
    return {"applied": list(applied), "roles": sorted(request.roles)}
