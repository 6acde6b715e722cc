"""A private work log of single lines that can become evidence."""
