"""Format an explanation of readiness as text and links for a page.

The reader is the person or someone who sees what they share; `SourceLinks.own` says which.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from roadmap.core.dates import PartialDate
from roadmap.core.gettext_noop import N_
from roadmap.core.i18n import _, _l, date_filter, ngettext, number_filter, plural_template
from roadmap.evidence.kinds import KINDS
from roadmap.evidence.labels import impact_label
from roadmap.readiness.explanation import ImpactLine, ItemEffect, Readiness
from roadmap.readiness.facts import Facts
from roadmap.readiness.gates.gate import GateResult, years_required
from roadmap.readiness.messages import Message
from roadmap.readiness.next_steps import Step, top_three
from roadmap.readiness.rules import round_to_tenths
from roadmap.readiness.what_if import WhatIf

if TYPE_CHECKING:
    from roadmap.catalog.content import Content

MAX_WITHOUT_EFFECT = 200
PART_TITLES = {
    "milestones": _l("Milestones"),
    "skills": _l("Skills"),
    "evidence": _l("Evidence"),
    "impact": _l("Impact"),
    "background": _l("Positions and education, as declared"),
}
WHAT_IF_TITLES = {
    "verified": _l("If this evidence were verified"),
    "done": _l("If this were done"),
    "assessed": _l("If others assessed this at the bar"),
    "impact": _l("If this were measured"),
}
VERDICT_TITLES = {
    "ready": N_("Ready"),
    "nearly": N_("Nearly ready"),
    "under_way": N_("Under way"),
    "setting_out": N_("Getting started"),
    "claimed_not_proven": N_("Claimed, not proven"),
    "not_yet_verified": N_("Not yet verified here"),
}


@dataclass(frozen=True, slots=True)
class SourceLinks:
    """The URL of each source, by its key or id; `own` if the reader is the person."""

    piece: Callable[[str], str]
    stage: Callable[[str], str]
    milestone: Callable[[str], str]
    skill: Callable[[str], str]
    background: str
    own: bool = False
    # Where to add an impact of each type, and where the counted ones are listed.
    impacts: Mapping[str, str] = field(default_factory=dict)
    measured: str = ""

    def gate(self, gate: GateResult) -> str:
        """Return the URL where the person can work towards a gate."""
        match gate.place:
            case "stage", key:
                return self.stage(key)
            case "skill", key:
                return "/skills" if self.own else self.skill(key)
            case "background", _:
                return self.background
            case _, kind if not self.own:
                return "#evidence"
            case "impact", key:
                return self.measured if gate.passed else self.impacts.get(key) or _new_impact(key)
            case "new_evidence", kind:
                return f"/evidence/new?kind={kind}" if kind else "/evidence/new"
            case "evidence", kinds:
                return f"/evidence?kind={kinds}" + ("&tone=verified" if gate.passed else "")
        raise ValueError(f"no page is known for the place {gate.place!r}")

    def item(self, item: ItemEffect) -> str:
        """Return the URL of an item."""
        if item.type in ("position", "degree"):
            return self.background
        return {"milestone": self.milestone, "evidence": self.piece}.get(item.type, self.skill)(
            item.key
        )


def own_links(slug: str, impacts: Mapping[str, str] | None = None) -> SourceLinks:
    """Return links to the person's own pages, with `impacts` from `impact_links`."""
    return SourceLinks(
        piece=lambda key: f"/evidence/{key}",
        stage=lambda key: f"/roadmaps/{slug}/{key}",
        milestone=lambda key: f"/roadmaps/{slug}/milestones/{key}",
        skill=lambda key: f"/skills/{key}",
        background="/career",
        own=True,
        impacts=impacts or {},
        measured=f"/readiness?roadmap={slug}#part-impact",
    )


def _new_impact(type_: str) -> str:
    """Return the form for a new piece of a kind that can measure this type of impact."""
    able = [key for key, kind in KINDS.items() if type_ in kind.impacts]
    return f"/evidence/new?kind={able[0]}" if able else "/evidence/new"


def impact_links(readiness: Readiness, slug: str, *, has_manager: bool) -> dict[str, str]:
    """Return the URL where each type of impact can be added or verified, by type."""
    steps = [step for step in readiness.steps if has_manager or not step.is_reviewed]
    to_add = {s.target: step_url(s, slug) for s in steps if s.action == "add_impact"}
    lines = next(part.sources for part in readiness.parts if part.key == "impact")
    return to_add | {
        line.key: f"/evidence/{line.piece.id}"
        for line in lines
        if isinstance(line, ImpactLine) and line.piece
    }


def step_url(step: Step, slug: str) -> str:
    """Return the URL of the page on which a step can be taken."""
    if step.action in ("tick_milestone", "do_milestone", "link_evidence"):
        return f"/roadmaps/{slug}/milestones/{step.target}"
    if step.action == "record_evidence":
        fields = {"kind": step.kind, "milestone": step.milestone}
        return f"/evidence/new?{urlencode({name: key for name, key in fields.items() if key})}"
    if step.action == "submit_evidence":
        return f"/evidence/{step.target}"
    if step.action == "add_impact":
        return f"/evidence/{step.piece}/edit?impact={step.target}#impacts"
    return f"/skills/{step.target}#ask"


def message_filter(message: Message | None) -> str:
    """Return a message of the rules in the reader's language."""
    return message.text(_, _format_value, plural_template) if message is not None else ""


def _format_value(value: float | dt.date | PartialDate) -> str:
    return date_filter(value) if isinstance(value, dt.date | PartialDate) else number_filter(value)


def format_points(value: Fraction | Decimal) -> str:
    """Format points to one decimal."""
    return number_filter(value if isinstance(value, Decimal) else round_to_tenths(value), "0.0")


def format_points_of(points: Fraction | Decimal, maximum: Fraction) -> str:
    """Format points with their maximum."""
    shown = {"points": format_points(points), "maximum": format_points(maximum)}
    return _("%(points)s of %(maximum)s", **shown)


def signed_filter(change: Fraction, before: Fraction) -> str:
    """Format a change of the score `before` with its sign."""
    return format_gain(before, before + change) or "0"


def format_gain(before: Fraction, after: Fraction) -> str:
    """Return the difference between the shown scores, with its sign, or "" if they are the same.

    All gains use this function, so that predicted and actual gains look the same. A change too
    small to alter the shown score is given as a bound instead of 0.
    """
    if change := round_to_tenths(after) - round_to_tenths(before):
        sign = "+" if change > 0 else "−"
        return f"{sign}{format_points(abs(change))}"
    if round(after, 4) == round(before, 4):
        return ""
    return _("under 0.1") if after > before else _("over −0.1")


def verdict_title(verdict: str) -> str:
    """Return the title of a shown verdict (`rules.shown_verdict`)."""
    return _(VERDICT_TITLES[verdict])


def score_line(readiness: Readiness) -> str:
    """Return score and verdict in one line; "claimed, not proven" comes first."""
    verdict = verdict_title(readiness.shown_verdict)
    line = (
        _("%(verdict)s · Readiness %(score)s / 100")
        if readiness.claimed_not_proven
        else _("Readiness %(score)s / 100 · %(verdict)s")
    )
    return line % {"score": format_points(readiness.shown_score), "verdict": verdict}


def what_if_message(readiness: Readiness, result: WhatIf) -> str:
    """Describe the resulting score, gates and verdict, or "" if nothing was chosen."""
    after = result.after
    if after is None:
        return ""
    sentences = [
        ngettext(
            "If this came true: %(before)s → %(after)s (%(gain)s).",
            "If these %(num)d came true: %(before)s → %(after)s (%(gain)s).",
            len(result.chosen),
            before=format_points(readiness.score),
            after=format_points(after.score),
            gain=format_gain(readiness.score, after.score) or "0",
        )
    ]
    if result.opened:
        gates = ", ".join(gate.title for gate in result.opened)
        sentences.append(_("Then passed: %(gates)s.", gates=gates))
    if result.closed:
        gates = ", ".join(gate.title for gate in result.closed)
        sentences.append(_("No longer passed: %(gates)s.", gates=gates))
    verdict = verdict_title(after.shown_verdict)
    is_same = after.shown_verdict == readiness.shown_verdict
    sentences.append(
        _("The verdict stays: %(verdict)s.", verdict=verdict)
        if is_same
        else _("The verdict: %(verdict)s.", verdict=verdict)
    )
    return " ".join(sentences)


def shown_items(readiness: Readiness) -> tuple[list[ItemEffect], int]:
    """Return the items to show, largest effect first, and the number of items left out.

    Items without effect are limited, because thousands of them would hide the others.
    """
    by_effect = sorted(readiness.items, key=lambda item: -abs(item.effect))
    most = sum(item.effect != 0 for item in by_effect) + MAX_WITHOUT_EFFECT
    return by_effect[:most], len(by_effect[most:])


def own_context(
    readiness: Readiness, own: Facts, content: Content, *, has_manager: bool
) -> dict[str, Any]:
    """Return the template context of an explanation on a person's own pages, with next steps.

    Steps that need a manager are left out if the person has none.
    """
    links = own_links(content.slug, impact_links(readiness, content.slug, has_manager=has_manager))
    return {
        **explanation_context(readiness, links),
        "has_manager": has_manager,
        "steps": top_three(step for step in readiness.steps if has_manager or not step.is_reviewed),
        "own": own,
        "asks_years": years_required(content.policy) is not None,
        "returned": [piece for piece in own.pieces if piece.state == "returned"],
    }


def explanation_context(readiness: Readiness, links: SourceLinks) -> dict[str, Any]:
    """Return the template context of an explanation; `links` are those of its sources."""
    return {
        "found": readiness,
        "shown_items": shown_items,
        "to": links,
        "verdict": verdict_title(readiness.shown_verdict),
        "score_line": score_line(readiness),
        "part_titles": PART_TITLES,
        "what_if_titles": WHAT_IF_TITLES,
        "format_points_of": format_points_of,
        "impact_label": impact_label,
        "percent": lambda share: number_filter(round(float(share) * 100)),
    }
