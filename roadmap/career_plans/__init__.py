"""Direction, challenges of the role, and further education: a person's private plans."""
