"""Pay, demand and outlook with year and source, and an offer calculator."""
