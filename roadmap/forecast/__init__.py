"""Forecasts of when a person finishes a roadmap, and the days off that they skip."""
