"""Each history entry has a message with its values and its actor."""

from __future__ import annotations

import ast
import datetime as dt
import re
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

MILESTONE = "mentor-junior-two-quarters"
ROOMS = ROOT / "roadmap"


@pytest.fixture
def alice(app, session, cast, now):
    """Texts as Alice reads them, the newest first: (sentence, by whom, address)."""

    def read():
        session.commit()
        with app.test_request_context():
            entries, _more = list_entries(session, cast.alice)
            lines = describe(entries, load_titles(session, cast.alice, entries), cast.alice)
        return [(line.text, line.by, line.href) for line in lines]

    return read


def milestone(session):
    return session.execute(sa.text("SELECT key, title FROM milestone ORDER BY key LIMIT 1")).one()


def literals(module: str) -> set[str]:
    """The constant texts of a module; of one that is put together the first part and a star."""
    found = set()
    for node in ast.walk(ast.parse(module)):
        if isinstance(node, ast.JoinedStr):
            first = node.values[0]
            if isinstance(first, ast.Constant):
                found.add(f"{first.value}*")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return found


def test_every_action_that_is_named_where_history_is_written_has_a_sentence():
    """What is put together from parts is seen by the fixture in `tests/conftest.py`."""
    written = set()
    for path in ROOMS.rglob("*.py"):
        for call in re.findall(r"record_history\((.*?)\n    +\)", path.read_text("utf-8"), re.S):
            written.update(re.findall(r'action="([a-z_.]+)"', call))
    assert {"account.changed", "practice.rated", "skill.assessed"} <= written
    assert written <= MESSAGES.keys(), written - MESSAGES.keys()
    assert ACTIONS_BY_KIND.keys() == KINDS.keys()


def test_no_sentence_is_for_what_nobody_records():
    written = set()
    for path in ROOMS.rglob("*.py"):
        if path.parent.name not in ("activity", "notifications", "api", "admin", "dashboard"):
            written |= literals(path.read_text("utf-8"))
    verbs = {
        f"{thing}.{verb}"
        for thing in ("evidence", "position", "degree")
        for verb in {action.partition(".")[2] for action in MESSAGES}
        if verb in written
    }
    verbs |= {f"evidence.{done}_withdrawn" for done in ("return", "verification")}
    assert MESSAGES.keys() <= written | verbs, MESSAGES.keys() - written - verbs


def test_every_sentence_can_be_said_of_an_entry_that_says_nothing(app):
    """Of older releases, of what is deleted meanwhile, and of data that is not what it was."""
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


def test_a_status_says_from_what_to_what(session, cast, now, alice):
    key, title = milestone(session)
    enroll(session, cast.alice, now, "senior-ml-engineer")
    for status, reason in (("in_progress", ""), ("done", ""), ("not_applicable", "At work, 100%.")):
        progress.set_status(session, cast.alice, key, status, reason=reason, by=cast.alice, now=now)
    assert [each[:2] for each in alice()[:3]] == [
        (f"{title}: done → not applicable (At work, 100%.)", "You"),
        (f"{title}: in progress → done", "You"),
        (f"{title}: not started → in progress", "You"),
    ]


def test_a_target_date_says_from_when_to_when(session, cast, now, alice):
    key, title = milestone(session)
    for day, note in (
        (dt.date(2026, 6, 1), ""), (dt.date(2026, 9, 1), ""), (dt.date(2026, 9, 1), "Ask Kim."),
        (None, "Ask Kim."),
    ):  # fmt: skip
        progress.set_plan(
            session, cast.alice, key, note=note, target_on=day, by=cast.alice, now=now
        )
    assert [text for text, *_more in alice()] == [
        f"{title}: target date 1 Sep 2026 removed",
        f"{title}: note or target date saved",
        f"{title}: target date moved from 1 Jun 2026 to 1 Sep 2026",
        f"{title}: target date set to 1 Jun 2026",
    ]


def test_a_pace_and_a_level_say_what_they_were(session, cast, now, alice):
    enroll(session, cast.alice, now, "senior-ml-engineer")
    for level in (1, 3):
        skills.assess_self(
            session, cast.alice, "mlops", level, "", by=cast.actor(session, cast.alice), now=now
        )
    newest, first, _began = alice()
    assert newest[0].endswith(": level 1 → 3, self-assessed")
    assert first[0].endswith(": level 1, self-assessed")
    assert newest[2] == "/skills/mlops"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [(None, 6, "pace set to 6 h a week"), (6, 4, "pace 6 h a week → 4 h a week"),
     (4, None, "pace removed")],
)  # fmt: skip
def test_a_pace_is_set_changed_and_removed(session, cast, now, alice, before, after, said):
    found = published_roadmap(session, "senior-ml-engineer")
    for hours in (before, after):
        progress.enroll(
            session, cast.alice, found.roadmap_id,
            hours_per_week=hours and Decimal(hours), by=cast.alice, now=now,
        )  # fmt: skip
    assert alice()[0][0] == f"{found.content.title}: {said}"


def test_a_review_names_who_and_for_which_milestones(session, cast, now, alice):
    piece = add_evidence(session, cast, cast.alice, now, title="A design")
    submit_evidence(session, cast, piece, now)
    review_evidence(session, cast, piece, now)
    title = piece.milestone_keys and milestone_title(session, piece.milestone_keys[0])
    assert alice() == [
        (f"Verified: A design, for “{title}”", "Bob", f"/evidence/{piece.id}"),
        ("Submitted for review: A design", "You", f"/evidence/{piece.id}"),
        ("Recorded: A design", "You", f"/evidence/{piece.id}"),
    ]


def milestone_title(session, key):
    return session.scalar(sa.text("SELECT title FROM milestone WHERE key = :key"), {"key": key})


def test_what_is_deleted_keeps_its_last_title_and_has_no_link(session, cast, now, alice):
    piece = add_evidence(session, cast, cast.alice, now, title="A draft of an idea")
    by = cast.actor(session, cast.alice)
    evidence.submit(session, piece, by=by, now=now)
    evidence.delete(session, piece, by=by, now=now)
    assert [(text, href) for text, _by, href in alice()] == [
        ("Deleted: A draft of an idea", None),
        ("Submitted for review: A draft of an idea", None),
        ("Recorded: A draft of an idea", None),
    ]
    record_history(
        session, user_id=cast.alice, by=cast.alice, action="evidence.edited",
        subject=str(uuid.uuid4()), now=now, fields=["title", "url"], state=["draft", "draft"],
    )  # fmt: skip
    assert alice()[0][0] == "Edited: a deleted piece (title, link)"


def test_a_token_and_somebody_who_is_gone_are_named(session, cast, now, alice):
    for by, token in ((cast.alice, "CI"), (cast.mallory, "")):
        record_history(
            session, user_id=cast.alice, by=by, action="portfolio.written", subject="texts",
            now=now, **({"token": token} if token else {}),
        )  # fmt: skip
    session.commit()
    session.delete(session.get_one(User, cast.mallory))
    assert [by for _text, by, _href in alice()] == [
        "Someone without an account", "You, by the token “CI”"
    ]  # fmt: skip


def test_who_was_erased_is_called_as_beside_the_evidence(session, cast, now, alice):
    piece = add_evidence(session, cast, cast.alice, now)
    submit_evidence(session, cast, piece, now)
    review_evidence(session, cast, piece, now)
    bob = cast.actor(session, cast.bob)
    review_actions.add_comment(session, piece, "Well done", by=bob, now=now)
    skills.assess_other(session, cast.alice, "mlops", 2, "", by=bob, now=now)
    assert [by for _text, by, _href in alice()[:3]] == ["Bob", "Bob", "Bob"]
    session.delete(session.get_one(User, cast.bob))
    assert [by for _text, by, _href in alice()[:3]] == [
        "A former manager", "A former colleague", "A former manager"
    ]  # fmt: skip
