"""Finishes an accepted order: pay, take the stock, split the money, hand over to fulfillment, or undo it all."""
