"""The export formats of a portfolio, one module each."""
