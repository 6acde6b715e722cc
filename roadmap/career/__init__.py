"""Positions and education, as a person declares them."""
