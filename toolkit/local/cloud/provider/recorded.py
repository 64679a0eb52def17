"""Resources that this machine does not emulate: recorded, with plausible outputs.

A VPC or an alarm changes nothing for a process on loopback, but others refer to its id and ARN. Every computed
output gets a value in the form the service uses, derived from the URN: the same on every machine and every run.
"""

from __future__ import annotations

import hashlib

from toolkit.engine.provider import Created, Properties
from toolkit.engine.sdk import Sdk
from toolkit.local.cloud.provider.identifiers import Recording, identity
from toolkit.local.cloud.provider.naming import DEFAULTS, NAME_PROPERTIES
from toolkit.local.cloud.provider.output_types import plausible


def record(urn: str, type: str, inputs: Properties, region: str, sdk: Sdk) -> Created:
    """The id and all outputs of a resource that is only recorded; `region` is its own or the stack's."""
    given_name = inputs.get(NAME_PROPERTIES.get(type, "name"))
    recording = Recording(
        type=type,
        physical_name=str(given_name or urn.rsplit("::", 1)[-1]),
        named=given_name is not None,
        digest=hashlib.sha256(f"{urn}{sorted(inputs.items(), key=str)}".encode()).hexdigest(),
        region=str(inputs.get("region") or region),
        inputs=inputs,
    )
    known = identity(recording)
    identifier = str(known.pop("id"))
    computed = plausible(sdk, type, identifier, known["arn"], recording.physical_name, recording.region)
    known |= {"tagsAll": inputs.get("tags") or {}}
    declared = {property: value for property, value in known.items() if property in computed}
    return Created(id=identifier, outputs=computed | without_markers(inputs) | declared)


def without_markers(inputs: Properties) -> Properties:
    """Inputs as outputs echo them, without the provider's own marks."""
    return {key: value for key, value in inputs.items() if key != DEFAULTS}
