"""Search over everything that a user may see."""
