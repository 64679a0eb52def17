"""`marketplace plan`: what a stack would deploy, without a cloud."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from json import loads as parse
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.tree import Tree

from toolkit.engine import urns
from toolkit.engine.counting import is_cloud_resource
from toolkit.engine.model import Plan, Resource
from toolkit.engine.process import ProgramProcess
from toolkit.engine.program import Program
from toolkit.errors import ToolkitError

_OUTPUTS: Final = "write ORGANIZATION/PROJECT/STACK=FILE, with `pulumi stack output --json --stack STACK` in FILE"


def plan(
    stack: Annotated[str, typer.Option(help="Name of the stack: Pulumi.<stack>.yaml.")],
    project: Annotated[Path, typer.Option(help="Folder of Pulumi.yaml.")] = Path(),
    json: Annotated[bool, typer.Option("--json", help="Print the plan as JSON, for programs.")] = False,
    outputs: Annotated[
        list[str] | None,
        typer.Option(help="Outputs of another stack: ORGANIZATION/PROJECT/STACK=FILE, in JSON. Repeat for more."),
    ] = None,
    thorough: Annotated[bool, typer.Option("--thorough", help="Run once more with other placeholders.")] = False,
) -> None:
    """Shows what a stack would deploy: functions, resources, links and findings. Needs no account."""
    program = replace(Program.load(project, stack), stack_outputs=dict(map(_stack_outputs, outputs or ())))
    # The processes first: they load the SDK while this one loads its own modules.
    with ProgramProcess(program) as shown, ProgramProcess(program, quiet=True) as silent:
        from toolkit.engine.planning import plan as make_plan

        made = make_plan(program, thorough=thorough, processes=(shown, silent))
    if json:
        typer.echo(made.model_dump_json(indent=2))
    else:
        show(made, Console(highlight=False))


def _stack_outputs(given: str) -> tuple[str, dict[str, Any]]:
    """A stack's name and its outputs, as `pulumi stack output --json` prints them."""
    name, _, file = given.partition("=")
    try:
        outputs = parse(Path(file).read_text()) if file else None
    except (OSError, ValueError) as error:
        raise ToolkitError(f"{file} cannot be read as JSON: {error}", next_step=_OUTPUTS) from error
    if name.count("/") != 2 or not isinstance(outputs, dict):
        raise ToolkitError(f"--outputs {given} does not name a stack and a file of its outputs", next_step=_OUTPUTS)
    return name, outputs


def show(made: Plan, console: Console) -> None:
    """Prints a plan for people."""
    console.print(f"[bold]{escape(made.project)}/{escape(made.stack)}[/] on {made.cloud or 'no cloud'}\n")
    if made.functions:
        console.print(_functions(made))
    console.print(_resources(made))
    if made.links:
        console.print(_links(made))
    for finding in made.findings:
        where = f" [dim]{escape(finding.source)}[/]" if finding.source else ""
        console.print(f"[yellow]{finding.kind}[/] {escape(finding.message)}{where}")
    console.print(_summary(made))


def _functions(made: Plan) -> Table:
    table = Table("Function", "Engine", "Lifecycle", "Components", box=None, pad_edge=False, header_style="dim")
    for function in made.functions:
        status = str(function.lifecycle.get("status", ""))
        style = "" if status in ("available", "renamed", "") else "[yellow]"
        names = ", ".join(function.components)
        table.add_row(escape(function.title), function.engine or "", f"{style}{status}", escape(names))
    return table


def _resources(made: Plan) -> Tree:
    """Components with what they hold; beside each resource its type without the package."""
    children: dict[str | None, list[Resource]] = {}
    for resource in made.resources:
        children.setdefault(resource.parent, []).append(resource)
    tree = Tree("\n[dim]Resources[/]", guide_style="dim")
    roots = [root for root in children.get(None, []) if root.type == urns.STACK_TYPE]
    others = [root for root in children.get(None, []) if root.type != urns.STACK_TYPE]
    for root in roots:
        _grow(tree, children.get(root.urn, []), children)
    _grow(tree, others, children)
    return tree


def _grow(tree: Tree, resources: Iterable[Resource], children: dict[str | None, list[Resource]]) -> None:
    for resource in resources:
        marks = "".join(f" [cyan]{mark}[/]" for mark in _marks(resource))
        kind = resource.type.rpartition(":")[2] if resource.custom else ""
        title = escape(resource.name) if resource.custom else f"[bold]{escape(resource.name)}[/]"
        branch = tree.add(f"{title} [dim]{escape(kind)}[/]{marks}")
        _grow(branch, children.get(resource.urn, []), children)


def _marks(resource: Resource) -> list[str]:
    return ["protected"] * resource.protect + ["read only"] * resource.external


def _links(made: Plan) -> Table:
    table = Table("\nLinks", "", "", box=None, pad_edge=False, header_style="dim")
    for link in made.links:
        table.add_row(escape(link.source), f"[dim]{link.access} →[/]", escape(link.target))
    return table


def _summary(made: Plan) -> str:
    components = sum(not resource.custom and resource.type != urns.STACK_TYPE for resource in made.resources)
    resources = sum(map(is_cloud_resource, made.resources))
    found = f"{len(made.findings)} findings" if made.findings else "no findings"
    return (
        f"\n{len(made.functions)} functions, {components} components, {resources} cloud resources, "
        f"{len(made.links)} links, {found}, {made.seconds:.1f} s"
    )
