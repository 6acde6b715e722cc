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
from tests.support.statements import statements_of


def ago(now, days):
    return now - dt.timedelta(days=days)


@pytest.fixture
def pieces(session, cast, now):
    """Alice's document waits for three weeks, Carol's talk for one, in the same team."""
    document = add_evidence(session, cast, cast.alice, ago(now, 30), milestones=[DESIGN])
    submit_evidence(session, cast, document, ago(now, 21))
    talk = add_evidence(
        session, cast, cast.carol, ago(now, 30), kind="talk", title="Talk on embeddings"
    )
    submit_evidence(session, cast, talk, ago(now, 7))
    return document, talk


def titles(page):
    return re.findall(r'class="title"[^>]*>([^<]+)<', page)


def listed(session, actor, **filters):
    return [entry.item.title for entry in list_pending(session, actor, Filters(**filters))]


def test_it_works(session, cast, now, browser_of, pieces):
    page = browser_of(cast.bob).get("/reviews").text
    assert "2 pieces are waiting for your review" in page
    assert titles(page) == ["Feature store design", "Talk on embeddings"]  # the oldest first
    assert "waiting 21 days" in page
    assert "Write the design document of an ML system" in page
    assert "Alice" in page


def test_htmx_gets_the_list_alone(cast, browser_of, pieces):
    page = browser_of(cast.bob).get("/reviews?kind=talk", fragment=True).text
    assert "<!doctype" not in page.lower()
    assert titles(page) == ["Talk on embeddings"]


def test_it_says_what_it_is_narrowed_to(session, cast, now, browser_of, pieces):
    bob = browser_of(cast.bob)
    assert "Show all" not in bob.get("/reviews").text
    for fragment in (True, False):
        page = bob.get(f"/reviews?kind=talk&person={cast.carol}", fragment=fragment).text
        assert "One piece waiting, by Carol, of the kind “Talk”." in page
        assert '<a href="/reviews">Show all waiting</a>' in page
    review_evidence(session, cast, pieces[0], now)
    page = bob.get("/reviews?show=judged&team=ranking").text
    assert "One piece judged in the last 30 days, in the team Ranking." in page


def test_it_is_narrowed(session, cast, now, pieces):
    bob, talk = cast.actor(session, cast.bob), pieces[1]
    review_actions.begin_review(session, talk, version_id=talk.current_id, by=bob, now=now)
    session.commit()
    assert listed(session, bob, kind="talk") == ["Talk on embeddings"]
    assert listed(session, bob, person=cast.alice) == ["Feature store design"]
    assert listed(session, bob, show="in_review") == ["Talk on embeddings"]
    assert len(listed(session, bob, team="ranking")) == 2
    assert listed(session, bob, team="vision") == listed(session, bob, team="none") == []
    assert listed(session, bob, person=cast.mallory) == []


def test_who_is_reviewing_a_piece_is_named(session, cast, now, browser_of, pieces):
    talk, bob = pieces[1], cast.actor(session, cast.bob)
    add_member(session, session.get(Team, cast.team), cast.dave, "manager", by=None, now=now)
    review_actions.begin_review(session, talk, version_id=talk.current_id, by=bob, now=now)
    session.commit()
    pages = ("/reviews", "/reviews?show=in_review", f"/teams/ranking/people/{talk.user_id}")
    for page in pages:
        assert "In review by Bob" in browser_of(cast.dave).get(page).text
        assert "In review by you" in browser_of(cast.bob).get(page).text
    # Who manages the author no more holds nobody up.
    remove_member(session, session.get(Team, cast.team), cast.bob, by=None, now=now)
    session.commit()
    for page in pages:
        text = browser_of(cast.dave).get(page).text
        assert "In review by" not in text
        assert "In review" in text


def test_the_choices_are_people_and_teams_of_the_actor(session, cast, now, browser_of, pieces):
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
    assert "Mallory</option>" not in page  # shares nothing


def test_what_was_judged_lately(session, cast, now, browser_of, pieces):
    document, talk = pieces
    review_evidence(session, cast, document, ago(now, 40))
    review_evidence(session, cast, talk, ago(now, 2), decision="returned")
    page = browser_of(cast.bob).get("/reviews?show=judged").text
    assert titles(page) == ["Talk on embeddings"]
    assert "Returned" in page


def test_a_judgement_says_for_how_many_milestones(session, cast, now, browser_of):
    """What a reviewer left out does not stand beside "Verified" as if it were confirmed."""
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


def test_days_are_those_of_the_readers_calendar(session, cast, browser_of):
    """As the date beside them is: handed in on the evening before, it has waited for a day."""
    evening = dt.datetime(2026, 5, 3, 20, 30, tzinfo=dt.UTC)  # in Tokyo the morning of the 4th
    piece = add_evidence(session, cast, cast.alice, evening, occurred_on=PartialDate("2026-04-01"))
    submit_evidence(session, cast, piece, evening)
    for zone, hours, said in (
        ("UTC", 3, "waiting since today"),
        ("UTC", 4, "waiting one day"),
        ("Asia/Tokyo", 4, "waiting since today"),
        ("Asia/Tokyo", 24, "waiting one day"),
    ):
        session.execute(sa.update(User).values(timezone=zone))
        session.commit()
        with time_machine.travel(evening + dt.timedelta(hours=hours), tick=False):
            bob = browser_of(cast.bob)
            assert said in bob.get("/reviews").text
            assert said in bob.get(f"/reviews/{piece.id}").text
        session.rollback()


def test_teams_are_in_the_order_of_their_names(session, cast, now, browser_of, pieces):
    for slug, name in (("b", "ML platform"), ("a", "Machine learning")):
        team = Team(slug=slug, name=name, created_at=now)
        session.add(team)
        session.flush()
        for person, role in ((cast.bob, "manager"), (cast.alice, "member")):
            session.add(Membership(team_id=team.id, user_id=person, role=role, created_at=now))
    session.commit()
    page = browser_of(cast.bob).get("/reviews").text
    assert page.index("Machine learning</option>") < page.index("ML platform</option>")


def test_a_new_version_of_a_verified_piece_is_told(session, cast, now, browser_of, pieces):
    document = pieces[0]
    review_evidence(session, cast, document, ago(now, 10))
    alice = cast.actor(session, cast.alice)
    actions.edit(session, document, evidence_input(role="Lead"), by=alice, now=ago(now, 1))
    session.commit()
    page = browser_of(cast.bob).get("/reviews").text
    assert "New version of a verified piece" in page
    assert "waiting one day" in page
    assert titles(page) == ["Talk on embeddings", "Feature store design"]


def test_a_manager_of_managers_sees_the_nested_teams(session, cast, now, browser_of, pieces):
    above = Team(slug="search", name="Search", created_at=now)
    session.add(above)
    session.flush()
    session.execute(sa.update(Team).where(Team.id == cast.team).values(parent_id=above.id))
    session.add(Membership(team_id=above.id, user_id=cast.erin, role="manager", created_at=now))
    session.commit()
    assert len(titles(browser_of(cast.erin).get("/reviews").text)) == 2
    assert len(titles(browser_of(cast.erin).get("/reviews?team=search").text)) == 2


def test_drafts_and_private_pieces_change_not_a_byte(session, cast, now, browser_of, pieces):
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


def without_csrf_token(page):
    return re.sub(r'csrf_token" value="[^"]*"|X-CSRFToken[^}]*', "", page)


def test_one_s_own_pieces_are_not_in_the_queue(session, cast, now, browser_of):
    submit_evidence(session, cast, add_evidence(session, cast, cast.bob, now), now)
    bob = cast.actor(session, cast.bob)
    assert (listed(session, bob), count_pending(session, bob)) == ([], 0)
    assert "Nothing is waiting" in browser_of(cast.bob).get("/reviews").text


def test_who_left_has_nothing_to_review(session, cast, now, browser_of, pieces):
    session.execute(sa.delete(Membership).where(Membership.user_id == cast.alice))
    session.commit()
    assert titles(browser_of(cast.bob).get("/reviews").text) == ["Talk on embeddings"]


def test_the_queue_goes_round(session, cast, now, pieces):
    document, talk = pieces
    bob = cast.actor(session, cast.bob)
    assert next_pending(session, bob, Filters(), document).id == talk.id
    assert next_pending(session, bob, Filters(), talk).id == document.id
    assert next_pending(session, bob, Filters(kind="talk"), talk) is None
    first = list_pending(session, bob, limit=1)[0].item
    rest = list_pending(session, bob, after=(first.submitted_at, first.id))
    assert [entry.item.id for entry in rest] == [talk.id]


def test_pages_of_fifty(session, cast, now, browser_of):
    alice = cast.actor(session, cast.alice)
    for number in range(52):
        piece = add_evidence(session, cast, cast.alice, now, title=f"Piece {number:02}")
        actions.submit(session, piece, by=alice, now=now + dt.timedelta(seconds=number))
    session.commit()
    bob = browser_of(cast.bob)
    first, second = bob.get("/reviews").text, bob.get("/reviews?page=2").text
    assert (len(titles(first)), titles(second)) == (50, ["Piece 50", "Piece 51"])
    assert "/reviews?page=2" in first


def test_the_statements_do_not_grow_with_the_rows(app, session, cast, now, browser_of, pieces):
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


def test_bad_filters_mean_any(cast, browser_of, pieces):
    bob = browser_of(cast.bob)
    for query in ("person=x&kind=x&team=&show=x&page=0", "page=99999999999", "person=%F0%9F%97%BF"):
        assert bob.get(f"/reviews?{query}").status_code == 200
    assert len(titles(bob.get("/reviews?person=x&kind=x&show=x&page=-1").text)) == 2
    assert "Nothing matches" in bob.get("/reviews?team=nowhere").text


def test_it_hides_what_is_foreign(cast, browser_of, pieces):
    assert titles(browser_of(cast.dave).get("/reviews").text) == []
    for who in ("alice", "erin", "mallory"):
        assert browser_of(getattr(cast, who)).get("/reviews").status_code == 403


def test_it_needs_sign_in(browser_of):
    assert browser_of().get("/reviews").status_code == 303


def test_a_statement_carries_one_id_however_many_are_managed(session, cast, now, pieces):
    """PostgreSQL takes 65,535 parameters, and a company may have more people."""
    bob, engine, most = cast.actor(session, cast.bob), session.get_bind().engine, []

    def note(_connection, _cursor, _statement, parameters, *_more) -> None:
        most.append(len(parameters))

    def asked() -> int:
        most.clear()
        event.listen(engine, "before_cursor_execute", note)
        try:
            for show in ("waiting", "in_review", "judged"):
                filters = Filters(show=show, team="ranking")
                list_pending(session, bob, filters)
                count_pending(session, bob, filters)
                list_completed(session, bob, filters, now=now)
            load_filter_choices(session, bob)
        finally:
            event.remove(engine, "before_cursor_execute", note)
        return max(most)

    few = asked()
    for number in range(40):
        mail = f"p{number}@example.org"
        person = User(email=mail, email_key=mail, name=f"P{number}", created_at=now)
        session.add(person)
        session.flush()
        session.add(Membership(team_id=cast.team, user_id=person.id, role="member", created_at=now))
    session.commit()
    bob.refresh_permissions()
    assert asked() == few


def test_a_team_that_one_does_not_lead_narrows_to_nobody(session, cast, now, pieces):
    """Else the filter would tell which other teams one's people are in."""
    session.add(
        Membership(team_id=cast.other_team, user_id=cast.alice, role="member", created_at=now)
    )
    session.commit()
    assert listed(session, cast.actor(session, cast.bob), team="vision") == []
    assert listed(session, cast.actor(session, cast.dave), team="vision") != []
