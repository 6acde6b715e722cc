"""Portfolios, their export formats and their public links."""
