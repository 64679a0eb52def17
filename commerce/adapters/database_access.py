"""What a workload may do in the order database. Without a driver, so that a request which names it is read quickly."""

from __future__ import annotations

from typing import Literal

Access = Literal["reads", "reads-writes", "none"]
"""`none` takes away what was given before."""
