"""Reviews: the queue of a manager, and the page on which a piece is judged."""
