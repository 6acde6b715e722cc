"""Mail: the outbox and its transport."""
