"""The AWS services that moto plays on this machine, in a process of their own."""

from __future__ import annotations

from toolkit.local.cloud.moto.server import MotoServer

__all__ = ["MotoServer"]
