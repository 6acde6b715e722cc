"""Write facts about one person in any order with the real actions, for property tests."""

from __future__ import annotations

import copy
import datetime as dt
from contextlib import suppress
from dataclasses import replace

import sqlalchemy as sa
from hypothesis import strategies as st

from roadmap.career import actions as career
from roadmap.career.models import Degree, Position
from roadmap.catalog import actions as catalog
from roadmap.catalog import files
from roadmap.catalog.queries import published_roadmap
from roadmap.core.dates import PartialDate
from roadmap.evidence import actions as evidence
from roadmap.evidence import review_actions
from roadmap.evidence.actions import evidence_input
from roadmap.evidence.item import Impact
from roadmap.evidence.models import Evidence
from roadmap.evidence.rules import EvidenceInput, Refused
from roadmap.progress import actions as progress
from roadmap.readiness.actions import recompute_all, refresh_changed
from roadmap.skills import actions as skills
from tests.support.catalog import SHIPPED_FILE, fitting_milestone

SLUG = "senior-ml-engineer"
BEGIN = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
DOCUMENT = files.read(SHIPPED_FILE)


def milestones(document: dict) -> list[dict]:
    return [m for s in document["stages"] for o in s["objectives"] for m in o["milestones"]]


KEYS = [each["key"] for each in milestones(DOCUMENT)]
KEYS_ELSEWHERE = {
    each["key"]
    for path in files.shipped()
    if path != SHIPPED_FILE
    for each in milestones(files.read(path))
}
DESIGN = next(
    KEYS.index(milestone["key"])
    for stage in DOCUMENT["stages"]
    for objective in stage["objectives"]
    for milestone in objective["milestones"]
    if "design_doc" in milestone["evidence"]
)
SKILLS = [skill["key"] for skill in DOCUMENT["skills"]]

index = st.integers(0, 200)
operation = st.one_of(
    st.tuples(
        st.just("status"),
        index,
        st.sampled_from(["done", "in_progress", "not_applicable", "not_started"]),
    ),
    st.tuples(
        st.just("evidence"),
        index,
        st.sampled_from(["design_doc", "case_study", "certification", "talk"]),
        st.sampled_from(["private", "team", "portfolio"]),
        st.one_of(st.none(), st.integers(-30, 60)),
    ),
    st.tuples(st.just("submit"), index),
    st.tuples(st.just("decide"), index, st.sampled_from(["verified", "returned"])),
    st.tuples(st.just("hide"), index),
    st.tuples(st.just("plan"), index),
    st.tuples(st.just("unlink"), index),
    st.tuples(st.just("delete"), index),
    st.tuples(st.just("assess"), index, st.integers(0, 4), st.booleans()),
    st.tuples(st.just("position"), st.integers(0, 4000), st.booleans()),
    st.tuples(st.just("degree"), st.sampled_from(["bachelor", "master", "doctorate"])),
    st.tuples(st.just("days"), st.integers(1, 90)),
    st.tuples(st.just("publish"), index),
)


class FactWriter:
    """Write about one person with the real actions."""

    def __init__(self, session, cast) -> None:
        self.session, self.now, self.reason_count = session, BEGIN, 0
        self.alice = cast.actor(session, cast.alice)
        self.bob = cast.actor(session, cast.bob)
        self.document = copy.deepcopy(DOCUMENT)
        roadmap = published_roadmap(session, SLUG)
        progress.enroll(session, self.alice.id, roadmap.roadmap_id, now=self.now)
        refresh_changed(session)

    def pieces(self) -> list[Evidence]:
        return list(
            self.session.scalars(
                sa.select(Evidence)
                .where(Evidence.user_id == self.alice.id)
                .order_by(Evidence.created_at, Evidence.id)
            )
        )

    def do(self, step: tuple) -> None:
        getattr(self, step[0])(*step[1:])

    def status(self, at: int, status: str) -> None:
        self.reason_count += 1
        progress.set_status(
            self.session,
            self.alice.id,
            KEYS[at % len(KEYS)],
            status,
            reason=f"reason {self.reason_count}" if status == "not_applicable" else "",
            now=self.now,
        )

    def evidence(self, at: int, kind: str, visibility: str, expires_in: int | None) -> None:
        today = self.now.date()
        piece = EvidenceInput(
            kind=kind,
            title=f"Piece {at}",
            occurred_on=PartialDate(today),
            visibility=visibility,
            url="https://example.org/x",
            expires_on=(
                PartialDate(today + dt.timedelta(days=max(expires_in, 0)))
                if expires_in is not None
                else None
            ),
            impacts=(Impact("scale", "requests", "1", "2", "a second", ""),),
        )
        evidence.create(
            self.session,
            self.alice.id,
            piece,
            milestones=[KEYS[at % len(KEYS)], fitting_milestone(self.session, kind)],
            by=self.alice,
            now=self.now,
        )

    def _one(self, at: int) -> Evidence | None:
        found = self.pieces()
        return found[at % len(found)] if found else None

    def submit(self, at: int) -> None:
        piece = self._one(at)
        if piece is not None and piece.state == "draft":
            # Refused if private, or linked to no milestone that its kind can prove.
            with suppress(Refused):
                evidence.submit(self.session, piece, by=self.alice, now=self.now)

    def decide(self, at: int, decision: str) -> None:
        piece = self._one(at)
        if piece is not None and piece.state == "submitted":
            version = piece.current_id
            # Without a link to a milestone that its kind can prove, it can only be returned.
            with suppress(Refused):
                review_actions.decide(
                    self.session, piece, decision, version_id=version, by=self.bob, now=self.now
                )

    def hide(self, at: int) -> None:
        piece = self._one(at)
        if piece is not None:
            hidden = replace(evidence_input(piece), visibility="private")
            evidence.edit(self.session, piece, hidden, by=self.alice, now=self.now)

    def plan(self, at: int) -> None:
        """Write data that changes no figure."""
        note, key = f"note {at}", KEYS[at % len(KEYS)]
        progress.set_plan(self.session, self.alice.id, key, note=note, target_on=None, now=self.now)

    def unlink(self, at: int) -> None:
        piece = self._one(at)
        if piece is not None and piece.links:
            evidence.edit(
                self.session,
                piece,
                evidence_input(piece),
                milestones=[row.milestone_key for row in piece.links[1:]],
                by=self.alice,
                now=self.now,
            )

    def delete(self, at: int) -> None:
        piece = self._one(at)
        if piece is not None:
            evidence.delete(self.session, piece, by=self.alice, now=self.now)

    def assess(self, at: int, level: int, by_manager: bool) -> None:
        assess = skills.assess_other if by_manager else skills.assess_self
        assessor = self.bob if by_manager else self.alice
        key = SKILLS[at % len(SKILLS)]
        assess(self.session, self.alice.id, key, level, "", by=assessor, now=self.now)

    def position(self, days: int, is_ml: bool) -> None:
        values = {
            "title": "Engineer",
            "employer": "",
            "started_on": self.now.date() - dt.timedelta(days=days),
            "ended_on": None if days % 2 else self.now.date() - dt.timedelta(days=days // 2),
            "is_ml": is_ml,
            "summary": "",
        }
        career.add(self.session, Position, self.alice.id, values, now=self.now)

    def degree(self, level: str) -> None:
        values = {"level": level, "field": "CS", "institution": "", "awarded_on": None}
        career.add(self.session, Degree, self.alice.id, values, now=self.now)

    def days(self, count: int) -> None:
        refresh_changed(self.session)
        self.now += dt.timedelta(days=count)
        # Recompute expired rows, like the nightly job.
        recompute_all(self.session, now=self.now, only_expired=True)

    def publish(self, at: int) -> None:
        # Milestones shared by two roadmaps change in both or in none.
        unshared = [each for each in milestones(self.document) if each["key"] not in KEYS_ELSEWHERE]
        unshared[at % len(unshared)]["hours"] = 2 + at % 70
        catalog.publish(self.session, self.document, now=self.now)
