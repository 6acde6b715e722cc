"""Compute the score under hypothetical changes. Pure: nothing is stored.

The assumptions are those of the next steps: waiting evidence is confirmed for every milestone that
accepts its kind, an assessment reaches the bar, an impact is complete.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from roadmap.evidence.constants import AWAITING_REVIEW
from roadmap.evidence.item import Item
from roadmap.readiness.explanation import Readiness
from roadmap.readiness.gates.gate import GateResult, gate_rules
from roadmap.readiness.messages import IMPACT_NAMES, N_, Message
from roadmap.readiness.next_steps import COMPLETE_IMPACT, Step, as_confirmed
from roadmap.readiness.rules import Evaluation, evaluate, score_of
from roadmap.readiness.tally import Tally

# The kinds of choices and how many of each are offered; a URL may name any choice.
MAX_OFFERED = {"verified": 6, "done": 4, "assessed": 8, "impact": 3}
MAX_CHOSEN = 30
# Of thousands of waiting pieces only the newest are evaluated.
MAX_PENDING_EVALUATED = 100
VERIFIABLE_STATES = ("draft", "returned", *AWAITING_REVIEW)
_KIND_OF_ACTION = {
    "tick_milestone": "done",
    "do_milestone": "done",
    "submit_evidence": "verified",
    "add_impact": "impact",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A hypothetical change and its gain alone, None if not computed.

    `key` is `kind:target`, as in the URL. The target is a milestone key, a skill key or the id of a
    piece; for an impact it is `type:id`.
    """

    key: str
    label: Message
    gain: Fraction | None = None

    @property
    def kind(self) -> str:
        """Return the kind of change, one of `MAX_OFFERED`."""
        return self.key.partition(":")[0]


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The possible changes, and the evaluation after the `chosen` ones, None if there are none.

    `opened` are the gates that would then be passed, `closed` those that would no longer be.
    `ignored` is the number of requested changes that are not possible.
    """

    choices: tuple[Choice, ...]
    chosen: tuple[str, ...]
    ignored: int
    after: Evaluation | None = None
    opened: tuple[GateResult, ...] = ()
    closed: tuple[GateResult, ...] = ()


def what_if(tally: Tally, before: Readiness, choice_keys: Iterable[str]) -> WhatIf:
    """Evaluate the facts as if the changes with these keys had happened.

    `before` is the explained evaluation of the current facts.
    """
    keys = list(dict.fromkeys(choice_keys))
    offered = {choice.key: choice for choice in _best_choices(tally, before.score, before.steps)}
    asked = [find_choice(tally, key) for key in keys[:MAX_CHOSEN]]
    others = [choice for choice in asked if choice and choice.key not in offered]
    chosen = tuple(choice.key for choice in asked if choice)
    found = WhatIf((*offered.values(), *others), chosen, len(keys) - len(chosen))
    if not chosen:
        return found
    after = evaluate(assume(tally, chosen))
    changed = [
        gate
        for was, gate in zip(before.gates, after.gates, strict=True)
        if was.passed != gate.passed
    ]
    opened = tuple(gate for gate in changed if gate.passed)
    closed = tuple(gate for gate in changed if not gate.passed)
    return replace(found, after=after, opened=opened, closed=closed)


def parse_choice_keys(values: Iterable[str]) -> list[str]:
    """Return the keys of choices in a URL: one in each value, or several separated by commas."""
    return [key for value in values for key in value.split(",") if key]


def find_choice(tally: Tally, key: str) -> Choice | None:
    """Return the choice with this key, or None if it is unknown or not possible."""
    kind, _, target = key.partition(":")
    title = ""
    match kind:
        case "done" if milestone := tally.content.by_key.get(target):
            if tally.facts.statuses.get(target) not in ("done", "not_applicable"):
                title = milestone.title
        case "assessed" if skill := tally.content.skill_by_key.get(target):
            if tally.facts.other_levels.get(target, 0) < skill.bar:
                title = skill.title
        case "verified" if piece := tally.unlapsed_by_id.get(target):
            if piece.state in VERIFIABLE_STATES and as_confirmed(tally.content, piece):
                title = piece.title
        case "impact":
            type_, _, id_ = target.partition(":")
            piece = tally.unlapsed_by_id.get(id_)
            if piece and type_ in tally.content.policy.impact and not _measures(piece, type_):
                text = N_("A %(impact)s impact in “%(piece)s”")
                impact = Message(IMPACT_NAMES[type_])
                return Choice(key, Message(text, impact=impact, piece=piece.title))
    return Choice(key, Message("%(title)s", title=title)) if title else None


def assume(tally: Tally, keys: Iterable[str]) -> Tally:
    """Return the tally as if the choices with these keys had happened."""
    content, facts = tally.content, tally.facts
    statuses, levels = dict(facts.statuses), dict(facts.other_levels)
    pieces = {str(piece.id): piece for piece in facts.pieces}
    # Apply impacts last: verifying a piece replaces its counted version, which they are added to.
    for key in sorted(keys, key=lambda key: key.startswith("impact:")):
        kind, _, target = key.partition(":")
        match kind:
            case "done":
                statuses[target] = "done"
            case "assessed":
                levels[target] = content.skill_by_key[target].bar
            case "verified":
                pieces[target] = as_confirmed(content, pieces[target]) or pieces[target]
            case "impact":
                type_, _, id_ = target.partition(":")
                impacts = (*pieces[id_].counted.impacts, replace(COMPLETE_IMPACT, type=type_))
                pieces[id_] = pieces[id_].with_counted(impacts=impacts)
    hypothetical_facts = replace(
        facts, statuses=statuses, other_levels=levels, pieces=tuple(pieces.values())
    )
    return Tally(content, hypothetical_facts, tally.today)


def _measures(piece: Item, type_: str) -> bool:
    return any(impact.type == type_ and impact.is_complete for impact in piece.counted.impacts)


def _best_choices(tally: Tally, now: Fraction, steps: Iterable[Step]) -> Iterator[Choice]:
    """Yield the best choices of each kind: steps, waiting pieces, skills below their bar."""
    worth = []
    for step in steps:
        if kind := _KIND_OF_ACTION.get(step.action):
            target = f"{step.target}:{step.piece}" if kind == "impact" else step.target
            worth.append((f"{kind}:{target}", step.gain, step.opens_gate is not None))
    waiting = [piece for piece in tally.unlapsed_evidence if piece.state in AWAITING_REVIEW]
    returned = [piece for piece in tally.unlapsed_evidence if piece.state == "returned"]
    hypothetical = {
        f"verified:{piece.id}": tally.with_piece(confirmed)
        for piece in [*returned, *waiting][-MAX_PENDING_EVALUATED:]
        if (confirmed := as_confirmed(tally.content, piece))
    }
    for skill in tally.content.skills:
        levels = {**tally.facts.other_levels, skill.key: skill.bar}
        hypothetical[f"assessed:{skill.key}"] = tally.with_facts(other_levels=levels)
    unpassed = [rule for rule in gate_rules(tally.content.policy) if not rule.check(tally).passed]
    for key, after in hypothetical.items():
        opens_gate = any(rule.check(after).passed for rule in unpassed)
        worth.append((key, score_of(after) - now, opens_gate))
    worth.sort(key=lambda each: -each[1])
    for kind, most in MAX_OFFERED.items():
        best = [each for each in worth if each[0].startswith(kind) and (each[1] > 0 or each[2])]
        for key, gain, _opens_gate in best[:most]:
            if choice := find_choice(tally, key):
                yield replace(choice, gain=gain)
