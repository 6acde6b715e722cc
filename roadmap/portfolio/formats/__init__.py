"""The formats in which a portfolio is exported, one module each."""
