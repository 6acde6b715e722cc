"""People, teams, permissions, history and the audit log."""
