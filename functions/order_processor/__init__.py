"""Fulfils paid orders from the fulfilment queue, and opens the return window of every seller's share."""
