"""POST /evidence/<id>/comments, and the timeline shown to author and manager."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from roadmap.core.signals import person_changed
from roadmap.evidence import actions, review_actions
from roadmap.evidence.item import Audience
from roadmap.evidence.models import Comment
from roadmap.evidence.queries import load_detail
from roadmap.evidence.rules import Refused
from roadmap.evidence.timeline import load_timeline
from roadmap.people.models import HistoryEntry, Membership
from tests.evidence.builders import (
    DESIGN,
    add_evidence,
    evidence_input,
    review_evidence,
    submit_evidence,
)
from tests.support.markup import flat
from tests.support.statements import statements_of


@pytest.fixture
def piece(session, cast, now):
    """Alice's design document, submitted."""
    evidence = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN])
    submit_evidence(session, cast, evidence, now)
    return evidence


def comment_texts(session):
    session.rollback()
    return list(session.scalars(sa.select(Comment.text).order_by(Comment.created_at)))


def event_kinds(session, piece, *, for_author):
    detail = load_detail(session, Audience.OWNER, piece.id)
    found = load_timeline(session, detail, for_author=for_author)
    return [event.kind for event in found]


def test_author_and_manager_read_each_others_comments(session, cast, browser_of, piece):
    alice, bob = browser_of(cast.alice), browser_of(cast.bob)
    answer = bob.post(f"/evidence/{piece.id}/comments", {"text": "Which *baseline*?"})
    assert (answer.status_code, answer.location) == (303, f"/reviews/{piece.id}#thread")
    answer = alice.post(f"/evidence/{piece.id}/comments", {"text": "The one of March."})
    assert (answer.status_code, answer.location) == (303, f"/evidence/{piece.id}#thread")
    for page in (
        alice.get(f"/evidence/{piece.id}").text,
        bob.get(f"/reviews/{piece.id}").text,
    ):
        assert "Which <em>baseline</em>?" in page
        assert page.index("Which <em>") < page.index("The one of March.")


def test_htmx_response_is_thread_with_empty_form(cast, browser_of, piece):
    answer = browser_of(cast.bob).post(
        f"/evidence/{piece.id}/comments", {"text": "Clear."}, fragment=True
    )
    assert answer.status_code == 200
    assert "<!doctype" not in answer.text.lower()
    assert "Clear." in answer.text
    assert 'name="text" required rows="3">\r\n</textarea>' in answer.text
    assert "announce" in answer.headers["HX-Trigger"]


@pytest.mark.parametrize(
    ("text", "message"),
    [("  \n", "Write a comment first"), ("x" * 5001, "at most 5,000")],
    ids=["empty", "too long"],
)
@pytest.mark.parametrize("fragment", [False, True])
def test_invalid_comment_is_rejected_and_kept_in_form(
    session, cast, browser_of, piece, text, message, fragment
):
    answer = browser_of(cast.bob).post(
        f"/evidence/{piece.id}/comments", {"text": text}, fragment=fragment
    )
    assert answer.status_code == 422
    assert message in answer.text
    assert text.strip() in answer.text
    assert comment_texts(session) == []


def test_control_characters_are_removed_from_comment(session, cast, now, piece):
    review_actions.add_comment(
        session, piece, " a\x00b\ud800c ", by=cast.actor(session, cast.bob), now=now
    )
    session.commit()
    assert comment_texts(session) == ["abc"]


@pytest.mark.parametrize("state", ["draft", "private", "withdrawn"])
def test_unshared_evidence_rejects_comments(session, cast, now, browser_of, state):
    piece = add_evidence(
        session, cast, cast.alice, now, visibility="private" if state == "private" else "team"
    )
    alice = cast.actor(session, cast.alice)
    if state == "withdrawn":
        actions.submit(session, piece, by=alice, now=now)
        actions.withdraw(session, piece, by=alice, now=now)
        session.commit()
    with pytest.raises(Refused, match="not_shared"):
        review_actions.add_comment(session, piece, "Note to self", by=alice, now=now)
    session.rollback()
    sent = {"text": "Note to self"}
    browser = browser_of(cast.alice)
    assert browser.post(f"/evidence/{piece.id}/comments", sent).status_code == 409
    assert browser_of(cast.bob).post(f"/evidence/{piece.id}/comments", sent).status_code == 404
    assert 'name="text"' not in browser.get(f"/evidence/{piece.id}").text


def test_comment_refers_to_version_visible_to_manager(session, cast, now, browser_of, piece):
    """Managers do not see an edit of returned evidence until it is submitted again."""
    alice = cast.actor(session, cast.alice)
    review_evidence(session, cast, piece, now, decision="returned")
    actions.edit(session, piece, evidence_input(role="Only saved"), by=alice, now=now)
    review_actions.add_comment(session, piece, "I am at it.", by=alice, now=now)
    session.commit()
    assert session.scalar(sa.select(Comment.version_number)) == 1
    assert "version 2" not in browser_of(cast.bob).get(f"/reviews/{piece.id}").text


def test_timeline_shows_managers_only_shared_events(session, cast, now, piece):
    alice = cast.actor(session, cast.alice)
    review_actions.add_comment(session, piece, "Clear.", by=cast.actor(session, cast.bob), now=now)
    actions.withdraw(session, piece, by=alice, now=now)
    for role in ("Lead", "Lead and author"):
        actions.edit(session, piece, evidence_input(role=role), by=alice, now=now)
    actions.submit(session, piece, by=alice, now=now)
    review_evidence(session, cast, piece, now)
    actions.edit(
        session, piece, evidence_input(title="Renamed", role="Lead and author"), by=alice, now=now
    )
    actions.edit(session, piece, evidence_input(role="Lead again"), by=alice, now=now)
    session.commit()
    own_kinds = event_kinds(session, piece, for_author=True)
    assert own_kinds.count("edited") == 2  # consecutive edits are listed once
    assert {"created", "withdrawn", "comment", "verified", "resubmitted"} <= set(own_kinds)
    shared_kinds = event_kinds(session, piece, for_author=False)
    assert sorted(shared_kinds) == ["comment", "resubmitted", "submitted", "submitted", "verified"]


def test_comment_sends_signal_and_is_recorded_in_history(session, cast, now, piece):
    received = []

    def listen(_session, change):
        received.append((change.action, change.user_id, change.by, change.subject))

    with person_changed.connected_to(listen):
        review_actions.add_comment(
            session, piece, "Clear.", by=cast.actor(session, cast.bob), now=now
        )
    assert received == [("comment.added", cast.alice, cast.bob, str(piece.id))]
    entry = session.scalars(sa.select(HistoryEntry).order_by(HistoryEntry.id.desc())).first()
    assert entry.action == "comment.added"


def test_former_manager_cannot_comment_and_old_comment_remains(
    session, cast, now, browser_of, piece
):
    bob = browser_of(cast.bob)
    bob.post(f"/evidence/{piece.id}/comments", {"text": "Clear."})
    session.execute(sa.delete(Membership).where(Membership.user_id == cast.bob))
    session.commit()
    assert bob.post(f"/evidence/{piece.id}/comments", {"text": "And more"}).status_code == 404
    with pytest.raises(Refused, match="not_entitled"):
        review_actions.add_comment(
            session, piece, "And more", by=cast.actor(session, cast.bob), now=now
        )
    assert comment_texts(session) == ["Clear."]
    assert "Clear." in browser_of(cast.alice).get(f"/evidence/{piece.id}").text


def test_comment_markup_is_escaped(cast, browser_of, piece):
    bob = browser_of(cast.bob)
    bob.post(f"/evidence/{piece.id}/comments", {"text": "<script>alert(1)</script>"})
    for browser, area in ((bob, "reviews"), (browser_of(cast.alice), "evidence")):
        assert "<script>alert" not in browser.get(f"/{area}/{piece.id}").text


def test_statement_count_does_not_grow_with_comments(app, session, cast, now, browser_of, piece):
    alice, bob = browser_of(cast.alice), browser_of(cast.bob)

    def load_pages():
        alice.get(f"/evidence/{piece.id}")
        bob.get(f"/reviews/{piece.id}")

    before = statements_of(app, load_pages)
    for number in range(6):
        review_actions.add_comment(
            session, piece, f"{number}", by=cast.actor(session, cast.bob), now=now
        )
    session.commit()
    assert len(statements_of(app, load_pages)) == len(before)


@pytest.mark.parametrize("who", ["carol", "dave", "erin", "mallory"])
def test_unrelated_users_cannot_comment(session, cast, browser_of, piece, who):
    browser = browser_of(getattr(cast, who))
    answer = browser.post(f"/evidence/{piece.id}/comments", {"text": "Hello"})
    assert answer.status_code == 404
    assert comment_texts(session) == []


def test_comment_requires_login(browser_of, piece):
    answer = browser_of().post(f"/evidence/{piece.id}/comments", {"text": "Hello"})
    assert answer.status_code in (303, 401)


def test_comment_form_says_when_nobody_can_read_it(session, cast, browser_of, piece):
    alice = browser_of(cast.alice)
    assert "Your managers and mentors see it." in flat(alice.get(f"/evidence/{piece.id}").text)
    session.execute(sa.delete(Membership).where(Membership.user_id == cast.alice))
    session.commit()
    page = flat(alice.get(f"/evidence/{piece.id}").text)
    assert "Your managers and mentors see it." not in page
    assert "You are not in a team with a manager or mentor, so no one else sees it now." in page
    assert "You are not in a team with a manager, so no one can review it." in page
