"""The manager's dashboard: pending reviews, inactive people, teams, and both roles at once."""

from __future__ import annotations

import datetime as dt
import re

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from roadmap.catalog.queries import published_roadmap
from roadmap.core.database import db
from roadmap.people.actions import add_member
from roadmap.people.models import Membership, Team
from roadmap.progress import actions as progress
from tests.evidence.builders import add_evidence, submit_evidence
from tests.support.cast import Cast
from tests.support.markup import flat

SLUG = "senior-ml-engineer"


def enroll(session: Session, person, now: dt.datetime) -> None:
    found = published_roadmap(session, SLUG)
    assert found is not None
    progress.enroll(session, person, found.roadmap_id, by=person, now=now)
    session.commit()


def test_it_works(session: Session, cast: Cast, now: dt.datetime, browser_of) -> None:
    enroll(session, cast.alice, now - dt.timedelta(days=40))
    piece = add_evidence(session, cast, cast.alice, now - dt.timedelta(days=9))
    submit_evidence(session, cast, piece, now - dt.timedelta(days=9))
    page = browser_of(cast.bob).get("/").text
    assert "1 piece is waiting for your review" in page
    assert f'href="/reviews/{piece.id}"' in page
    assert "9 days" in page
    assert 'href="/teams/ranking"' in page


def test_who_has_not_moved_is_named(
    session: Session, cast: Cast, now: dt.datetime, browser_of
) -> None:
    long_ago = now - dt.timedelta(days=30)
    enroll(session, cast.alice, long_ago)
    progress.set_status(
        session, cast.alice, "point-in-time-sql", "done", by=cast.alice, now=long_ago
    )
    enroll(session, cast.carol, now)
    progress.set_status(session, cast.carol, "point-in-time-sql", "done", by=cast.carol, now=now)
    session.commit()
    page = browser_of(cast.bob).get("/").text
    assert "1 person has had no activity" in page
    assert f'href="/teams/ranking/people/{cast.alice}"' in page
    assert f'href="/teams/ranking/people/{cast.carol}"' not in page


def test_newcomers_are_not_said_to_have_moved(
    session: Session, cast: Cast, now: dt.datetime, browser_of
) -> None:
    session.execute(sa.update(Membership).values(created_at=now))
    session.commit()
    page = browser_of(cast.bob).get("/").text
    assert "2 people have not started a roadmap yet" in page
    assert "2 not on a roadmap" in page
    assert "Everyone has been active" not in page
    enroll(session, cast.alice, now)
    page = browser_of(cast.bob).get("/").text
    assert "1 person has not started a roadmap yet" in page
    enroll(session, cast.carol, now)
    page = browser_of(cast.bob).get("/").text
    assert "Everyone has been active" in page
    assert "your own reviews do not" in page, "as the guide says"
    assert "1 not on a roadmap" not in page


def test_a_mentor_on_no_roadmap_sees_the_team(
    session: Session, cast: Cast, now: dt.datetime, browser_of
) -> None:
    """Without a queue, which is for those who review."""
    session.add(Membership(team_id=cast.team, user_id=cast.mallory, role="mentor", created_at=now))
    session.commit()
    page = browser_of(cast.mallory).get("/").text
    assert "A roadmap is a path to a role" not in page
    assert 'href="/teams/ranking"' in page
    assert "Waiting for your review" not in page
    assert "waiting for your review" not in page


def test_both_roles_stand_on_one_page(
    session: Session, cast: Cast, now: dt.datetime, browser_of
) -> None:
    enroll(session, cast.bob, now)
    page = browser_of(cast.bob).get("/").text
    assert "Where you are" in page
    assert "Best next steps" in page
    assert "Nothing is waiting for your review" in page


def test_an_engineer_sees_nothing_of_it(
    session: Session, cast: Cast, now: dt.datetime, browser_of
) -> None:
    enroll(session, cast.alice, now)
    page = browser_of(cast.alice).get("/").text
    assert "review</a></h2>" not in page
    assert "Teams you manage" not in page


def test_it_ends_with_the_role(session: Session, cast: Cast, now: dt.datetime, browser_of) -> None:
    bob = browser_of(cast.bob)
    assert "Teams you manage" in bob.get("/").text
    session.get_one(Membership, (cast.team, cast.bob)).role = "member"
    session.commit()
    assert "Teams you manage" not in bob.get("/").text


def test_a_draft_changes_no_byte(
    app: Flask, session: Session, cast: Cast, now: dt.datetime, browser_of
) -> None:
    enroll(session, cast.alice, now)
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


def test_a_manager_on_no_roadmap_finds_the_teams_before_empty_places(
    session: Session, cast: Cast, now: dt.datetime, browser_of
) -> None:
    def places(page: str) -> list[str]:
        nav = page.split('class="main-nav"')[1].split("</nav>")[0]
        return re.findall(r">(\w+)</a>", nav)

    own = ["Roadmap", "Evidence", "Skills", "Readiness", "Portfolio"]
    bob = browser_of(cast.bob)
    assert places(bob.get("/").text) == ["Teams", "Reviews", *own]
    enroll(session, cast.bob, now)
    session.commit()
    assert places(bob.get("/").text) == [*own, "Teams", "Reviews"]
    assert places(browser_of(cast.alice).get("/").text) == own


def test_it_takes_the_same_statements_for_many(
    app: Flask, session: Session, cast: Cast, now: dt.datetime, browser_of, statements
) -> None:
    enroll(session, cast.alice, now)
    submit_evidence(session, cast, add_evidence(session, cast, cast.alice, now), now)
    bob = browser_of(cast.bob)
    bob.get("/")
    with statements() as few:
        bob.get("/")
    enroll(session, cast.carol, now)
    for number in range(6):
        piece = add_evidence(session, cast, cast.carol, now, title=f"Piece {number}")
        submit_evidence(session, cast, piece, now)
    with app.app_context():
        db.session.commit()
    with statements() as many:
        assert "7 pieces are waiting" in bob.get("/").text
    # One more statement counts the queue, once it is longer than the list.
    assert len(many) <= len(few) + 1
    assert len(many) <= 13


def test_a_manager_of_nobody_is_told_one_thing(session: Session, cast: Cast, browser_of) -> None:
    for person in (cast.alice, cast.carol):
        session.delete(session.get_one(Membership, (cast.team, person)))
    session.commit()
    bob = browser_of(cast.bob)
    for address in ("/", "/teams"):
        page = flat(bob.get(address).text)
        assert page.count("Nobody is in Ranking yet") == 1
        assert 'href="/teams/ranking/members">Invite people' in page
        assert "no activity" not in page
        assert "Teams you are in" not in page
    assert "Nobody is in Ranking yet" in bob.get("/teams/ranking").text


def test_teams_stand_below_the_role_that_one_has_there(
    session: Session, cast: Cast, now: dt.datetime, browser_of
) -> None:
    """Who manages one team and mentors another sees each below its own heading."""
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
    # Nobody is in Vision yet, and a mentor invites nobody.
    assert 'href="/teams/vision/members"' not in page
    assert 'href="/teams/vision/members"' not in browser_of(cast.bob).get("/teams").text


def test_a_manager_of_the_team_above_manages_what_they_mentor(
    session: Session, cast: Cast, now: dt.datetime, browser_of
) -> None:
    """The higher of two roles counts."""
    vision = session.get_one(Team, cast.other_team)
    vision.parent_id = cast.team
    add_member(session, vision, cast.bob, "mentor", by=None, now=now)
    session.commit()
    page = browser_of(cast.bob).get("/").text
    assert "Teams you manage" in page
    assert "Teams you mentor" not in page
