"""What a deployment asks of the order database."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field


def _as_link_access(value: object) -> object:
    """A link's access is spelled `reads_writes` in Python; it is the same access."""
    return value.replace("_", "-") if isinstance(value, str) else value


Roles = dict[str, Annotated[Literal["reads", "reads-writes", "none"], BeforeValidator(_as_link_access)]]
"""Database roles (workloads' names) and their access. `none` takes it away; roles that are not named keep theirs."""


class MigrationRequest(BaseModel):
    """`digest` (in JSON: `schema`) is that of the migrations that the stack was written with."""

    digest: str = Field(alias="schema")
    roles: Roles
