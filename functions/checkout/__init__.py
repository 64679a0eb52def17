"""Finishes an accepted order: pay, take the stock, split the money, hand over to fulfilment, or undo it all."""
