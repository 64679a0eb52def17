"""Payments by Stripe: separate charges and transfers on the platform's account (Stripe Connect)."""
