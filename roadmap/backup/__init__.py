"""Backup and restore: database and files as one file, for SQLite and PostgreSQL alike."""
