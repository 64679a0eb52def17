"""Plans of both stacks."""

from __future__ import annotations

import pytest
from planned import Planned, Plans, plans

__all__ = ["plans"]


@pytest.fixture(scope="session", params=["prod", "dev"])
def stack(request: pytest.FixtureRequest, plans: Plans) -> Planned:
    return plans.of(request.param)
