"""The `marketplace` command."""

from __future__ import annotations

import importlib
import json
import os
import sys
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from toolkit.errors import ToolkitError

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = ("up", "down", "status", "logs", "trace", "token", "plan", "provider", "image")
"""In the order `--help` lists them; each is the function of that name in `toolkit/commands/<name>.py`."""
REACHING_OUT = ("image",)
"""Commands that use the caller's own AWS account and proxy: Docker signs in to a registry with them."""


class LazyCommands(TyperGroup):
    """Imports a command's module only when that command runs."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"toolkit.commands.{cmd_name}")
        single = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich")
        single.command(cmd_name)(getattr(module, cmd_name))
        return typer.main.get_command(single)


root = typer.Typer(
    cls=LazyCommands,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


@root.callback()
def marketplace(context: typer.Context) -> None:
    """Plans, checks and runs the marketplace stack, on this machine or for a real cloud.

    Start with [bold]marketplace up[/bold]: it deploys the AWS stack to this machine and buys something.
    """
    if context.invoked_subcommand not in REACHING_OUT:
        stay_on_this_machine()


def app(args: Sequence[str] | None = None) -> Any:
    """Runs one command. A `ToolkitError` is printed as two lines (or one JSON object) and sets the exit code."""
    try:
        return root(args)
    except ToolkitError as error:
        report(error, as_json="--json" in (sys.argv[1:] if args is None else args))
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)


def stay_on_this_machine() -> None:
    """For commands that talk only to servers on loopback: no proxy, and no AWS profile or credentials."""
    for name in ("no_proxy", "NO_PROXY"):
        os.environ[name] = ",".join(filter(None, (os.environ.get(name), "127.0.0.1", "localhost")))
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]


def report(error: ToolkitError, *, as_json: bool) -> None:
    """Prints what went wrong and what to do next: text on stderr, or one JSON object on stdout."""
    if as_json:
        sys.stdout.write(json.dumps({"error": error.message, "next_step": error.next_step}) + "\n")
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(Text.assemble(("error: ", "bold red"), error.message))
    if error.next_step:
        console.print(Text.assemble(("next:  ", "dim"), error.next_step))
