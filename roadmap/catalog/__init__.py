"""Roadmaps: authored content, its revisions, and the files it comes from."""
