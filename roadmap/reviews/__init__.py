"""Reviews: the queue of a manager, and the page on which an item is reviewed."""
