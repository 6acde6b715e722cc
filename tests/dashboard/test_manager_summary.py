"""The manager's dashboard: pending reviews, inactive people, teams, and both roles at once."""

from __future__ import annotations

import datetime as dt
import re

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from roadmap.core.database import db
from roadmap.people.actions import add_member
from roadmap.people.models import Membership, Team
from roadmap.progress import actions as progress
from tests.evidence.builders import add_evidence, submit_evidence
from tests.support.cast import Cast
from tests.support.catalog import enroll
from tests.support.markup import flat
from tests.support.sample_data import SLUG


def test_pending_reviews_are_listed_with_waiting_time(
    session: Session, cast: Cast, now: dt.datetime, browser_of
) -> None:
    enroll(session, cast.alice, now - dt.timedelta(days=40), SLUG)
    evidence = add_evidence(session, cast, cast.alice, now - dt.timedelta(days=9))
    submit_evidence(session, cast, evidence, now - dt.timedelta(days=9))
    page = browser_of(cast.bob).get("/").text
    assert "1 piece is waiting for your review" in page
    assert f'href="/reviews/{evidence.id}"' in page
    assert "9 days" in page
    assert 'href="/teams/ranking"' in page


def test_inactive_person_is_named(
    session: Session, cast: Cast, now: dt.datetime, browser_of
) -> None:
    long_ago = now - dt.timedelta(days=30)
    enroll(session, cast.alice, long_ago, SLUG)
    progress.set_status(session, cast.alice, "point-in-time-sql", "done", now=long_ago)
    enroll(session, cast.carol, now, SLUG)
    progress.set_status(session, cast.carol, "point-in-time-sql", "done", now=now)
    session.commit()
    page = browser_of(cast.bob).get("/").text
    assert "1 person has had no activity" in page
    assert f'href="/teams/ranking/people/{cast.alice}"' in page
    assert f'href="/teams/ranking/people/{cast.carol}"' not in page


def test_people_without_roadmap_are_not_counted_as_active(
    session: Session, cast: Cast, now: dt.datetime, browser_of
) -> None:
    session.execute(sa.update(Membership).values(created_at=now))
    session.commit()
    page = browser_of(cast.bob).get("/").text
    assert "2 people have not started a roadmap yet" in page
    assert "2 not on a roadmap" in page
    assert "Not started yet</h2>" in page
    assert "No activity for 21 days" not in page
    assert "Everyone has been active" not in page
    enroll(session, cast.alice, now, SLUG)
    page = browser_of(cast.bob).get("/").text
    assert "1 person has not started a roadmap yet" in page
    enroll(session, cast.carol, now, SLUG)
    page = browser_of(cast.bob).get("/").text
    assert "Everyone has been active" in page
    assert "your own reviews do not" in page, "the same as in the guide"
    assert "1 not on a roadmap" not in page
    assert "No activity for 21 days" in page


def test_nested_team_is_indented(session: Session, cast: Cast, browser_of) -> None:
    session.get_one(Team, cast.other_team).parent_id = cast.team
    session.commit()
    page = browser_of(cast.bob).get("/").text
    assert re.findall(r'<li class="depth-(\d)">\s*<a class="title" href="/teams/(\w+)"', page) == [
        ("0", "ranking"),
        ("1", "vision"),
    ]


def test_mentor_without_roadmap_sees_team_and_no_queue(
    session: Session, cast: Cast, now: dt.datetime, browser_of
) -> None:
    """Only reviewers have a queue."""
    session.add(Membership(team_id=cast.team, user_id=cast.mallory, role="mentor", created_at=now))
    session.commit()
    page = browser_of(cast.mallory).get("/").text
    assert "A roadmap is a path to a role" not in page
    assert 'href="/teams/ranking"' in page
    assert "Waiting for your review" not in page
    assert "waiting for your review" not in page


def test_manager_with_roadmap_sees_progress_and_reviews(
    session: Session, cast: Cast, now: dt.datetime, browser_of
) -> None:
    enroll(session, cast.bob, now, SLUG)
    page = browser_of(cast.bob).get("/").text
    assert "Where you are" in page
    assert "Best next steps" in page
    assert "Nothing is waiting for your review" in page


def test_engineer_sees_no_manager_summary(
    session: Session, cast: Cast, now: dt.datetime, browser_of
) -> None:
    enroll(session, cast.alice, now, SLUG)
    page = browser_of(cast.alice).get("/").text
    assert "review</a></h2>" not in page
    assert "Teams you manage" not in page


def test_manager_summary_disappears_with_role(
    session: Session, cast: Cast, now: dt.datetime, browser_of
) -> None:
    bob = browser_of(cast.bob)
    assert "Teams you manage" in bob.get("/").text
    session.get_one(Membership, (cast.team, cast.bob)).role = "member"
    session.commit()
    assert "Teams you manage" not in bob.get("/").text


def test_drafts_do_not_change_manager_dashboard(
    app: Flask, session: Session, cast: Cast, now: dt.datetime, browser_of
) -> None:
    enroll(session, cast.alice, now, SLUG)
    bob = browser_of(cast.bob)

    def seen() -> list[str]:
        return [line for line in bob.get("/").text.splitlines() if "csrf" not in line.lower()]

    before = seen()
    add_evidence(session, cast, cast.alice, now, title="canary draft")
    hidden = add_evidence(
        session, cast, cast.alice, now, title="canary private", visibility="private"
    )
    assert hidden.state == "draft"
    assert seen() == before


def test_navigation_shows_teams_first_for_manager_without_roadmap(
    session: Session, cast: Cast, now: dt.datetime, browser_of
) -> None:
    def navigation_links(page: str) -> list[str]:
        nav = page.split('class="main-nav"')[1].split("</nav>")[0]
        return re.findall(r">(\w+)</a>", nav)

    personal_links = ["Roadmap", "Evidence", "Skills", "Readiness", "Portfolio"]
    bob = browser_of(cast.bob)
    assert navigation_links(bob.get("/").text) == ["Teams", "Reviews", *personal_links]
    enroll(session, cast.bob, now, SLUG)
    session.commit()
    assert navigation_links(bob.get("/").text) == [*personal_links, "Teams", "Reviews"]
    assert navigation_links(browser_of(cast.alice).get("/").text) == personal_links


def test_statement_count_is_limited_for_many_reviews(
    app: Flask, session: Session, cast: Cast, now: dt.datetime, browser_of, statements
) -> None:
    enroll(session, cast.alice, now, SLUG)
    submit_evidence(session, cast, add_evidence(session, cast, cast.alice, now), now)
    bob = browser_of(cast.bob)
    bob.get("/")
    with statements() as before:
        bob.get("/")
    enroll(session, cast.carol, now, SLUG)
    for number in range(6):
        evidence = add_evidence(session, cast, cast.carol, now, title=f"Piece {number}")
        submit_evidence(session, cast, evidence, now)
    with app.app_context():
        db.session.commit()
    with statements() as after:
        assert "7 pieces are waiting" in bob.get("/").text
    # A queue longer than the list needs one more statement for its count.
    assert len(after) <= len(before) + 1
    assert len(after) <= 13


def test_manager_of_empty_team_is_told_once_to_invite_people(
    session: Session, cast: Cast, browser_of
) -> None:
    for person in (cast.alice, cast.carol):
        session.delete(session.get_one(Membership, (cast.team, person)))
    session.commit()
    bob = browser_of(cast.bob)
    for address in ("/", "/teams"):
        page = flat(bob.get(address).text)
        assert page.count("No one is in Ranking yet") == 1
        assert 'href="/teams/ranking/members">Invite people' in page
        assert "no activity" not in page
        assert "Teams you are in" not in page
        assert "invitation is open" not in page
    assert "No one is in Ranking yet" in bob.get("/teams/ranking").text
    bob.post("/teams/ranking/invitations", {"role": "member", "days": "2"})
    for address in ("/", "/teams"):
        assert "1 invitation is open." in bob.get(address).text


def test_teams_are_grouped_by_role(
    session: Session, cast: Cast, now: dt.datetime, browser_of
) -> None:
    vision = session.get_one(Team, cast.other_team)
    add_member(session, vision, cast.bob, "mentor", by=None, now=now)
    session.commit()
    page = browser_of(cast.bob).get("/").text
    _start, managed, mentored = re.split("Teams you (?:manage|mentor)", page)
    assert page.index("Teams you manage") < page.index("Teams you mentor")
    assert 'href="/teams/ranking"' in managed
    assert 'href="/teams/vision"' not in managed
    assert 'href="/teams/vision"' in mentored
    assert 'href="/teams/ranking"' not in mentored
    # Vision has no members, but a mentor cannot invite anyone.
    assert 'href="/teams/vision/members"' not in page
    assert 'href="/teams/vision/members"' not in browser_of(cast.bob).get("/teams").text


def test_inherited_manager_role_outranks_mentor_role(
    session: Session, cast: Cast, now: dt.datetime, browser_of
) -> None:
    """Bob manages the parent team and mentors its subteam."""
    vision = session.get_one(Team, cast.other_team)
    vision.parent_id = cast.team
    add_member(session, vision, cast.bob, "mentor", by=None, now=now)
    session.commit()
    page = browser_of(cast.bob).get("/").text
    assert "Teams you manage" in page
    assert "Teams you mentor" not in page
