"""Assessments of skills against described levels."""
