"""Which paths of the distribution are the API's, from the routes that it answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from components.errors import ComponentError
from components.workload import Route

MOST_PATTERNS: Final = 74
"""A distribution has 75 behaviors, the default one included:
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html"""


def api_patterns(routes: Iterable[Route]) -> list[str]:
    """`/cart` and `/cart/*` for the routes below `/cart`: by the first segment, so that a new route needs no new one.

    Raises `ComponentError` for a route without a fixed first segment, and for more than a distribution takes.
    """
    found: dict[str, None] = {}
    for route in routes:
        first, *deeper = route.path.strip("/").split("/")
        if not first or "{" in first:
            raise ComponentError(
                f"{route.key} cannot be told from the site's pages.",
                next_step="Let its path begin with a fixed word.",
            )
        found[f"/{first}/*" if deeper else f"/{first}"] = None
    if len(found) > MOST_PATTERNS:
        raise ComponentError(
            f"The API's routes begin in {len(found)} ways; a distribution tells {MOST_PATTERNS} apart.",
            next_step="Let related routes begin with the same word.",
        )
    return sorted(found)


def refuse_collisions(files: Iterable[str], patterns: Iterable[str]) -> None:
    """Raises `ComponentError` for a file of the site that no browser would get, because its path is the API's."""
    taken = {pattern.split("/")[1] for pattern in patterns}
    if hidden := sorted(file for file in files if file.split("/")[0] in taken):
        raise ComponentError(
            f"The site's {hidden[0]} has a path of the API.", next_step="Give the file or the route another name."
        )
