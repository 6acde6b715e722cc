"""Administration: accounts, teams, roles and the audit log, but no personal records."""
