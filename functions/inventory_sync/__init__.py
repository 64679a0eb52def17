"""Keeps what is derived from the catalog and the order database true: the search index and the stock counters."""
