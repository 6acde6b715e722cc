"""Everything of a person in one file, and back."""
