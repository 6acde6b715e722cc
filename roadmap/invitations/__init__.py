"""Invitations to a team or to this installation, which one person can accept once."""
