"""What docs/architecture.md says of adding a cloud's file is true."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable

from planned import ROOT, Planned

from toolkit.engine.model import Plan

SURROUNDINGS = """
    import json
    from dataclasses import dataclass
    from types import SimpleNamespace

    import pulumi

    import components.fulfillment_queue as contract
    from components.dead_letter_queue import DeadLetterQueueArgs
    from components.dead_letter_queue.aws import DeadLetterQueue

    class Topic(pulumi.CustomResource):  # of an SDK that is installed, in place of the third cloud's
        def __init__(self, name, opts):
            super().__init__("aws:sns/topic:Topic", name, {}, opts)

    __name__ = "components.fulfillment_queue.gcp"  # where the file would be
    gcp = SimpleNamespace(pubsub=SimpleNamespace(Topic=Topic))

    @dataclass
    class Grant:
        roles: dict
        environment: dict
"""
USE = """
    queue = FulfillmentQueue("fulfillment", foundation(), contract.FulfillmentQueueArgs())
    pulumi.export("environment", publishes(queue).target.bind("checkout", Access.PUBLISHES).environment)
"""


def test_the_file_of_a_third_cloud_is_a_component(declare: Callable[[str], Plan]) -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    found = re.search(r"```python\n(class FulfillmentQueue.*?)```", page, re.DOTALL)
    assert found
    plan = declare(textwrap.dedent(SURROUNDINGS) + found[1] + textwrap.dedent(USE))
    planned = Planned(plan)
    assert planned.component("fulfillment").type == "marketplace:fulfillment_queue:FulfillmentQueue"
    assert planned.children("fulfillment") == {
        "Topic": {"fulfillment"},
        "DeadLetterQueue": {"fulfillment-dead-letters"},
    }
    assert planned.readable(plan.outputs)["environment"] == {"FULFILLMENT_QUEUE": "<Topic fulfillment.id>"}
