"""Visibility of items and versions: the rule in Python, the rule in SQL, and the loader agree."""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from collections import Counter
from dataclasses import replace

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roadmap.core.dates import PartialDate
from roadmap.evidence import audience_sql, loader, models
from roadmap.evidence.constants import STATES, VISIBILITIES
from roadmap.evidence.item import Audience, Item, is_visible, restrict_to
from tests.evidence.builders import DESIGN, LATENCY, LEVELS, add_evidence
from tests.support.statements import record_statements

# Each of the two milestones is proved by one of the two kinds.
PROVED_BY = {DESIGN: "design_doc", "external-conference-talk": "talk"}
NOW = dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC)


@st.composite
def version_histories(draw):
    """Draw state, visibility, submitted versions, and the index of the verified version."""
    submitted = draw(st.lists(st.booleans(), min_size=1, max_size=4))
    places = [place for place, was_submitted in enumerate(submitted) if was_submitted]
    verified = draw(st.sampled_from([None, *places]))
    return draw(st.sampled_from(STATES)), draw(st.sampled_from(VISIBILITIES)), submitted, verified


@pytest.mark.parametrize("audience", Audience)
@given(drawn=st.lists(version_histories(), min_size=1, max_size=3))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_python_and_sql_agree_on_visible_versions(session, cast, audience, drawn):
    written = [_write(session, cast.alice, *each) for each in drawn]
    expected = {item.id: restrict_to(item, audience) for item in written}
    for key, seen in expected.items():
        found = loader.load_item(session, audience, key)
        assert _summary(found) == _summary(seen)
        ids = session.execute(
            sa.select(
                audience_sql.newest_version_id(audience), audience_sql.counted_version_id(audience)
            ).where(models.Evidence.id == key, audience_sql.is_visible(audience))
        ).one_or_none()
        if seen is not None:
            assert ids == (seen.version.id, seen.counted.id)
    ids = [key for key, seen in expected.items() if seen is not None]
    for found in (
        loader.load_user_items(session, audience, cast.alice),
        loader.load_items(session, audience, ids),
    ):
        assert [item.id for item in found] == ids
        for item in found:
            seen = expected[item.id]
            assert seen is not None
            assert (item.version, item.counted) == (seen.version, seen.counted)
            assert item.verified_number == seen.verified_number
    # The items loaded for readiness suffice to determine what counts for owner and managers.
    if audience is not Audience.PUBLIC:
        counted = loader.load_counted_items(session, [cast.alice])[cast.alice]
        assert Counter(_figures(restrict_to(item, audience)) for item in counted) == Counter(
            _figures(item) for item in expected.values()
        )
    if audience is Audience.OWNER:
        for item in loader.load_user_items(session, audience, cast.alice, texts=False):
            for other in Audience:
                assert _heads(restrict_to(item, other)) == _heads(
                    restrict_to(find_item(written, item), other)
                )
    session.rollback()


@given(
    kind=st.sampled_from(["talk", "design_doc"]),
    verified=st.sampled_from([None, 1, 2]),
    linked=st.sets(st.sampled_from(sorted(PROVED_BY))),
    confirmed=st.sets(st.tuples(st.sampled_from([1, 2]), st.sampled_from(sorted(PROVED_BY)))),
)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_python_and_sql_agree_on_verified_items(session, cast, kind, verified, linked, confirmed):
    """Evidence is verified if it is linked to a milestone that it proves and is confirmed for."""
    place = verified and verified - 1
    item = _write(session, cast.alice, "verified", "portfolio", [True, True], place, kind)
    versions = {version.number: version.id for version in item.versions}
    for key in linked:
        session.add(
            models.EvidenceMilestone(
                evidence_id=item.id, milestone_key=key, user_id=cast.alice, created_at=NOW
            )
        )
    for number, key in confirmed:
        review = models.Review(
            user_id=cast.alice, evidence_id=item.id, version_id=versions[number],
            reviewer_id=cast.bob, reviewer_name="Bob", decision="verified", decided_at=NOW,
        )  # fmt: skip
        session.add(review)
        session.flush()
        session.add(
            models.Confirmation(
                version_id=versions[number], milestone_key=key, user_id=cast.alice,
                review_id=review.id, confirmed_at=NOW,
            )
        )  # fmt: skip
    session.flush()
    proves = {key for key in linked if (verified, key) in confirmed and PROVED_BY[key] == kind}
    (whole,) = loader.load_user_items(session, Audience.OWNER, cast.alice)
    (figures,) = loader.load_counted_items(session, [cast.alice])[cast.alice]
    for found in (whole, figures):
        assert (found.confirmed, found.verified) == (proves, bool(proves))
        # Gates count verifiers, so the figures include them.
        assert len(found.verifiers - {""}) == bool(proves)
    query = sa.select(audience_sql.is_verified()).where(models.Evidence.id == item.id)
    assert session.scalar(query) == bool(proves)
    session.rollback()


def find_item(written: list[Item], item: Item) -> Item:
    return next(each for each in written if each.id == item.id)


def _summary(item: Item | None) -> object:
    return item and (item.id, item.state, item.versions, item.counted, item.verified_number)


def _heads(item: Item | None) -> object:
    return item and (item.version.number, item.counted.number, item.verified)


def _figures(item: Item | None) -> object:
    return item and (item.counted.number, item.counted.occurred_on, item.verified)


def _write(
    session, user_id: uuid.UUID, state, visibility, submitted, verified, kind="talk"
) -> Item:
    """Insert an item with these versions and return it as its owner sees it."""
    evidence = models.Evidence(
        user_id=user_id, title="Title", state=state, visibility=visibility, created_at=NOW,
        updated_at=NOW,
    )  # fmt: skip
    session.add(evidence)
    session.flush()
    versions = [
        models.EvidenceVersion(
            evidence_id=evidence.id, user_id=user_id, number=place + 1, kind=kind,
            occurred_on=PartialDate(f"2026-01-0{1 + place}"),
            submitted_at=NOW if was_submitted else None, created_at=NOW,
        )
        for place, was_submitted in enumerate(submitted)
    ]  # fmt: skip
    session.add_all(versions)
    session.flush()
    evidence.current_id = versions[-1].id
    evidence.verified_version_id = None if verified is None else versions[verified].id
    session.flush()
    item = loader.load_item(session, Audience.OWNER, evidence.id)
    assert item is not None
    assert [version.number for version in item.versions] == list(range(len(submitted), 0, -1))
    return item


@pytest.mark.parametrize("audience", Audience)
def test_python_and_sql_agree_on_visible_items(session, cast, now, audience):
    pieces = []
    for state, visibility in itertools.product(STATES, VISIBILITIES):
        piece = add_evidence(session, cast, cast.alice, now, title=f"{state} {visibility}")
        piece.state, piece.visibility, piece.current.submitted_at = state, visibility, now
        pieces.append(piece)
    session.commit()
    found = session.scalars(sa.select(models.Evidence.id).where(audience_sql.is_visible(audience)))
    assert set(found) == {
        piece.id
        for piece in pieces
        if is_visible(piece.state, piece.visibility, audience, has_verified=False)
    }


def test_loaded_item_includes_links_impacts_and_skills(session, cast, now):
    evidence = add_evidence(
        session, cast, cast.alice, now,
        milestones=[LEVELS, DESIGN], skills=["mlops"], impacts=(LATENCY,),
    )  # fmt: skip
    (item,) = loader.load_user_items(session, Audience.OWNER, cast.alice)
    assert (item.id, item.user_id, item.title) == (evidence.id, cast.alice, evidence.title)
    assert (item.milestones, item.confirmed) == ((LEVELS, DESIGN), set())
    assert [skill.key for skill in item.skills] == ["mlops"]
    assert item.version.impacts == (LATENCY,)
    assert item.version.description == evidence.current.description
    (brief,) = loader.load_user_items(session, Audience.OWNER, cast.alice, texts=False)
    texts = {"url": "", "description": "", "role": ""}
    assert brief == replace(item, versions=(replace(item.version, **texts),))


def test_counted_items_are_grouped_by_user(session, cast, now):
    evidence = add_evidence(
        session, cast, cast.alice, now, milestones=[LEVELS, DESIGN], impacts=(LATENCY,)
    )
    found = loader.load_counted_items(session, [cast.alice, cast.carol])
    (item,) = found[cast.alice]
    assert (item.state, item.visibility) == (evidence.state, evidence.visibility)
    assert (set(item.milestones), item.confirmed) == ({LEVELS, DESIGN}, set())
    assert item.counted.kind == evidence.current.kind
    assert [impact.is_complete for impact in item.counted.impacts] == [True]
    assert found[cast.carol] == []


@pytest.mark.parametrize("many", [1, 8])
def test_statement_count_is_constant(session, cast, now, many):
    ids = [
        add_evidence(
            session, cast, cast.alice, now, milestones=[DESIGN, LEVELS], impacts=(LATENCY,)
        ).id
        for _ in range(many)
    ]
    for load, statements in (
        (lambda: loader.load_user_items(session, Audience.OWNER, cast.alice), 5),
        (
            lambda: loader.load_user_items(
                session, Audience.OWNER, cast.alice, texts=False, skills=False
            ),
            3,
        ),
        (lambda: loader.load_items(session, Audience.OWNER, ids), 5),
        (lambda: loader.load_item(session, Audience.OWNER, ids[0]), 5),
        (lambda: loader.load_counted_items(session, [cast.alice, cast.bob]), 3),
    ):
        session.execute(sa.text("SELECT 1"))
        with record_statements(session.get_bind()) as sent:
            assert load()
        assert len(sent) == statements
