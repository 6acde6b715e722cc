"""A stage badge requires all counted milestones to be done and confirmed by public evidence."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from dataclasses import replace

import pytest

from roadmap.badges import actions
from roadmap.badges.rules import encode_status_list, judge_stage
from roadmap.catalog.content import Milestone, Objective, Stage
from roadmap.catalog.queries import published_roadmap
from roadmap.core.dates import PartialDate
from roadmap.evidence.constants import MAX_MILESTONES
from roadmap.evidence.item import Link, draft_item
from roadmap.progress.actions import set_status
from tests.badges.samples import add_verified, issue
from tests.support.catalog import enroll
from tests.support.sample_data import SLUG
from tests.support.signing_keys import add_keys

TODAY = dt.date(2026, 6, 30)
AT = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)


def milestone(key: str, hours: int, *, required: bool = True) -> Milestone:
    return Milestone.model_construct(
        key=key, title=key.title(), hours=hours, required=required, evidence=("talk",)
    )


def stage(*milestones: Milestone, required: bool = True) -> Stage:
    objective = Objective.model_construct(key="o", title="O", milestones=milestones)
    return Stage.model_construct(key="s", title="S", required=required, objectives=(objective,))


FOUR = stage(*(milestone(name, 10) for name in "abcd"), milestone("e", 30, required=False))
DONE = dict.fromkeys("abcd", "done")


def talk(*keys: str, confirmed: bool = True):
    item = draft_item(uuid.uuid4(), "talk", TODAY)
    links = tuple(Link(key, confirmed, key, AT) for key in keys)
    return replace(item, state="verified", links=links)


@pytest.mark.parametrize(
    ("statuses", "items", "complete"),
    [
        (DONE, [talk(*"abcd")], True),
        (DONE, [talk("a", "b"), talk("c", "d")], True),
        # Confirmed, and not done.
        ({**DONE, "d": "in_progress"}, [talk(*"abcd")], False),
        # Done, and linked without a confirmation.
        (DONE, [talk(*"abc"), talk("d", confirmed=False)], False),
        # A quarter may be left out, and no more.
        ({**DONE, "d": "not_applicable"}, [talk(*"abc")], True),
        ({**DONE, "c": "not_applicable", "d": "not_applicable"}, [talk("a", "b")], False),
        # A kind that does not prove it.
        (DONE, [talk(*"abc"), talk("d").with_counted(kind="patent")], False),
        (DONE, [talk(*"abc"), talk("d").with_counted(expires_on=PartialDate("2026-06-29"))], False),
        ({}, [], False),
    ],
)  # fmt: skip
def test_when_a_stage_is_complete(statuses, items, complete):
    assert judge_stage(FOUR, statuses, items, TODAY).is_complete is complete


def test_in_a_stage_that_is_not_required_everything_counts():
    considered = stage(milestone("a", 10), milestone("b", 10, required=False), required=False)
    found = judge_stage(considered, DONE, [talk("a")], TODAY)
    assert [each.key for each in found.missing] == ["b"]
    assert judge_stage(considered, DONE, [talk("a", "b")], TODAY).is_complete


def test_a_status_list_has_its_bits_from_the_left():
    """The first bit is the most significant one of the first byte."""
    import base64
    import gzip

    packed = encode_status_list([0, 9, 131_071]).removeprefix("u")
    bits = gzip.decompress(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))
    assert (bits[:2], bits[-1], len(bits)) == (b"\x80\x40", 1, 16_384)


def test_the_badge_of_a_stage(cast, session, now, browser_of):
    """It names each milestone and piece, and falls with one of them."""
    add_keys(session, now)
    enroll(session, cast.alice, now, SLUG)
    content = published_roadmap(session, SLUG).content
    first = content.stages[0]
    required = [each for each in first.milestones if each.required]
    pieces = []
    by_kind: dict[str, list[str]] = {}
    for each in required:
        set_status(session, cast.alice, each.key, "done", reason="", by=cast.alice, now=now)
        kind = next((kind for kind in each.evidence if kind in by_kind), each.evidence[0])
        by_kind.setdefault(kind, []).append(each.key)
    groups = [
        (kind, keys[first : first + MAX_MILESTONES])
        for kind, keys in by_kind.items()
        for first in range(0, len(keys), MAX_MILESTONES)
    ]
    for kind, keys in groups:
        pieces.append(
            add_verified(
                session, cast, now, kind=kind, title=f"A {kind}", milestones=keys,
                url=f"https://example.org/{kind}",
            )
        )  # fmt: skip
        if len(pieces) == len(groups) - 1:
            alice = browser_of(cast.alice)
            assert f"for={SLUG}/{first.key}" not in alice.get("/badges").text
            with pytest.raises(actions.NotVerified):
                issue(session, cast, f"{SLUG}/{first.key}", now)
            session.rollback()
    preview = browser_of(cast.alice).get(f"/badges/new?for={SLUG}/{first.key}")
    assert preview.status_code == 200
    badge = issue(session, cast, f"{SLUG}/{first.key}", now)
    said = json.loads(badge.document)
    assert said["name"] == f"{content.title}: {first.title}"
    assert len(said["evidence"]) == len(said["endorsement"]) == len(groups) > 1
    narrative = said["credentialSubject"]["achievement"]["criteria"]["narrative"]
    assert narrative.count("Done when:") == len(required)
    # Taking the tick back retracts no confirmation.
    key = required[0].key
    set_status(session, cast.alice, key, "not_started", reason="", by=cast.alice, now=now)
    session.commit()
    assert badge.revoked_at is None
    browser_of(cast.alice).delete(f"/evidence/{pieces[0].id}")
    session.rollback()
    session.expire_all()
    assert badge.revoked_for == "evidence"
