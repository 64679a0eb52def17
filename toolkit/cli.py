"""The `marketplace` command."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click
import typer
from rich.console import Console
from typer.core import TyperGroup

from toolkit.errors import ToolkitError

COMMANDS = ("up", "down", "status", "logs", "plan", "provider")
"""In the order `--help` lists them; each is the function of that name in `toolkit/commands/<name>.py`."""


class LazyCommands(TyperGroup):
    """Imports a command's module only when that command is asked for, so that `--help` stays instant."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"toolkit.commands.{cmd_name}")
        command = typer.Typer(add_completion=False)
        command.command(cmd_name)(getattr(module, cmd_name))
        return typer.main.get_command(command)


root = typer.Typer(cls=LazyCommands, add_completion=False, no_args_is_help=True, rich_markup_mode="rich")


@root.callback()
def marketplace() -> None:
    """Plans, checks and runs the marketplace stack, on this machine or for a real cloud.

    Start with [bold]marketplace up[/bold]: it deploys the AWS stack to this machine and buys something.
    """


def app(args: list[str] | None = None) -> Any:
    """Entry point: a user's mistake becomes two lines and an exit code, never a traceback."""
    try:
        return root(args)
    except ToolkitError as error:
        console = Console(stderr=True, highlight=False, soft_wrap=True)
        console.print(f"[bold red]error:[/] {error.message}", markup=True)
        if error.next_step:
            console.print(f"[dim]next:[/]  {error.next_step}", markup=True)
        sys.exit(error.exit_code)
