"""Where the hours of a week go, against the guide's share: a person's private record."""
