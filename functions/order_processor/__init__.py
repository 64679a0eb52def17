"""Fulfills paid orders from the fulfillment queue, and opens the return window of every seller's share."""
