"""Tools of the trade with status and licence, and what a person knows of them."""
