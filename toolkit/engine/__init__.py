"""An offline Pulumi engine: plans a program without a cloud, and deploys it through any provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toolkit.engine.planning import plan

__all__ = ["plan"]


def __getattr__(name: str) -> Any:
    """`plan` is loaded when it is asked for: the program's own process needs nothing of it."""
    if name == "plan":
        from toolkit.engine.planning import plan

        return plan
    raise AttributeError(name)
