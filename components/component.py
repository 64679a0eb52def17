"""The base of every component.

A component's inputs say which architectural function it plays, by which engine, and its links. A plan reads them from
there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import pulumi

from components.foundation import Foundation
from components.link import Access, Link


class Component(pulumi.ComponentResource):
    """A named group of cloud resources that play one function.

    Its type token is `marketplace:<folder>:<Class>`, the same on every cloud. Children are named after the
    component, carry `parent=self` and take the foundation's provider by parentage.
    """

    FUNCTION: ClassVar[str | None] = None
    """Id of the architectural function, `None` for what only carries others (the network)."""
    ENGINE: ClassVar[str | None] = None
    """Id of the engine that this class deploys. An input, unless the component only supports the function."""
    OFFERS: ClassVar[tuple[Access, ...]] = ()
    """The accesses by which workloads can be linked to it."""

    def __init__(
        self,
        name: str,
        foundation: Foundation,
        *,
        function: str | None = None,
        engine: str | None = None,
        links: Sequence[Link] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`function` is for classes that play several (a container service); else it is `FUNCTION`. `engine` is for
        classes that deploy another one than `ENGINE` in some profiles."""
        self.name = name
        self.foundation = foundation
        self.function = function or self.FUNCTION
        self.links = tuple(links)
        played = None
        if self.function and (deployed := engine or self.ENGINE):
            played = foundation.engines.of(self.function, foundation.cloud, deployed)
        super().__init__(
            type_token(type(self)),
            name,
            _inputs(self.function, played, self.links),
            pulumi.ResourceOptions.merge(pulumi.ResourceOptions(provider=foundation.provider), opts),
        )

    def child(self, **options: Any) -> pulumi.ResourceOptions:
        """Options of a child resource: this component as parent, and what is given."""
        return pulumi.ResourceOptions(parent=self, **options)

    def guarded(self, **options: Any) -> pulumi.ResourceOptions:
        """Options of a child that holds data: Pulumi refuses to delete it where the profile protects data."""
        return self.child(protect=True if self.foundation.profile.protect_data else None, **options)


def type_token(component: type[Component]) -> str:
    """`marketplace:order_database:OrderDatabase` for any cloud's class in `components/order_database/`."""
    folder = component.__module__.split(".")[1]
    return f"marketplace:{folder}:{component.__name__}"


def _inputs(function: str | None, engine: str | None, links: Sequence[Link]) -> dict[str, Any]:
    inputs: dict[str, Any] = {}
    if function:
        inputs["function"] = function
    if engine:
        inputs["engine"] = engine
    if links:
        inputs["links"] = [{"target": link.target.name, "access": link.access.value} for link in links]
    return inputs
