"""The cart, the acceptance of an order, and what became of it."""
