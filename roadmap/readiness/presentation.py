"""How what the rule says is put before a person: sentences, points, verdicts, next steps."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

from roadmap.catalog.content import Content
from roadmap.core.language import date_filter, ngettext, number_filter
from roadmap.core.language import gettext as _
from roadmap.readiness.explain import Readiness, tenths
from roadmap.readiness.steps import Step, top_three
from roadmap.readiness.words import Message

# What a page may propose: asking for a review or for an assessment comes with the reviewers' pages,
# and nobody is sent where nothing can be done yet.
PROPOSED = frozenset({"do_milestone", "link_evidence", "record_evidence", "add_impact"})


def proposals(found: Readiness) -> list[Step]:
    """The three best next steps that a person can take by themselves.

    At most one of each action, as the rule says; where that leaves fewer than three, the best of
    the rest fill up, because three steps help more than one.
    """
    possible = [step for step in found.steps if step.action in PROPOSED]
    chosen = top_three(possible)
    rest = [step for step in possible if step not in chosen and (step.gain > 0 or step.opens_gate)]
    chosen += rest[: 3 - len(chosen)]
    return sorted(chosen, key=possible.index)


def say(message: Message | None) -> str:
    """A sentence of the rule in the reader's language."""
    return message.text(_, _show) if message is not None else ""


def _show(value: float | dt.date) -> str:
    return date_filter(value) if isinstance(value, dt.date) else number_filter(value)


def points(value: Fraction | Decimal) -> str:
    """Points to one decimal."""
    return number_filter(value if isinstance(value, Decimal) else tenths(value), "0.0")


def signed(value: Fraction) -> str:
    """A gain or an effect with its sign; what rounds to nothing but is not, says so."""
    if value == 0:
        return "0"
    rounded = tenths(value)
    if rounded == 0:
        return _("under 0.1") if value > 0 else _("over −0.1")
    return f"+{points(rounded)}" if rounded > 0 else f"−{points(-rounded)}"


PART_TITLES: dict[str, Callable[[], str]] = {
    "milestones": lambda: _("Milestones"),
    "skills": lambda: _("Skills"),
    "evidence": lambda: _("Evidence"),
    "impact": lambda: _("Impact"),
    "background": lambda: _("Background, as declared"),
}


def verdict_title(found: Readiness) -> str:
    if found.claimed_not_proven:
        return _("Claimed, not proven")
    return {
        "ready": _("Ready"),
        "nearly": _("Nearly ready"),
        "under_way": _("Under way"),
        "setting_out": _("Setting out"),
    }[found.verdict]


def verdict_reason(found: Readiness) -> str:
    """Why the verdict is what it is, in one sentence."""
    standing = sum(1 for gate in found.gates if not gate.passed)
    if found.claimed_not_proven:
        return _(
            "Most milestones are ticked, but less than half of that is verified by someone else. "
            "Link evidence, and ask a reviewer to confirm it."
        )
    if found.verdict == "ready":
        return _("Every gate is passed and the score is at the bar that this roadmap sets.")
    if standing:
        return ngettext("%(num)d gate still stands.", "%(num)d gates still stand.", standing)
    return _("No gate stands; the score is not yet at the bar that this roadmap sets.")


def step_view(step: Step, content: Content) -> dict[str, Any]:
    """A next step as a page prints it: what, where it is done, gain, effort, the gate it opens."""
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
        "ask_assessment": lambda: f"/skills/{step.target}",
    }[step.action]()
    return {
        "label": say(step.label),
        "href": href,
        "gain": signed(step.gain),
        "hours": number_filter(float(step.hours)),
        "opens": step.opens_gate,
    }
