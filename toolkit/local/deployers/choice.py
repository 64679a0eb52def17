"""Which engine deploys into a state folder: one folder stays with one engine."""

from __future__ import annotations

from pathlib import Path

from toolkit.errors import ToolkitError
from toolkit.local.deployers import pulumi
from toolkit.local.deployers.deployer import Deployer, EngineName
from toolkit.local.deployers.offline import STATE_FILE, OfflineDeployer


def choose(name: EngineName, folder: Path) -> Deployer:
    """The deployer of that engine for a state folder.

    Raises:
        ToolkitError: the other engine deployed what is in the folder, or there is no Pulumi CLI.
    """
    owner = deployed_by(folder)
    if owner is not None and owner != name:
        raise ToolkitError(
            f"the {owner} engine deployed what is in {folder}, the {name} engine knows nothing of it",
            next_step=f"use `--engine {owner}`, another folder (--state DIR), or `marketplace down --purge` first",
        )
    return pulumi.PulumiDeployer(folder) if name == "pulumi" else OfflineDeployer(folder)


def deployed_by(folder: Path) -> EngineName | None:
    """The engine whose state is in a state folder, `None` for a folder without a deployment."""
    if (folder / pulumi.FOLDER).exists():
        return "pulumi"
    return "offline" if (folder / STATE_FILE).exists() else None
