"""Recognized link forms, one module for each family of sites."""
