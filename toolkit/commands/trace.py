"""`marketplace trace ORDER`: what happened to an order, where, and how long it took."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from toolkit.errors import ToolkitError
from toolkit.local.state.run import last_run


def trace(
    order_id: Annotated[str, typer.Argument(help="An order, as the receipt names it.")],
    state: Annotated[Path, typer.Option(envvar="MARKETPLACE_STATE", help="Folder of this machine's state.")] = Path(
        ".marketplace"
    ),
    as_json: Annotated[bool, typer.Option("--json", help="Print the segments as X-Ray has them.")] = False,
) -> None:
    """Prints the trace of an order's purchase, from the service that accepted it to the mails."""
    from toolkit.local.stack.machine import Machine
    from toolkit.local.stack.traces import segments_of, tree, xray

    run = last_run(state)
    if run is None or "moto" not in run.ports:
        raise ToolkitError(f"nothing runs from {state}", next_step="start the stack first: marketplace up")
    segments = segments_of(xray(run.ports["moto"], Machine(state).region), order_id)
    if not segments:
        raise ToolkitError(
            f"there is no trace of the order {order_id!r}",
            next_step="a busy service records a part of the orders, and this machine keeps the latest: buy once more",
        )
    typer.echo(json.dumps(segments, indent=2) if as_json else "\n".join(tree(segments)))
