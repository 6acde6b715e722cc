"""What changed since a day, in figures: counts in, lines out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from flask_babel import LazyString

from roadmap.activity.messages import KIND_OF, KINDS
from roadmap.core.i18n import lazy_gettext as _l


@dataclass(frozen=True, slots=True)
class Figure:
    """One line: what is counted, how often, and the kind of activity that lists it."""

    label: LazyString
    number: int
    kind: str


# What is counted, by action and the status or side that it set. `True` counts each subject once:
# of a milestone that was ticked twice one is done.
_COUNTED: tuple[tuple[LazyString, str, bool, tuple[tuple[str, str], ...]], ...] = (
    (_l("Milestones ticked"), "milestones", True, (("status.set", "done"),)),
    (_l("Milestones started"), "milestones", True, (("status.set", "in_progress"),)),
    (_l("Milestones taken back"), "milestones", True, (("status.set", "not_started"),)),
    (
        _l("Milestones marked not applicable"),
        "milestones",
        True,
        (("status.set", "not_applicable"),),
    ),
    (_l("Target dates and notes saved"), "milestones", False, (("plan.set", ""),)),
    (_l("Pieces of evidence added"), "evidence", True, (("evidence.created", ""),)),
    (_l("Pieces submitted for review"), "evidence", True, (("evidence.submitted", ""),)),
    (_l("Pieces verified"), "reviews", True, (("evidence.verified", ""),)),
    (_l("Pieces returned"), "reviews", True, (("evidence.returned", ""),)),
    (
        _l("Reviews taken back"),
        "reviews",
        False,
        (("evidence.verification_withdrawn", ""), ("evidence.return_withdrawn", "")),
    ),
    (_l("Comments"), "reviews", False, (("comment.added", ""),)),
    (_l("Answers of witnesses"), "reviews", False, (("endorsement.answered", ""),)),
    (_l("Skills assessed by you"), "skills", True, (("skill.assessed", "self"),)),
    (_l("Skills assessed by a manager"), "skills", True, (("skill.assessed", "manager"),)),
)


def figures(counts: Mapping[tuple[str, str], tuple[int, int]]) -> list[Figure]:
    """Return what was counted at all, of (entries, subjects) by action and what it set.

    The last lines are what has no line of its own, by kind; last is what no kind has.
    """
    found = [
        Figure(label, sum(counts.get(each, (0, 0))[once] for each in actions), kind)
        for label, kind, once, actions in _COUNTED
    ]
    named = {each for _label, _kind, _once, actions in _COUNTED for each in actions}
    others: Counter[str] = Counter()
    for each, (entries, _subjects) in counts.items():
        if each not in named:
            others[KIND_OF.get(each[0], "")] += entries
    labels = {kind: _l("Other changes: %(kind)s", kind=title) for kind, title in KINDS.items()} | {
        "": _l("Other changes")
    }
    found += [Figure(label, others[kind], kind) for kind, label in labels.items()]
    return [figure for figure in found if figure.number]
