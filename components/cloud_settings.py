"""The settings that each cloud has of its own, checked before its SDK is loaded."""

from __future__ import annotations

import json
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic.alias_generators import to_camel


class CloudSettings(BaseModel):
    """Base of one cloud's section; a subclass stands beside that cloud's components.

    In the file each setting is `marketplace:` and its name in camel case, unless its alias names the cloud's own key.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    CLOUD: ClassVar[str]
    """Id of the cloud."""

    region: str
    image: str = ""
    """Image of all workloads, in a registry that they can pull from. By digest: a tag that moves deploys nothing."""
    scorer_image: str = ""
    """Image of the fraud scorer: the same, built for the machines that models run on."""

    def domain_problem(self, domain: str | None) -> str | None:
        """Why the marketplace cannot be served under this name, or under one of the cloud's where there is none."""
        return None


def from_json(value: Any) -> Any:
    """Pulumi hands lists and objects over as JSON text."""
    if isinstance(value, str) and value.lstrip().startswith(("[", "{")):
        return json.loads(value)
    return value


FromJson: BeforeValidator = BeforeValidator(from_json)
Texts = Annotated[tuple[str, ...], FromJson]
