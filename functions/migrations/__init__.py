"""Brings the order database's schema and roles up to date, as a step of every deployment."""
