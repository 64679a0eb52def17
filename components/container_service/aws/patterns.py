"""Path patterns of a load balancer's rule, from a service's routes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase

from components.workload import Route

_PARAMETER = re.compile(r"\{[^}]+\}")


def path_patterns(routes: Iterable[Route]) -> list[str]:
    """As few patterns as match every route: `/orders`, `/orders/*`.

    In a pattern `*` stands for any characters, slashes too, so `/orders/*` also matches what is deeper.
    """
    patterns = dict.fromkeys(_PARAMETER.sub("*", route.path) for route in routes)
    return [one for one in patterns if not any(one != other and fnmatchcase(one, other) for other in patterns)]
