"""Pay, demand and outlook with year and source, and a calculator for offers."""
