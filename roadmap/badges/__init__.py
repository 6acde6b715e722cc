"""Signed badges (Open Badges 3.0) for what was verified, and their public verification."""
