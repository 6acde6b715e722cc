"""Backup and restore: everything in the database as one file, on SQLite and PostgreSQL alike."""
