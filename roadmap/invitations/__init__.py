"""Invitations: to a team or to this installation, accepted once by one person."""
