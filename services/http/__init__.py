"""What every HTTP service shares: identity, problem details, health, logs with a trace id, and the server."""
