"""Private career plans: direction, challenges of the role and further education."""
