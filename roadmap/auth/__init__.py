"""Sign-in, sessions, passwords and API tokens."""
