"""A person's private record of their hours, compared with recommended shares."""
