"""The Pulumi program: settings in, components out. Run by Pulumi, or by `marketplace plan`."""

from __future__ import annotations

import pulumi

from stacks.marketplace import marketplace
from stacks.settings import from_pulumi

for name, value in marketplace(from_pulumi(), stack=pulumi.get_stack()).items():
    pulumi.export(name, value)
