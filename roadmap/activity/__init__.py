"""What a person's history says, as sentences: all activity, of a milestone, and since a day."""
