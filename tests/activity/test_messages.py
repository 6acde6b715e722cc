"""Each history entry has a message with its values and its actor."""

from __future__ import annotations

import ast
import datetime as dt
import uuid
from decimal import Decimal

import pytest
import sqlalchemy as sa

from roadmap.activity.messages import ACTIONS_BY_KIND, KINDS, MESSAGES, describe
from roadmap.activity.queries import Entry, Titles, list_entries, load_titles
from roadmap.catalog.queries import published_roadmap
from roadmap.core.config import ROOT
from roadmap.evidence import actions as evidence
from roadmap.evidence import review_actions
from roadmap.people.history import record_history
from roadmap.people.models import User
from roadmap.progress import actions as progress
from roadmap.skills import actions as skills
from tests.evidence.builders import add_evidence, review_evidence, submit_evidence
from tests.support.catalog import enroll
from tests.support.recorded_actions import recorded_actions

MILESTONE = "mentor-junior-two-quarters"
SOURCE = ROOT / "roadmap"


@pytest.fixture
def read_messages(app, session, cast, now):
    """A function returning Alice's messages, newest first, as (text, actor, link)."""

    def read():
        session.commit()
        with app.test_request_context():
            entries, _more = list_entries(session, cast.alice)
            lines = describe(entries, load_titles(session, cast.alice, entries), cast.alice)
        return [(line.text, line.by, line.href) for line in lines]

    return read


def first_milestone(session):
    return session.execute(sa.text("SELECT key, title FROM milestone ORDER BY key LIMIT 1")).one()


def string_constants(module: str) -> set[str]:
    """Return the string constants of a module, and the first part of f-strings with a star."""
    found = set()
    for node in ast.walk(ast.parse(module)):
        if isinstance(node, ast.JoinedStr):
            first = node.values[0]
            if isinstance(first, ast.Constant):
                found.add(f"{first.value}*")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return found


def test_every_recorded_action_has_a_message():
    """A fixture in `tests/conftest.py` checks actions composed with an f-string."""
    recorded = recorded_actions("record_history")
    assert {"account.changed", "practice.rated", "skill.assessed"} <= recorded
    assert recorded <= MESSAGES.keys(), recorded - MESSAGES.keys()
    assert ACTIONS_BY_KIND.keys() == KINDS.keys()


def test_every_message_has_a_recorded_action():
    recorded = set()
    for path in SOURCE.rglob("*.py"):
        if path.parent.name not in ("activity", "notifications", "api", "admin", "dashboard"):
            recorded |= string_constants(path.read_text("utf-8"))
    verbs = {
        f"{thing}.{verb}"
        for thing in ("evidence", "position", "degree")
        for verb in {action.partition(".")[2] for action in MESSAGES}
        if verb in recorded
    }
    verbs |= {f"evidence.{done}_withdrawn" for done in ("return", "verification")}
    assert MESSAGES.keys() <= recorded | verbs, MESSAGES.keys() - recorded - verbs


def test_messages_tolerate_missing_and_malformed_data(app):
    """As in entries of older releases or about deleted records."""
    odd = {
        "status": 3, "target_on": "soon", "hours_per_week": "many", "milestones": "no",
        "fields": 4, "role": "king", "title": None, "name": None, "witness": 1,
    }  # fmt: skip
    with app.test_request_context():
        for action in (*MESSAGES, "of.tomorrow"):
            for data in ({}, odd):
                entry = Entry(1, dt.datetime.now(dt.UTC), action, "x", data, None, "", data)
                (line,) = describe([entry], Titles(), uuid.uuid4())
                assert line.text, action
                assert not {"%", "None"} & set(line.text.split()), line.text
                assert line.by in (
                    "Someone without an account", "A former manager", "A former colleague"
                )  # fmt: skip


def test_status_message_names_old_and_new_status(session, cast, now, read_messages):
    key, title = first_milestone(session)
    enroll(session, cast.alice, now, "senior-ml-engineer")
    for status, reason in (("in_progress", ""), ("done", ""), ("not_applicable", "At work, 100%.")):
        progress.set_status(session, cast.alice, key, status, reason=reason, now=now)
    assert [each[:2] for each in read_messages()[:3]] == [
        (f"{title}: done → not applicable (At work, 100%.)", "You"),
        (f"{title}: in progress → done", "You"),
        (f"{title}: not started → in progress", "You"),
    ]


def test_target_date_message_names_old_and_new_date(session, cast, now, read_messages):
    key, title = first_milestone(session)
    for day, note in (
        (dt.date(2026, 6, 1), ""), (dt.date(2026, 9, 1), ""), (dt.date(2026, 9, 1), "Ask Kim."),
        (None, "Ask Kim."),
    ):  # fmt: skip
        progress.set_plan(session, cast.alice, key, note=note, target_on=day, now=now)
    assert [text for text, *_more in read_messages()] == [
        f"{title}: target date 1 Sep 2026 removed",
        f"{title}: note or target date saved",
        f"{title}: target date moved from 1 Jun 2026 to 1 Sep 2026",
        f"{title}: target date set to 1 Jun 2026",
    ]


def test_level_message_names_old_and_new_level(session, cast, now, read_messages):
    enroll(session, cast.alice, now, "senior-ml-engineer")
    for level in (1, 3):
        skills.assess_self(
            session, cast.alice, "mlops", level, "", by=cast.actor(session, cast.alice), now=now
        )
    newest, first, _began = read_messages()
    assert newest[0].endswith(": level 1 → 3, self-assessed")
    assert first[0].endswith(": level 1, self-assessed")
    assert newest[2] == "/skills/mlops"


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [(None, 6, "pace set to 6 h a week"), (6, 4, "pace 6 h a week → 4 h a week"),
     (4, None, "pace removed")], ids=["set", "changed", "removed"],
)  # fmt: skip
def test_pace_message_names_old_and_new_pace(
    session, cast, now, read_messages, before, after, message
):
    found = published_roadmap(session, "senior-ml-engineer")
    for hours in (before, after):
        progress.enroll(
            session, cast.alice, found.roadmap_id, hours_per_week=hours and Decimal(hours), now=now
        )
    assert read_messages()[0][0] == f"{found.content.title}: {message}"


def test_review_message_names_reviewer_and_milestones(session, cast, now, read_messages):
    piece = add_evidence(session, cast, cast.alice, now, title="A design")
    submit_evidence(session, cast, piece, now)
    review_evidence(session, cast, piece, now)
    title = piece.milestone_keys and milestone_title(session, piece.milestone_keys[0])
    assert read_messages() == [
        (f"Verified: A design, for “{title}”", "Bob", f"/evidence/{piece.id}"),
        ("Submitted for review: A design", "You", f"/evidence/{piece.id}"),
        ("Recorded: A design", "You", f"/evidence/{piece.id}"),
    ]


def milestone_title(session, key):
    return session.scalar(sa.text("SELECT title FROM milestone WHERE key = :key"), {"key": key})


def test_deleted_evidence_keeps_its_title_without_a_link(session, cast, now, read_messages):
    piece = add_evidence(session, cast, cast.alice, now, title="A draft of an idea")
    by = cast.actor(session, cast.alice)
    evidence.submit(session, piece, by=by, now=now)
    evidence.delete(session, piece, by=by, now=now)
    assert [(text, href) for text, _by, href in read_messages()] == [
        ("Deleted: A draft of an idea", None),
        ("Submitted for review: A draft of an idea", None),
        ("Recorded: A draft of an idea", None),
    ]
    record_history(
        session, user_id=cast.alice, by=cast.alice, action="evidence.edited",
        subject=str(uuid.uuid4()), now=now, fields=["title", "url"], state=["draft", "draft"],
    )  # fmt: skip
    assert read_messages()[0][0] == "Edited: a deleted piece (title, link)"


def test_token_and_erased_actor_are_named(session, cast, now, read_messages):
    for by, token in ((cast.alice, "CI"), (cast.mallory, "")):
        record_history(
            session, user_id=cast.alice, by=by, action="portfolio.written", subject="texts",
            now=now, **({"token": token} if token else {}),
        )  # fmt: skip
    session.commit()
    session.delete(session.get_one(User, cast.mallory))
    assert [by for _text, by, _href in read_messages()] == [
        "Someone without an account", "You, by the token “CI”"
    ]  # fmt: skip


def test_erased_reviewer_is_named_by_the_former_role(session, cast, now, read_messages):
    piece = add_evidence(session, cast, cast.alice, now)
    submit_evidence(session, cast, piece, now)
    review_evidence(session, cast, piece, now)
    bob = cast.actor(session, cast.bob)
    review_actions.add_comment(session, piece, "Well done", by=bob, now=now)
    skills.assess_other(session, cast.alice, "mlops", 2, "", by=bob, now=now)
    assert [by for _text, by, _href in read_messages()[:3]] == ["Bob", "Bob", "Bob"]
    session.delete(session.get_one(User, cast.bob))
    assert [by for _text, by, _href in read_messages()[:3]] == [
        "A former manager", "A former colleague", "A former manager"
    ]  # fmt: skip
