"""Servers that the stack needs and that run here as themselves: PostgreSQL, Redis, the Stripe double."""
