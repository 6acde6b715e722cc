"""Notifications on the pages and by mail."""
