"""`marketplace provider`: serves a provider of this toolkit to the real Pulumi CLI."""

from __future__ import annotations

import contextlib
import importlib.metadata
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from components.clouds import CLOUDS
from toolkit.engine.provider import Provider
from toolkit.engine.serve import serve
from toolkit.errors import ToolkitError

Served = tuple[Provider, dict[str, str]]
"""A provider, and the version of the SDK of each package that it serves."""


def provider(
    symbolic: Annotated[bool, typer.Option("--symbolic", help="Creates nothing: for `pulumi preview`.")] = False,
    local: Annotated[bool, typer.Option("--local", help="Creates on this machine: for `pulumi up`.")] = False,
    state: Annotated[
        Path, typer.Option(envvar="MARKETPLACE_STATE", help="Folder of this machine's state, for --local.")
    ] = Path(".marketplace"),
) -> None:
    """Serves a provider to the real Pulumi CLI until Ctrl-C, and prints the line that attaches it.

    With [bold]--symbolic[/bold], `pulumi preview` works without account or plugin.
    """
    if symbolic == local:
        raise ToolkitError("choose one provider", next_step="marketplace provider --symbolic, or --local")
    ended = _end_signal()
    with contextlib.ExitStack() as stack:
        chosen, packages = _symbolic() if symbolic else stack.enter_context(_local(state))
        servers = {package: serve(chosen, version=version) for package, version in packages.items()}
        for server in servers.values():
            stack.callback(server.stop)
        attached = ",".join(f"{package}:{server.port}" for package, server in servers.items())
        typer.echo(f"export PULUMI_DEBUG_PROVIDERS={attached}")
        typer.echo("Serving until Ctrl-C; paste that line where you run pulumi.", err=True)
        ended.wait()


def _symbolic() -> Served:
    from toolkit.engine.symbolic import SymbolicProvider

    return SymbolicProvider(), _installed()


def _installed() -> dict[str, str]:
    """Versions of the installed SDKs: the CLI warns about a provider older than the program's SDK."""
    versions: dict[str, str] = {}
    for cloud in CLOUDS.values():
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[cloud.package] = importlib.metadata.version(cloud.sdk)
    return versions


@contextlib.contextmanager
def _local(state: Path) -> Iterator[Served]:
    from toolkit.local.cloud.provider import LocalProvider
    from toolkit.local.stack.machine import Machine

    with Machine(state) as machine, contextlib.closing(LocalProvider(machine)) as local:
        machine.start()  # now, before the CLI sends many requests at the same time
        yield local, {"aws": _installed()["aws"]}


def _end_signal() -> threading.Event:
    """An event that Ctrl-C and SIGTERM set."""
    ended = threading.Event()
    for end in (signal.SIGINT, signal.SIGTERM):
        signal.signal(end, lambda *_: ended.set())
    return ended
