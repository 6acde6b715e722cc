"""Backup and restore of database and files, independent of the database product."""
