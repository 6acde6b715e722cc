"""Records that a person brings along: read, looked at, then saved as drafts."""
