"""What counts as a credential, cloud certifications with price and state, and one's own."""
