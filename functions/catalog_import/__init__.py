"""Imports the files of offers that sellers upload."""
