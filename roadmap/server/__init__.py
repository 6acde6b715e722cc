"""Processes that serve Cairn."""
