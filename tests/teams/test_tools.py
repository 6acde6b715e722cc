"""GET /teams/<slug>/tools and /teams/<slug>/tools/<key>: shared knowledge of tools."""

from __future__ import annotations

import pytest

from roadmap.people.actions import add_member
from roadmap.people.models import Team
from tests.support.markup import flat
from tests.support.statements import statements_of

RAY_FORM = {"level": "production", "interest": "deepen", "last_used": "2021", "note": "zanzibar"}


@pytest.fixture
def bob(cast, browser_of):
    return browser_of(cast.bob)


@pytest.fixture
def alice(cast, browser_of):
    """Alice used Ray in production long ago. Carol wants to learn it but does not share that."""
    browser_of(cast.carol).put("/tools/ray", {"level": "", "interest": "learn"})
    alice = browser_of(cast.alice)
    alice.put("/tools/ray", RAY_FORM)
    return alice


def test_only_shared_tools_are_listed_and_counted(alice, bob, cast, browser_of):
    for path in ("/teams/ranking/tools", "/teams/ranking/tools/ray"):
        before = bob.get(path).text
        assert "Alice" not in before
    assert "No one shares a tool yet" in flat(bob.get("/teams/ranking/tools").text)
    alice.put("/tools/sharing", {"shares_tools": "1"})
    assert "Your managers and mentors see level" in flat(alice.get("/tools/ray").text)
    counted = flat(bob.get("/teams/ranking/tools").text)
    assert (
        '>Ray</a></th><td>ML infrastructure</td><td class="num">1</td><td class="num">1</td>'
        in (counted)
    )
    page = flat(bob.get("/teams/ranking/tools/ray").text)
    assert "Ran it in production" in page
    assert "over 18 months ago" in page
    assert "Carol" not in page
    assert "zanzibar" not in page + counted
    carol = browser_of(cast.carol)
    carol.put("/tools/sharing", {"shares_tools": "1"})
    page = flat(bob.get("/teams/ranking/tools/ray").text)
    assert page.index(">Alice<") < page.index(">Carol<")
    alice.put("/tools/sharing", {})
    assert ">Alice<" not in bob.get("/teams/ranking/tools/ray").text


def test_tool_with_only_a_note_is_not_listed(bob, cast, browser_of):
    carol = browser_of(cast.carol)
    carol.put("/tools/sharing", {"shares_tools": "1"})
    carol.put("/tools/jax", {"note": "zanzibar"})
    assert "JAX" not in bob.get("/teams/ranking/tools").text
    assert "Carol" not in bob.get("/teams/ranking/tools/jax").text


def test_tools_are_visible_to_managers_and_mentors_only(alice, session, cast, browser_of, now):
    alice.put("/tools/sharing", {"shares_tools": "1"})
    for role in (cast.dave, cast.carol, cast.mallory):
        assert browser_of(role).get("/teams/ranking/tools/ray").status_code in (403, 404)
    team = session.get_one(Team, cast.team)
    add_member(session, team, cast.mallory, "mentor", by=cast.mallory, now=now)
    session.commit()
    assert ">Alice<" in browser_of(cast.mallory).get("/teams/ranking/tools/ray").text
    assert browser_of(cast.bob).get("/teams/ranking/tools/nothing").status_code == 404


def test_matrix_links_to_tools_with_constant_statements(alice, bob, app):
    assert 'href="/teams/ranking/tools"' in bob.get("/teams/ranking").text
    alice.put("/tools/sharing", {"shares_tools": "1"})
    before = statements_of(app, lambda: bob.get("/teams/ranking/tools"))
    for key in ("jax", "vllm", "modal"):
        alice.put(f"/tools/{key}", RAY_FORM)
    after = statements_of(app, lambda: bob.get("/teams/ranking/tools"))
    assert len(after) == len(before)
