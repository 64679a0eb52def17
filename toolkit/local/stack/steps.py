"""The progress of `up`, step by step with times."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.markup import escape


@dataclass(kw_only=True)
class Step:
    """One step while it runs; `outcome` is shown when it is done."""

    name: str
    outcome: str = ""


class Steps:
    """Shows each step with a spinner, then as a line with its outcome and seconds, and remembers the seconds."""

    def __init__(self, console: Console) -> None:
        self.seconds: dict[str, float] = {}
        self._console = console
        self._started = time.monotonic()

    @contextmanager
    def step(self, name: str, doing: str) -> Iterator[Step]:
        """Times the block. An exception passes through, its step shown as failed; an interrupt is no failure."""
        started = time.monotonic()
        step = Step(name=name)
        try:
            with self._console.status(f"{name}: {escape(doing)}"):
                yield step
        except Exception:
            self._line("[red]failed[/]", step, time.monotonic() - started)
            raise
        self.took(name, time.monotonic() - started)
        self._line("[green]done[/]  ", step, self.seconds[name])

    def took(self, name: str, seconds: float) -> None:
        """Records the time of a step that was measured elsewhere."""
        self.seconds[name] = round(self.seconds.get(name, 0.0) + seconds, 2)

    @property
    def together(self) -> float:
        """Seconds since the first step."""
        return round(time.monotonic() - self._started, 2)

    def _line(self, mark: str, step: Step, seconds: float) -> None:
        self._console.print(f"{mark} {step.name:<10} {step.outcome:<72} [dim]{seconds:6.1f} s[/]", soft_wrap=True)
