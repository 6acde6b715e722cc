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
from roadmap.people.models import Team, User
from roadmap.skills import actions as skills
from tests.support.cast import Cast, add_user

TITLE = "Feature store <design>"
ESCAPED_TITLE = "Feature store &lt;design&gt;"
COMMENT = "The *figures* match the dashboard."


def submit(session: Session, cast: Cast, now: dt.datetime, title: str = TITLE) -> Evidence:
    alice = cast.actor(session, cast.alice)
    content = EvidenceInput(
        kind="design_doc", title=title, occurred_on=PartialDate("2026-05-01"),
        visibility="team", description="What was decided.",
    )  # fmt: skip
    links = ["design-doc-for-complex-system"]
    piece = evidence.create(session, cast.alice, content, milestones=links, by=alice, now=now)
    evidence.submit(session, piece, by=alice, now=now)
    return piece


def verify(session: Session, cast: Cast, piece: Evidence, now: dt.datetime) -> None:
    review_actions.decide(
        session, piece, "verified", COMMENT,
        version_id=piece.current.id, by=cast.actor(session, cast.bob), now=now,
    )  # fmt: skip


def unread_count(page: str) -> int:
    """Return the number at the bell."""
    found = re.search(r'class="notifications-link".*?</a>', page, re.S)
    assert found is not None
    number = re.search(r'class="unread-count">(\d+)', found.group())
    return int(number.group(1)) if number else 0


def main_text(page: str) -> str:
    """Return the text of the main element."""
    main = page.partition("<main")[2].partition("</main>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


def notification_ids(session: Session, person: Any) -> list[str]:
    rows = sa.select(Notification.id).where(Notification.user_id == person)
    return [str(key) for key in session.scalars(rows.order_by(Notification.created_at))]


def test_empty_page_says_there_are_no_notifications(cast: Cast, browser_of: Any) -> None:
    page = browser_of(cast.mallory).get("/notifications").text
    assert unread_count(page) == 0
    assert "No notifications yet" in page
    assert "Mark all as read" not in page


def test_verification_shows_the_reviewer_and_the_comment(
    session: Session, cast: Cast, browser_of: Any, now: dt.datetime
) -> None:
    piece = submit(session, cast, now)
    verify(session, cast, piece, now)
    session.commit()
    page = browser_of(cast.alice).get("/notifications").text
    assert unread_count(page) == 1
    clock = now.strftime("%H:%M")
    assert (
        f"New Bob verified {ESCAPED_TITLE} {clock} “The figures match the dashboard.”"
        in main_text(page)
    )
    assert "Today" in page


def test_opening_a_notification_marks_it_read_and_redirects(
    session: Session, cast: Cast, browser_of: Any, now: dt.datetime
) -> None:
    piece = submit(session, cast, now)
    session.commit()
    bob = browser_of(cast.bob)
    assert f"Alice asks for a review of {ESCAPED_TITLE}" in main_text(
        bob.get("/notifications").text
    )
    [key] = notification_ids(session, cast.bob)
    # Loading a page marks nothing as read.
    assert unread_count(bob.get("/notifications").text) == 1
    assert unread_count(bob.get(f"/reviews/{piece.id}").text) == 1
    answer = bob.post(f"/notifications/{key}/reading?_method=PUT")
    assert (answer.status_code, answer.location) == (303, f"/reviews/{piece.id}")
    page = bob.get("/notifications").text
    assert unread_count(page) == 0
    assert f'<a href="/reviews/{piece.id}">{ESCAPED_TITLE}</a>' in page
    assert "New" not in main_text(page)
    assert bob.put(f"/notifications/{key}/reading").status_code == 303, (
        "a second time changes nothing"
    )


def test_notification_can_be_marked_read_on_the_page(
    session: Session, cast: Cast, browser_of: Any, now: dt.datetime
) -> None:
    submit(session, cast, now)
    session.commit()
    bob, [key] = browser_of(cast.bob), notification_ids(session, cast.bob)
    answer = bob.put(f"/notifications/{key}/reading?unread", {"stay": "1"})
    assert (answer.status_code, answer.location) == (303, "/notifications?unread=")
    assert "You have read everything" in bob.get("/notifications?unread").text


def test_mark_all_as_read_skips_newer_notifications(
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
    assert unread_count(page) == 1
    assert bob.put("/notifications/reading", {"until": "yesterday"}).status_code == 303
    assert unread_count(bob.get("/notifications").text) == 0


def test_notifications_of_others_cannot_be_marked_read(
    session: Session, cast: Cast, browser_of: Any, now: dt.datetime
) -> None:
    submit(session, cast, now)
    session.commit()
    [key] = notification_ids(session, cast.bob)
    for name in ("alice", "erin", "dave"):
        assert (
            browser_of(getattr(cast, name)).put(f"/notifications/{key}/reading").status_code == 404
        )
    browser_of(cast.alice).put("/notifications/reading")
    assert unread_count(browser_of(cast.bob).get("/notifications").text) == 1


def test_assessment_and_invitation_notifications_link_to_their_pages(
    session: Session, cast: Cast, browser_of: Any, now: dt.datetime
) -> None:
    bob = cast.actor(session, cast.bob)
    skills.assess_other(session, cast.alice, "mlops", 3, by=bob, now=now)
    alice = session.get_one(User, cast.alice)
    event = Event(session, "invitation.sent", now)
    actions.notify(KINDS["invited"], event, [alice], actor="Dave", data={"team": "Vision <x>"})
    session.commit()
    browser = browser_of(cast.alice)
    page = main_text(browser.get("/notifications").text)
    assert "Bob assessed you in MLOps" in page
    assert "Dave invited you to Vision &lt;x&gt; . Open it to accept or decline." in page
    targets = {
        browser.put(f"/notifications/{key}/reading").location
        for key in notification_ids(session, cast.alice)
    }
    assert targets == {"/skills/mlops", "/teams"}


def test_added_to_team_notification_says_what_the_role_means(
    session: Session, cast: Cast, browser_of: Any, now: dt.datetime
) -> None:
    for slug, role, by in (("a", "member", cast.erin), ("b", "manager", None)):
        team = people.create_team(session, slug=slug, name=f"Team <{slug}>", by=None, now=now)
        people.add_member(session, team, cast.mallory, role, by=by, now=now)
    session.commit()
    browser = browser_of(cast.mallory)
    page = main_text(browser.get("/notifications").text)
    shared = "Its managers and mentors now see what you share."
    assert f"Erin added you to the team Team &lt;a&gt; . {shared}" in page
    assert "You were added to the team Team &lt;b&gt; . You now manage it." in page
    targets = {
        browser.put(f"/notifications/{key}/reading").location
        for key in notification_ids(session, cast.mallory)
    }
    assert targets == {"/teams"}


@pytest.mark.parametrize(
    "moment",
    [
        "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00",
        "2026-13-01", "\x00", "",
    ],
    ids=["before year 1", "after year 9999", "no zone", "no date", "control character", "empty"],
)  # fmt: skip
def test_invalid_until_marks_everything_read(
    session: Session, cast: Cast, browser_of: Any, now: dt.datetime, moment: str
) -> None:
    submit(session, cast, now - dt.timedelta(minutes=1))
    session.commit()
    bob = browser_of(cast.bob)
    assert bob.put("/notifications/reading", {"until": moment}).status_code == 303
    assert unread_count(bob.get("/notifications").text) == 0


def test_odd_page_numbers_are_accepted(cast: Cast, browser_of: Any) -> None:
    bob = browser_of(cast.bob)
    for page in ("9" * 6000, "0" * 6000, "123456", "²"):
        assert bob.get(f"/notifications?page={page}").status_code == 200


def test_parameter_count_does_not_grow_with_team_size(
    app: Flask, session: Session, cast: Cast, browser_of: Any, now: dt.datetime
) -> None:
    """Databases limit the number of parameters of a statement."""
    sizes: list[int] = []

    def record(
        _connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any
    ) -> None:
        if "FROM notification" in statement:
            sizes.append(len(parameters))

    submit(session, cast, now)
    session.commit()
    bob = browser_of(cast.bob)
    engine = session.get_bind().engine
    sa.event.listen(engine, "before_cursor_execute", record)
    try:
        bob.get("/notifications")
        few, sizes[:] = list(sizes), []
        for number in range(10):
            add_user(session, f"Person {number}", team=cast.team)
        session.commit()
        assert ESCAPED_TITLE in bob.get("/notifications").text
    finally:
        sa.event.remove(engine, "before_cursor_execute", record)
    assert sizes == few


def test_title_is_shown_only_while_the_reader_has_access(
    session: Session, cast: Cast, browser_of: Any, now: dt.datetime
) -> None:
    piece = submit(session, cast, now)
    session.commit()
    bob = browser_of(cast.bob)
    bob.put("/notifications/reading")
    assert ESCAPED_TITLE in bob.get("/notifications").text
    team = session.get_one(Team, cast.team)
    people.remove_member(session, team, cast.alice, by=cast.alice, now=now)
    session.commit()
    assert ESCAPED_TITLE not in bob.get("/notifications").text
    people.add_member(session, team, cast.alice, "member", by=cast.erin, now=now)
    session.commit()
    assert ESCAPED_TITLE in bob.get("/notifications").text
    evidence.withdraw(session, piece, by=cast.actor(session, cast.alice), now=now)
    session.commit()
    assert ESCAPED_TITLE not in bob.get("/notifications").text


def test_drafts_change_no_byte_of_the_managers_page(
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
        content = EvidenceInput(
            kind="talk", title="Canary", occurred_on=PartialDate("2026-05-01"),
            visibility=visibility, description="Canary.",
        )  # fmt: skip
        evidence.create(session, cast.alice, content, by=alice, now=now)
    session.commit()
    assert page() == before


def test_dates_are_in_the_readers_time_zone(
    app: Flask, session: Session, cast: Cast, browser_of: Any
) -> None:
    # 23:30 UTC is already the next day in Auckland.
    moment = dt.datetime(2026, 9, 3, 23, 30, tzinfo=dt.UTC)
    submit(session, cast, moment)
    session.commit()
    bob = browser_of(cast.bob)
    assert "3 Sep 2026" in main_text(bob.get("/notifications").text)
    session.execute(sa.update(User).where(User.id == cast.bob).values(timezone="Pacific/Auckland"))
    session.commit()
    assert "4 Sep 2026" in main_text(bob.get("/notifications").text)


def test_older_notifications_are_on_further_pages(
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


def test_statement_count_does_not_grow_with_notifications(
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
        assert unread_count(bob.get("/notifications").text) == 21
    assert len(many) == len(one) <= 3


@pytest.mark.parametrize("path", ["/notifications", "/notifications?unread"])
def test_read_notifications_are_pruned_after_90_days(
    session: Session, cast: Cast, browser_of: Any, now: dt.datetime, path: str
) -> None:
    submit(session, cast, now - dt.timedelta(days=200), "Unread")
    session.commit()
    assert actions.prune(session, now=now) == 0
    browser_of(cast.bob).put("/notifications/reading")
    assert actions.prune(session, now=now + dt.timedelta(days=89)) == 0
    assert actions.prune(session, now=now + dt.timedelta(days=91)) == 1
    session.commit()
    assert "Unread" not in main_text(browser_of(cast.bob).get(path).text).replace("0 unread", "")


def test_unknown_kinds_are_not_listed(session, cast, now, browser_of):
    columns = {"user_id": cast.alice, "data": {}, "created_at": now}
    session.add_all(Notification(kind=kind, **columns) for kind in ("comment", "of_tomorrow"))
    session.commit()
    page = browser_of(cast.alice).get("/notifications")
    assert page.status_code == 200
    assert page.text.count("notification-text") == 1
