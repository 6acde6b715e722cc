"""Backup and restore: the whole database as one file, for SQLite and PostgreSQL alike."""
