"""Property paths (`tags.owner`, `rules[0].port`, `tags["a.b"]`, `rules[*].port`), by the real engine's rules.

`ignore_changes` and `replace_on_changes` hold them.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from toolkit.engine.provider import Properties
from toolkit.engine.values import Secret, reveal

_STEP = re.compile(
    r"""\.*(?:\["(?P<quoted>(?:\\"|[^"\\]|\\(?!"))*)"\]|\[(?P<index>[+-]?[0-9]+|\*)\]|(?P<name>[^.\[]+))"""
)
_PLAIN = re.compile(r"[A-Za-z0-9_$]+")

Steps = Sequence[str | int]


def parse(path: str) -> Steps:
    """The steps of a path; `*` stands for every element.

    Raises:
        ValueError: the path does not follow the grammar.
    """
    steps: list[str | int] = []
    position = 0
    while position < len(path):
        match = _STEP.match(path, position)
        if match is None or path.startswith("."):
            raise ValueError(f"{path!r} is not a property path: is a bracket or a name missing?")
        if match["quoted"] is not None:
            steps.append(match["quoted"].replace('\\"', '"'))
        elif match["index"] is not None:
            steps.append("*" if match["index"] == "*" else int(match["index"]))
        else:
            steps.append(match["name"])
        position = match.end()
    return steps


def text(steps: Steps) -> str:
    """The path with these steps; the inverse of `parse`."""
    return "".join(
        f"[{step}]" if isinstance(step, int) else f".{step}" if _PLAIN.fullmatch(step) else f'["{_quoted(step)}"]'
        for step in steps
    ).removeprefix(".")


def _quoted(name: str) -> str:
    return name.replace('"', '\\"')


def contains(outer: Steps, inner: Steps) -> bool:
    """Whether what `outer` leads to is, or holds, what `inner` leads to."""
    return len(outer) <= len(inner) and all(step in ("*", other) for step, other in zip(outer, inner, strict=False))


def details(name: str, olds: Properties, news: Properties) -> list[Steps]:
    """The innermost places where a changed property differs: members added, removed or changed."""
    return list(_differences(reveal(olds.get(name)), reveal(news.get(name)), (name,))) or [(name,)]


def _differences(old: Any, new: Any, steps: Steps) -> Iterator[Steps]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            yield from _differences(old.get(key), new.get(key), (*steps, key))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            before, after = (items[index] if index < len(items) else None for items in (old, new))
            yield from _differences(before, after, (*steps, index))
    elif old != new:
        yield steps


def keep_ignored(news: Properties, olds: Properties, ignored: Iterable[str]) -> Properties:
    """`news` with the values at the ignored paths put back to what they were in `olds`.

    A malformed path ignores nothing, nor does one through an element that was added to or removed from a list.
    """
    kept: Properties = copy.deepcopy(news)
    for path in ignored:
        try:
            steps = parse(path)
        except ValueError:
            continue
        if steps:
            kept = _reset(kept, olds, steps)
    return kept


def _reset(new: Any, old: Any, steps: Steps, *, secret: bool = False) -> Any:
    """`new` with the value of `old` at the end of the steps; `secret` if that is inside a secret."""
    if isinstance(old, Secret):
        return _reset(new, old.value, steps, secret=True)
    if isinstance(new, Secret):
        return Secret(_reset(new.value, reveal(old), steps))
    step, *rest = steps
    if isinstance(new, dict) and isinstance(step, str):
        _reset_member(new, old, step, rest, secret=secret)
    elif isinstance(new, list) and isinstance(old, list):
        for index in range(min(len(new), len(old))):
            if step in ("*", index):
                new[index] = _put_back(new[index], old[index], rest, secret=secret)
    return new


def _reset_member(new: Properties, old: Any, step: str, rest: Steps, *, secret: bool) -> None:
    if not isinstance(old, dict):
        if rest or step == "*":
            return
        old = {}
    for key in sorted({*new, *old}) if step == "*" else [step]:
        if not rest and key not in old:
            new.pop(key, None)
        elif not rest or (key in new and (key in old or step != "*")):
            new[key] = _put_back(new.get(key), old.get(key), rest, secret=secret)


def _put_back(new: Any, old: Any, rest: Steps, *, secret: bool) -> Any:
    if rest:
        return _reset(new, old, rest, secret=secret)
    return Secret(old) if secret and not isinstance(old, Secret) else copy.deepcopy(old)
