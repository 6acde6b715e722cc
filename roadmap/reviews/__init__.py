"""Reviews: a manager's queue and the review pages."""
