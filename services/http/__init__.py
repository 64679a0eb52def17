"""What every HTTP service shares: verified callers, problem details, health, a trace per request, and the server."""
