"""Demo data: a company with a year of history, written by the same actions as all data."""
