"""AWS's Cloud Control API: any resource type that CloudFormation knows, by its own properties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from components.component import Component


def cloud_control(
    owner: Component, name: str, type_name: str, properties: Mapping[str, Any], after: Sequence[pulumi.Resource] = ()
) -> pulumi.CustomResource:
    """A resource of `type_name` (`AWS::Personalize::Schema`). Its id is the type's primary identifier, often an ARN.

    The properties are not checked before AWS sees them; their keys are sorted, so that their order changes nothing.
    """
    resource: pulumi.CustomResource = aws.cloudcontrol.Resource(
        name,
        type_name=type_name,
        desired_state=pulumi.Output.json_dumps(properties, sort_keys=True),
        opts=owner.child(depends_on=list(after)),
    )
    return resource
