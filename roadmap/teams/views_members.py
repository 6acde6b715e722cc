"""Who is in a team: members, roles and invitations."""
