"""Put an explanation of readiness into words and links for a page.

The reader is the person, or somebody who sees what they share: `SourceLinks` says which.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from roadmap.core.i18n import date_filter, ngettext, number_filter
from roadmap.core.i18n import gettext as _
from roadmap.evidence.labels import impact_label, kind_label
from roadmap.readiness.explanation import Readiness, round_to_tenths
from roadmap.readiness.messages import Message
from roadmap.readiness.next_steps import Step, top_three

if TYPE_CHECKING:
    from roadmap.catalog.content import Content


@dataclass(frozen=True, slots=True)
class SourceLinks:
    """Where each source leads, by its key or id; `own` where the reader is the person themself."""

    piece: Callable[[str], str]
    stage: Callable[[str], str]
    milestone: Callable[[str], str]
    skill: Callable[[str], str]
    background: str
    own: bool = False


def own_links(slug: str) -> SourceLinks:
    """Return links to the person's own pages."""
    return SourceLinks(
        piece=lambda key: f"/evidence/{key}",
        stage=lambda key: f"/roadmaps/{slug}/{key}",
        milestone=lambda key: f"/roadmaps/{slug}/milestones/{key}",
        skill=lambda key: f"/skills/{key}",
        background="/career",
        own=True,
    )


# These need a manager. Nobody is told to ask one whom they do not have.
MANAGER_ACTIONS = frozenset({"submit_evidence", "ask_assessment"})


def actionable_steps(found: Readiness, *, has_manager: bool) -> list[Step]:
    """Return the three best next steps that the person can take.

    At most one of each action; where that leaves fewer than three, the best of the rest follow.
    """
    possible = [step for step in found.steps if has_manager or step.action not in MANAGER_ACTIONS]
    chosen = top_three(possible)
    rest = [step for step in possible if step not in chosen and (step.gain > 0 or step.opens_gate)]
    chosen += rest[: 3 - len(chosen)]
    return sorted(chosen, key=possible.index)


def render_message(message: Message | None) -> str:
    """Return a sentence of the rule in the reader's language."""
    return message.text(_, _format_value) if message is not None else ""


def _format_value(value: float | dt.date) -> str:
    return date_filter(value) if isinstance(value, dt.date) else number_filter(value)


def format_points(value: Fraction | Decimal) -> str:
    """Format points to one decimal."""
    return number_filter(value if isinstance(value, Decimal) else round_to_tenths(value), "0.0")


def format_signed(value: Fraction) -> str:
    """Format a gain or an effect with its sign; one below 0.1 is not shown as 0."""
    if value == 0:
        return "0"
    rounded = round_to_tenths(value)
    if rounded == 0:
        return _("under 0.1") if value > 0 else _("over −0.1")
    return f"+{format_points(rounded)}" if rounded > 0 else f"−{format_points(-rounded)}"


PART_TITLES: dict[str, Callable[[], str]] = {
    "milestones": lambda: _("Milestones"),
    "skills": lambda: _("Skills"),
    "evidence": lambda: _("Evidence"),
    "impact": lambda: _("Impact"),
    "background": lambda: _("Positions and education, as declared"),
}


def verdict_title(found: Readiness) -> str:
    if found.claimed_not_proven:
        return _("Claimed, not proven")
    return {
        "ready": _("Ready"),
        "nearly": _("Nearly ready"),
        "under_way": _("Under way"),
        "setting_out": _("Getting started"),
    }[found.verdict]


def verdict_reason(found: Readiness, *, own: bool = True) -> str:
    """Explain the verdict in one sentence; `own` where the person reads it."""
    standing = sum(1 for gate in found.gates if not gate.passed)
    if found.claimed_not_proven and not own:
        return _(
            "Most milestones are ticked, but less than half of that is verified by someone else."
        )
    if found.claimed_not_proven:
        return _(
            "Most milestones are ticked, but less than half of that is verified by someone else. "
            "Link evidence, and ask a reviewer to confirm it."
        )
    if found.verdict == "ready":
        return _("Every gate is passed and the score is at the bar that this roadmap sets.")
    if standing:
        return ngettext("%(num)d gate to pass.", "%(num)d gates to pass.", standing)
    return _("Every gate is passed; the score is not yet at the bar that this roadmap sets.")


def explanation_context(found: Readiness, to: SourceLinks) -> dict[str, Any]:
    """Return what the templates print of an explanation; `to` has the links of its sources."""
    return {
        "found": found,
        "to": to,
        "bar": _progress_shares(found),
        "gates": [
            {
                "title": gate.title,
                "passed": gate.passed,
                "reason": render_message(gate.reason),
                "opens": render_message(gate.opens),
            }
            for gate in found.gates
        ],
        "parts": found.parts,
        "part_titles": {key: title() for key, title in PART_TITLES.items()},
        "items": [
            {
                "type": item.type,
                "label": item.label,
                "href": _href(item.type, item.key, to),
                "effect": format_signed(item.effect),
                "sign": (item.effect > 0) - (item.effect < 0),
            }
            for item in found.items
        ],
        "points": format_points,
        "kind_label": kind_label,
        "impact_label": impact_label,
        "percent": lambda share: number_filter(round(float(share) * 100)),
    }


def _progress_shares(found: Readiness) -> dict[str, float]:
    """Return the claimed, evidenced and verified shares of the effort, each hour counted once."""
    overall = found.overall
    return {
        "verified": float(overall.verified),
        "evidenced": float(overall.evidenced - overall.verified),
        "claimed": float(overall.claimed - overall.evidenced),
    }


def _href(item_type: str, key: str, to: SourceLinks) -> str:
    if item_type in ("position", "degree"):
        return to.background
    ways = {"milestone": to.milestone, "evidence": to.piece}
    return ways.get(item_type, to.skill)(key)


def step_view(step: Step, content: Content) -> dict[str, Any]:
    """Return a next step as a page prints it: label, address, gain, effort and opened gate."""
    where = f"/roadmaps/{content.slug}/milestones/"
    href = {
        "do_milestone": lambda: where + step.target,
        "link_evidence": lambda: where + (step.milestone or step.target),
        "record_evidence": lambda: (
            "/evidence/new?"
            + "&".join(
                part
                for part in (
                    f"kind={step.kind}" if step.kind else "",
                    f"milestone={step.milestone}" if step.milestone else "",
                )
                if part
            )
        ),
        "submit_evidence": lambda: f"/evidence/{step.piece or step.target}",
        "add_impact": lambda: f"/evidence/{step.piece}/edit" if step.piece else "/evidence/new",
        "ask_assessment": lambda: f"/skills/{step.target}#ask",
    }[step.action]()
    return {
        "label": render_message(step.label),
        "href": href,
        "gain": format_signed(step.gain),
        "hours": number_filter(float(step.hours)),
        "opens": step.opens_gate,
    }
