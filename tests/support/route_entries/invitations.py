"""Routes of invitations and their sample data."""

from __future__ import annotations

import datetime as dt
from typing import Any

from roadmap.invitations.actions import invite
from roadmap.invitations.models import Invitation
from roadmap.people.models import Team
from tests.support.route_entry import (
    PUBLIC,
    SIGN_IN,
    Change,
    Page,
    expect_change,
    expect_status,
)

LIFETIME = dt.timedelta(days=14)

PAGES: tuple[Page, ...] = (
    # Visitors get a sign-up form, non-members a button to join, and members a note.
    Page(
        "/invitations/<token>",
        "public",
        "/invitations/{invitation}",
        PUBLIC,
        variants=("/invitations/{invitation_of_ada}", "/invitations/{invitation_of_mallory}"),
        name="invitation",
    ),
    Page(
        "/invitations/<token>",
        "public",
        "/invitations/cut-short",
        expect_status(404),
        name="invitation-unknown",
    ),
    # Only for the invited person, signed in.
    Page(
        "/invitations/received/<uuid:invitation_id>",
        "account.read",
        "/invitations/received/{received}",
        expect_status(404, mallory=200, nobody=SIGN_IN),
        name="invitation-received",
    ),
)
CHANGES: tuple[Change, ...] = (
    # Only the invited person may accept. The invitation's row has no owner.
    Change(
        "/invitations/<token>",
        "POST",
        "public",
        "/invitations/{invitation_of_mallory}",
        {"name": "Somebody else", "password": "granite scree and lichen"},
        expect_status(409, mallory=303),
        # The person who invited her is notified.
        affects=("nobody", "bob"),
    ),
    Change(
        "/invitations/received/<uuid:invitation_id>",
        "POST",
        "account.write",
        "/invitations/received/{received}",
        {},
        expect_change(404, mallory=303, nobody=SIGN_IN),
        affects=("nobody", "bob"),
    ),
    Change(
        "/invitations/received/<uuid:invitation_id>",
        "DELETE",
        "account.write",
        "/invitations/received/{received}",
        {},
        expect_change(404, mallory=303, nobody=SIGN_IN),
        affects=("nobody", "bob"),
    ),
)


def create_sample_data(write: Any) -> dict[str, str]:
    """Add the data that the URLs refer to."""
    team = write.session.get_one(Team, write.cast.team)

    def make(email: str = "", role: str = "member") -> tuple[Invitation, str]:
        return invite(
            write.session,
            team=team,
            role=role,
            email=email,
            by=write.cast.bob,
            lifetime=LIFETIME,
            now=write.now,
        )

    to_mallory, link_of_mallory = make("mallory@example.org")

    return {
        "invitation": make()[1],
        "invitation_of_ada": make("ada@example.org", "manager")[1],
        "invitation_of_mallory": link_of_mallory,
        "received": str(to_mallory.id),
    }
