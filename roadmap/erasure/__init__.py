"""Leaving for good: what is deleted with a person, and what others keep without the name."""
