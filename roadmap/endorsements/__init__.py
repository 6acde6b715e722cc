"""Witnesses: people who say, by name, that they saw a milestone's "done when" met."""
