"""Enrollment and the status of every milestone."""
