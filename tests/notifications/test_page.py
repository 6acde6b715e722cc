"""The notifications page."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from roadmap.core.dates import PartialDate
from roadmap.evidence import actions as evidence
from roadmap.evidence import review_actions
from roadmap.evidence.models import Evidence
from roadmap.evidence.rules import EvidenceInput
from roadmap.notifications import actions
from roadmap.notifications.kind import Event
from roadmap.notifications.kinds import KINDS
from roadmap.notifications.models import Notification
from roadmap.people import actions as people
from roadmap.people.models import Membership, Team, User
from roadmap.skills import actions as skills
from tests.support.cast import Cast

TITLE = "Feature store <design>"
SHOWN = "Feature store &lt;design&gt;"
WORDS = "The *figures* match the dashboard."


def submit(session: Session, cast: Cast, now: dt.datetime, title: str = TITLE) -> Evidence:
    alice = cast.actor(session, cast.alice)
    said = EvidenceInput(
        kind="design_doc", title=title, occurred_on=PartialDate("2026-05-01"),
        visibility="team", description="What was decided.",
    )  # fmt: skip
    links = ["design-doc-for-complex-system"]
    piece = evidence.create(session, cast.alice, said, milestones=links, by=alice, now=now)
    evidence.submit(session, piece, by=alice, now=now)
    return piece


def verify(session: Session, cast: Cast, piece: Evidence, now: dt.datetime) -> None:
    review_actions.decide(
        session, piece, "verified", WORDS,
        version_id=piece.current.id, by=cast.actor(session, cast.bob), now=now,
    )  # fmt: skip


def count_of(page: str) -> int:
    """What the bell says."""
    found = re.search(r'class="notifications-link".*?</a>', page, re.S)
    assert found is not None
    number = re.search(r'class="unread-count">(\d+)', found.group())
    return int(number.group(1)) if number else 0


def words(page: str) -> str:
    """The sentences of the list, without markup."""
    main = page.partition("<main")[2].partition("</main>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


def keys(session: Session, person: Any) -> list[str]:
    rows = sa.select(Notification.id).where(Notification.user_id == person)
    return [str(key) for key in session.scalars(rows.order_by(Notification.created_at))]


def test_who_has_nothing_learns_what_will_be_here(cast: Cast, browser_of: Any) -> None:
    page = browser_of(cast.mallory).get("/notifications").text
    assert count_of(page) == 0
    assert "No notifications yet" in page
    assert "Mark all as read" not in page


def test_the_author_reads_who_verified_it_and_the_first_words(
    session: Session, cast: Cast, browser_of: Any, now: dt.datetime
) -> None:
    piece = submit(session, cast, now)
    verify(session, cast, piece, now)
    session.commit()
    page = browser_of(cast.alice).get("/notifications").text
    assert count_of(page) == 1
    clock = now.strftime("%H:%M")
    assert f"New Bob verified {SHOWN} {clock} “The figures match the dashboard.”" in words(page)
    assert "Today" in page


def test_opening_a_line_marks_it_read_and_goes_there(
    session: Session, cast: Cast, browser_of: Any, now: dt.datetime
) -> None:
    piece = submit(session, cast, now)
    session.commit()
    bob = browser_of(cast.bob)
    assert f"Alice asks for a review of {SHOWN}" in words(bob.get("/notifications").text)
    [key] = keys(session, cast.bob)
    # Reading the page itself marks nothing, however often.
    assert count_of(bob.get("/notifications").text) == 1
    assert count_of(bob.get(f"/reviews/{piece.id}").text) == 1
    answer = bob.post(f"/notifications/{key}/reading?_method=PUT")
    assert (answer.status_code, answer.location) == (303, f"/reviews/{piece.id}")
    page = bob.get("/notifications").text
    assert count_of(page) == 0
    assert f'<a href="/reviews/{piece.id}">{SHOWN}</a>' in page
    assert "New" not in words(page)
    assert bob.put(f"/notifications/{key}/reading").status_code == 303, "twice is once"


def test_a_line_can_be_marked_without_going_there(
    session: Session, cast: Cast, browser_of: Any, now: dt.datetime
) -> None:
    submit(session, cast, now)
    session.commit()
    bob, [key] = browser_of(cast.bob), keys(session, cast.bob)
    answer = bob.put(f"/notifications/{key}/reading?unread", {"stay": "1"})
    assert (answer.status_code, answer.location) == (303, "/notifications?unread=")
    assert "You have read everything" in bob.get("/notifications?unread").text


def test_all_that_was_seen_is_marked_and_nothing_that_came_since(
    session: Session, cast: Cast, browser_of: Any, now: dt.datetime
) -> None:
    submit(session, cast, now - dt.timedelta(hours=2), "Seen")
    session.commit()
    bob = browser_of(cast.bob)
    page = bob.get("/notifications").text
    until = re.search(r'name="until" value="([^"]+)"', page)
    assert until is not None
    submit(session, cast, dt.datetime.now(dt.UTC), "Not seen")
    session.commit()
    assert bob.put("/notifications/reading", {"until": until.group(1)}).status_code == 303
    page = bob.get("/notifications?unread").text
    assert "Not seen" in page
    assert count_of(page) == 1
    assert bob.put("/notifications/reading", {"until": "yesterday"}).status_code == 303
    assert count_of(bob.get("/notifications").text) == 0


def test_nobody_marks_what_is_somebody_elses(
    session: Session, cast: Cast, browser_of: Any, now: dt.datetime
) -> None:
    submit(session, cast, now)
    session.commit()
    [key] = keys(session, cast.bob)
    for name in ("alice", "erin", "dave"):
        assert (
            browser_of(getattr(cast, name)).put(f"/notifications/{key}/reading").status_code == 404
        )
    browser_of(cast.alice).put("/notifications/reading")
    assert count_of(browser_of(cast.bob).get("/notifications").text) == 1


def test_where_lines_lead_that_are_about_no_piece(
    session: Session, cast: Cast, browser_of: Any, now: dt.datetime
) -> None:
    bob = cast.actor(session, cast.bob)
    skills.assess_other(session, cast.alice, "mlops", 3, by=bob, now=now)
    alice = session.get_one(User, cast.alice)
    event = Event(session, "invitation.sent", now)
    actions.notify(KINDS["invited"], event, [alice], actor="Dave", data={"team": "Vision <x>"})
    session.commit()
    browser = browser_of(cast.alice)
    page = words(browser.get("/notifications").text)
    assert "Bob assessed you in MLOps" in page
    assert "Dave invited you to Vision &lt;x&gt; . Open it to accept or decline." in page
    ends = {
        browser.put(f"/notifications/{key}/reading").location for key in keys(session, cast.alice)
    }
    assert ends == {"/skills/mlops", "/teams"}


def test_the_line_of_somebody_who_was_put_into_a_team(
    session: Session, cast: Cast, browser_of: Any, now: dt.datetime
) -> None:
    for slug, role, by in (("a", "member", cast.erin), ("b", "manager", None)):
        team = people.create_team(session, slug=slug, name=f"Team <{slug}>", by=None, now=now)
        people.add_member(session, team, cast.mallory, role, by=by, now=now)
    session.commit()
    browser = browser_of(cast.mallory)
    page = words(browser.get("/notifications").text)
    shared = "Its managers and mentors now see what you share."
    assert f"Erin added you to the team Team &lt;a&gt; . {shared}" in page
    assert "You were added to the team Team &lt;b&gt; . You now manage it." in page
    ends = {
        browser.put(f"/notifications/{key}/reading").location for key in keys(session, cast.mallory)
    }
    assert ends == {"/teams"}


@pytest.mark.parametrize(
    "moment",
    [
        "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00",
        "2026-13-01", "\x00", "",
    ],
)  # fmt: skip
def test_a_moment_that_is_none_is_now(
    session: Session, cast: Cast, browser_of: Any, now: dt.datetime, moment: str
) -> None:
    submit(session, cast, now - dt.timedelta(minutes=1))
    session.commit()
    bob = browser_of(cast.bob)
    assert bob.put("/notifications/reading", {"until": moment}).status_code == 303
    assert count_of(bob.get("/notifications").text) == 0


def test_a_number_of_any_length_is_a_page(cast: Cast, browser_of: Any) -> None:
    bob = browser_of(cast.bob)
    for page in ("9" * 6000, "0" * 6000, "123456", "²"):
        assert bob.get(f"/notifications?page={page}").status_code == 200


def test_a_manager_of_everybody_reads_with_the_same_few_parameters(
    app: Flask, session: Session, cast: Cast, browser_of: Any, now: dt.datetime
) -> None:
    """A statement has places for some ten thousand values, and a company more people."""
    sizes: list[int] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        if "FROM notification" in statement:
            sizes.append(len(parameters))

    submit(session, cast, now)
    session.commit()
    bob = browser_of(cast.bob)
    engine = session.get_bind().engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        bob.get("/notifications")
        few, sizes[:] = list(sizes), []
        for number in range(30):
            email = f"person{number}@example.org"
            user = User(name=f"P {number}", email=email, email_key=email, created_at=now)
            session.add(user)
            session.flush()
            session.add(
                Membership(team_id=cast.team, user_id=user.id, role="member", created_at=now)
            )
        session.commit()
        assert SHOWN in bob.get("/notifications").text
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
    assert sizes == few


def test_a_title_is_shown_only_while_its_reader_may_see_it(
    session: Session, cast: Cast, browser_of: Any, now: dt.datetime
) -> None:
    piece = submit(session, cast, now)
    session.commit()
    bob = browser_of(cast.bob)
    bob.put("/notifications/reading")
    assert SHOWN in bob.get("/notifications").text
    team = session.get_one(Team, cast.team)
    people.remove_member(session, team, cast.alice, by=cast.alice, now=now)
    session.commit()
    assert SHOWN not in bob.get("/notifications").text
    people.add_member(session, team, cast.alice, "member", by=cast.erin, now=now)
    session.commit()
    assert SHOWN in bob.get("/notifications").text
    evidence.withdraw(session, piece, by=cast.actor(session, cast.alice), now=now)
    session.commit()
    assert SHOWN not in bob.get("/notifications").text


def test_a_draft_leaves_the_managers_page_as_it_is_to_the_byte(
    session: Session, cast: Cast, browser_of: Any, now: dt.datetime
) -> None:
    submit(session, cast, now)
    session.commit()
    bob = browser_of(cast.bob)

    def page() -> str:
        text = bob.get("/notifications").text
        return re.sub(r"(csrf_token|until|X-CSRFToken)[^>]*>", "", text)

    before = page()
    alice = cast.actor(session, cast.alice)
    for visibility in ("private", "team"):
        said = EvidenceInput(
            kind="talk", title="Canary", occurred_on=PartialDate("2026-05-01"),
            visibility=visibility, description="Canary.",
        )  # fmt: skip
        evidence.create(session, cast.alice, said, by=alice, now=now)
    session.commit()
    assert page() == before


def test_days_are_the_readers_own(
    app: Flask, session: Session, cast: Cast, browser_of: Any
) -> None:
    # 23:30 in UTC is the next day already in Auckland.
    moment = dt.datetime(2026, 9, 3, 23, 30, tzinfo=dt.UTC)
    submit(session, cast, moment)
    session.commit()
    bob = browser_of(cast.bob)
    assert "3 Sep 2026" in words(bob.get("/notifications").text)
    session.execute(sa.update(User).where(User.id == cast.bob).values(timezone="Pacific/Auckland"))
    session.commit()
    assert "4 Sep 2026" in words(bob.get("/notifications").text)


def test_older_ones_are_a_page_further(
    session: Session, cast: Cast, browser_of: Any, now: dt.datetime
) -> None:
    bob = session.get_one(User, cast.bob)
    for number in range(35):
        moment = now - dt.timedelta(minutes=number)
        event = Event(session, "invitation.sent", moment)
        data = {"team": f"Team {number}."}
        actions.notify(KINDS["invited"], event, [bob], actor="Erin", data=data)
    session.commit()
    browser = browser_of(cast.bob)
    first, second = browser.get("/notifications").text, browser.get("/notifications?page=2").text
    assert "Team 29." in first
    assert "Team 30." not in first
    assert "/notifications?page=2" in first
    assert "Team 30." in second
    assert "Team 34." in second
    assert "page=3" not in second
    assert browser.get("/notifications?page=x").status_code == 200
    beyond = browser.get("/notifications?page=9").text
    assert "Nothing older" in beyond
    assert beyond.count("Go to the newest") == 1
    assert 'class="pager"' not in beyond


def test_statements_do_not_grow_with_the_lines(
    session: Session, cast: Cast, browser_of: Any, statements: Any, now: dt.datetime
) -> None:
    submit(session, cast, now)
    session.commit()
    bob = browser_of(cast.bob)
    with statements() as one:
        bob.get("/notifications")
    for number in range(20):
        submit(session, cast, now, f"Piece {number}")
    session.commit()
    with statements() as many:
        assert count_of(bob.get("/notifications").text) == 21
    assert len(many) == len(one) <= 3


@pytest.mark.parametrize("path", ["/notifications", "/notifications?unread"])
def test_what_was_read_three_months_ago_goes(
    session: Session, cast: Cast, browser_of: Any, now: dt.datetime, path: str
) -> None:
    submit(session, cast, now - dt.timedelta(days=200), "Unread")
    session.commit()
    assert actions.prune(session, now=now) == 0
    browser_of(cast.bob).put("/notifications/reading")
    assert actions.prune(session, now=now + dt.timedelta(days=89)) == 0
    assert actions.prune(session, now=now + dt.timedelta(days=91)) == 1
    session.commit()
    assert "Unread" not in words(browser_of(cast.bob).get(path).text).replace("0 unread", "")


def test_what_a_newer_release_wrote_is_left_out(session, cast, now, browser_of):
    told = {"user_id": cast.alice, "data": {}, "created_at": now}
    session.add_all(Notification(kind=kind, **told) for kind in ("comment", "of_tomorrow"))
    session.commit()
    page = browser_of(cast.alice).get("/notifications")
    assert page.status_code == 200
    assert page.text.count("notification-text") == 1
