"""The account page: profile, security, visibility and API tokens."""
