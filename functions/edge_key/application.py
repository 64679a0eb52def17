"""Connects the rotation to what this process's environment names."""

from __future__ import annotations

from functools import cache

from commerce.adapters import cloud
from commerce.adapters.edge_settings import EdgeSettings
from commerce.ports.edge_keys import EdgeKeys
from functions.settings import FunctionSettings


@cache
def open_keys() -> EdgeKeys:
    """The edge's keys, with this function's own identity."""
    return cloud.load(FunctionSettings().cloud).edge_keys(EdgeSettings())
