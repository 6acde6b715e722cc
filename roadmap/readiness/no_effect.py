"""Explain why an item has no effect on the score."""

from __future__ import annotations

from collections.abc import Iterator

from roadmap.evidence.item import Item
from roadmap.readiness.messages import KIND_NAMES, N_, Message, join_with_or, ngettext_noop
from roadmap.readiness.rules import background_credits, milestones_share
from roadmap.readiness.tally import Tally

# The part of the score to which each item type contributes.
_PART_OF_ITEM = {
    "milestone": "milestones",
    "self_assessment": "skills",
    "assessment": "skills",
    "position": "background",
    "degree": "background",
}


def no_effect_reasons(tally: Tally, item_type: str, key: str) -> tuple[Message, ...]:
    """Return why an item has no effect; the item is identified as in `ItemEffect`."""
    if item_type == "evidence":
        return tuple(_evidence_reasons(tally, key))
    part = _PART_OF_ITEM[item_type]
    if not getattr(tally.content.policy.weights, part):
        return (Message(N_("This roadmap gives no points for it.")),)
    if item_type == "milestone":
        return (Message(_milestone_reasons(tally, key)),)
    if item_type == "position":
        return (Message(_position_reasons(tally, key)),)
    if item_type == "degree":
        return (Message(_degree_reasons(tally, key)),)
    return (Message(_assessment_reasons(tally, item_type, key)),)


def _milestone_reasons(tally: Tally, key: str) -> str:
    milestone, status = tally.content.by_key[key], tally.facts.statuses[key]
    if status == "in_progress":
        return N_("In progress: it counts once it is done.")
    _share, credits_ = milestones_share(tally, *tally.content.policy.scaled_tone_factors)
    hours, credit = next(
        (hours, credit)
        for hours, credit in zip(tally.stages, credits_, strict=True)
        if any(each.key == key for each in hours.stage.milestones)
    )
    if not credit.weight:
        return N_("Its stage has no weight in the score.")
    if status == "done":
        if not credit.counted:
            return N_("Its stage counts only where that raises the score.")
        if credit.credit == 1:
            return N_("Its stage already has full points without it.")
        if not milestone.required:
            return N_("The optional milestones of its stage already count for the most they can.")
        return N_("A tick alone gives no points here: it counts with evidence.")
    if not hours.done(0):
        return N_("Nothing of its stage is done yet.")
    if credit.credit == 1:
        return N_("Its stage already has full points without it.")
    return N_("Not applicable: without it, the stage requires the same hours.")


def _assessment_reasons(tally: Tally, item_type: str, key: str) -> str:
    facts, factors = tally.facts, tally.content.policy.factors
    own, other = facts.self_levels.get(key), facts.other_levels.get(key)
    if item_type == "self_assessment" and other is not None:
        return N_("Someone else's assessment replaces it.")
    if not (own if item_type == "self_assessment" else other):
        return N_("Level 0 gives no points.")
    if item_type == "self_assessment" and not factors.self_assessed:
        return N_("A self-assessment gives no points here.")
    return N_("It gives as many points as the self-assessment that it replaces.")


def _position_reasons(tally: Tally, key: str) -> str:
    position = next(each for each in tally.facts.positions if each.id == key)
    if not position.is_ml:
        return N_("Not marked as ML engineering.")
    if position.started_on > tally.today:
        return N_("It has not begun yet.")
    others = tuple(each for each in tally.facts.positions if each.id != key)
    if tally.with_facts(positions=others).years == tally.years:
        return N_("Other positions cover the same time.")
    return N_("The required years are reached without it.")


def _degree_reasons(tally: Tally, key: str) -> str:
    degree = next(each for each in tally.facts.degrees if each.id == key)
    asked = tally.content.policy.background
    if asked is None or not asked.degrees.get(degree.level):
        return N_("A degree of this level does not count.")
    _years, best, _credit = background_credits(tally, asked)
    if best is not None and best.id != key:
        return N_("Another degree counts for as much or more.")
    return N_("The years alone count for as much.")


def _evidence_reasons(tally: Tally, key: str) -> Iterator[Message]:
    """Yield why a piece adds nothing through its kind, its milestones and its metrics."""
    piece = tally.unlapsed_by_id.get(key)
    if piece is None:
        lapsed = next(each for each in tally.facts.pieces if str(each.id) == key)
        if (last := lapsed.counted.expires_on) is not None:
            yield Message(N_("It lapsed after %(date)s."), date=last)
        return
    yield _kind_reasons(tally, piece)
    yield Message(_link_reasons(tally, piece))
    if impacts := piece.counted.impacts:
        if any(impact.is_complete for impact in impacts):
            yield Message(N_("Other evidence measures the same types of impact."))
        else:
            yield Message(
                N_("What it measures is incomplete: a metric, its value after, its unit.")
            )


def _kind_reasons(tally: Tally, piece: Item) -> Message:
    policy, kind, counted = tally.content.policy, piece.counted.kind, tally.evidence
    for requirement in policy.evidence:
        if kind in requirement.kinds and requirement.points:
            have = sum(
                counted.evidenced[each] + counted.verified[each] for each in requirement.kinds
            )
            if have <= requirement.count:  # a policy may give no points to evidenced pieces
                return Message(N_("Evidence of its kind gives points once it is verified."))
            return Message(
                ngettext_noop(
                    "%(num)s piece of the kind %(kinds)s counts, and there are %(have)s.",
                    "%(num)s pieces of the kind %(kinds)s count, and there are %(have)s.",
                ),
                num=requirement.count,
                kinds=join_with_or([KIND_NAMES[each] for each in requirement.kinds]),
                have=have,
            )
    return Message(N_("Evidence of its kind has no points of its own."))


def _link_reasons(tally: Tally, piece: Item) -> str:
    linked = [key for key in piece.milestones if key in tally.content.by_key]
    done = [key for key in linked if tally.facts.statuses.get(key) == "done"]
    if not linked:
        return N_("It is linked to no milestone of this roadmap.")
    if not done:
        return N_("It counts for its milestones once they are marked as done.")
    if tally.counts.milestones_depending_on(str(piece.id)).isdisjoint(done):
        if not any(piece.counted.kind in tally.content.by_key[key].evidence for key in linked):
            return N_("Its kind proves none of its milestones, which have other evidence as well.")
        return N_("Its milestones have other evidence that counts as much.")
    return N_("Its milestones give the same points without it: their stage is full or not counted.")
