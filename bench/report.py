"""How a measurement is shown: the ratio first, then the figure it comes from."""

from __future__ import annotations

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
