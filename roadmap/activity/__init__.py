"""A user's history as readable sentences: all activity, per milestone, and since a date."""
