"""Endorsements: witnesses without an account state that they saw a milestone achieved."""
