"""GET /reviews"""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa
import time_machine
from sqlalchemy import event

from roadmap.core.dates import PartialDate
from roadmap.evidence import actions, review_actions
from roadmap.people.actions import add_member, remove_member
from roadmap.people.models import Membership, Team, User
from roadmap.reviews.queries import (
    Filters,
    count_pending,
    list_completed,
    list_pending,
    load_filter_choices,
    next_pending,
)
from tests.evidence.builders import (
    DESIGN,
    PIPELINE,
    add_evidence,
    evidence_input,
    review_evidence,
    submit_evidence,
)
from tests.support.markup import without_csrf_token
from tests.support.statements import statements_of


def ago(now, days):
    return now - dt.timedelta(days=days)


@pytest.fixture
def pieces(session, cast, now):
    """Return Alice's document, submitted three weeks ago, and Carol's talk, submitted last week."""
    document = add_evidence(session, cast, cast.alice, ago(now, 30), milestones=[DESIGN])
    submit_evidence(session, cast, document, ago(now, 21))
    talk = add_evidence(
        session, cast, cast.carol, ago(now, 30), kind="talk", title="Talk on embeddings"
    )
    submit_evidence(session, cast, talk, ago(now, 7))
    return document, talk


def titles(page):
    return re.findall(r'class="title"[^>]*>([^<]+)<', page)


def queue_titles(session, actor, **filters):
    return [entry.item.title for entry in list_pending(session, actor, Filters(**filters))]


def test_queue_lists_submitted_evidence_oldest_first(session, cast, now, browser_of, pieces):
    page = browser_of(cast.bob).get("/reviews").text
    assert "2 pieces are waiting for your review" in page
    assert titles(page) == ["Feature store design", "Talk on embeddings"]
    assert "waiting 21 days" in page
    assert "Write the design document of an ML system" in page
    assert "Alice" in page


def test_htmx_response_contains_only_the_list(cast, browser_of, pieces):
    page = browser_of(cast.bob).get("/reviews?kind=talk", fragment=True).text
    assert "<!doctype" not in page.lower()
    assert titles(page) == ["Talk on embeddings"]


def test_page_describes_active_filters(session, cast, now, browser_of, pieces):
    bob = browser_of(cast.bob)
    assert "Show all" not in bob.get("/reviews").text
    for fragment in (True, False):
        page = bob.get(f"/reviews?kind=talk&person={cast.carol}", fragment=fragment).text
        assert "One piece waiting, by Carol, of the kind “Talk”." in page
        assert '<a href="/reviews">Show all waiting</a>' in page
    review_evidence(session, cast, pieces[0], now)
    page = bob.get("/reviews?show=judged&team=ranking").text
    assert "One piece reviewed in the last 30 days, in the team Ranking." in page


def test_filters_select_matching_evidence(session, cast, now, pieces):
    bob, talk = cast.actor(session, cast.bob), pieces[1]
    review_actions.begin_review(session, talk, version_id=talk.current_id, by=bob, now=now)
    session.commit()
    assert queue_titles(session, bob, kind="talk") == ["Talk on embeddings"]
    assert queue_titles(session, bob, person=cast.alice) == ["Feature store design"]
    assert queue_titles(session, bob, show="in_review") == ["Talk on embeddings"]
    assert len(queue_titles(session, bob, team="ranking")) == 2
    assert (
        queue_titles(session, bob, team="vision") == queue_titles(session, bob, team="none") == []
    )
    assert queue_titles(session, bob, person=cast.mallory) == []


def test_started_review_names_its_reviewer(session, cast, now, browser_of, pieces):
    talk, bob = pieces[1], cast.actor(session, cast.bob)
    add_member(session, session.get(Team, cast.team), cast.dave, "manager", by=None, now=now)
    review_actions.begin_review(session, talk, version_id=talk.current_id, by=bob, now=now)
    session.commit()
    pages = ("/reviews", "/reviews?show=in_review", f"/teams/ranking/people/{talk.user_id}")
    for page in pages:
        assert "In review by Bob" in browser_of(cast.dave).get(page).text
        assert "In review by you" in browser_of(cast.bob).get(page).text
    # A reviewer who no longer manages the author is not named.
    remove_member(session, session.get(Team, cast.team), cast.bob, by=None, now=now)
    session.commit()
    for page in pages:
        text = browser_of(cast.dave).get(page).text
        assert "In review by" not in text
        assert "In review" in text


def test_filter_choices_are_own_teams_and_their_authors(session, cast, now, browser_of, pieces):
    session.add(
        Membership(team_id=cast.other_team, user_id=cast.bob, role="manager", created_at=now)
    )
    session.add(
        Membership(team_id=cast.other_team, user_id=cast.mallory, role="member", created_at=now)
    )
    session.commit()
    page = browser_of(cast.bob).get("/reviews").text
    assert "Vision</option>" in page
    assert "Alice</option>" in page
    assert "Mallory</option>" not in page  # has no shared evidence


def test_judged_list_shows_reviews_of_last_30_days(session, cast, now, browser_of, pieces):
    document, talk = pieces
    review_evidence(session, cast, document, ago(now, 40))
    review_evidence(session, cast, talk, ago(now, 2), decision="returned")
    page = browser_of(cast.bob).get("/reviews?show=judged").text
    assert titles(page) == ["Talk on embeddings"]
    assert "Returned" in page


def test_returned_list_shows_what_waits_for_its_author(session, cast, now, browser_of, pieces):
    bob, (document, talk) = browser_of(cast.bob), pieces
    assert "No returned piece is waiting" in bob.get("/reviews?show=returned").text
    review_evidence(session, cast, document, ago(now, 2))
    review_evidence(session, cast, talk, ago(now, 40), decision="returned")
    page = bob.get("/reviews?show=returned").text
    assert titles(page) == ["Talk on embeddings"]
    assert "One piece returned." in page


def test_judged_list_shows_number_of_confirmed_milestones(session, cast, now, browser_of):
    piece = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN, PIPELINE])
    submit_evidence(session, cast, piece, now)
    bob = browser_of(cast.bob)
    assert "not confirmed" not in bob.get("/reviews").text
    review_evidence(session, cast, piece, now, milestones=[DESIGN])
    page = bob.get("/reviews?show=judged").text
    assert "Verified for 1 of 2" in page
    assert page.count(": not confirmed</span>") == 1
    review_evidence(
        session, cast, piece, now + dt.timedelta(seconds=1), milestones=[DESIGN, PIPELINE]
    )
    page = bob.get("/reviews?show=judged").text
    assert "Verified for" not in page
    assert "not confirmed" not in page


def test_waiting_days_use_reader_timezone(session, cast, browser_of):
    """A day passes at midnight in that timezone, not after 24 hours."""
    evening = dt.datetime(2026, 5, 3, 20, 30, tzinfo=dt.UTC)  # in Tokyo the morning of the 4th
    piece = add_evidence(session, cast, cast.alice, evening, occurred_on=PartialDate("2026-04-01"))
    submit_evidence(session, cast, piece, evening)
    for zone, hours, text in (
        ("UTC", 3, "waiting since today"),
        ("UTC", 4, "waiting one day"),
        ("Asia/Tokyo", 4, "waiting since today"),
        ("Asia/Tokyo", 24, "waiting one day"),
    ):
        session.execute(sa.update(User).values(timezone=zone))
        session.commit()
        with time_machine.travel(evening + dt.timedelta(hours=hours), tick=False):
            bob = browser_of(cast.bob)
            assert text in bob.get("/reviews").text
            assert text in bob.get(f"/reviews/{piece.id}").text
        session.rollback()


def test_team_choices_are_sorted_by_name(session, cast, now, browser_of, pieces):
    for slug, name in (("b", "ML platform"), ("a", "Machine learning")):
        team = Team(slug=slug, name=name, created_at=now)
        session.add(team)
        session.flush()
        for person, role in ((cast.bob, "manager"), (cast.alice, "member")):
            session.add(Membership(team_id=team.id, user_id=person, role=role, created_at=now))
    session.commit()
    page = browser_of(cast.bob).get("/reviews").text
    assert page.index("Machine learning</option>") < page.index("ML platform</option>")


def test_new_version_of_verified_evidence_is_marked(session, cast, now, browser_of, pieces):
    document = pieces[0]
    review_evidence(session, cast, document, ago(now, 10))
    alice = cast.actor(session, cast.alice)
    actions.edit(session, document, evidence_input(role="Lead"), by=alice, now=ago(now, 1))
    session.commit()
    page = browser_of(cast.bob).get("/reviews").text
    assert "New version of a verified piece" in page
    assert "waiting one day" in page
    assert titles(page) == ["Talk on embeddings", "Feature store design"]


def test_manager_sees_evidence_of_nested_teams(session, cast, now, browser_of, pieces):
    above = Team(slug="search", name="Search", created_at=now)
    session.add(above)
    session.flush()
    session.execute(sa.update(Team).where(Team.id == cast.team).values(parent_id=above.id))
    session.add(Membership(team_id=above.id, user_id=cast.erin, role="manager", created_at=now))
    session.commit()
    assert len(titles(browser_of(cast.erin).get("/reviews").text)) == 2
    assert len(titles(browser_of(cast.erin).get("/reviews?team=search").text)) == 2


def test_unshared_evidence_does_not_change_any_page(session, cast, now, browser_of, pieces):
    bob = browser_of(cast.bob)
    addresses = ("/reviews", "/reviews?show=judged", f"/reviews/{pieces[0].id}")
    before = [bob.get(address, fragment=True).text for address in addresses]
    alice = cast.actor(session, cast.alice)
    add_evidence(session, cast, cast.alice, now, title="A draft", milestones=[DESIGN])
    private = add_evidence(session, cast, cast.alice, now, title="Private", visibility="private")
    withdrawn = add_evidence(session, cast, cast.alice, now, title="Withdrawn")
    actions.submit(session, withdrawn, by=alice, now=now)
    actions.withdraw(session, withdrawn, by=alice, now=now)
    session.commit()
    assert [without_csrf_token(bob.get(a, fragment=True).text) for a in addresses] == [
        without_csrf_token(page) for page in before
    ]
    for piece in (private, withdrawn):
        assert bob.get(f"/reviews/{piece.id}").status_code == 404


def test_queue_excludes_own_evidence(session, cast, now, browser_of):
    submit_evidence(session, cast, add_evidence(session, cast, cast.bob, now), now)
    bob = cast.actor(session, cast.bob)
    assert (queue_titles(session, bob), count_pending(session, bob)) == ([], 0)
    assert "Nothing is waiting" in browser_of(cast.bob).get("/reviews").text


def test_queue_excludes_evidence_of_former_members(session, cast, now, browser_of, pieces):
    session.execute(sa.delete(Membership).where(Membership.user_id == cast.alice))
    session.commit()
    assert titles(browser_of(cast.bob).get("/reviews").text) == ["Talk on embeddings"]


def test_next_pending_wraps_around(session, cast, now, pieces):
    document, talk = pieces
    bob = cast.actor(session, cast.bob)
    assert next_pending(session, bob, Filters(), document).id == talk.id
    assert next_pending(session, bob, Filters(), talk).id == document.id
    assert next_pending(session, bob, Filters(kind="talk"), talk) is None
    first = list_pending(session, bob, limit=1)[0].item
    rest = list_pending(session, bob, after=(first.submitted_at, first.id))
    assert [entry.item.id for entry in rest] == [talk.id]


def test_queue_has_fifty_rows_per_page(session, cast, now, browser_of):
    alice = cast.actor(session, cast.alice)
    for number in range(52):
        piece = add_evidence(session, cast, cast.alice, now, title=f"Piece {number:02}")
        actions.submit(session, piece, by=alice, now=now + dt.timedelta(seconds=number))
    session.commit()
    bob = browser_of(cast.bob)
    first, second = bob.get("/reviews").text, bob.get("/reviews?page=2").text
    assert (len(titles(first)), titles(second)) == (50, ["Piece 50", "Piece 51"])
    assert "/reviews?page=2" in first


def test_statement_count_does_not_grow_with_rows(app, session, cast, now, browser_of, pieces):
    bob = browser_of(cast.bob)
    addresses = ("/reviews", "/reviews?show=judged", "/reviews?team=ranking")
    judged = add_evidence(session, cast, cast.carol, now, milestones=[DESIGN])
    submit_evidence(session, cast, judged, now)
    review_evidence(session, cast, judged, now)
    before = [len(statements_of(app, lambda a=a: bob.get(a))) for a in addresses]
    for _number in range(4):
        submit_evidence(
            session, cast, add_evidence(session, cast, cast.carol, now, milestones=[DESIGN]), now
        )
    review_evidence(session, cast, pieces[0], now)
    after = [len(statements_of(app, lambda a=a: bob.get(a))) for a in addresses]
    assert after == before


def test_invalid_filters_are_ignored(cast, browser_of, pieces):
    bob = browser_of(cast.bob)
    for query in ("person=x&kind=x&team=&show=x&page=0", "page=99999999999", "person=%F0%9F%97%BF"):
        assert bob.get(f"/reviews?{query}").status_code == 200
    assert len(titles(bob.get("/reviews?person=x&kind=x&show=x&page=-1").text)) == 2
    assert "Nothing matches" in bob.get("/reviews?team=nowhere").text


def test_queue_is_limited_to_managers_of_the_author(cast, browser_of, pieces):
    assert titles(browser_of(cast.dave).get("/reviews").text) == []
    for who in ("alice", "erin", "mallory"):
        assert browser_of(getattr(cast, who)).get("/reviews").status_code == 403


def test_queue_requires_login(browser_of):
    assert browser_of().get("/reviews").status_code == 303


def test_parameter_count_does_not_grow_with_team_size(session, cast, now, pieces):
    """PostgreSQL accepts 65,535 parameters, and a company may have more people."""
    bob, engine, counts = cast.actor(session, cast.bob), session.get_bind().engine, []

    def record(_connection, _cursor, _statement, parameters, *_more) -> None:
        counts.append(len(parameters))

    def max_parameters() -> int:
        counts.clear()
        event.listen(engine, "before_cursor_execute", record)
        try:
            for show in ("waiting", "in_review", "judged"):
                filters = Filters(show=show, team="ranking")
                list_pending(session, bob, filters)
                count_pending(session, bob, filters)
                list_completed(session, bob, filters, now=now)
            load_filter_choices(session, bob)
        finally:
            event.remove(engine, "before_cursor_execute", record)
        return max(counts)

    before = max_parameters()
    for number in range(40):
        mail = f"p{number}@example.org"
        person = User(email=mail, email_key=mail, name=f"P{number}", created_at=now)
        session.add(person)
        session.flush()
        session.add(Membership(team_id=cast.team, user_id=person.id, role="member", created_at=now))
    session.commit()
    bob.refresh_permissions()
    assert max_parameters() == before


def test_filter_by_unmanaged_team_finds_nothing(session, cast, now, pieces):
    """Otherwise the filter would reveal in which other teams authors are members."""
    session.add(
        Membership(team_id=cast.other_team, user_id=cast.alice, role="member", created_at=now)
    )
    session.commit()
    assert queue_titles(session, cast.actor(session, cast.bob), team="vision") == []
    assert queue_titles(session, cast.actor(session, cast.dave), team="vision") != []
