"""`marketplace provider`: lends a provider of ours to the real Pulumi CLI."""

from __future__ import annotations

import contextlib
import importlib.metadata
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from toolkit.engine.provider import Provider
from toolkit.engine.serve import serve
from toolkit.errors import ToolkitError

SDKS = {"aws": "pulumi-aws", "azure-native": "pulumi-azure-native", "gcp": "pulumi-gcp"}
"""Pulumi package, and the distribution of its Python SDK."""

Served = tuple[Provider, dict[str, str]]
"""A provider, and the packages it serves with the version of each one's SDK."""


def provider(
    symbolic: Annotated[bool, typer.Option("--symbolic", help="Creates nothing: for `pulumi preview`.")] = False,
    local: Annotated[bool, typer.Option("--local", help="Creates on this machine: for `pulumi up`.")] = False,
    state: Annotated[
        Path, typer.Option(envvar="MARKETPLACE_STATE", help="Where --local keeps its servers' data.")
    ] = Path(".marketplace"),
) -> None:
    """Serves a provider to the real Pulumi CLI until Ctrl-C, and prints the line that attaches it.

    With [bold]--symbolic[/bold], `pulumi preview` works without account or plugin.
    """
    if symbolic == local:
        raise ToolkitError("choose one provider", next_step="marketplace provider --symbolic, or --local")
    ended = _asked_to_end()
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
    """Versions of the SDKs that are here: the CLI warns about a provider older than the program's SDK."""
    versions: dict[str, str] = {}
    for package, distribution in SDKS.items():
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[package] = importlib.metadata.version(distribution)
    return versions


@contextlib.contextmanager
def _local(state: Path) -> Iterator[Served]:
    from toolkit.local.cloud.provider import LocalProvider
    from toolkit.local.stack.machine import Machine

    with Machine(state) as machine, contextlib.closing(LocalProvider(machine)) as local:
        machine.start()  # now, not when the CLI's many threads ask for it at the same time
        yield local, {"aws": _installed()["aws"]}


def _asked_to_end() -> threading.Event:
    """Set by Ctrl-C, or by a polite request to end."""
    ended = threading.Event()
    for end in (signal.SIGINT, signal.SIGTERM):
        signal.signal(end, lambda *_: ended.set())
    return ended
