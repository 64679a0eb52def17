"""The Pulumi program: settings in, components out. Run by Pulumi, or by `marketplace plan`."""

from __future__ import annotations

import pulumi

from stacks.baseline import baseline
from stacks.marketplace import marketplace
from stacks.settings import from_pulumi

settings = from_pulumi()
layer = baseline if settings.layer == "baseline" else marketplace
for name, value in layer(settings, stack=pulumi.get_stack()).items():
    pulumi.export(name, value)
