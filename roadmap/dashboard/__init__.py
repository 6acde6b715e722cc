"""The dashboard, and what the product is for those who are not signed in."""
