"""What a deployment asks of the order database."""

from __future__ import annotations

from pydantic import BaseModel, Field

from commerce.adapters.database_access import Access

Roles = dict[str, Access]
"""Database roles (workloads' names) and their access. Roles that are not named keep theirs."""


class MigrationRequest(BaseModel):
    """`digest` (in JSON: `schema`) is that of the migrations that the stack was written with."""

    digest: str = Field(alias="schema")
    roles: Roles

    def grants(self, previous: Roles) -> Roles:
        """The access of each role, also of those that an earlier request named and this one does not."""
        gone: Roles = dict.fromkeys(previous.keys() - self.roles.keys(), "none")
        return gone | self.roles
