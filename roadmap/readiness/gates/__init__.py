"""The gates, which no number of points replaces. One module for each type."""
