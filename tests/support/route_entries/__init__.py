"""Manifest entries by room: each module has PAGES, CHANGES and `create_sample_data`."""
