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
SCORER_PLATFORM = "linux/amd64"
SETTING = "marketplace:image"
SCORER_SETTING = "marketplace:scorerImage"


def image(
    repository: Annotated[str, typer.Argument(help="Where to push the image: <registry>/<name>, without a tag.")],
    tag: Annotated[str, typer.Option(help="A tag for people to read. The stack uses the digest.")] = "latest",
    project: Annotated[Path, typer.Option(help="Folder with the Dockerfile.")] = Path(),
    scorer: Annotated[bool, typer.Option("--scorer", help="Build it for the fraud scorer, on SageMaker.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the address as JSON, for programs.")] = False,
) -> None:
    """Builds the image, pushes it to the registry that Docker is signed in to, and prints the stack's setting."""
    if {":", "@"} & set(repository.rpartition("/")[2]):
        raise ToolkitError(
            f"{repository} has a tag or a digest", next_step="Leave it out. To choose the tag, use --tag."
        )
    name = f"{repository}:{tag}-scorer" if scorer else f"{repository}:{tag}"
    address = f"{repository}@{_push(project, name, SCORER_PLATFORM if scorer else PLATFORM)}"
    setting = SCORER_SETTING if scorer else SETTING
    if json:
        typer.echo(json_format.dumps({setting: address}))
        return
    typer.echo(f"\npushed {address}\n\npulumi config set {setting} {address}")


def command(address: str, metadata: Path, project: Path, platform: str = PLATFORM) -> list[str]:
    """The command that builds the image, pushes it as `address` and writes its digest to the file `metadata`.

    Lambda runs an image of one manifest only; a provenance or an SBOM would make it an index of several. SageMaker
    takes no OCI manifest, so the types are Docker's own, which Lambda and Fargate take as well.
    """
    return [
        *("docker", "buildx", "build", "--platform", platform),
        *("--provenance=false", "--sbom=false"),
        *("--metadata-file", str(metadata), "--tag", address),
        *("--output", "type=image,push=true,oci-mediatypes=false", str(project)),
    ]


def _push(project: Path, address: str, platform: str) -> str:
    """Builds and pushes; returns the digest. Docker's own output goes to stderr."""
    _require_docker()
    if not (project / "Dockerfile").is_file():
        raise ToolkitError(
            f"there is no Dockerfile in {project.resolve()}", next_step="Name its folder with --project."
        )
    with tempfile.TemporaryDirectory() as folder:
        metadata = Path(folder) / "metadata.json"
        built = subprocess.run(command(address, metadata, project, platform), stdout=2, check=False)
        if built.returncode:
            raise ToolkitError(
                f"docker could not build and push {address}: exit code {built.returncode}",
                next_step="Read its output above. To push, sign in first: docker login <registry>",
            )
        pushed = json_format.loads(metadata.read_text())
    digest = pushed.get("containerimage.digest")
    if not digest:
        raise ToolkitError("docker did not report a digest", next_step="Update Docker: its buildx is too old.")
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
