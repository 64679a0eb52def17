"""The provider-mapping table as a page of Markdown, written from the data (`docs/providers.md`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from components.architecture.functions import FUNCTIONS
from components.architecture.lifecycle import Status
from components.architecture.model import Cell, Engine, Function
from components.clouds import CLOUDS, CloudEntry

_HEADER = """\
# Providers

Every architectural function of the marketplace, and the service that plays it on each cloud. Written by
`python -m components.architecture > docs/providers.md`; change the data in `components/architecture/`, then run it
again. A test fails when this page is stale.

The default is the service that the mapping names, unless its lifecycle forbids it: then its successor. A stack may name
an engine by its id; this release deploys one for each function, and refuses the others. One that is closed to new
customers is refused unless a setting says that the account already has it; a retired one is always refused.
"""


def render() -> str:
    """The whole page."""
    sections = [
        _HEADER,
        "## Mapping\n",
        *_mapping(),
        "\n## Where the default is not the named service\n",
        *_departures(),
    ]
    for cloud in CLOUDS.values():
        sections += [f"\n## Engines on {cloud.label}\n", *_engines(cloud)]
    sections += ["\n## Versions\n", *_versions()]
    return "\n".join(sections) + "\n"


def _mapping() -> Iterator[str]:
    yield from _heading("Function", "Lane", *(cloud.label for cloud in CLOUDS.values()))
    for function in FUNCTIONS.values():
        cells = (_default(function.cells[cloud.id]) for cloud in CLOUDS.values())
        yield _row(f"{function.title} (`{function.id}`)", function.lane, *cells)


def _default(cell: Cell) -> str:
    default = cell.default
    if default is cell.named:
        new_name = default.lifecycle.renamed_to
        return f"{default.title} (`{default.id}`)" + (f", now {new_name}" if new_name else "")
    return f"**{default.title}** (`{default.id}`), named: {cell.service}"


def _departures() -> Iterator[str]:
    yield from _heading("Function", "Cloud", "Named service", "Default", "Why")
    for cloud in CLOUDS.values():
        for function in FUNCTIONS.values():
            cell = function.cells[cloud.id]
            if cell.default is not cell.named:
                yield _row(function.title, cloud.label, cell.service, cell.default.title, _why(cell))


def _why(cell: Cell) -> str:
    return cell.reason or f"The named service is {_status(cell.named)}."


def _engines(cloud: CloudEntry) -> Iterator[str]:
    yield from _heading("Engine", "Service", "Plays", "Status", "As of", "Source", "Note")
    for engine, functions in _players(cloud):
        life = engine.lifecycle
        plays = ", ".join(f"`{function.id}`" for function in functions)
        source = f"[{life.source.split('/')[2]}]({life.source})"
        yield _row(f"`{engine.id}`", engine.title, plays, _status(engine), life.as_of.isoformat(), source, life.note)


def _versions() -> Iterator[str]:
    """Versions of the engines that a stack may choose one of."""
    yield from _heading("Engine", "Version", "Supported until", "As of", "Source")
    for cloud in CLOUDS.values():
        for engine, _ in _players(cloud):
            for version in engine.versions:
                source = f"[{version.source.split('/')[2]}]({version.source})"
                id = f"{version.id}, long-term" if version.long_term else version.id
                yield _row(f"`{engine.id}`", id, version.ends_on.isoformat(), version.as_of.isoformat(), source)


def _players(cloud: CloudEntry) -> Iterator[tuple[Engine, Sequence[Function]]]:
    players: dict[str, tuple[Engine, list[Function]]] = {}
    for function in FUNCTIONS.values():
        for engine in function.cells[cloud.id].engines.values():
            players.setdefault(engine.id, (engine, []))[1].append(function)
    yield from players.values()


def _status(engine: Engine) -> str:
    life = engine.lifecycle
    facts: list[str] = [life.status]
    if life.status is Status.RENAMED:
        facts = [f"renamed: {life.renamed_to}"]
    elif life.status is Status.CLOSED:
        facts = [f"closed to new customers since {life.closed_on}"]
    elif life.status is Status.RETIRED:
        facts = [f"retired since {life.retires_on}"]
    if life.retires_on and life.status is not Status.RETIRED:
        facts.append(f"retires on {life.retires_on}")
    if life.successor:
        facts.append(f"successor `{life.successor}`")
    return ", ".join(facts)


def _heading(*titles: str) -> Iterator[str]:
    yield _row(*titles)
    yield _row(*("---" for _ in titles))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
