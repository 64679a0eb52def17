"""From a component's contract to its AWS class."""

from __future__ import annotations

from typing import TypeVar

from components.component import Component
from components.errors import WrongCloud

C = TypeVar("C", bound=Component)


def on_aws(component: object, kind: type[C]) -> C:
    """`component` as the AWS class it must be; raises `WrongCloud` where clouds are mixed."""
    if not isinstance(component, kind):
        raise WrongCloud(component, kind)
    return component
