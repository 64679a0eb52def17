"""The migrations function on Lambda, invoked by the deployment with the roles that the stack's links ask for.

An invocation is a resource of the stack: it runs when it is created or changed, and once more when it is deleted.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, Field

from functions import event_loop
from functions.aws_lambda import logged
from functions.migrations.request import MigrationRequest, Roles

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

_log = logging.getLogger(__name__)


class PreviousEvent(BaseModel):
    """The roles of the same invocation before it was changed."""

    roles: Roles = Field(default_factory=dict)


class Lifecycle(BaseModel):
    """What happens to the invocation; the provider adds it where the invocation's lifecycle scope is CRUD."""

    action: Literal["create", "update", "delete"] = "create"
    prev_input: PreviousEvent | None = None


class MigrationsEvent(MigrationRequest):
    """The deployment's request, and what happens to the invocation that makes it."""

    tf: Lifecycle = Lifecycle()


@logged
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, list[str]]:
    """Migrates and grants; returns the names of what was applied now and the roles that were granted or taken.

    Raises MigrationsDiffer, which fails the deployment before it goes on with an image that has other migrations.
    """
    from functions.migrations.application import bring_up_to_date, take_access

    request = MigrationsEvent.model_validate(event)
    roles = request.grants(request.tf.prev_input.roles if request.tf.prev_input else {})
    if request.tf.action == "delete":
        if roles:
            event_loop.run(take_access(roles))
        _log.info("access taken away", extra={"roles": sorted(roles)})
        return {"applied": [], "roles": sorted(roles)}
    applied = event_loop.run(bring_up_to_date(request.digest, roles))
    _log.info("order database is up to date", extra={"applied": applied, "roles": roles})
    return {"applied": list(applied), "roles": sorted(roles)}
