"""The teams of a person, the matrix of one of them, and its exports."""
