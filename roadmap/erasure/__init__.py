"""Erase a person's account: delete their data, and anonymize what other people keep."""
