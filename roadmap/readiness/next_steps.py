"""What to do next: what raises the score most for the least effort, found by trying it.

A step's gain is the score after it less the score tally, assuming success: what is submitted is
confirmed for the milestones that its kind proves, an assessment comes out at the bar. A link alone
confirms nothing, so a linked or recorded piece counts as evidenced.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING

from roadmap.evidence.item import Impact, Item, draft_item
from roadmap.readiness.facts import Facts
from roadmap.readiness.gates.gate import GateRule
from roadmap.readiness.gates.registry import gate_rules
from roadmap.readiness.messages import IMPACT_NAMES, N_, Message
from roadmap.readiness.rules import part_scores
from roadmap.readiness.tally import EVIDENCED, Tally

if TYPE_CHECKING:
    from roadmap.catalog.content import Content, Milestone

EVIDENCE_HOURS = Fraction(2)
SHORT_HOURS = Fraction(1, 2)
NEW_ITEM_ID = uuid.UUID(int=0)
MAX_LINKS = 5  # of a piece, in one roadmap


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: `gain` in points, `hours` of effort.

    `target` is the milestone for do_milestone and link_evidence, the piece for submit_evidence, the
    requirement for record_evidence, the impact type for add_impact, the skill for ask_assessment.
    `piece`, `milestone` and `kind` say what a form can be filled with. `opens_gate` is the first
    gate that stands tally and would not afterwards.
    """

    action: str
    target: str
    gain: Fraction
    hours: Fraction
    opens_gate: str | None
    label: Message
    piece: str | None = None
    milestone: str | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class _Candidate:
    action: str
    target: str
    then: Facts
    hours: Fraction
    label: Message
    place: int  # in the roadmap, for ties
    piece: str | None = None
    milestone: str | None = None
    kind: str | None = None


def next_steps(content: Content, facts: Facts, today: date) -> list[Step]:
    """Return every candidate, the best first.

    First those that open a gate by themselves, then by gain for effort. Ties follow the roadmap: a
    step belongs where its milestone stands (a piece's first one), those without one come last.
    """
    tally = Tally(content, facts, today)
    score = _score(tally)
    standing = [rule for rule in gate_rules(content.policy) if not rule.check(tally).passed]
    steps = []
    for candidate in _candidates(tally, score):
        then = Tally(content, candidate.then, today)
        step = Step(
            action=candidate.action,
            target=candidate.target,
            gain=_score(then) - score,
            hours=candidate.hours,
            opens_gate=_first_opened_gate(standing, then),
            label=candidate.label,
            piece=candidate.piece,
            milestone=candidate.milestone,
            kind=candidate.kind,
        )
        order = (step.opens_gate is None, -step.gain / step.hours, candidate.place)
        steps.append((order, step))
    steps.sort(key=lambda pair: pair[0])
    return [step for _, step in steps]


def top_three(steps: list[Step]) -> list[Step]:
    """Return the first three that help at all, at most one of each action."""
    chosen: dict[str, Step] = {}
    for step in steps:
        if step.gain > 0 or step.opens_gate:
            chosen.setdefault(step.action, step)
    return list(chosen.values())[:3]


def _score(tally: Tally) -> Fraction:
    return sum((part.points for part in part_scores(tally)), Fraction(0))


def _first_opened_gate(standing: list[GateRule], then: Tally) -> str | None:
    for rule in standing:
        if rule.check(then).passed:
            return rule.key
    return None


def _candidates(tally: Tally, score: Fraction) -> Iterator[_Candidate]:
    links = list(_links(tally))
    yield from _milestones_to_do(tally)
    yield from (candidate for _, candidate in links if candidate)
    yield from _evidence_to_record(tally, [milestone for milestone, _ in links], score)
    yield from _impacts_to_add(tally)
    yield from _assessments_to_ask_for(tally)
    yield from _drafts_to_submit(tally)


def _milestones_to_do(tally: Tally) -> Iterator[_Candidate]:
    """Yield the open milestones whose forerunners are settled.

    A forerunner marked not applicable is settled too: nobody will ever do it.
    """
    status_of, known = tally.facts.statuses.get, tally.content.by_key
    for milestone in tally.content.milestones:
        if status_of(milestone.key, "not_started") not in ("not_started", "in_progress"):
            continue
        settled = ("done", "not_applicable")
        if all(status_of(key) in settled for key in milestone.after if key in known):
            yield _Candidate(
                action="do_milestone",
                target=milestone.key,
                then=replace(tally.facts, statuses={**tally.facts.statuses, milestone.key: "done"}),
                hours=Fraction(milestone.hours),
                label=Message(N_("Complete “%(milestone)s”"), {"milestone": milestone.title}),
                place=tally.content.places[milestone.key],
                milestone=milestone.key,
            )


def _links(tally: Tally) -> Iterator[tuple[Milestone, _Candidate | None]]:
    """Yield the done milestones without evidence, and the link of a fitting piece where one is."""
    known = tally.content.by_key
    free: dict[str, Item] = {}  # the latest piece of each kind that can take another link
    for piece in tally.unexpired_evidence:
        if sum(1 for key in piece.milestones if key in known) < MAX_LINKS:
            version = piece.counted
            other = free.get(version.kind)
            if other is None or version.occurred_on > other.counted.occurred_on:
                free[version.kind] = piece
    for milestone in tally.content.milestones:
        if tally.facts.statuses.get(milestone.key) != "done" or milestone.key in tally.tones:
            continue
        fitting = [free[kind] for kind in sorted(milestone.evidence) if kind in free]
        if not fitting:
            yield milestone, None
            continue
        piece = max(fitting, key=lambda each: each.counted.occurred_on)
        yield (
            milestone,
            _Candidate(
                action="link_evidence",
                target=milestone.key,
                then=_with_piece(tally.facts, piece.with_link(milestone.key)),
                hours=SHORT_HOURS,
                label=Message(
                    N_("If it proves it, link “%(piece)s” to “%(milestone)s”"),
                    {"piece": piece.title, "milestone": milestone.title},
                ),
                place=tally.content.places[milestone.key],
                piece=str(piece.id),
                milestone=milestone.key,
            ),
        )


def _evidence_to_record(
    tally: Tally, unproven: list[Milestone], score: Fraction
) -> Iterator[_Candidate]:
    """Yield a new piece for each requirement that lacks one, linked where it gains most."""
    gains: Mapping[str, Fraction] | None = None
    for requirement in tally.content.policy.evidence:
        if (
            sum(1 for piece in tally.unexpired_evidence if piece.counted.kind in requirement.kinds)
            >= requirement.count
        ):
            continue
        if gains is None:
            gains = {each.key: _gain_of_a_link(tally, each, score) for each in unproven}
        kinds = set(requirement.kinds)
        fitting = [each for each in unproven if not kinds.isdisjoint(each.evidence)]
        best = max(fitting, key=lambda each: gains[each.key], default=None)
        kind = next(
            (kind for kind in requirement.kinds if best is None or kind in best.evidence),
            requirement.kinds[0],
        )
        values: dict[str, str | int | float | date | Message] = {"requirement": requirement.title}
        label = Message(N_("Record evidence for “%(requirement)s”"), values)
        if best is not None:
            values["milestone"] = best.title
            label = Message(
                N_("Record evidence for “%(requirement)s”, linked to “%(milestone)s”"), values
            )
        yield _Candidate(
            action="record_evidence",
            target=requirement.key,
            then=_with_new_piece(tally, kind, best),
            hours=EVIDENCE_HOURS,
            label=label,
            place=tally.content.places[best.key] if best else len(tally.content.milestones),
            milestone=best.key if best else None,
            kind=kind,
        )


def _impacts_to_add(tally: Tally) -> Iterator[_Candidate]:
    """Yield the types without a metric that counts, added to the piece that gains most by it.

    That is a verified one where there is one: its new version is submitted at once, and what is
    submitted is taken to be confirmed. Otherwise it is the latest piece.
    """
    if not tally.unexpired_evidence:
        return
    shown = tally.impact_tones
    piece = max(
        tally.unexpired_evidence, key=lambda each: (each.verified, each.counted.occurred_on)
    )
    places = [tally.content.places[key] for key in piece.milestones if key in tally.content.places]
    for name in tally.content.policy.impact:
        if name not in shown:
            impact = Impact(name, metric="1", result="1", unit="1")
            added = piece.with_counted(impacts=(*piece.counted.impacts, impact))
            yield _Candidate(
                action="add_impact",
                target=name,
                then=_with_piece(tally.facts, added),
                hours=SHORT_HOURS,
                label=Message(
                    N_("Add a measured %(impact)s impact to “%(piece)s”"),
                    {"impact": Message(IMPACT_NAMES[name]), "piece": piece.title},
                ),
                place=min(places, default=len(tally.content.milestones)),
                piece=str(piece.id),
            )


def _assessments_to_ask_for(tally: Tally) -> Iterator[_Candidate]:
    """Yield the skills that nobody else has assessed at their bar."""
    levels = tally.facts.other_levels
    for skill in tally.content.skills:
        if (levels.get(skill.key) or 0) < skill.bar:
            yield _Candidate(
                action="ask_assessment",
                target=skill.key,
                then=replace(tally.facts, other_levels={**levels, skill.key: skill.bar}),
                hours=SHORT_HOURS,
                label=Message(N_("Ask your manager to assess “%(skill)s”"), {"skill": skill.title}),
                place=len(tally.content.milestones),
            )


def _drafts_to_submit(tally: Tally) -> Iterator[_Candidate]:
    """Yield the drafts that could be reviewed, each as if it had been confirmed."""
    places, milestones = tally.content.places, tally.content.by_key
    for piece in tally.unexpired_evidence:
        if piece.state != "draft" or piece.verified or piece.visibility == "private":
            continue
        fits = frozenset(
            key
            for key in piece.milestones
            if key in milestones and piece.counted.kind in milestones[key].evidence
        )
        linked = [places[key] for key in piece.milestones if key in places]
        yield _Candidate(
            action="submit_evidence",
            target=str(piece.id),
            then=_with_piece(tally.facts, piece.as_verified(fits)),
            hours=SHORT_HOURS,
            label=Message(N_("Submit “%(piece)s” for review"), {"piece": piece.title}),
            place=min(linked, default=len(places)),
            piece=str(piece.id),
        )


def _gain_of_a_link(tally: Tally, milestone: Milestone, score: Fraction) -> Fraction:
    """Return what any unconfirmed link to a milestone is worth by itself."""
    then = Tally(tally.content, tally.facts, tally.today)
    then.tones = {**tally.tones, milestone.key: EVIDENCED}
    return _score(then) - score


def _with_piece(facts: Facts, piece: Item) -> Facts:
    """Return the facts with a piece changed."""
    pieces = tuple(piece if each.id == piece.id else each for each in facts.pieces)
    return replace(facts, pieces=pieces)


def _with_new_piece(tally: Tally, kind: str, milestone: Milestone | None) -> Facts:
    """Return the facts with a draft of today added."""
    piece = draft_item(NEW_ITEM_ID, kind, tally.today)
    if milestone:
        piece = piece.with_link(milestone.key)
    return replace(tally.facts, pieces=(*tally.facts.pieces, piece))
