"""Routes of team members and their sample data."""

from __future__ import annotations

from typing import Any

from roadmap.invitations.actions import invite
from roadmap.people.models import Team
from tests.support.route_entry import FORM_PRESERVED, SIGN_IN, Change, Page, Statuses, expect_status


def expect_team_managers(status: int = 303, nobody: int = FORM_PRESERVED) -> Statuses:
    """Allow Bob and the administrator; other teams' managers get 404."""
    return expect_status(403, bob=status, erin=status, dave=404, nobody=nobody)


PAGES: tuple[Page, ...] = (
    Page(
        "/teams/<slug>/members",
        "team.members",
        "/teams/{team}/members",
        expect_team_managers(200, SIGN_IN),
        name="team-members",
    ),
    Page(
        "/teams/<slug>/members/<uuid:user_id>",
        "team.members",
        "/teams/{team}/members/{carol}",
        expect_team_managers(200, SIGN_IN),
        name="team-member",
    ),
    # Dave is in another team, whose members Bob cannot see.
    Page(
        "/teams/<slug>/members/<uuid:user_id>",
        "team.members",
        "/teams/{team}/members/{dave}",
        expect_status(403, bob=404, erin=404, dave=404, nobody=SIGN_IN),
        name="team-member-elsewhere",
    ),
    Page(
        "/teams/<slug>/membership",
        "team.leave",
        "/teams/{team}/membership",
        expect_status(404, alice=200, bob=200, carol=200, erin=403, nobody=SIGN_IN),
        name="team-membership",
        by_role=True,
    ),
)
CHANGES: tuple[Change, ...] = (
    # Only an administrator can add people without an invitation.
    Change(
        "/teams/<slug>/members",
        "POST",
        "admin.write",
        "/teams/{team}/members",
        {"add-email": "mallory@example.org", "add-role": "member"},
        expect_status(403, erin=303, nobody=FORM_PRESERVED),
        affects=("mallory",),
    ),
    Change(
        "/teams/<slug>/members/<uuid:user_id>",
        "PUT",
        "team.members",
        "/teams/{team}/members/{carol}",
        {"role": "manager"},
        expect_team_managers(),
        # The people she can now see are notified.
        affects=("carol", "alice", "bob"),
    ),
    # A role change cannot add a member of another team.
    Change(
        "/teams/<slug>/members/<uuid:user_id>",
        "PUT",
        "team.members",
        "/teams/{team}/members/{dave}",
        {"role": "member"},
        expect_status(403, bob=404, erin=404, dave=404, nobody=FORM_PRESERVED),
    ),
    # Bob manages no other team, and the administrator none at all.
    Change(
        "/teams/<slug>/members/<uuid:user_id>/team",
        "PUT",
        "team.members",
        "/teams/{team}/members/{carol}/team",
        {"to": "vision"},
        expect_team_managers(422),
    ),
    Change(
        "/teams/<slug>/members/<uuid:user_id>",
        "DELETE",
        "team.members",
        "/teams/{team}/members/{carol}",
        {"sure": "yes"},
        expect_team_managers(),
        affects=("carol",),
    ),
    Change(
        "/teams/<slug>/invitations",
        "POST",
        "team.invite",
        "/teams/{team}/invitations",
        {"email": "hedwig@example.org", "role": "member", "days": "14"},
        expect_team_managers(),
        affects=("nobody",),
    ),
    Change(
        "/teams/<slug>/invitations/<uuid:invitation_id>",
        "DELETE",
        "team.invite",
        "/teams/{team}/invitations/{invited_to_team}",
        {"sure": "yes"},
        expect_team_managers(),
        affects=("nobody",),
    ),
    Change(
        "/teams/<slug>/membership",
        "DELETE",
        "team.leave",
        "/teams/{team}/membership",
        {"sure": "yes"},
        expect_status(404, alice=303, bob=303, carol=303, erin=403, nobody=FORM_PRESERVED),
        # Deletes the manager's unread notifications about her evidence.
        affects=("bob",),
    ),
)


def create_sample_data(write: Any) -> dict[str, str]:
    """Add the data that the URLs refer to."""
    team = write.session.get_one(Team, write.cast.team)
    made, _token = invite(
        write.session,
        team=team,
        role="member",
        email="ingrid@example.org",
        by=write.cast.bob,
        now=write.now,
    )
    return {"team": team.slug, "invited_to_team": str(made.id)}
