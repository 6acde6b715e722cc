"""Suggest next steps: rank possible actions by their gain in score for the effort.

The gain is computed by evaluating the facts as if the step had succeeded: submitted evidence is
confirmed for every milestone that accepts its kind, and an assessment reaches the bar. Linking
alone confirms nothing, so a linked or recorded piece counts as evidenced.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from roadmap.evidence.constants import MAX_MILESTONES
from roadmap.evidence.item import Impact, Item, draft_item
from roadmap.evidence.kinds import KINDS
from roadmap.readiness.evidence_tally import EVIDENCED
from roadmap.readiness.facts import Facts
from roadmap.readiness.gates.gate import gate_rules
from roadmap.readiness.messages import IMPACT_NAMES, KIND_NAMES, N_, Message, join_with_or
from roadmap.readiness.rules import ZERO, score_of
from roadmap.readiness.tally import Tally

if TYPE_CHECKING:
    from roadmap.catalog.content import Content, Milestone

EVIDENCE_HOURS = Fraction(2)
SHORT_HOURS = Fraction(1, 2)
NEW_ITEM_ID = uuid.UUID(int=0)
# A hypothetical complete metric; callers replace its type.
COMPLETE_IMPACT = Impact("scale", metric="1", baseline="1", result="1", unit="1")


@dataclass(frozen=True, slots=True)
class Step:
    """A suggested action: `gain` in points, `hours` of effort.

    `target` is the milestone for tick_milestone, do_milestone and link_evidence, the piece for
    submit_evidence, the impact type for add_impact, and the skill for ask_assessment. For
    record_evidence it is the requirement, or the milestone if no requirement applies.
    `piece` is the piece to add to; `milestone` and `kind` prefill the form for a new one.
    `place` is the position in the roadmap, `opens_gate` the first gate that would be passed.
    `is_reviewed` is true if a manager has to confirm the gain.
    """

    action: str
    target: str
    hours: Fraction
    label: Message
    place: int
    piece: str | None = None
    milestone: str | None = None
    kind: str | None = None
    is_reviewed: bool = False
    gain: Fraction = ZERO
    opens_gate: str | None = None


# A step without its gain, and the tally after it.
Candidate = tuple[Step, Tally]


def next_steps(tally: Tally) -> list[Step]:
    """Return every candidate, the best first.

    Milestones that only need to be marked as done come first, as they take no effort. Then come
    steps that pass a gate on their own, then the highest gain for the effort. Ties follow the
    order of the roadmap (a piece by its first milestone), with steps without a milestone last.
    """
    now = score_of(tally)
    unpassed = [rule for rule in gate_rules(tally.content.policy) if not rule.check(tally).passed]
    steps = []
    for step, after in _candidates(tally, now):
        gate = next((rule.key for rule in unpassed if rule.check(after).passed), None)
        steps.append(replace(step, gain=score_of(after) - now, opens_gate=gate))
    return sorted(steps, key=_rank)


def _rank(step: Step) -> tuple[bool, bool, Fraction, int]:
    gain = step.gain / step.hours if step.hours else step.gain
    return bool(step.hours), step.opens_gate is None, -gain, step.place


def top_three(steps: Iterable[Step]) -> list[Step]:
    """Return the first three steps that help, at most one for each action."""
    chosen: dict[str, Step] = {}
    for step in steps:
        if step.gain > 0 or step.opens_gate:
            chosen.setdefault(step.action, step)
    return list(chosen.values())[:3]


def _candidates(tally: Tally, now: Fraction) -> Iterator[Candidate]:
    unproven = [
        milestone
        for milestone in tally.content.milestones
        if tally.facts.statuses.get(milestone.key) == "done" and milestone.key not in tally.tones
    ]
    yield from _open_milestones(tally)
    yield from _proof_of_milestones(tally, unproven)
    yield from _evidence_to_record(tally, unproven, now)
    yield from _impacts_to_add(tally)
    yield from _assessments_to_request(tally)
    yield from _drafts_to_submit(tally)


def _open_milestones(tally: Tally) -> Iterator[Candidate]:
    """Yield the open milestones that evidence proves, or whose prerequisites are settled.

    A prerequisite is settled if it is done or not applicable. A milestone in progress with a target
    date in the future is still to be done, even if evidence is linked to it.
    """
    statuses, known = tally.facts.statuses, tally.content.by_key
    proven = {
        key
        for piece in tally.unlapsed_evidence
        for key in _fitting_links(tally.content, piece, piece.counted.kind)
    }
    for milestone in tally.content.milestones:
        status = statuses.get(milestone.key, "not_started")
        if status not in ("not_started", "in_progress"):
            continue
        target = tally.facts.target_dates.get(milestone.key)
        is_ahead = status == "in_progress" and target is not None and target > tally.today
        waits = milestone.key in proven and not is_ahead
        settled = ("done", "not_applicable")
        if waits or all(statuses.get(key) in settled for key in milestone.after if key in known):
            label = (
                N_("If it meets its “done when”, mark “%(milestone)s” as done")
                if waits
                else N_("Complete “%(milestone)s”")
            )
            action = "tick_milestone" if waits else "do_milestone"
            hours = ZERO if waits else Fraction(milestone.hours)
            yield (
                _milestone_step(tally, action, milestone, hours, label),
                tally.with_facts(statuses={**statuses, milestone.key: "done"}),
            )


def _proof_of_milestones(tally: Tally, unproven: list[Milestone]) -> Iterator[Candidate]:
    """Yield for each done milestone without evidence a link to a piece, or else a new piece.

    A piece fits if its kind is accepted and it shares a skill or an objective with the milestone.
    The step does not name the piece, because only its author knows whether it is proof.
    """
    known = tally.content.by_key
    objective_of = {
        milestone.key: objective.key
        for stage in tally.content.stages
        for objective in stage.objectives
        for milestone in objective.milestones
    }
    free = [  # pieces that can take another link, with their skills and objectives
        (piece, {skill.key for skill in piece.skills}, {objective_of[key] for key in linked})
        for piece in tally.unlapsed_evidence
        if len(linked := [key for key in piece.milestones if key in known]) < MAX_MILESTONES
    ]
    for milestone in unproven:
        fitting = (
            piece
            for piece, skills, objectives in free
            if piece.counted.kind in milestone.evidence
            and (objective_of[milestone.key] in objectives or skills & {*milestone.skills})
        )
        piece = next(fitting, None)
        if piece is None:
            kind, label = milestone.evidence[0], N_("Add evidence for “%(milestone)s”")
            step = _milestone_step(tally, "record_evidence", milestone, EVIDENCE_HOURS, label)
            step = replace(step, milestone=milestone.key, kind=kind)
            piece = draft_item(NEW_ITEM_ID, kind, tally.today)
        else:
            label = N_("If one of your pieces proves “%(milestone)s”, link it")
            step = _milestone_step(tally, "link_evidence", milestone, SHORT_HOURS, label)
        yield step, tally.with_piece(piece.with_link(milestone.key))


def _milestone_step(
    tally: Tally, action: str, milestone: Milestone, hours: Fraction, label: str
) -> Step:
    place = tally.content.position_by_key[milestone.key]
    return Step(action, milestone.key, hours, Message(label, milestone=milestone.title), place)


def _evidence_to_record(
    tally: Tally, unproven: list[Milestone], now: Fraction
) -> Iterator[Candidate]:
    """Yield a new piece for each unmet requirement, linked to the milestone with the most gain."""
    kinds_there = [piece.counted.kind for piece in tally.unlapsed_evidence]
    lacking = [
        requirement
        for requirement in tally.content.policy.evidence
        if sum(kind in requirement.kinds for kind in kinds_there) < requirement.count
    ]
    gains = {each.key: _link_gain(tally, each, now) for each in unproven if lacking}
    for requirement in lacking:
        fitting = [
            each for each in unproven if not set(requirement.kinds).isdisjoint(each.evidence)
        ]
        best = max(fitting, key=lambda each: gains[each.key], default=None)
        kind = next(
            (kind for kind in requirement.kinds if best is None or kind in best.evidence),
            requirement.kinds[0],
        )
        piece = draft_item(NEW_ITEM_ID, kind, tally.today)
        kinds = join_with_or([KIND_NAMES[each] for each in requirement.kinds])
        label = Message(N_("Add a piece of evidence: %(kinds)s"), kinds=kinds)
        if best is not None:
            piece = piece.with_link(best.key)
            text = N_("Add a piece of evidence: %(kinds)s, linked to “%(milestone)s”")
            label = Message(text, kinds=kinds, milestone=best.title)
        step = Step(
            action="record_evidence",
            target=requirement.key,
            hours=EVIDENCE_HOURS,
            label=label,
            place=_first_place(tally, piece.milestones),
            milestone=best.key if best else None,
            kind=kind,
        )
        yield step, tally.with_piece(piece)


def _impacts_to_add(tally: Tally) -> Iterator[Candidate]:
    """Yield each impact type without a counted metric, added to an unverified or a verified piece.

    Takes the latest fitting piece. The piece must be of a kind that can measure the impact; team
    impact also requires a leadership skill. In a piece without a verified version the metric counts
    at once. A verified, shared piece is reviewed again and assumed to be confirmed; types that are
    already waiting for such a review are skipped.
    """
    waiting = {
        impact.type
        for piece in tally.unlapsed_evidence
        if piece.version is not piece.counted
        for impact in piece.version.impacts
        if impact.is_complete
    }
    leadership = {skill.key for skill in tally.content.skills if skill.group == "leadership"}
    for name in tally.content.policy.impact:
        if name in tally.evidence.impact_tones:
            continue
        able = [piece for piece in tally.unlapsed_evidence if _measures(piece, name, leadership)]
        for is_reviewed in (False, True):
            fitting = [
                piece
                for piece in able
                if (piece.verified_number is not None) == is_reviewed
                and (not is_reviewed or (piece.is_shared and piece.state != "draft"))
            ]
            if not fitting or (is_reviewed and name in waiting):
                continue
            piece = max(fitting, key=lambda piece: piece.counted.occurred_on)
            impact = replace(COMPLETE_IMPACT, type=name)
            text = N_("Add a measured %(impact)s impact to “%(piece)s”")
            if is_reviewed:
                text = N_("Add a measured %(impact)s impact to “%(piece)s”, to be reviewed again")
            step = Step(
                action="add_impact",
                target=name,
                hours=SHORT_HOURS,
                label=Message(text, impact=Message(IMPACT_NAMES[name]), piece=piece.title),
                place=_first_place(tally, piece.milestones),
                piece=str(piece.id),
                is_reviewed=is_reviewed,
            )
            added = piece.with_counted(impacts=(*piece.counted.impacts, impact))
            yield step, tally.with_piece(added)


def _measures(piece: Item, impact: str, leadership: set[str]) -> bool:
    types = KINDS[piece.counted.kind].impacts
    is_about_people = types == ("team",) or any(each.key in leadership for each in piece.skills)
    return impact in types and (impact != "team" or is_about_people)


def _assessments_to_request(tally: Tally) -> Iterator[Candidate]:
    """Yield the skills that someone else could assess at the bar.

    These are skills that nobody else has assessed, unless the self-assessment is below the bar, and
    skills assessed below the bar that the person has since self-assessed at the bar.
    """
    facts = tally.facts
    for skill in tally.content.skills:
        own, other = facts.self_levels.get(skill.key), facts.other_levels.get(skill.key)
        if other is None:
            label, is_open = N_("Ask your manager to assess “%(skill)s”"), True
        else:
            label = N_("Ask your manager to assess “%(skill)s” again")
            is_open = own is not None and other < skill.bar and _is_newer(facts, skill.key)
        if is_open and (own is None or own >= skill.bar):
            step = Step(
                action="ask_assessment",
                target=skill.key,
                hours=SHORT_HOURS,
                label=Message(label, skill=skill.title),
                place=_first_place(tally, []),
                is_reviewed=True,
            )
            levels = {**facts.other_levels, skill.key: skill.bar}
            yield step, tally.with_facts(other_levels=levels)


def _is_newer(facts: Facts, skill: str) -> bool:
    own, other = facts.self_assessed_on.get(skill), facts.other_assessed_on.get(skill)
    return own is not None and other is not None and own > other


def _drafts_to_submit(tally: Tally) -> Iterator[Candidate]:
    """Yield the drafts that could be reviewed, each as if it had been confirmed."""
    for piece in tally.unlapsed_evidence:
        confirmed = as_confirmed(tally.content, piece)
        if confirmed is None or piece.state != "draft" or piece.verified:
            continue
        step = Step(
            action="submit_evidence",
            target=str(piece.id),
            hours=SHORT_HOURS,
            label=Message(N_("Submit “%(piece)s” for review"), piece=piece.title),
            place=_first_place(tally, piece.milestones),
            is_reviewed=True,
        )
        yield step, tally.with_piece(confirmed)


def as_confirmed(content: Content, piece: Item) -> Item | None:
    """Return a piece as if its newest version were confirmed for each milestone that accepts it.

    Return None if no milestone accepts it, or if it is private and so cannot be reviewed.
    """
    fits = _fitting_links(content, piece, piece.version.kind)
    return piece.as_verified(fits) if fits and piece.visibility != "private" else None


def _fitting_links(content: Content, piece: Item, kind: str) -> list[str]:
    known = content.by_key
    return [key for key in piece.milestones if key in known and kind in known[key].evidence]


def _first_place(tally: Tally, keys: Iterable[str]) -> int:
    places = tally.content.position_by_key
    return min((places[key] for key in keys if key in places), default=len(places))


def _link_gain(tally: Tally, milestone: Milestone, now: Fraction) -> Fraction:
    after = tally.with_facts()
    after.tones = {**tally.tones, milestone.key: EVIDENCED}
    return score_of(after) - now
