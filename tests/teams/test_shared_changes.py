"""A person's changes since a day, as managers see them: shared data only."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from html import unescape

import pytest

from roadmap.evidence import actions as evidence
from roadmap.progress import actions as progress
from roadmap.skills import actions as skills
from tests.evidence.builders import add_evidence, review_evidence, submit_evidence
from tests.support.catalog import enroll
from tests.support.statements import statements_of

SLUG = "senior-ml-engineer"
KEY = "design-doc-for-complex-system"


@pytest.fixture
def load_changes(session, cast, now, browser_of):
    """A function returning the changes section of Alice's page, and the lines in it."""
    enroll(session, cast.alice, now - dt.timedelta(days=90), SLUG)

    def load(query, person=cast.bob):
        session.commit()
        answer = browser_of(person).get(f"/teams/ranking/people/{cast.alice}?{query}")
        assert answer.status_code == 200
        section = answer.text.partition('id="changes"')[2].partition("</section>")[0]
        return section, [
            unescape(each) for each in re.findall(r'class="title[^>]*>(.*?)</a>', section)
        ]

    return load


def add_changes(session, cast, at, title):
    """Add a done milestone, a skill level, verified evidence and private data of Alice."""
    alice = cast.actor(session, cast.alice)
    progress.set_status(session, cast.alice, KEY, "done", now=at)
    progress.set_plan(
        session, cast.alice, KEY, note="secret", target_on=dt.date(2027, 1, 1), now=at
    )
    skills.assess_self(session, cast.alice, "mlops", 2, "secret", by=alice, now=at)
    piece = add_evidence(session, cast, cast.alice, at, title=title, milestones=[KEY])
    submit_evidence(session, cast, piece, at)
    review_evidence(session, cast, piece, at)
    add_evidence(session, cast, cast.alice, at, title="secret draft", milestones=[KEY])
    hidden = add_evidence(session, cast, cast.alice, at, title="secret piece", milestones=[KEY])
    evidence.edit(
        session, hidden, replace(evidence.evidence_input(hidden), visibility="private"),
        by=alice, now=at,
    )  # fmt: skip
    return piece


def test_shared_changes_since_the_date_are_listed(session, cast, now, load_changes):
    add_changes(session, cast, now, "A design")
    section, lines = load_changes("since=2020-01-01")
    title = re.search(r"#stage-[a-z]+\">(.*?): done", section)[1]
    assert sorted(lines) == sorted(
        [
            unescape(title) + ": done",
            "Submitted for review: A design",
            "Verified by Bob: A design",
            "MLOps: level 2, by Alice",
        ]
    )
    assert "secret" not in section
    tomorrow = (now + dt.timedelta(days=2)).date()
    section, lines = load_changes(f"since={tomorrow}")
    assert lines == []
    assert "Nothing that is shared changed since then" in section


def test_person_sees_the_same_changes_as_the_manager(session, cast, now, load_changes):
    add_changes(session, cast, now, "A design")
    assert load_changes("since=2020-01-01", cast.alice)[1] == load_changes("since=2020-01-01")[1]


def test_changes_need_a_valid_date(load_changes):
    assert load_changes("stage=leadership") == ("", [])
    assert "“soon” is not a day" in load_changes("since=soon")[0]


def test_undone_changes_are_not_listed(session, cast, now, load_changes):
    piece = add_changes(session, cast, now, "A design")
    alice = cast.actor(session, cast.alice)
    progress.set_status(session, cast.alice, KEY, "not_started", now=now)
    evidence.delete(session, piece, by=alice, now=now)
    assert load_changes("since=2020-01-01")[1] == ["MLOps: level 2, by Alice"]


def test_statement_count_does_not_grow_with_changes(app, session, cast, now, browser_of):
    enroll(session, cast.alice, now, SLUG)
    bob, path = browser_of(cast.bob), f"/teams/ranking/people/{cast.alice}?since=2020-01-01"
    counts = []
    for times in (1, 4):
        for number in range(times):
            piece = add_evidence(
                session, cast, cast.alice, now, title=f"{number}", milestones=[KEY]
            )
            submit_evidence(session, cast, piece, now)
            review_evidence(session, cast, piece, now)
        counts.append(len(statements_of(app, lambda: bob.get(path))))
    assert counts[0] == counts[1]
