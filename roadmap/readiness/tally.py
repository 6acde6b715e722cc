"""Count the facts against the roadmap: tones, hours by stage, years. No points yet.

Hours stay integers, because this runs with every status change.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from roadmap.core.dates import PartialDate
from roadmap.evidence.item import Item
from roadmap.readiness.calendar_years import count_years
from roadmap.readiness.evidence_tally import EvidenceCounts, EvidenceTally, proving_links
from roadmap.readiness.facts import Facts

if TYPE_CHECKING:
    from roadmap.catalog.content import Content, Stage

TONES = ("claimed", "evidenced", "verified")


@dataclass(slots=True)
class StageHours:
    """The hours of one stage: done by tone (required and optional), and not applicable."""

    stage: Stage
    required: list[int] = field(default_factory=lambda: [0, 0, 0])
    optional: list[int] = field(default_factory=lambda: [0, 0, 0])
    not_applicable_hours: int = 0
    not_applicable_required_hours: int = 0

    def target_hours(self, floor: Fraction) -> Fraction:
        """Return the required hours, less those not applicable, but at least their floor."""
        required = self.stage.required_hours
        return max(Fraction(required - self.not_applicable_required_hours), floor * required)

    def done(self, tone: int) -> int:
        """Return the hours done in that tone or a better one, required and optional."""
        return sum(self.required[tone:]) + sum(self.optional[tone:])


class Tally:
    """The facts about a person, counted against a roadmap on a day (in the person's time zone).

    `evidence` is an existing count of the evidence; by default the pieces of `facts` are counted.
    """

    def __init__(
        self, content: Content, facts: Facts, today: date, evidence: EvidenceTally | None = None
    ) -> None:
        self.content = content
        self.facts = facts
        self.today = today
        self._evidence = evidence
        self._dates: dict[str, list[PartialDate]] = {}
        self._latest_proofs: dict[str, dict[str, date]] = {}

    @cached_property
    def evidence(self) -> EvidenceTally:
        """Return the counted evidence."""
        return self._evidence or self.counts.tally

    @cached_property
    def counts(self) -> EvidenceCounts:
        """Return the counted pieces, of which single ones can be replaced."""
        return EvidenceCounts(self.content, self.facts.pieces, self.today)

    def with_facts(self, **changes: Any) -> Tally:
        """Return the tally with other facts, except evidence."""
        facts = replace(self.facts, **changes)
        return Tally(self.content, facts, self.today, self.evidence)

    def with_piece(self, piece: Item) -> Tally:
        """Return the tally with a piece added or replaced."""
        return Tally(self.content, self.facts, self.today, self.counts.with_piece(piece))

    def without_piece(self, key: str) -> Tally:
        """Return the tally without a piece."""
        return Tally(self.content, self.facts, self.today, self.counts.without_piece(key))

    @cached_property
    def tones(self) -> dict[str, int]:
        """Return the tone of each milestone by its evidence, whether done or not."""
        return self.evidence.tones

    @cached_property
    def unlapsed_evidence(self) -> list[Item]:
        """Return the pieces that have not lapsed; the others do not count.

        Use this only for explanations. Parts and gates are also evaluated on status changes, which
        load no pieces, and must use `evidence`.
        """
        return [piece for piece in self.facts.pieces if not piece.has_lapsed(self.today)]

    @cached_property
    def unlapsed_by_id(self) -> dict[str, Item]:
        """Return the pieces that have not lapsed, by their id."""
        return {str(piece.id): piece for piece in self.unlapsed_evidence}

    @property
    def verifiers(self) -> int:
        """Return the number of people whose confirmations count."""
        return len(
            {
                link.verifier
                for piece in self.unlapsed_evidence
                for link in proving_links(self.content, piece)
            }
        )

    @cached_property
    def years(self) -> Fraction:
        """Return the years of ML engineering up to and including today."""
        spans = [
            (position.started_on, position.ended_on)
            for position in self.facts.positions
            if position.is_ml
        ]
        return count_years(spans, self.today)

    @cached_property
    def stages(self) -> list[StageHours]:
        """Return the hours of each stage, in the order of the roadmap."""
        status_of, tone_of = self.facts.statuses.get, self.tones.get
        stages = []
        for stage in self.content.stages:
            hours = StageHours(stage)
            for milestone in stage.milestones:
                key, required = milestone.key, milestone.required
                status = status_of(key)
                if status == "done":
                    done = hours.required if required else hours.optional
                    done[tone_of(key, 0)] += milestone.hours
                elif status == "not_applicable":
                    hours.not_applicable_hours += milestone.hours
                    if required:
                        hours.not_applicable_required_hours += milestone.hours
            stages.append(hours)
        return stages

    def stage(self, key: str) -> StageHours | None:
        """Return the hours of one stage, or None if the roadmap has no such stage."""
        return next((hours for hours in self.stages if hours.stage.key == key), None)

    def stage_title(self, key: str) -> str:
        """Return the title of a stage, or its key if the roadmap has no such stage."""
        stage = self.content.stage_by_key.get(key)
        return stage.title if stage else key

    def done_required(self, stage: str) -> dict[str, int]:
        """Return the hours of the done required milestones of a stage, by key."""
        statuses, found = self.facts.statuses, self.content.stage_by_key.get(stage)
        return {
            milestone.key: milestone.hours
            for milestone in (found.milestones if found else ())
            if milestone.required and statuses.get(milestone.key) == "done"
        }

    def dates_confirmed_for(self, stage: str) -> list[PartialDate]:
        """Return the dates of pieces confirmed for a stage's done required milestones.

        They are sorted by their last day.
        """
        if stage not in self._dates:
            done = self.done_required(stage)
            dates = [
                proof.occurred_on
                for proof in self.evidence.proofs
                if not done.keys().isdisjoint(proof.milestones)
            ]
            self._dates[stage] = sorted(dates, key=lambda date: (date.last, date))
        return self._dates[stage]

    def latest_proofs(self, stage: str) -> dict[str, date]:
        """Return the last day of the latest proof of a stage's done required milestones, by key."""
        if stage not in self._latest_proofs:
            done = self.done_required(stage)
            latest = self._latest_proofs[stage] = {}
            for proof in self.evidence.proofs:
                for key in proof.milestones:
                    if key in done:
                        day = proof.occurred_on.last
                        latest[key] = max(day, latest.get(key, day))
        return self._latest_proofs[stage]
