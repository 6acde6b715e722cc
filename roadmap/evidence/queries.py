"""Queries for single items, reviews, reviewers and linkable milestones."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import Session

from roadmap.catalog.models import Milestone, Skill
from roadmap.catalog.queries import load_wordings
from roadmap.core.ranking import rank
from roadmap.core.text import fold, search_words
from roadmap.evidence.audience_sql import has_no_review, is_visible
from roadmap.evidence.constants import AWAITING_REVIEW
from roadmap.evidence.item import Audience, Item
from roadmap.evidence.link_forms.registry import identifier_of
from roadmap.evidence.loader import load_item
from roadmap.evidence.models import (
    Confirmation,
    Evidence,
    EvidenceMilestone,
    EvidenceVersion,
    ImportedReview,
    Review,
)
from roadmap.people import permissions
from roadmap.people.actor import Actor
from roadmap.people.models import HistoryEntry, User
from roadmap.people.reach import select_holders, select_people
from roadmap.people.roles import Capability
from roadmap.progress.models import MilestoneStatus
from roadmap.progress.queries import own_and_other_roadmaps


@dataclass(frozen=True, slots=True)
class UntickedMilestone:
    """A linked milestone that its owner has not ticked yet.

    `roadmap` is a slug, `gain` the formatted score gain of ticking it, and `why_none` the reason if
    there is no gain.
    """

    roadmap: str
    gain: str
    why_none: str


@dataclass(frozen=True, slots=True)
class LinkedMilestones:
    """The number of linked milestones that are done, and the unticked ones by key."""

    done: int
    unticked: Mapping[str, UntickedMilestone]


# Return the owner's progress on an item's linked milestones. Set by `journey.unticked_milestones`,
# because the gain depends on the readiness rules.
find_linked_milestones: Callable[[Session, Item, dt.date], LinkedMilestones]


class PublicLinks(NamedTuple):
    """The number of public links that show an item, and how many of them show it redacted."""

    total: int
    redacted: int


# Count the public links that show an item; None if it is not in the portfolio. Set by
# `portfolio.links`.
count_public_links: Callable[[Session, Item, dt.datetime], PublicLinks | None]


@dataclass(frozen=True, slots=True)
class LinkableMilestone:
    """A milestone to which evidence can be linked.

    `place` is its stage, prefixed with its roadmap's title if the user has several roadmaps, or ''
    if no published roadmap contains it. `roadmap` is the slug of a roadmap that the user follows,
    or could choose first, or ''. `slug` is that of the published roadmap that contains it.
    `folded` is the search text, as in `Content.folded_milestones`.
    """

    key: str
    title: str
    kinds: tuple[str, ...]
    skills: tuple[str, ...] = ()
    place: str = ""
    roadmap: str = ""
    slug: str = ""
    done_when: str = ""
    folded: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class EvidenceDetail:
    """An item with its reviews (newest first), as its page shows it to one audience.

    `milestones` are the linked milestones by key. `confirmed` lists by review id the confirmed
    milestones' titles at the time of review.
    """

    item: Item
    milestones: Mapping[str, LinkableMilestone]
    reviews: list[Review]
    confirmed: Mapping[uuid.UUID, list[str]]

    @property
    def verifying_review(self) -> Review | None:
        return verifying_review(self.item, self.reviews)

    @property
    def verified_title(self) -> str:
        """Return the title under which it was verified if that has changed since, else ''."""
        title = self.verifying_review.title if self.verifying_review else ""
        return title if title != self.item.title else ""

    @property
    def is_unchanged_since_review(self) -> bool:
        """Return whether the item has been reviewed and its author has not changed it since."""
        return bool(self.reviews) and self.item.updated_at <= self.reviews[0].decided_at


def load_own(session: Session, actor: Actor, action: str, evidence_id: uuid.UUID) -> Evidence:
    """Load the actor's own item; abort with 404 for an item of anybody else.

    Managers read shared items on separate pages, because the owner's pages also show unsubmitted
    edits and the whole history.
    """
    found = permissions.load(session, actor, action, Evidence, evidence_id)
    if found.user_id != actor.id:
        abort(404)
    return found


def load_last_visibility(session: Session, user_id: uuid.UUID) -> str:
    """Return the visibility of the newest item that a user created, or "team" if there is none."""
    return find_last_visibility(session, user_id) or "team"


def find_last_visibility(session: Session, user_id: uuid.UUID) -> str | None:
    """Return the visibility of the newest item that a user created.

    Items created by a token are ignored, because the user did not choose their visibility.
    """
    made = session.scalars(
        sa.select(HistoryEntry.subject)
        .where(HistoryEntry.user_id == user_id, HistoryEntry.action == "evidence.created")
        .where(HistoryEntry.data["token"].as_string().is_(None))
        .order_by(HistoryEntry.at.desc(), HistoryEntry.id.desc())
        # Several, because the newest ones may have been deleted.
        .limit(100)
    )
    newest = (
        sa.select(Evidence.visibility)
        .where(Evidence.user_id == user_id, Evidence.id.in_([uuid.UUID(key) for key in made]))
        .order_by(Evidence.created_at.desc(), Evidence.id.desc())
        .limit(1)
    )
    return session.scalar(newest)


def find_by_link(session: Session, user_id: uuid.UUID, url: str) -> Evidence | None:
    """Find a user's newest item that links to the same resource as `url`."""
    wanted = identifier_of(url)
    if not wanted:
        return None
    # All links with this identifier contain its last word, so the database can preselect by it.
    end = re.findall("[a-z]+|[0-9]+", wanted.lower())[-1:]
    rows = session.execute(
        sa.select(Evidence, EvidenceVersion.url)
        .join(EvidenceVersion, EvidenceVersion.id == Evidence.current_id)
        .where(Evidence.user_id == user_id)
        .where(*(sa.func.lower(EvidenceVersion.url).contains(word) for word in end))
        .order_by(Evidence.created_at.desc(), Evidence.id)
    )
    return next((piece for piece, link in rows if identifier_of(link) == wanted), None)


def assigned_reviewer(session: Session, evidence: Evidence) -> User | None:
    """Return the reviewer of an item in review, if they still manage its author."""
    return load_reviewers(session, [evidence]).get(evidence.id)


def count_awaiting_reviewer(session: Session, reviewer_id: uuid.UUID) -> tuple[int, int]:
    """Count the items awaiting a reviewer, and those of them that nobody else can review."""
    people = select_people(reviewer_id, Capability.REVIEW)
    holders = select_holders(people, Capability.REVIEW).subquery()
    others = sa.select(holders.c.person).where(holders.c.holder != reviewer_id)
    waiting = sa.select(sa.func.count()).where(
        Evidence.state.in_(AWAITING_REVIEW),
        is_visible(Audience.MANAGER),
        Evidence.user_id.in_(people),
    )
    unshared = waiting.where(Evidence.user_id.not_in(others))
    found = session.execute(sa.select(waiting.scalar_subquery(), unshared.scalar_subquery())).one()
    return found[0], found[1]


def count_never_reviewed(session: Session, user_id: uuid.UUID) -> int:
    """Count a user's submitted items that have never been reviewed on this installation."""
    query = sa.select(sa.func.count(Evidence.id)).where(
        Evidence.user_id == user_id,
        Evidence.state.in_(AWAITING_REVIEW),
        is_visible(Audience.MANAGER),
        has_no_review(),
    )
    return session.scalar(query) or 0


def load_reviewers(session: Session, items: Iterable[Item | Evidence]) -> dict[uuid.UUID, User]:
    """Load the reviewers of the items that are in review, by item id. At most one statement.

    Reviewers who lost access (left the team, moved team, closed account) are left out, so that they
    do not block a review.
    """
    in_review = {item.id: item.user_id for item in items if item.state == "in_review"}
    if not in_review:
        return {}
    holders = select_holders(list(set(in_review.values())), Capability.REVIEW).subquery()
    rows = session.execute(
        sa.select(Evidence.id, User)
        .join(User, User.id == Evidence.reviewer_id)
        .join(
            holders,
            sa.and_(holders.c.holder == Evidence.reviewer_id, holders.c.person == Evidence.user_id),
        )
        .where(Evidence.id.in_(in_review))
    )
    return dict(iter(rows))


def verifying_review(item: Item, reviews: Iterable[Review]) -> Review | None:
    """Return the latest review that confirmed one of the item's links, or None."""
    wanted = {link.review_id for link in item.links if link.confirmed}
    return next((each for each in reviews if each.id in wanted), None)


def load_detail(
    session: Session, audience: Audience, evidence_id: uuid.UUID
) -> EvidenceDetail | None:
    """Load everything about one item that an audience sees, or None if it is not visible to it.

    The caller must check that the reader may see this user's evidence at all.
    """
    item = load_item(session, audience, evidence_id)
    if item is None:
        return None
    reviews = load_reviews(session, [item.id])[item.id]
    rows = session.execute(
        sa.select(
            Confirmation.review_id,
            Confirmation.roadmap_revision_id,
            Confirmation.milestone_key,
            Milestone.title,
        )
        .join(Milestone, Milestone.key == Confirmation.milestone_key)
        .where(Confirmation.review_id.in_([each.id for each in reviews]))
    ).all()
    wordings = load_wordings(session, {row.roadmap_revision_id for row in rows} - {None})
    confirmed: dict[uuid.UUID, list[str]] = defaultdict(list)
    for review_id, revision_id, key, title in rows:
        wording = wordings[revision_id].get(key) if revision_id else None
        confirmed[review_id].append(wording.title if wording else title)
    milestones = load_milestones(session, item.milestones, user_id=item.user_id)
    return EvidenceDetail(
        item=item,
        milestones={each.key: each for each in milestones},
        reviews=reviews,
        confirmed={key: sorted(titles, key=fold) for key, titles in confirmed.items()},
    )


def load_reviews(session: Session, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[Review]]:
    """Load the reviews of each of these items, newest first. One statement."""
    session.flush()
    found: dict[uuid.UUID, list[Review]] = {key: [] for key in ids}
    for review in session.scalars(
        sa.select(Review)
        .where(Review.evidence_id.in_(ids))
        .order_by(Review.decided_at.desc(), Review.id.desc())
    ):
        found[review.evidence_id].append(review)
    return found


def load_imported_reviews(
    session: Session, ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, list[ImportedReview]]:
    """Load the imported reviews of each of these items, oldest first. One statement."""
    found: dict[uuid.UUID, list[ImportedReview]] = {key: [] for key in ids}
    for review in session.scalars(
        sa.select(ImportedReview)
        .where(ImportedReview.evidence_id.in_(ids))
        .order_by(ImportedReview.decided_at, ImportedReview.id)
    ):
        found[review.evidence_id].append(review)
    return found


def load_published_milestones(session: Session, user_id: uuid.UUID) -> dict[str, LinkableMilestone]:
    """Load every milestone of the published roadmaps by key, in two statements.

    The primary roadmap's milestones come first, then those of the user's other roadmaps.
    """
    own, others = own_and_other_roadmaps(session, user_id)
    found: dict[str, LinkableMilestone] = {}
    for content, slug in [(each, each.slug) for each in own] + [(each, "") for each in others]:
        prefix = "" if slug and len(own) == 1 else f"{content.title} · "
        for each in content.milestones:
            found.setdefault(
                each.key,
                LinkableMilestone(
                    each.key,
                    each.title,
                    each.evidence,
                    skills=each.skills,
                    place=f"{prefix}{content.stage_of[each.key].title}",
                    roadmap=slug,
                    slug=content.slug,
                    done_when=each.done_when,
                    folded=content.folded_milestones[each.key],
                ),
            )
    return found


def load_milestones(
    session: Session, keys: Collection[str], *, user_id: uuid.UUID
) -> tuple[LinkableMilestone, ...]:
    """Load the milestones with these keys for a user, in this order, and skip unknown keys.

    A milestone that was removed from its roadmap keeps its last title.
    """
    known = load_published_milestones(session, user_id)
    missing = [key for key in keys if key not in known]
    for key, title, definition in session.execute(
        sa.select(Milestone.key, Milestone.title, Milestone.definition).where(
            Milestone.key.in_(missing)
        )
    ):
        known[key] = LinkableMilestone(
            key,
            title,
            tuple(definition.get("evidence", ())),
            done_when=str(definition.get("done_when", "")),
        )
    return tuple(known[key] for key in keys if key in known)


def load_provable_milestones(session: Session, keys: Sequence[str], kind: str) -> list[str]:
    """Return the keys of those milestones that evidence of a kind proves, in this order.

    An item linked to none of them cannot be submitted, because there is nothing to confirm.
    """
    proved = Milestone.kinds.contains(f",{kind},", autoescape=True)
    found = set(session.scalars(sa.select(Milestone.key).where(Milestone.key.in_(keys), proved)))
    return [key for key in keys if key in found]


def search_milestones(
    session: Session, text: str, *, user_id: uuid.UUID, kind: str, exclude: Collection[str]
) -> tuple[LinkableMilestone, ...]:
    """Search the milestones of the user's roadmaps; return up to twelve, best match first.

    Matches as the global search does. Without words, return up to three milestones that the user
    has done without evidence and that evidence of `kind` proves ('' for any kind).
    """
    words = search_words(text)
    published = load_published_milestones(session, user_id).values()
    if not words:
        unproven = find_unproven_milestones(session, published, user_id=user_id, kind=kind)
        return tuple(each for each in unproven if each.key not in exclude)[:3]
    found: list[tuple[int, LinkableMilestone]] = []
    for each in published:
        if not each.roadmap or each.key in exclude:
            continue
        if (place := rank(words, *each.folded)) is not None:
            found.append((place, each))
    return tuple(each for _place, each in sorted(found, key=lambda pair: pair[0])[:12])


def find_unproven_milestones(
    session: Session, milestones: Iterable[LinkableMilestone], *, user_id: uuid.UUID, kind: str
) -> list[LinkableMilestone]:
    """Return those milestones of the user's roadmaps that are done without evidence so far.

    Only milestones that evidence of `kind` proves, if it is not ''.
    """
    linked = sa.exists().where(
        EvidenceMilestone.user_id == user_id,
        EvidenceMilestone.milestone_key == MilestoneStatus.milestone_key,
    )
    query = sa.select(MilestoneStatus.milestone_key).where(
        MilestoneStatus.user_id == user_id, MilestoneStatus.status == "done", ~linked
    )
    unproven = set(session.scalars(query))
    return [
        each
        for each in milestones
        if each.roadmap and each.key in unproven and (not kind or kind in each.kinds)
    ]


def load_skill_titles(session: Session) -> dict[str, str]:
    """Load the titles of all skills by key, sorted by title."""
    titles = session.execute(sa.select(Skill.key, Skill.title))
    return dict(sorted(iter(titles), key=lambda skill: fold(skill[1])))
