"""Administration: people, teams, roles and the audit log; no personal records."""
