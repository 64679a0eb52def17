"""Learns from orders and views which products belong together, and publishes the rankings to the cache."""
