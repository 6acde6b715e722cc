"""Sign-in, sessions, passwords, the account page and mail."""
