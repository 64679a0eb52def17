"""The baseline: what several environments of an account share, or what exists in it only once.

An environment needs none: it makes its own network. Several environments take one with `marketplace:baseline`, and
then start sooner, and pay for one network instead of one each.
"""

from __future__ import annotations

from typing import Any

import pulumi

from components.account import AccountArgs
from components.cloud import load
from components.delivery import DeliveryArgs, Repository
from components.foundation import Engines
from components.image_registry import ImageRegistryArgs
from components.network import NetworkArgs
from components.secrets_management import SecretsArgs
from stacks.settings import NAMESPACE, Settings


def baseline(settings: Settings, *, stack: str) -> dict[str, Any]:
    """Declares every resource of the layer; returns the stack's outputs, which environments read."""
    cloud = load(settings.cloud)
    on = cloud.foundation(
        settings.cloud_settings,
        prefix=f"{NAMESPACE}-{stack}",
        profile=settings.profile,
        tags={"Project": NAMESPACE, "Stack": stack, "Profile": settings.profile_name, "ManagedBy": "pulumi"},
        engines=Engines(chosen=settings.engines, allow_closed=settings.allow_closed),
    )
    secrets = cloud.Secrets("secrets", on, SecretsArgs())
    network = cloud.Network(
        "network", on, NetworkArgs(cidr=str(settings.network_cidr), secrets=secrets, for_others=True)
    )
    registry = cloud.ImageRegistry("images", on, ImageRegistryArgs(repository=NAMESPACE))
    cloud.Account(
        "account", on, AccountArgs(monthly_budget_usd=settings.monthly_budget_usd, email=settings.alarm_email)
    )
    outputs = {
        "layer": settings.layer,
        "cloud": settings.cloud,
        "region": settings.cloud_settings.region,
        "network": network.shared,
        "image_registry": registry.address,
    }
    if settings.github_repository and settings.github_ids:
        repository = Repository.of(settings.github_repository, settings.github_ids)
        delivery = cloud.Delivery(
            "delivery",
            on,
            DeliveryArgs(repository=repository, environment=settings.github_environment, registry=registry),
        )
        outputs |= {
            "preview_role": delivery.preview_role,
            "deploy_role": delivery.deploy_role,
            "workload_boundary": delivery.boundary,
        }
    return outputs


def shared_by(name: str, settings: Settings) -> pulumi.Output[Any]:
    """The outputs of the baseline `organization/project/stack`; raises `WrongBaseline` for another kind of stack."""
    outputs: pulumi.Output[Any] = pulumi.StackReference(name).outputs.apply(
        lambda found: _checked(name, settings, found)
    )
    return outputs


class WrongBaseline(pulumi.RunError):
    """The stack that `marketplace:baseline` names cannot be stood on."""

    def __init__(self, name: str, problem: str, next_step: str) -> None:
        super().__init__(f"marketplace:baseline names {name}, {problem}. {next_step}")


def _checked(name: str, settings: Settings, found: dict[str, Any]) -> dict[str, Any]:
    if found.get("layer") != "baseline" or not found.get("network"):
        raise WrongBaseline(
            name,
            "which has no outputs of a baseline",
            "Deploy it first (`pulumi up --stack baseline`), or leave the setting out: the environment then makes its "
            "own network.",
        )
    here = (settings.cloud, settings.cloud_settings.region)
    if (found.get("cloud"), found.get("region")) != here:
        raise WrongBaseline(
            name,
            f"which is on {found.get('cloud')} in {found.get('region')}, and this stack on {here[0]} in {here[1]}",
            "A network is shared within one region: name a baseline there.",
        )
    return found
