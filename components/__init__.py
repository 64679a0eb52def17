"""One folder for each architectural function: its contract, and beside it each cloud's class."""
