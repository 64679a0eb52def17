"""`python -m bench [plan] [up] [checkout] [orders] [imports] [search]`: all of them when none is named.

A bench that cannot run says why in one line, and the others go on.
"""

from __future__ import annotations

import importlib
import sys

from bench.report import reason, show

BENCHES = {
    "plan": ("bench.plan", "Planning a stack"),
    "up": ("bench.first_receipt", "From nothing to a receipt"),
    "checkout": ("bench.checkout", "Accepting checkouts"),
    "orders": ("bench.orders", "Fulfilling orders"),
    "imports": ("bench.imports", "Importing offers"),
    "search": ("bench.search", "Searching"),
}


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        sys.stderr.write(f"There is no bench {', '.join(unknown)}; choose from {', '.join(BENCHES)}.\n")
        return 2
    failed = False
    for name in names or BENCHES:
        module, title = BENCHES[name]
        try:
            show(title, importlib.import_module(module).measure())
        except Exception as error:  # whatever ends one bench, the others are worth their figures
            failed = True
            sys.stderr.write(f"{title}: not measured: {reason(error)}\n")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
