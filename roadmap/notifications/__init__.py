"""Notifications: what happened to one's evidence, in the product and by mail."""
