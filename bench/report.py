"""How a measurement is shown: the ratio first, then the figure it comes from."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One line of a report; `ratio` relates the value to another one of the same run."""

    name: str
    value: str
    ratio: str = ""


def show(title: str, measures: Sequence[Measure]) -> None:
    table = Table(title=title, title_justify="left", expand=False)
    for column in ("what", "ratio", "measured"):
        table.add_column(column, overflow="fold")
    for measure in measures:
        table.add_row(measure.name, measure.ratio, measure.value)
    Console().print(table)


def reason(error: Exception) -> str:
    """Why something could not be measured, in one line: the last one that a command printed, or the error's first."""
    if isinstance(error, subprocess.CalledProcessError):
        lines = f"{error.stdout or ''}\n{error.stderr or ''}".split("\n")
        said = next((line.strip() for line in reversed(lines) if line.strip()), f"exit status {error.returncode}")
        return f"{' '.join(error.cmd)}: {said}"
    return f"{type(error).__name__}: {error}".partition("\n")[0]
