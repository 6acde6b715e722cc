"""The forms of links that are recognized, a file for each family of sites."""
