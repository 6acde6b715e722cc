"""The members page and breadcrumbs of a team with nested teams."""

from __future__ import annotations

import datetime as dt
import re

from sqlalchemy.orm import Session

from roadmap.people.actions import add_member, create_team
from tests.support.browser_client import BrowserOf
from tests.support.cast import Cast

MEMBERS = "/teams/ranking/members"
NESTED_TEXT = "nested in this team"


def breadcrumb(page: str) -> str:
    return page.split('class="crumb"')[1].split("</p>")[0]


def make_nested_team(session: Session, cast: Cast, now: dt.datetime) -> None:
    """Nest Retrieval in Ranking; add Alice, who is in both, and Mallory."""
    nested = create_team(
        session, slug="retrieval", name="Retrieval", parent_id=cast.team, by=cast.erin, now=now
    )
    for person in (cast.alice, cast.mallory):
        add_member(session, nested, person, "member", by=cast.erin, now=now)
    session.commit()


def test_members_page_counts_people_of_nested_teams_once(
    session: Session, cast: Cast, browser_of: BrowserOf, now: dt.datetime
) -> None:
    assert NESTED_TEXT not in browser_of(cast.bob).get(MEMBERS).text
    make_nested_team(session, cast, now)
    page = browser_of(cast.bob).get(MEMBERS).text
    # Alice is already listed as a member of Ranking.
    assert f"1 more in Retrieval, {NESTED_TEXT}." in re.sub(r"<[^>]+>", "", page)
    assert 'href="/teams/retrieval/members">Retrieval' in page
    assert "Mallory" not in page
    assert "mallory@example.org" not in page
    assert page.count("alice@example.org") == 1


def test_breadcrumb_of_a_person_names_their_nested_team(
    session: Session, cast: Cast, browser_of: BrowserOf, now: dt.datetime
) -> None:
    make_nested_team(session, cast, now)
    bob = browser_of(cast.bob)
    crumb = breadcrumb(bob.get(f"/teams/ranking/people/{cast.mallory}").text)
    assert 'href="/teams/ranking">Ranking' in crumb
    assert 'href="/teams/retrieval">Retrieval' in crumb
    assert "Retrieval" not in breadcrumb(bob.get(f"/teams/ranking/people/{cast.alice}").text)
