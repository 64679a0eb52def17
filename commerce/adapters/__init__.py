"""The ports on real stores and services, and in memory for tests. Only here are SDKs imported."""
