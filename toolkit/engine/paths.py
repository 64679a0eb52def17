"""Property paths (`tags.owner`, `rules[0].port`, `tags["a.b"]`, `rules[*].port`), as `ignore_changes` uses them."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Sequence
from typing import Any

from toolkit.engine.provider import Properties
from toolkit.engine.values import Secret

_STEP = re.compile(r"""\["(?P<quoted>(?:[^"\\]|\\.)*)"\]|\[(?P<index>\d+|\*)\]|\.?(?P<name>[^.\[\]]+)""")


def parse(path: str) -> list[str | int]:
    """The steps of a path; `*` stands for every element."""
    steps: list[str | int] = []
    for match in _STEP.finditer(path):
        if match["quoted"] is not None:
            steps.append(match["quoted"].replace('\\"', '"'))
        elif match["index"] is not None:
            steps.append(match["index"] if match["index"] == "*" else int(match["index"]))
        else:
            steps.append(match["name"])
    return steps


def keep_ignored(news: Properties, olds: Properties, ignored: Iterable[str]) -> Properties:
    """`news` with the values at the ignored paths put back to what they were in `olds`."""
    kept: Properties = copy.deepcopy(news)
    for path in ignored:
        kept = _reset(kept, olds, parse(path))
    return kept


def _reset(new: Any, old: Any, steps: Sequence[str | int]) -> Any:
    if not steps:
        return old
    if isinstance(new, Secret):
        return Secret(_reset(new.value, old, steps))
    if isinstance(old, Secret):
        old = old.value
    step, *rest = steps
    if isinstance(new, dict) and isinstance(old, dict):
        keys = {*new, *old} if step == "*" else {step}
        for key in keys:
            if key in old and (key in new or not rest):
                new[key] = _reset(new.get(key), old[key], rest)
            elif not rest:
                new.pop(key, None)
    elif isinstance(new, list) and isinstance(old, list):
        for index in range(min(len(new), len(old))):
            if step in ("*", index):
                new[index] = _reset(new[index], old[index], rest)
    return new


def first_step(path: str) -> str:
    """The top-level property that a path starts with."""
    steps = parse(path)
    return str(steps[0]) if steps else ""
