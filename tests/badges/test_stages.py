"""A stage badge requires all counted milestones to be done and confirmed by public evidence."""

from __future__ import annotations

import base64
import datetime as dt
import gzip
import json
import uuid
from dataclasses import replace

import pytest

from roadmap.badges import actions
from roadmap.badges.rules import compute_stage_progress, encode_status_list
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
        # Verified but not done.
        ({**DONE, "d": "in_progress"}, [talk(*"abcd")], False),
        # Done and linked but not verified.
        (DONE, [talk(*"abc"), talk("d", confirmed=False)], False),
        # At most a quarter may be not applicable.
        ({**DONE, "d": "not_applicable"}, [talk(*"abc")], True),
        ({**DONE, "c": "not_applicable", "d": "not_applicable"}, [talk("a", "b")], False),
        # A kind of evidence that the milestone does not accept.
        (DONE, [talk(*"abc"), talk("d").with_counted(kind="patent")], False),
        (DONE, [talk(*"abc"), talk("d").with_counted(expires_on=PartialDate("2026-06-29"))], False),
        ({}, [], False),
    ],
    ids=[
        "one evidence", "two evidence", "not done", "not verified", "one not applicable",
        "two not applicable", "wrong kind", "expired", "nothing",
    ],
)  # fmt: skip
def test_stage_is_complete_when_milestones_are_done_and_verified(statuses, items, complete):
    assert compute_stage_progress(FOUR, statuses, items, TODAY).is_complete is complete


def test_all_milestones_count_in_an_optional_stage():
    considered = stage(milestone("a", 10), milestone("b", 10, required=False), required=False)
    found = compute_stage_progress(considered, DONE, [talk("a")], TODAY)
    assert [each.key for each in found.missing] == ["b"]
    assert compute_stage_progress(considered, DONE, [talk("a", "b")], TODAY).is_complete


def test_status_list_encodes_bits_from_the_left():
    # Bit 0 is the most significant bit of the first byte.
    packed = encode_status_list([0, 9, 131_071]).removeprefix("u")
    bits = gzip.decompress(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))
    assert (bits[:2], bits[-1], len(bits)) == (b"\x80\x40", 1, 16_384)


def test_stage_badge_names_milestones_and_is_revoked_with_its_evidence(
    cast, session, now, browser_of
):
    add_keys(session, now)
    enroll(session, cast.alice, now, SLUG)
    content = published_roadmap(session, SLUG).content
    first = content.stages[0]
    required = [each for each in first.milestones if each.required]
    pieces = []
    by_kind: dict[str, list[str]] = {}
    for each in required:
        set_status(session, cast.alice, each.key, "done", reason="", now=now)
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
    document = json.loads(badge.document)
    assert document["name"] == f"{content.title}: {first.title}"
    assert len(document["evidence"]) == len(document["endorsement"]) == len(groups) > 1
    narrative = document["credentialSubject"]["achievement"]["criteria"]["narrative"]
    assert narrative.count("Done when:") == len(required)
    # Each confirmation names its own milestones, because none confirmed them all.
    titles = {each.key: each.title for each in required}
    comments = [each["credentialSubject"]["endorsementComment"] for each in document["endorsement"]]
    for kind, keys in groups:
        said = f"from the evidence “A {kind}”: {'; '.join(titles[key] for key in keys)}."
        assert any(said in comment for comment in comments)
    # A changed status does not undo the verification.
    key = required[0].key
    set_status(session, cast.alice, key, "not_started", reason="", now=now)
    session.commit()
    assert badge.revoked_at is None
    browser_of(cast.alice).delete(f"/evidence/{pieces[0].id}")
    session.rollback()
    session.expire_all()
    assert badge.revoked_for == "evidence"
