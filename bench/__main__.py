"""`python -m bench [plan] [up] [checkout]`: all of them when none is named."""

from __future__ import annotations

import importlib
import sys

from bench.report import show

BENCHES = {
    "plan": ("bench.plan", "Planning a stack"),
    "up": ("bench.first_receipt", "From nothing to a receipt"),
    "checkout": ("bench.checkout", "Accepting checkouts"),
}


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        sys.stderr.write(f"There is no bench {', '.join(unknown)}; choose from {', '.join(BENCHES)}.\n")
        return 2
    for name in names or BENCHES:
        module, title = BENCHES[name]
        show(title, importlib.import_module(module).measure())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
