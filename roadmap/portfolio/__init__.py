"""The portfolio that a person shows, its export formats and its public links."""
