"""/admin/people: all accounts, with search and filters."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from roadmap.admin.queries import PAGE_SIZE
from roadmap.auth.models import LoginSession
from roadmap.auth.tokens import new_token
from roadmap.people.models import User
from tests.support.cast import add_user
from tests.support.statements import statements_of

CREATED_AT = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def add_people(session, cast, count, first=0):
    """Add people to Alice's team, each with one session."""
    for number in range(first, first + count):
        user = add_user(session, f"Person {number:03}", team=cast.team, created_at=CREATED_AT)
        session.add(
            LoginSession(
                user_id=user.id,
                token_hash=new_token()[1],
                created_at=CREATED_AT,
                last_seen_at=CREATED_AT + dt.timedelta(days=1),
                fresh_at=CREATED_AT,
            )
        )
    session.commit()


def test_page_lists_users_with_teams_and_last_activity(session, cast, erin):
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
        ("q=%25", "No one matches", "Alice"),
        ("show=administrators", "Erin", "Alice"),
        ("show=deactivated", "Mallory", "Alice"),
        ("show=active&q=mal", "No one matches", "Mallory"),
        ("show=nonsense", "Alice", "No one matches"),
        ("page=99", "Alice", "No one matches"),
        ("page=-1", "Alice", "No one matches"),
        ("page=99999999999999999999", "Alice", "No one matches"),
        ("q=" + "x" * 5000, "No one matches", "Alice"),
        ("q=%ff%fe", "No one matches", "Alice"),
    ],
)
def test_search_and_filters(session, cast, erin, now, query, shown, hidden):
    session.get(User, cast.mallory).deactivated_at = now
    session.commit()
    answer = erin.get(f"/admin/people?{query}")
    assert answer.status_code == 200
    page = answer.text.partition("</form>")[2]
    assert shown in page
    assert f">{hidden}<" not in page


def test_search_ignores_case_of_non_ascii_letters(session, cast, erin):
    session.get(User, cast.alice).name = "Łucja ÖZGÜR"
    session.commit()
    for query in ("łucja", "ŁUCJA", "özgür"):
        page = erin.get("/admin/people", query_string={"q": query}).text
        assert "Łucja ÖZGÜR" in page.partition("</form>")[2]


def test_page_is_paginated(session, cast, erin):
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


def test_statement_count_does_not_grow_with_users(app, session, cast, erin):
    add_people(session, cast, 2)
    few = statements_of(app, lambda: erin.get("/admin/people"))
    add_people(session, cast, 10, first=2)
    many = statements_of(app, lambda: erin.get("/admin/people"))
    assert len(many) == len(few) <= 4
    assert session.scalar(sa.select(sa.func.count()).select_from(User)) == 18
