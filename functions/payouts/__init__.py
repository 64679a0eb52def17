"""Pays sellers and settles what waits for a time: called every minute by a schedule."""
