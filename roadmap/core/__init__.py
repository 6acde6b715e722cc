"""Shared infrastructure: configuration, database, web plumbing, Markdown, SVG, PDF."""
