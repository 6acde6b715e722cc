"""The members page of a team with nested teams lists who else its matrix shows."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

from sqlalchemy.orm import Session

from roadmap.people.actions import add_member, create_team
from tests.support.browser_client import BrowserClient
from tests.support.cast import Cast

Opens = Callable[..., BrowserClient]
MEMBERS = "/teams/ranking/members"
NESTED = "nested in this team"


def crumb_of(page: str) -> str:
    return page.split('class="crumb"')[1].split("</p>")[0]


def nest(session: Session, cast: Cast, now: dt.datetime) -> None:
    """Alice in Ranking and in Retrieval below it, Mallory in Retrieval alone."""
    nested = create_team(
        session, slug="retrieval", name="Retrieval", parent_id=cast.team, by=cast.erin, now=now
    )
    for person in (cast.alice, cast.mallory):
        add_member(session, nested, person, "member", by=cast.erin, now=now)
    session.commit()


def test_the_members_name_those_in_teams_nested_below(
    session: Session, cast: Cast, browser_of: Opens, now: dt.datetime
) -> None:
    assert NESTED not in browser_of(cast.bob).get(MEMBERS).text
    nest(session, cast, now)
    page = browser_of(cast.bob).get(MEMBERS).text
    # Alice is in both, and is in the list already.
    assert f"1 more in Retrieval, {NESTED}." in re.sub(r"<[^>]+>", "", page)
    assert 'href="/teams/retrieval/members">Retrieval' in page
    assert "Mallory" not in page


def test_the_crumb_of_a_person_names_their_own_team(
    session: Session, cast: Cast, browser_of: Opens, now: dt.datetime
) -> None:
    nest(session, cast, now)
    bob = browser_of(cast.bob)
    below = crumb_of(bob.get(f"/teams/ranking/people/{cast.mallory}").text)
    assert 'href="/teams/ranking">Ranking' in below
    assert 'href="/teams/retrieval">Retrieval' in below
    assert "Retrieval" not in crumb_of(bob.get(f"/teams/ranking/people/{cast.alice}").text)
