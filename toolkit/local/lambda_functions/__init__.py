"""Lambda functions on this machine: their runtime, their worker processes, and the pollers of their queues."""
