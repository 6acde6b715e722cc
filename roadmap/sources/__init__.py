"""Where the content of all pages comes from, the guide first."""
