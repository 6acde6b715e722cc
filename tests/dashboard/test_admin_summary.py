"""The administrator's dashboard: the users, and the state of security and backups."""

from __future__ import annotations

import datetime as dt
import re

from flask import Flask
from sqlalchemy import delete
from sqlalchemy.orm import Session

from roadmap.people.audit import record_audit
from roadmap.people.models import Membership, Team, User
from tests.support.cast import Cast
from tests.support.catalog import enroll
from tests.support.sample_data import SLUG
from tests.support.statements import statements_of


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_admin_dashboard_shows_installation_state(cast: Cast, browser_of) -> None:
    page = browser_of(cast.erin).get("/").text
    assert "This installation" in page
    assert "No backup yet" in page
    assert "backup create FILE" in page
    assert "Mail is not configured" in page
    for address in (
        "/admin/people?show=active",
        "/admin/teams",
        "/admin/invitations",
        "/admin#safe",
    ):
        assert f'href="{address}"' in page
    assert "3 things need your attention" in text_of(page), "backup, a second administrator, mail"
    assert "A roadmap is a path to a role" not in page
    assert "Create a team" not in page
    # The only primary button is for the installation; the roadmap comes second.
    assert page.index("This installation") < page.index(f'href="/roadmaps/{SLUG}"')
    assert page.count('class="button"') == 1


def test_administrators_who_can_sign_in_are_counted(
    session: Session, cast: Cast, browser_of
) -> None:
    erin = browser_of(cast.erin)
    for user_id, password_hash in ((cast.erin, "x"), (cast.dave, None)):
        person = session.get_one(User, user_id)
        person.is_admin, person.password_hash = True, password_hash
    session.commit()
    for page in ("/", "/admin"):
        assert "1 of 2 administrators can sign in" in text_of(erin.get(page).text)
    session.get_one(User, cast.dave).password_hash = "y"
    session.commit()
    for page in ("/", "/admin"):
        text = text_of(erin.get(page).text)
        assert "2 administrators" in text
        assert "can sign in" not in text


def test_last_backup_and_overdue_backup_are_shown(
    session: Session, cast: Cast, now: dt.datetime, browser_of
) -> None:
    erin = browser_of(cast.erin)
    record_audit(
        session,
        by=None,
        action="backup.created",
        target="cairn.zip",
        address="",
        now=now - dt.timedelta(days=9),
    )
    session.commit()
    page = erin.get("/").text
    assert "Last backup on" in page
    assert "Create one every night" in page
    record_audit(session, by=None, action="backup.created", target="cairn.zip", address="", now=now)
    session.commit()
    page = erin.get("/").text
    assert "Last backup on" in page
    assert "backup create" not in page


def test_only_user_is_offered_roadmap_and_team_equally(
    session: Session, cast: Cast, browser_of
) -> None:
    erin = browser_of(cast.erin)
    session.execute(delete(Membership))
    session.execute(delete(Team))
    session.execute(delete(User).where(User.id != cast.erin))
    session.commit()
    page = erin.get("/").text
    assert "Start on a roadmap yourself, invite your team, or both." in page
    assert "A roadmap is a path to a role" not in page
    assert "For yourself. You do not need a team" in page
    assert "For managers and their people" in page
    assert page.index(f'href="/roadmaps/{SLUG}"') < page.index('href="/admin/teams"')
    assert 'class="button"' not in page  # neither choice is primary
    assert "This installation" not in page


def test_installation_state_is_hidden_from_other_users(
    session: Session, cast: Cast, now: dt.datetime, browser_of
) -> None:
    enroll(session, cast.alice, now, SLUG)
    for person in (cast.alice, cast.bob, cast.mallory):
        assert "This installation" not in browser_of(person).get("/").text


def test_administrator_who_manages_sees_teams_and_installation(
    session: Session, cast: Cast, browser_of
) -> None:
    session.get_one(User, cast.bob).is_admin = True
    session.commit()
    page = browser_of(cast.bob).get("/").text
    assert "Teams you manage" in page
    assert "This installation" in page


def test_statement_count_is_independent_of_team_count(
    app: Flask, session: Session, cast: Cast, now: dt.datetime, browser_of
) -> None:
    erin = browser_of(cast.erin)
    erin.get("/")
    before = statements_of(app, lambda: erin.get("/"))
    for number in range(5):
        session.add(Team(name=f"Team {number}", slug=f"team-{number}", created_at=now))
    session.commit()
    after = statements_of(app, lambda: erin.get("/"))
    assert len(after) == len(before)
