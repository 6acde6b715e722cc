"""Demo data: a company with a year of history, written through the application's own actions."""
