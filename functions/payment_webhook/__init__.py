"""Takes the payment processor's events: verified, stored with their work in one transaction, handled once."""
