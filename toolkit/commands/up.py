"""`marketplace up`: deploys the stack to this machine, buys something, and runs until Ctrl-C."""

from __future__ import annotations

import contextlib
import json as jsonlib
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from toolkit.errors import ToolkitError

if TYPE_CHECKING:
    from toolkit.local.deployers.deployer import EngineName
    from toolkit.local.purchase.receipt import Receipt
    from toolkit.local.stack.deployment import Settings
    from toolkit.local.stack.steps import Steps
    from toolkit.local.state.run import Run

ENGINES = ("offline", "pulumi")
INTERRUPTED = 130
StateOption = Annotated[Path, typer.Option(envvar="MARKETPLACE_STATE", help="Folder of this machine's state.")]


def up(  # noqa: PLR0917 - one for each option
    stack: Annotated[str, typer.Option(help="Name of the stack: Pulumi.<stack>.yaml.")] = "dev",
    once: Annotated[bool, typer.Option("--once", help="Stop everything after the purchase.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object, for programs.")] = False,
    engine: Annotated[str, typer.Option(help="Who deploys: offline, or pulumi (the CLI on PATH).")] = "offline",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the gateway.")] = 8080,
    workers: Annotated[int, typer.Option(min=1, max=16, help="Processes for each Lambda function.")] = 1,
    state: StateOption = Path(".marketplace"),
    project: Annotated[Path, typer.Option(help="Folder of Pulumi.yaml.")] = Path(),
) -> None:
    """Deploys the stack to this machine, buys something, prints where to look, and keeps running until Ctrl-C."""
    console = Console(stderr=json, quiet=json, highlight=False)
    try:
        with _interrupts():
            from toolkit.local.cloud.failures import aws_errors
            from toolkit.local.stack.deployment import Settings

            chosen = _engine(engine)
            settings = Settings(root=project, stack=stack, state=state, port=port, engine=chosen, workers=workers)
            with aws_errors():
                _up(console, settings, once=once, json=json)
    except KeyboardInterrupt:
        console.print("[dim]interrupted; everything is stopped[/]")
        raise typer.Exit(INTERRUPTED) from None


def _up(console: Console, settings: Settings, *, once: bool, json: bool) -> None:
    from toolkit.local.stack.deployment import LocalStack
    from toolkit.local.stack.steps import Steps

    steps = Steps(console)
    with LocalStack(settings, steps) as running:
        run = running.up()
        receipt = running.buy()
        report = _report(run, receipt, steps)
        _show(console, run, receipt, steps)
        if receipt.status != "fulfilled":
            raise ToolkitError(
                f"order {receipt.order_id} failed: {receipt.failure}",
                next_step="read `marketplace logs checkout-saga`",
            )
        if json:
            typer.echo(jsonlib.dumps(report, indent=2))
            sys.stdout.flush()
        if not once:
            console.print(
                "\nRunning until Ctrl-C. In another terminal: marketplace status, marketplace logs NAME", soft_wrap=True
            )
            with contextlib.suppress(KeyboardInterrupt):
                _wait_forever()
        console.print("[dim]stopping[/]")


def _engine(name: str) -> EngineName:
    match name:
        case "offline" | "pulumi":
            return name
    raise ToolkitError(f"there is no engine {name!r}", next_step=f"use --engine {' or --engine '.join(ENGINES)}")


def _report(run: Run, receipt: Receipt, steps: Steps) -> dict[str, Any]:
    return {
        **receipt.model_dump(mode="json"),
        "resources": run.resources.model_dump(),
        "seconds": {**steps.seconds, "total": steps.together},
        "url": run.url,
        "endpoints": dict(run.endpoints),
        "components": [component.model_dump() for component in run.components],
        "unserved": list(run.unserved),
        "stack": run.stack,
        "engine": run.engine,
    }


def _show(console: Console, run: Run, receipt: Receipt, steps: Steps) -> None:
    from toolkit.local.purchase.receipt import render
    from toolkit.local.stack.overview import show

    console.print()
    console.print(render(receipt))
    show(run, console)
    console.print(f"receipt after {steps.together:.1f} s")


def _wait_forever() -> None:
    forever = threading.Event()
    while not forever.wait(1.0):
        pass


@contextlib.contextmanager
def _interrupts() -> Iterator[None]:
    """Ends the run at Ctrl-C and at SIGTERM, also where a script started it with SIGINT ignored."""
    ends = (signal.SIGINT, signal.SIGTERM)

    def interrupt(number: int, frame: object) -> None:
        for end in ends:
            signal.signal(end, signal.SIG_IGN)  # a second one must not interrupt the stopping
        raise KeyboardInterrupt

    before = [signal.signal(end, interrupt) for end in ends]
    try:
        yield
    finally:
        for end, handler in zip(ends, before, strict=True):
            signal.signal(end, handler)
