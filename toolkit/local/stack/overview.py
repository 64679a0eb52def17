"""Addresses, components and resources of a run, as `up` and `status` show them."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from toolkit.local.state.run import Run


def show(run: Run, console: Console) -> None:
    """Addresses as lines that can be copied, components as a table; fits 60 columns, addresses may run longer."""
    width = max(map(len, run.endpoints), default=0)
    for name, address in run.endpoints.items():
        console.print(f"{name:<{width}}  {address}", soft_wrap=True, markup=False)
    console.print()
    console.print(_components(run))
    resources = run.resources
    console.print(
        f"\n{resources.total} cloud resources: {resources.emulated} emulated, {resources.recorded} recorded "
        "(accepted, with plausible outputs, but not emulated)"
    )
    if run.unserved:
        console.print(f"[yellow]no process here serves {', '.join(run.unserved)}[/]")


def _components(run: Run) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("Component", overflow="fold")
    table.add_column("Engine", overflow="fold")
    table.add_column("Emulated", justify="right")
    for component in run.components:
        total = component.emulated + component.recorded
        table.add_row(component.name, component.engine or "", f"{component.emulated} of {total}")
    return table
