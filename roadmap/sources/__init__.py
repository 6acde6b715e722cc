"""The sources of the content of all pages."""
