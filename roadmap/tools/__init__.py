"""ML engineering tools with status and licence, and the user's experience with them."""
