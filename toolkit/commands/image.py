"""`marketplace image`: builds the image that everything runs from, and pushes it."""

from __future__ import annotations

import json as json_format
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from toolkit.errors import ToolkitError

PLATFORM = "linux/arm64"
SETTING = "marketplace:image"


def image(
    repository: Annotated[str, typer.Argument(help="Where to push it, without a tag: <registry>/<name>.")],
    tag: Annotated[str, typer.Option(help="A name for people. The stack takes the digest.")] = "latest",
    project: Annotated[Path, typer.Option(help="Folder of the Dockerfile.")] = Path(),
    json: Annotated[bool, typer.Option("--json", help="Print the address as JSON, for programs.")] = False,
) -> None:
    """Builds the image and pushes it with Docker, which must be signed in to the registry; prints the setting."""
    if {":", "@"} & set(repository.rpartition("/")[2]):
        raise ToolkitError(f"{repository} has a tag or a digest", next_step="Give it without; a tag by --tag.")
    address = f"{repository}@{_push(project, f'{repository}:{tag}')}"
    if json:
        typer.echo(json_format.dumps({SETTING: address}))
        return
    typer.echo(f"\npushed {address}\n\npulumi config set {SETTING} {address}")


def command(address: str, metadata: Path, project: Path) -> list[str]:
    """What builds and pushes the image as `address`, and leaves what was pushed in the file `metadata`.

    Provenance and a list of parts would make it an index of several manifests; functions run from one manifest only.
    """
    return [
        *("docker", "buildx", "build", "--platform", PLATFORM),
        *("--provenance=false", "--sbom=false"),
        *("--metadata-file", str(metadata), "--tag", address, "--push", str(project)),
    ]


def _push(project: Path, address: str) -> str:
    """Builds and pushes; returns the digest. Docker's own output goes to stderr."""
    _require_docker()
    if not (project / "Dockerfile").is_file():
        raise ToolkitError(f"there is no Dockerfile in {project.resolve()}", next_step="Give its folder: --project")
    with tempfile.TemporaryDirectory() as folder:
        metadata = Path(folder) / "metadata.json"
        built = subprocess.run(command(address, metadata, project), stdout=2, check=False)
        if built.returncode:
            raise ToolkitError(
                f"docker could not build and push {address}: exit code {built.returncode}",
                next_step="Read its output above. To push, be signed in: docker login <registry>",
            )
        pushed = json_format.loads(metadata.read_text())
    digest = pushed.get("containerimage.digest")
    if not digest:
        raise ToolkitError("docker did not say what it pushed", next_step="Update Docker: buildx must write a digest.")
    return str(digest)


def _require_docker() -> None:
    missing = "docker"
    if shutil.which("docker"):
        asked = subprocess.run(["docker", "buildx", "version"], capture_output=True, check=False)
        if asked.returncode == 0:
            return
        missing = "docker's buildx"
    raise ToolkitError(
        f"{missing} is not installed, or not on PATH",
        next_step="Install Docker with buildx: https://docs.docker.com/get-docker/",
    )
