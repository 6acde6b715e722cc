"""Demo data: a team with a year behind it, written by the same actions as everyone's."""
