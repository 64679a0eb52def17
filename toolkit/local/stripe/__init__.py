"""A stateful double of Stripe Connect on loopback: what stands where `api.stripe.com` stands in production.

It speaks Stripe's HTTP API (form-encoded requests, Stripe's objects and errors, idempotency keys, signed webhooks), so
that the real `stripe` SDK drives it unchanged, and it keeps accounts, payments, transfers, refunds and balances in
SQLite, written before each answer. Start it with `python -m toolkit.local.stripe --port N --state DIR`.
"""
