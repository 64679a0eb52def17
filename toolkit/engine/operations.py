"""What a deployment can do to a resource."""

from __future__ import annotations

from typing import Literal

Operation = Literal["create", "update", "replace", "delete", "same", "read", "import"]
