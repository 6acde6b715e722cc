"""Evidence, its versions and their reviews."""
