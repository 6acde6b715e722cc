"""/admin/people: all accounts, with search and filters."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from roadmap.admin.queries import PAGE_SIZE
from roadmap.auth.models import LoginSession
from roadmap.auth.tokens import new_token
from roadmap.people.models import Membership, User
from tests.support.statements import statements_of

BEGUN = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def add_people(session, cast, count, first=0):
    """So many people, each in Alice's team, each signed in once."""
    for number in range(first, first + count):
        email = f"person{number:03}@example.org"
        user = User(name=f"Person {number:03}", email=email, email_key=email, created_at=BEGUN)
        session.add(user)
        session.flush()
        session.add(Membership(team_id=cast.team, user_id=user.id, role="member", created_at=BEGUN))
        session.add(
            LoginSession(
                user_id=user.id,
                token_hash=new_token()[1],
                created_at=BEGUN,
                last_seen_at=BEGUN + dt.timedelta(days=1),
                fresh_at=BEGUN,
            )
        )
    session.commit()


def test_it_works(session, cast, erin):
    add_people(session, cast, 1)
    page = erin.get("/admin/people")
    assert page.status_code == 200
    assert f"/admin/people/{cast.alice}" in page.text
    assert "alice@example.org" in page.text
    assert "Ranking, manager" in page.text
    assert "last seen 2 Mar 2026" in page.text
    assert "7 people." in page.text


@pytest.mark.parametrize(
    ("query", "shown", "hidden"),
    [
        ("q=ali", "Alice", "Carol"),
        ("q=CAROL%40", "Carol", "Alice"),
        ("q=%25", "Nobody matches", "Alice"),
        ("show=administrators", "Erin", "Alice"),
        ("show=deactivated", "Mallory", "Alice"),
        ("show=active&q=mal", "Nobody matches", "Mallory"),
        ("show=nonsense", "Alice", "Nobody matches"),
        ("page=99", "Alice", "Nobody matches"),
        ("page=-1", "Alice", "Nobody matches"),
        ("page=99999999999999999999", "Alice", "Nobody matches"),
        ("q=" + "x" * 5000, "Nobody matches", "Alice"),
        ("q=%ff%fe", "Nobody matches", "Alice"),
    ],
)
def test_it_finds(session, cast, erin, now, query, shown, hidden):
    session.get(User, cast.mallory).deactivated_at = now
    session.commit()
    answer = erin.get(f"/admin/people?{query}")
    assert answer.status_code == 200
    page = answer.text.partition("</form>")[2]
    assert shown in page
    assert f">{hidden}<" not in page


def test_capital_letters_make_no_difference_in_any_language(session, cast, erin):
    session.get(User, cast.alice).name = "Łucja ÖZGÜR"
    session.commit()
    for query in ("łucja", "ŁUCJA", "özgür"):
        page = erin.get("/admin/people", query_string={"q": query}).text
        assert "Łucja ÖZGÜR" in page.partition("</form>")[2]


def test_there_are_pages(session, cast, erin):
    add_people(session, cast, PAGE_SIZE)
    first = erin.get("/admin/people?q=person").text
    assert 'rel="next"' not in first
    add_people(session, cast, 1, first=PAGE_SIZE)
    first = erin.get("/admin/people?q=person").text
    assert 'href="/admin/people?q=person&amp;page=2"' in first
    second = erin.get("/admin/people?q=person&page=2").text
    assert f"Person {PAGE_SIZE:03}" in second
    assert "Person 000" not in second
    assert 'href="/admin/people?q=person"' in second


def test_it_takes_the_same_statements_however_many_there_are(app, session, cast, erin):
    add_people(session, cast, 2)
    few = statements_of(app, lambda: erin.get("/admin/people"))
    add_people(session, cast, 40, first=2)
    many = statements_of(app, lambda: erin.get("/admin/people"))
    assert len(many) == len(few) <= 4
    assert session.scalar(sa.select(sa.func.count()).select_from(User)) == 48
