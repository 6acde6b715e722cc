"""A person as their managers see them, and the assessment of their skills."""
