"""What docs/architecture.md says of adding a cloud's file is true."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable

from planned import ROOT, Planned

from toolkit.engine.model import Plan

SURROUNDINGS = """
    from dataclasses import dataclass
    from types import SimpleNamespace

    import pulumi

    import components.payments as contract

    class Secret(pulumi.CustomResource):  # of an SDK that is installed, in place of the third cloud's
        def __init__(self, name, secret_id, replication, opts):
            super().__init__("aws:secretsmanager/secret:Secret", name, {"name": secret_id}, opts)

    __name__ = "components.payments.gcp"  # where the file would be
    gcp = SimpleNamespace(secretmanager=SimpleNamespace(Secret=Secret))

    @dataclass
    class Grant:
        roles: dict
        environment: dict
"""
USE = """
    on = foundation()
    payments = Payments("stripe", on, contract.PaymentsArgs(secrets=cloud.Secrets("secrets", on, SecretsArgs())))
    pulumi.export("environment", reads_secret(payments).target.bind("checkout", Access.READS_SECRET).environment)
"""


def test_the_file_of_a_third_cloud_is_a_component(declare: Callable[[str], Plan]) -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    found = re.search(r"```python\n(class Payments.*?)```", page, re.DOTALL)
    assert found
    plan = declare(textwrap.dedent(SURROUNDINGS) + found[1] + textwrap.dedent(USE))
    planned = Planned(plan)
    assert planned.component("stripe").type == "marketplace:payments:Payments"
    assert planned.children("stripe") == {"Secret": {"stripe"}}
    assert planned.readable(plan.outputs)["environment"] == {"STRIPE_SECRET": "<Secret stripe.id>"}
