"""The timeline of an item: submissions, comments and reviews.

The author also sees their own other actions. Managers see only what is shared: a version while it
is submitted, but never that something was saved, withdrawn or linked.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.evidence import labels
from roadmap.evidence.forms import CommentForm
from roadmap.evidence.item import Item
from roadmap.evidence.models import Comment
from roadmap.evidence.queries import EvidenceDetail, load_imported_reviews
from roadmap.people.actor import Actor
from roadmap.people.models import HistoryEntry, User
from roadmap.people.reach import load_holders
from roadmap.people.roles import Capability

# Events read from the history. Reviews and comments are read from their own tables.
HISTORY_ACTIONS = (
    *("created", "edited", "accepted", "submitted", "withdrawn"),
    *("taken_up", "let_go", "verification_withdrawn", "return_withdrawn"),
)
# Events shown only to the author.
PRIVATE_ACTIONS = frozenset({"created", "edited", "accepted", "withdrawn"})


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    """A timeline entry.

    `kind` is one of HISTORY_ACTIONS, `resubmitted`, `comment`, `verified` or `returned`, or one of
    the latter two prefixed with `imported_` for a review from an imported archive. `by` is a name,
    or '' if the account was deleted. `text` is Markdown, or the reason of a withdrawn review.
    `confirmed` are titles of milestones. `token` is the acting token, or the one whose draft was
    accepted, and is only set for the author. `drafted_by` is only set for reviewers: the token that
    wrote a submitted version which the author has neither edited nor accepted.
    """

    kind: str
    at: dt.datetime
    by: str
    version: int
    text: str = ""
    confirmed: Sequence[str] = ()
    token: str = ""
    imported_from: str = ""
    drafted_by: str = ""


def timeline_context(
    session: Session, actor: Actor, detail: EvidenceDetail, form: CommentForm | None = None
) -> dict[str, Any]:
    """Return the context of `evidence/_timeline.html` for the owner or one of their managers."""
    item = detail.item
    mine = item.user_id == actor.id
    events = load_timeline(session, detail, for_author=mine)
    return {
        "piece": item,
        "events": events,
        "comment_form": form or CommentForm(formdata=None),
        "mine": mine,
        "is_seen": not mine or bool(load_holders(session, actor.id, Capability.SEE_SHARED)),
        "labels": labels,
    }


def load_timeline(
    session: Session, detail: EvidenceDetail, *, for_author: bool
) -> list[TimelineEvent]:
    """Load the timeline of an item, oldest first, in three statements."""
    item = detail.item
    comments = session.scalars(
        sa.select(Comment)
        .where(Comment.evidence_id == item.id)
        .order_by(Comment.created_at, Comment.id)
    )
    events = [
        *_history_events(session, item, for_author),
        *(
            TimelineEvent(
                "comment", each.created_at, each.author_name, each.version_number, each.text,
                imported_from=each.imported_from,
            )
            for each in comments
        ),
        *_imported_reviews(session, item),
        *(
            TimelineEvent(
                each.decision, each.decided_at, each.verified_by, each.version, each.comment,
                detail.confirmed.get(each.id, ()),
            )
            for each in detail.reviews
        ),
    ]  # fmt: skip
    return sorted(events, key=lambda event: event.at)


def _imported_reviews(session: Session, item: Item) -> list[TimelineEvent]:
    """Load the imported reviews of visible versions."""
    return [
        TimelineEvent(
            f"imported_{each.decision}", each.decided_at, each.reviewer_name, each.version_number,
            each.comment, imported_from=each.imported_from,
        )
        for each in load_imported_reviews(session, [item.id])[item.id]
        if each.version_number <= item.version.number
    ]  # fmt: skip


def _history_events(session: Session, item: Item, for_author: bool) -> list[TimelineEvent]:
    """Load events from the author's history, merging consecutive edits."""
    rows = session.execute(
        sa.select(HistoryEntry.at, HistoryEntry.action, HistoryEntry.data, User.name)
        .outerjoin(User, User.id == HistoryEntry.actor_id)
        .where(
            HistoryEntry.user_id == item.user_id,
            HistoryEntry.subject == str(item.id),
            HistoryEntry.action.in_([f"evidence.{step}" for step in HISTORY_ACTIONS]),
        )
        .order_by(HistoryEntry.id)
    )
    found: list[TimelineEvent] = []
    submitted = 0
    drafted_by = {each.number: each.drafted_by for each in item.versions}
    for at, action, data, name in rows:
        step = action.partition(".")[2]
        version, states = data.get("version", 1), data.get("state", ())
        becomes_submitted = states[-1:] == ["submitted"]
        if step == "edited" and version > submitted and becomes_submitted:
            step = "resubmitted"
        if step in ("submitted", "resubmitted"):
            submitted = version
        if not for_author and (step in PRIVATE_ACTIONS or version > item.version.number):
            continue
        token = data.get("token", "") if for_author else ""
        if found and (step, token) == (found[-1].kind, found[-1].token) == ("edited", token):
            found.pop()
        reason = data.get("reason", "")
        writer = ""
        if not for_author and step in ("submitted", "resubmitted"):
            writer = drafted_by.get(version, "")
        found.append(
            TimelineEvent(step, at, name or "", version, reason, token=token, drafted_by=writer)
        )
    return found
