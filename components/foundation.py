"""What every component of a stack stands on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi

from components.architecture import Cloud, EngineError, choose
from components.architecture import function as row
from components.errors import ComponentError, EngineNotAvailable
from components.profile import Profile


@dataclass(frozen=True, kw_only=True)
class Foundation:
    """The stack's provider, levers and name. Each cloud extends it with what it must know of the account."""

    cloud: str
    prefix: str
    """Project and stack (`marketplace-prod`): the start of names that must be unique in an account."""
    profile: Profile
    provider: pulumi.ProviderResource
    engines: Mapping[str, str] = field(default_factory=dict)
    """Engines that the stack asked for, by function id; other functions get the architecture's default."""
    allow_closed: bool = False
    """This account is an old customer of services that are closed to new ones."""
    _played: set[str] = field(default_factory=set, init=False, repr=False)

    def engine(self, function: str, deployed: str) -> str | None:
        """The id of the engine that plays `function`, which must be the one that the component deploys.

        `None` for a component that supports a function which another plays: a database's migrations run in a
        function, and are not a database.

        Raises `ComponentError` for one that is closed, retired or unknown, `EngineNotAvailable` for one that
        could be had but has no component.
        """
        self._played.add(function)
        asked = self.engines.get(function)
        try:
            if deployed not in row(function).cells[Cloud(self.cloud)].engines:
                return None
            chosen = choose(function, self.cloud, asked or deployed, allow_closed=self.allow_closed)
        except EngineError as refused:
            raise ComponentError(refused.message, next_step=refused.next_step) from None
        if chosen.id != deployed:
            raise EngineNotAvailable(function, chosen.id, deployed)
        return chosen.id

    def refuse_idle_engines(self) -> None:
        """Raises `ComponentError` when the stack asked for an engine of a function that it does not deploy."""
        if idle := sorted(self.engines.keys() - self._played):
            raise ComponentError(
                f"marketplace:engines names {', '.join(idle)}, and this release has no component for it.",
                next_step="Leave it out.",
            )
