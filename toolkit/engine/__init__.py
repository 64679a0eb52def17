"""An offline Pulumi engine: plans a program without a cloud, and deploys it through any provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toolkit.engine.planning import plan

__all__ = ["plan"]


def __getattr__(name: str) -> Any:
    """Imports `plan` at its first use: the program's own process does not need it."""
    if name == "plan":
        from toolkit.engine.planning import plan

        return plan
    raise AttributeError(name)
