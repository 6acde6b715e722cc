"""Queries for the review queue and the review pages.

Items are loaded as managers see them, and every statement is limited to the people whom the actor
manages.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import Session, aliased

from roadmap.catalog.models import Milestone
from roadmap.core.text import fold
from roadmap.endorsements.models import Endorsement
from roadmap.endorsements.queries import load_positive_endorsements
from roadmap.evidence.audience_sql import has_no_review, is_visible, newest_version_id
from roadmap.evidence.constants import AWAITING_REVIEW
from roadmap.evidence.item import Audience, Item, Link, Version
from roadmap.evidence.loader import load_items
from roadmap.evidence.models import Evidence, EvidenceVersion, Review
from roadmap.evidence.queries import EvidenceDetail, load_detail, load_reviewers, load_reviews
from roadmap.evidence.rules import WITHDRAWAL_PERIOD, Refused, check_withdrawable
from roadmap.people.actor import Actor
from roadmap.people.models import Membership, Team, User
from roadmap.people.reach import select_people, select_teams, team_tree
from roadmap.people.roles import Capability
from roadmap.progress.models import MilestoneStatus
from roadmap.reviews.rules import Difference, differences

# The options of the queue's `show` filter.
SHOW_OPTIONS = ("waiting", "in_review", "returned", "judged")
# Older reviews are shown on each person's page.
RECENT_PERIOD = dt.timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Filters:
    """The filters of the queue; None means any. `team` is a slug and includes nested teams."""

    person: uuid.UUID | None = None
    kind: str | None = None
    team: str | None = None
    show: str = "waiting"

    @property
    def is_empty(self) -> bool:
        return (self.person, self.kind, self.team) == (None, None, None)

    @property
    def is_completed(self) -> bool:
        """Return whether they show items that no longer wait for a review."""
        return self.show in ("returned", "judged")

    @property
    def as_query(self) -> dict[str, Any]:
        """Return the active filters as query parameters."""
        values = {"person": str(self.person or ""), "kind": self.kind, "team": self.team}
        values["show"] = self.show if self.show != "waiting" else None
        return {name: value for name, value in values.items() if value}


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """An item in the queue with its author's name and its current reviewer.

    `last_review` is set only in the list of reviewed items.
    """

    item: Item
    author: str
    reviewer: User | None = None
    last_review: Review | None = None


@dataclass(frozen=True, slots=True)
class Criterion:
    """A linked milestone with its "done when" text.

    `fits` means that evidence of this kind can prove it, `confirmed` that the version under review
    is confirmed for it. `status` is the author's own. `witnesses` endorse it, which does not count
    as a confirmation.
    """

    link: Link
    done_when: str
    fits: bool
    status: str
    confirmed: bool
    witnesses: tuple[Endorsement, ...]

    @property
    def key(self) -> str:
        return self.link.key

    @property
    def title(self) -> str:
        return self.link.title

    @property
    def left_out_by(self) -> str:
        """Return the reviewer who left it out, even in a withdrawn review."""
        return self.link.left_out_by or self.link.taken_back_by

    @property
    def is_offered(self) -> bool:
        """Return whether it can still be confirmed and nobody left it out."""
        return self.fits and not self.confirmed and not self.left_out_by


@dataclass(frozen=True, slots=True)
class ReviewCriteria:
    """The criteria of an item under review."""

    criteria: tuple[Criterion, ...]

    @property
    def can_verify(self) -> bool:
        """Return whether the item is linked to a milestone that evidence of its kind proves."""
        return any(each.fits for each in self.criteria)

    @property
    def offered(self) -> list[str]:
        """Return the keys of the initially checked milestones."""
        return [each.key for each in self.criteria if each.is_offered]


@dataclass(frozen=True, slots=True)
class ReviewPage(ReviewCriteria):
    """The content of the review page of one item.

    `author_team` is the slug of a team in which the reader sees the author, used for a link.
    `compared_version` is the one that the reviewer was reading when the author saved a newer one
    (`was_read`), else the verified one, else the last reviewed one. `reviewer` is the current
    reviewer.
    """

    author: str
    author_team: str
    detail: EvidenceDetail
    compared_version: Version | None
    was_read: bool
    changed: tuple[Difference, ...]
    reviewer: User | None

    @property
    def version(self) -> Version:
        return self.detail.item.version

    @property
    def awaits_review(self) -> bool:
        return self.detail.item.state in AWAITING_REVIEW

    @property
    def can_confirm_more(self) -> bool:
        """Return whether the item is verified but not yet confirmed for all fitting milestones."""
        return self.detail.item.state == "verified" and any(
            each.fits and not each.confirmed for each in self.criteria
        )

    def withdrawable_review(self, actor: Actor, now: dt.datetime) -> Review | None:
        """Return the review that the actor can still withdraw, or None."""
        latest = next(iter(self.detail.reviews), None)
        if latest is None:
            return None
        try:
            check_withdrawable(
                latest.decision,
                is_own=latest.reviewer_id == actor.id,
                is_latest=True,
                is_changed=self.detail.item.updated_at > latest.decided_at,
                age=now - latest.decided_at,
            )
        except Refused:
            return None
        return latest


# --- The queue ------------------------------------------------------------------------------------


def list_pending(
    session: Session,
    actor: Actor,
    filters: Filters | None = None,
    *,
    limit: int | None = None,
    offset: int = 0,
    after: tuple[dt.datetime, uuid.UUID] | None = None,
    texts: bool = False,
) -> list[QueueEntry]:
    """List the items awaiting review in all teams that the actor manages, oldest first.

    `after` is the (submitted_at, id) of the last item seen, to continue from there. Takes four
    statements, two more with `texts` (files and skills), and one more if an item is in review.
    """
    query = _pending_query(actor, filters)
    if after is not None:
        query = query.where(_is_after(*after))
    query = query.order_by(Evidence.submitted_at, Evidence.id).limit(limit).offset(offset or None)
    return _entries(session, query, texts=texts)


def count_pending(session: Session, actor: Actor, filters: Filters | None = None) -> int:
    """Count the items that `list_pending` lists in all."""
    return _count(session, _pending_query(actor, filters))


def next_pending(session: Session, actor: Actor, filters: Filters, evidence: Evidence) -> Any:
    """Load `id` and `title` of the next item in the queue, wrapping around at the end, or None.

    Takes one statement.
    """
    query = _pending_query(actor, filters).where(Evidence.id != evidence.id)
    if evidence.submitted_at is not None:
        follows = _is_after(evidence.submitted_at, evidence.id)
        query = query.order_by(sa.case((follows, 0), else_=1))
    query = query.order_by(Evidence.submitted_at, Evidence.id).limit(1)
    return session.execute(query.with_only_columns(Evidence.id, Evidence.title)).first()


def _is_after(submitted_at: dt.datetime, key: uuid.UUID) -> sa.ColumnElement[bool]:
    """Return the condition that an item comes after a position in the queue."""
    return sa.tuple_(Evidence.submitted_at, Evidence.id) > sa.tuple_(
        sa.literal(submitted_at, Evidence.submitted_at.type), sa.literal(key, Evidence.id.type)
    )


def list_completed(
    session: Session,
    actor: Actor,
    filters: Filters,
    *,
    now: dt.datetime,
    limit: int | None = None,
    offset: int = 0,
) -> list[QueueEntry]:
    """List the items recently reviewed by anyone in these teams, or all returned ones.

    Latest first, in six statements.
    """
    query = _completed_query(actor, filters, now)
    query = query.order_by(Review.decided_at.desc(), Evidence.id.desc())
    entries = _entries(session, query.limit(limit).offset(offset or None))
    latest = load_reviews(session, [each.item.id for each in entries])
    return [replace(each, last_review=latest[each.item.id][0]) for each in entries]


def count_completed(session: Session, actor: Actor, filters: Filters, *, now: dt.datetime) -> int:
    """Count the items that `list_completed` lists in all."""
    return _count(session, _completed_query(actor, filters, now))


def _entries(session: Session, query: sa.Select[Any], *, texts: bool = False) -> list[QueueEntry]:
    authors: dict[uuid.UUID, str] = dict(iter(session.execute(query)))
    items = load_items(session, Audience.MANAGER, list(authors), texts=texts)
    reviewers = load_reviewers(session, items)
    return [QueueEntry(item, authors[item.id], reviewers.get(item.id)) for item in items]


def _count(session: Session, query: sa.Select[Any]) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0


def _pending_query(actor: Actor, filters: Filters | None) -> sa.Select[Any]:
    filters = filters or Filters()
    states = {"in_review"} if filters.show == "in_review" else AWAITING_REVIEW
    return _shared_query(actor, filters).where(Evidence.state.in_(states))


def _completed_query(actor: Actor, filters: Filters, now: dt.datetime) -> sa.Select[Any]:
    latest = aliased(Review)
    last = (
        sa.select(latest.id)
        .where(latest.evidence_id == Evidence.id)
        .order_by(latest.decided_at.desc(), latest.id.desc())
        .limit(1)
        .correlate(Evidence)
        .scalar_subquery()
    )
    return (
        _shared_query(actor, filters)
        .join(Review, Review.id == last)
        .where(
            Evidence.state == "returned"
            if filters.show == "returned"
            else sa.and_(
                Evidence.state.not_in(AWAITING_REVIEW), Review.decided_at >= now - RECENT_PERIOD
            )
        )
    )


def _shared_query(actor: Actor, filters: Filters) -> sa.Select[Any]:
    """Select id and author name of the shared items of people whom the actor may review."""
    columns: Any = (Evidence.id, User.name)
    query: sa.Select[Any] = (
        sa.select(*columns)
        .join(User, User.id == Evidence.user_id)
        .join(EvidenceVersion, EvidenceVersion.id == newest_version_id(Audience.MANAGER))
        .where(
            Evidence.user_id.in_(select_people(actor.id, Capability.REVIEW)),
            is_visible(Audience.MANAGER),
        )
    )
    if filters.team is not None:
        teams = select_teams(actor.id, Capability.REVIEW)
        team = sa.select(Team.id).where(Team.slug == filters.team, Team.id.in_(teams))
        tree = team_tree(team.scalar_subquery())
        members = sa.select(Membership.user_id).where(Membership.team_id.in_(tree))
        query = query.where(Evidence.user_id.in_(members))
    if filters.person is not None:
        query = query.where(Evidence.user_id == filters.person)
    if filters.kind is not None:
        query = query.where(EvidenceVersion.kind == filters.kind)
    return query


def load_filter_choices(session: Session, actor: Actor) -> dict[str, list[tuple[str, str]]]:
    """Load the filter options: `people` (id, name) with shared items, and `teams` (slug, name)."""
    people = session.execute(
        sa.select(User.id, User.name)
        .where(
            User.id.in_(select_people(actor.id, Capability.REVIEW)),
            sa.exists().where(Evidence.user_id == User.id, is_visible(Audience.MANAGER)),
        )
        .order_by(User.search_text, User.id)
    )
    teams = session.execute(
        sa.select(Team.slug, Team.name).where(
            Team.id.in_(select_teams(actor.id, Capability.REVIEW)),
            sa.exists().where(Membership.team_id == Team.id),
        )
    )
    return {
        "people": [(str(key), name) for key, name in people],
        "teams": sorted(
            ((slug, name) for slug, name in teams), key=lambda team: (fold(team[1]), team[0])
        ),
    }


# --- Unreviewed items of one person --------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class UnreviewedItem(ReviewCriteria):
    """An item of a user that has never been reviewed here, with its criteria."""

    item: Item


def list_unreviewed(
    session: Session, actor: Actor, person_id: uuid.UUID, *, limit: int, offset: int = 0
) -> list[UnreviewedItem]:
    """List a user's shared items that have never been reviewed here, ordered by date.

    Items in review by somebody else are left out. Takes eight statements.
    """
    query = _unreviewed_query(actor, person_id).order_by(EvidenceVersion.occurred_on, Evidence.id)
    ids = [key for key, _name in session.execute(query.limit(limit).offset(offset or None))]
    items = load_items(session, Audience.MANAGER, ids)
    criteria = load_criteria(session, items) if items else {}
    return [UnreviewedItem(criteria[item.id], item) for item in items]


def count_unreviewed(session: Session, actor: Actor, person_id: uuid.UUID) -> int:
    """Count the items that `list_unreviewed` lists in all."""
    return _count(session, _unreviewed_query(actor, person_id))


def _unreviewed_query(actor: Actor, person_id: uuid.UUID) -> sa.Select[Any]:
    is_free = sa.or_(Evidence.state == "submitted", Evidence.reviewer_id == actor.id)
    return _shared_query(actor, Filters(person=person_id)).where(
        Evidence.state.in_(AWAITING_REVIEW), is_free, has_no_review()
    )


def find_recent_verifications(
    session: Session, actor: Actor, person_id: uuid.UUID, *, now: dt.datetime
) -> list[Any]:
    """Load `decided_at`, `id` and `title` of the actor's latest verifications of a user's items.

    They were given at one time and can still be withdrawn.
    """
    rows = session.execute(
        sa.select(Review.decided_at, Evidence.id, Evidence.title)
        .join(Evidence, Evidence.id == Review.evidence_id)
        .where(
            Review.user_id == person_id,
            Review.reviewer_id == actor.id,
            Review.decision == "verified",
            Review.decided_at >= now - WITHDRAWAL_PERIOD,
            is_visible(Audience.MANAGER),
        )
        .order_by(Review.decided_at.desc(), Evidence.title)
    ).all()
    return [row for row in rows if row.decided_at == rows[0].decided_at]


# --- One item -------------------------------------------------------------------------------------


def load_review_page(
    session: Session, actor: Actor, evidence: Evidence, *, read: uuid.UUID | None = None
) -> ReviewPage:
    """Load the review page of an item. The number of statements is constant.

    The actor must be allowed to read the item. `read` is the id of the version shown to the
    reviewer so far.
    """
    detail = load_detail(session, Audience.MANAGER, evidence.id) or abort(404)
    item = detail.item
    version, *earlier = item.versions
    was_read = next((each for each in earlier if each.id == read), None)
    # The verified version if that is an earlier one, else the last reviewed one.
    judged = [item.verified_number or 0, *(each.version for each in detail.reviews)]
    number = next((each for each in judged if 0 < each < version.number), None)
    before = was_read or next((each for each in earlier if each.number == number), None)
    author, team = find_author(session, actor, evidence.user_id) or abort(404)
    return ReviewPage(
        author=author,
        author_team=team,
        detail=detail,
        criteria=load_criteria(session, [item])[item.id],
        compared_version=before,
        was_read=was_read is not None,
        changed=differences(before, version) if before is not None else (),
        reviewer=load_reviewers(session, [item]).get(item.id),
    )


def find_author(session: Session, actor: Actor, person_id: uuid.UUID) -> tuple[str, str] | None:
    """Find a user's name and the slug of a team in which the actor sees them, or None."""
    row = session.execute(
        sa.select(User.name, Team.slug)
        .join_from(User, Membership, Membership.user_id == User.id)
        .join(Team, Team.id == Membership.team_id)
        .where(User.id == person_id, Team.id.in_(select_teams(actor.id, Capability.SEE_SHARED)))
        .order_by(Team.slug)
        .limit(1)
    ).first()
    return (row.name, row.slug) if row is not None else None


def load_criteria(
    session: Session, items: Collection[Item]
) -> dict[uuid.UUID, tuple[Criterion, ...]]:
    """Load the criteria of each item for its newest version, in link order. Three statements."""
    keys = {key for item in items for key in item.milestones}
    milestones = sa.select(Milestone.key, Milestone.definition).where(Milestone.key.in_(keys))
    definitions: dict[str, dict[str, Any]] = dict(iter(session.execute(milestones)))
    statuses = {
        (user_id, key): status
        for user_id, key, status in session.execute(
            sa.select(
                MilestoneStatus.user_id, MilestoneStatus.milestone_key, MilestoneStatus.status
            ).where(
                MilestoneStatus.user_id.in_({item.user_id for item in items}),
                MilestoneStatus.milestone_key.in_(keys),
            )
        )
    }
    seen = load_positive_endorsements(session, {item.user_id for item in items}, keys)
    return {
        item.id: tuple(
            Criterion(
                link,
                done_when=str(definitions[link.key].get("done_when", "")),
                fits=item.version.kind in definitions[link.key].get("evidence", ()),
                status=statuses.get((item.user_id, link.key), "not_started"),
                confirmed=link.confirmed and item.version.number == item.verified_number,
                witnesses=tuple(seen.get((item.user_id, link.key), ())),
            )
            for link in item.links
        )
        for item in items
    }
