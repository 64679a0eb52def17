"""`marketplace provider`: lends a provider of ours to the real Pulumi CLI."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Annotated

import typer

from toolkit.engine.provider import Provider
from toolkit.engine.serve import serve
from toolkit.errors import ToolkitError

PACKAGES = ("aws", "azure-native", "gcp")


def provider(
    symbolic: Annotated[bool, typer.Option("--symbolic", help="Creates nothing: for `pulumi preview`.")] = False,
    local: Annotated[bool, typer.Option("--local", help="Creates on this machine: for `pulumi up`.")] = False,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.")] = 0,
    state: Annotated[
        Path, typer.Option(envvar="MARKETPLACE_STATE", help="Where --local keeps its engines' data.")
    ] = Path(".marketplace"),
) -> None:
    """Serves a provider to the real Pulumi CLI until Ctrl-C, and prints the line that attaches it.

    With [bold]--symbolic[/bold], `pulumi preview` works without account or plugin.
    """
    if symbolic == local:
        raise ToolkitError("choose one provider", next_step="marketplace provider --symbolic, or --local")
    chosen, packages = _symbolic() if symbolic else _local(state)
    try:
        server = serve(chosen, port=port)
    except OSError as error:
        raise ToolkitError(str(error), next_step="choose another --port, or none") from None
    attached = ",".join(f"{package}:{server.port}" for package in packages)
    typer.echo(f"export PULUMI_DEBUG_PROVIDERS={attached}")
    typer.echo("Serving until Ctrl-C. Paste that line into the terminal where you run pulumi.", err=True)
    try:
        _wait()
    finally:
        server.stop()


def _symbolic() -> tuple[Provider, tuple[str, ...]]:
    from toolkit.engine.symbolic import SymbolicProvider  # noqa: PLC0415 - loads an SDK

    return SymbolicProvider(), PACKAGES


def _local(state: Path) -> tuple[Provider, tuple[str, ...]]:
    from toolkit.local.machine import Machine  # noqa: PLC0415 - loads the local engines
    from toolkit.local.provider import LocalProvider  # noqa: PLC0415

    local: Provider = LocalProvider(Machine(state))
    return local, ("aws",)


def _wait() -> None:
    """Until Ctrl-C, or a polite request to end."""
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    try:
        ended.wait()
    except KeyboardInterrupt:
        typer.echo("", err=True)
