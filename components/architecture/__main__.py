"""`python -m components.architecture` prints the provider-mapping page."""

from __future__ import annotations

import sys

from components.architecture.table import render

if __name__ == "__main__":
    sys.stdout.write(render())
