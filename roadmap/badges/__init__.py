"""Signed badges (Open Badges 3.0) for verified evidence and stages, and their verification."""
