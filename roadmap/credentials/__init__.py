"""Valuable credentials, cloud certifications, and the user's own certifications."""
