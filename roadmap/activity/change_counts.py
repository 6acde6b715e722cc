"""Summarize the changes since a date in labelled counts. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from flask_babel import LazyString

from roadmap.activity.messages import KIND_BY_ACTION, KINDS
from roadmap.core.i18n import _l


@dataclass(frozen=True, slots=True)
class ChangeCount:
    """A labelled count, with the kind of activity that lists the counted entries."""

    label: LazyString
    number: int
    kind: str


# Label, kind, whether each subject counts only once (a milestone ticked twice is one milestone),
# and the counted actions with the status or side that they set.
_COUNTED: tuple[tuple[LazyString, str, bool, tuple[tuple[str, str], ...]], ...] = (
    (_l("Milestones ticked"), "milestones", True, (("status.set", "done"),)),
    (_l("Milestones started"), "milestones", True, (("status.set", "in_progress"),)),
    (_l("Milestones marked not started"), "milestones", True, (("status.set", "not_started"),)),
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
        _l("Reviews undone"),
        "reviews",
        False,
        (("evidence.verification_withdrawn", ""), ("evidence.return_withdrawn", "")),
    ),
    (_l("Comments"), "reviews", False, (("comment.added", ""),)),
    (_l("Witness answers"), "reviews", False, (("endorsement.answered", ""),)),
    (_l("Skills assessed by you"), "skills", True, (("skill.assessed", "self"),)),
    (_l("Skills assessed by a manager"), "skills", True, (("skill.assessed", "manager"),)),
)


def describe_counts(counts: Mapping[tuple[str, str], tuple[int, int]]) -> list[ChangeCount]:
    """Return the labelled, non-zero counts for numbers of (entries, subjects) by (action, detail).

    Actions without a label of their own are summed by kind at the end, unknown kinds last.
    """
    found = [
        ChangeCount(label, sum(counts.get(each, (0, 0))[once] for each in actions), kind)
        for label, kind, once, actions in _COUNTED
    ]
    named = {each for _label, _kind, _once, actions in _COUNTED for each in actions}
    others: Counter[str] = Counter()
    for each, (entries, _subjects) in counts.items():
        if each not in named:
            others[KIND_BY_ACTION.get(each[0], "")] += entries
    labels = {kind: _l("Other changes: %(kind)s", kind=title) for kind, title in KINDS.items()} | {
        "": _l("Other changes")
    }
    found += [ChangeCount(label, others[kind], kind) for kind, label in labels.items()]
    return [each for each in found if each.number]
