"""Gives the edge's key its new value: a step at a time, each of which can be run again."""
