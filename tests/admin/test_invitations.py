"""/admin/invitations: list invitations, and invite people without a team."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa

from roadmap.auth import rate_limits
from roadmap.invitations.actions import invite
from roadmap.invitations.models import Invitation
from roadmap.people.models import Team
from tests.support.statements import statements_of

PAGE = "/admin/invitations"


def test_page_lists_open_and_expired_invitations(session, cast, erin, now):
    team = session.get(Team, cast.team)
    invite(session, team=team, role="manager", email="new@example.org", by=cast.bob, now=now)
    old = now - dt.timedelta(days=100)
    invite(session, team=None, role="member", email="late@example.org", by=cast.erin, now=old)
    session.commit()
    page = erin.get("/admin/invitations")
    assert page.status_code == 200
    for text in ("new@example.org", "Ranking", "Manager", "invited by Bob", "Expired"):
        assert text in page.text


def test_link_without_address_says_all_that_is_known(session, cast, erin, browser_of, now):
    team = session.get(Team, cast.team)
    _made, token = invite(session, team=team, role="mentor", by=cast.bob, now=now)
    session.commit()
    row = erin.get(PAGE).text.partition("Anyone who has the link")[2].partition("</li>")[0]
    for text in ("Ranking", "Mentor", "invited by Bob on", "not used yet, works once"):
        assert text in row
    assert browser_of(cast.mallory).post(f"/invitations/{token}").status_code == 303
    assert "Anyone who has the link" not in erin.get(PAGE).text
    log = erin.get("/admin/audit?person=mallory@example.org").text
    accepted = "to the team Ranking as a mentor was accepted (for anyone who has the link)."
    assert accepted in log


def test_invitation_without_a_team_can_be_opened(session, cast, erin, browser_of):
    answer = erin.post("/admin/invitations", {"email": "New@Example.org", "days": "2"})
    assert (answer.status_code, answer.location) == (303, "/admin/invitations")
    page = erin.get("/admin/invitations")
    found = re.search(r'value="http://localhost(/invitations/[^"]+)"', page.text)
    assert found is not None
    assert browser_of().get(found[1]).status_code == 200
    assert found[1] not in erin.get("/admin/invitations").text
    made = session.scalars(sa.select(Invitation)).one()
    assert (made.team_id, made.email) == (None, "New@example.org")
    assert made.expires_at - made.created_at == dt.timedelta(days=2)


def test_invitation_without_address_is_for_anyone_with_the_link(session, cast, erin):
    assert erin.post("/admin/invitations", {"email": "", "days": "14"}).status_code == 303
    page = erin.get("/admin/invitations")
    assert "Anyone who has it can create an account" in page.text
    assert session.scalars(sa.select(Invitation.email)).one() == ""


@pytest.mark.parametrize(
    ("email", "days", "text"),
    [
        ("not an address", "14", "This is not an e-mail address"),
        ("alice@example.org", "14", "An account with this address already exists"),
        ("new@example.org", "9999", "Valid for"),
        ("x" * 400 + "@example.org", "14", "320"),
    ],
    ids=["invalid address", "existing account", "lifetime too long", "address too long"],
)
def test_invalid_invitation_is_rejected(session, cast, erin, email, days, text):
    answer = erin.post("/admin/invitations", {"email": email, "days": days})
    assert answer.status_code == 422
    assert text in answer.text
    assert f"{email}</textarea>" in answer.text
    assert session.scalars(sa.select(Invitation)).all() == []


def test_invitations_per_address_are_limited(session, cast, erin):
    data = {"email": "new@example.org", "days": "14"}
    for _ in range(rate_limits.MAX_PER_INVITED_ADDRESS):
        assert erin.post("/admin/invitations", data).status_code == 303
    answer = erin.post("/admin/invitations", data)
    assert answer.status_code == 429
    assert "Too many invitations in a short time" in answer.text
    assert int(answer.headers["Retry-After"]) > 0


def test_several_people_are_invited_without_a_team(session, cast, erin):
    data = {"email": "new@example.org, Other <other@example.org>", "days": "14"}
    assert erin.post("/admin/invitations", data).status_code == 303
    assert len(re.findall(r'value="http://localhost/invitations/', erin.get(PAGE).text)) == 2
    data["email"] = "third@example.org\nalice@example.org"
    answer = erin.post("/admin/invitations", data)
    assert answer.status_code == 422
    assert "Line 2, alice@example.org: An account with this address already exists." in answer.text
    emails = session.scalars(sa.select(Invitation.email).order_by(Invitation.email)).all()
    assert emails == ["new@example.org", "other@example.org"]


def test_revoked_invitation_cannot_be_opened(session, cast, erin, browser_of, now):
    made, token = invite(session, team=None, role="member", by=cast.erin, now=now)
    session.commit()
    page = erin.get("/admin/invitations").text
    assert re.search(
        r'<details class="confirm">\s*<summary[^>]*>Revoke.*?cannot be undone', page, re.S
    )
    answer = erin.delete(f"/admin/invitations/{made.id}")
    assert (answer.status_code, answer.location) == (303, "/admin/invitations")
    assert "Anyone who has the link" not in erin.get("/admin/invitations").text
    assert browser_of().get(f"/invitations/{token}").status_code != 200


def test_statement_count_does_not_grow_with_invitations(app, session, cast, erin, now):
    def make(count):
        for number in range(count):
            email = f"new{number}@example.org"
            invite(session, team=None, role="member", email=email, by=cast.erin, now=now)
        session.commit()

    make(1)
    few = statements_of(app, lambda: erin.get("/admin/invitations"))
    make(20)
    many = statements_of(app, lambda: erin.get("/admin/invitations"))
    assert len(many) == len(few) <= 3
