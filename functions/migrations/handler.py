"""The migrations function, invoked by the deployment with the roles that the stack's links ask for.

An invocation is a resource of the stack: it runs when it is created or changed, and once more when it is deleted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from aws_lambda_powertools import Logger, Tracer
from pydantic import BaseModel, BeforeValidator, Field

from functions import event_loop

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
tracer = Tracer()


def _as_link_access(value: object) -> object:
    """A link's access as its verb is spelt in Python (`reads_writes`) is the same access."""
    return value.replace("_", "-") if isinstance(value, str) else value


Roles = dict[str, Annotated[Literal["reads", "reads-writes", "none"], BeforeValidator(_as_link_access)]]


class PreviousEvent(BaseModel):
    """The roles of the same invocation before it was changed."""

    roles: Roles = Field(default_factory=dict)


class Lifecycle(BaseModel):
    """What happens to the invocation; the provider adds it where the invocation's lifecycle scope is CRUD."""

    action: Literal["create", "update", "delete"] = "create"
    prev_input: PreviousEvent | None = None


class MigrationsEvent(BaseModel):
    """`digest` (in JSON: `schema`) is that of the migrations that the stack was written with. `roles` maps a database
    role (the workload's name) to its access; `none` takes it away, roles that are not named keep theirs."""

    digest: str = Field(alias="schema")
    roles: Roles
    tf: Lifecycle = Lifecycle()

    def wanted(self) -> Roles:
        """The access of each role concerned, also of those that a change no longer names."""
        previous = self.tf.prev_input.roles if self.tf.prev_input else {}
        gone: Roles = dict.fromkeys(previous.keys() - self.roles.keys(), "none")
        return gone | self.roles


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, list[str]]:
    """Migrates and grants; returns the names of what was applied now and the roles that were granted or taken.

    Raises MigrationsDiffer, which fails the deployment before an image with other migrations is taken for done.
    """
    from functions.migrations.application import bring_up_to_date, take_access

    request = MigrationsEvent.model_validate(event)
    roles = request.wanted()
    if request.tf.action == "delete":
        if roles:
            event_loop.run(take_access(roles))
        logger.info("access taken away", extra={"roles": sorted(roles)})
        return {"applied": [], "roles": sorted(roles)}
    applied = event_loop.run(bring_up_to_date(request.digest, roles))
    logger.info("order database is up to date", extra={"applied": applied, "roles": roles})
    return {"applied": list(applied), "roles": sorted(roles)}
