"""The account page: profile, security, what managers see, API tokens."""
