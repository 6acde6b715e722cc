"""List a person's changes since a day, as visible to their managers.

They are derived from the shared profile, not from the history, which only its owner sees. Anything
withdrawn, private or a draft is therefore left out.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from roadmap.activity.messages import STATUSES
from roadmap.core.i18n import _
from roadmap.evidence.models import Review
from roadmap.readiness.tally import TONES
from roadmap.teams.shared_profile import SharedProfile


@dataclass(frozen=True, slots=True)
class SharedChange:
    """A line in the list: the current state, its date, and a link to details."""

    at: dt.datetime
    text: str
    href: str


def list_changes(
    profile: SharedProfile,
    reviews: Mapping[uuid.UUID, Sequence[Review]],
    since: dt.datetime,
    *,
    piece_url: Callable[[str], str],
) -> list[SharedChange]:
    """Return the changes since a moment, newest first. `reviews` has reviews by piece id."""
    changes = [
        *_milestone_changes(profile),
        *_piece_changes(profile, reviews, piece_url),
        *_skill_changes(profile),
    ]
    return sorted(
        (each for each in changes if each.at >= since), key=lambda each: each.at, reverse=True
    )


def _milestone_changes(profile: SharedProfile) -> Iterator[SharedChange]:
    if profile.shared_progress is None:
        return
    for each in profile.shared_progress.milestones.values():
        status = "done" if each.tone in TONES else each.tone
        if each.since is not None and status in STATUSES:
            stage = profile.shared_progress.content.stage_of[each.milestone.key].key
            text = _(
                "%(title)s: %(status)s", title=each.milestone.title, status=str(STATUSES[status])
            )
            yield SharedChange(each.since, text, f"#stage-{stage}")


def _piece_changes(
    profile: SharedProfile,
    reviews: Mapping[uuid.UUID, Sequence[Review]],
    piece_url: Callable[[str], str],
) -> Iterator[SharedChange]:
    for piece in profile.pieces:
        href = piece_url(str(piece.id))
        if piece.version.submitted_at is not None:
            text = _("Submitted for review: %(title)s", title=piece.title)
            yield SharedChange(piece.version.submitted_at, text, href)
        for review in reviews.get(piece.id, ()):
            values = {"title": piece.title, "name": review.verified_by}
            text = (
                _("Verified by %(name)s: %(title)s", **values)
                if review.decision == "verified"
                else _("Returned by %(name)s: %(title)s", **values)
            )
            yield SharedChange(review.decided_at, text, href)


def _skill_changes(profile: SharedProfile) -> Iterator[SharedChange]:
    for skill, comparison in profile.skills:
        for side in (comparison.own, comparison.other):
            if side is not None:
                text = _(
                    "%(skill)s: level %(level)d, by %(name)s",
                    skill=skill.title,
                    level=side.level,
                    name=side.name,
                )
                yield SharedChange(side.at, text, f"#skill-{skill.key}")
