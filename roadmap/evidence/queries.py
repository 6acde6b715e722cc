"""Reading one item with its history, the judgements of many, and what an item can be linked to."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import Session

from roadmap.catalog.models import Milestone, Skill
from roadmap.catalog.queries import load_wordings
from roadmap.core.ranking import rank
from roadmap.core.text import fold, search_words
from roadmap.evidence.audience_sql import is_unjudged, is_visible
from roadmap.evidence.constants import AWAITING_REVIEW
from roadmap.evidence.item import Audience, Item
from roadmap.evidence.link_forms.registry import identifier_of
from roadmap.evidence.loader import load_item
from roadmap.evidence.models import (
    Confirmation,
    Evidence,
    EvidenceMilestone,
    EvidenceVersion,
    Review,
)
from roadmap.people import permissions
from roadmap.people.actor import Actor
from roadmap.people.models import HistoryEntry, User
from roadmap.people.reach import people_of, select_holders
from roadmap.people.roles import Capability
from roadmap.progress.models import MilestoneStatus
from roadmap.progress.queries import own_and_other_roadmaps


@dataclass(frozen=True, slots=True)
class UntickedMilestone:
    """A linked milestone that waits for its owner's tick.

    `roadmap` is a slug, `gain` what the tick adds to the score, as it is shown, and `why_none` why
    that is nothing.
    """

    roadmap: str
    gain: str
    why_none: str


@dataclass(frozen=True, slots=True)
class LinkedMilestones:
    """How many of the linked milestones are done, and those that wait for a tick, by key."""

    done: int
    unticked: Mapping[str, UntickedMilestone]


# The gain needs the rule of readiness, so a room above sets this (`journey.unticked_milestones`).
linked_milestones_lookups: list[Callable[[Session, Item, dt.date], LinkedMilestones]] = []

# The portfolio is a room above, so it sets this: how many open links show an item, None where it is
# not in the portfolio.
portfolio_lookups: list[Callable[[Session, Item, dt.datetime], int | None]] = []


@dataclass(frozen=True, slots=True)
class LinkableMilestone:
    """A milestone to link.

    `place` is its stage, after the title of its roadmap where a person has several; '' where no
    published roadmap has it any more. `roadmap` is the slug of one that the person is on, or
    could choose first, or ''; `slug` of the published one that has it.
    `folded` is what a search looks for, as in `Content.folded_milestones`.
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
    """An item as its page shows it to one audience; its reviews come newest first.

    `milestones` are those that it is linked to, by key. `confirmed` has the titles, as they were
    then, of the milestones that each review confirmed.
    """

    item: Item
    milestones: Mapping[str, LinkableMilestone]
    judgements: list[Review]
    confirmed: Mapping[uuid.UUID, list[str]]

    @property
    def verifying_review(self) -> Review | None:
        return verifying_review(self.item, self.judgements)

    @property
    def verified_title(self) -> str:
        """Return the title under which it was verified where it has another one now, else ''."""
        title = self.verifying_review.title if self.verifying_review else ""
        return title if title != self.item.title else ""

    @property
    def is_unchanged_since_review(self) -> bool:
        """Tell whether its author has changed nothing since the last review of it."""
        return bool(self.judgements) and self.item.updated_at <= self.judgements[0].decided_at


def load_own(session: Session, actor: Actor, action: str, evidence_id: uuid.UUID) -> Evidence:
    """Load a person's own item; 404 for anybody else.

    Managers may read what is shared, but have pages of their own: these also show unsubmitted edits
    and the whole history.
    """
    found = permissions.load(session, actor, action, Evidence, evidence_id)
    if found.user_id != actor.id:
        abort(404)
    return found


def load_last_visibility(session: Session, user_id: uuid.UUID) -> str:
    """Load whom a person lets see the newest item that they made; the team without any.

    What a token made was not their choice.
    """
    made = session.scalars(
        sa.select(HistoryEntry.subject)
        .where(HistoryEntry.user_id == user_id, HistoryEntry.action == "evidence.created")
        .where(HistoryEntry.data["token"].as_string().is_(None))
        .order_by(HistoryEntry.at.desc(), HistoryEntry.id.desc())
        # Of those that were not deleted, the newest tells.
        .limit(100)
    )
    newest = (
        sa.select(Evidence.visibility)
        .where(Evidence.user_id == user_id, Evidence.id.in_([uuid.UUID(key) for key in made]))
        .order_by(Evidence.created_at.desc(), Evidence.id.desc())
        .limit(1)
    )
    return session.scalar(newest) or "team"


def find_by_link(session: Session, user_id: uuid.UUID, url: str) -> Evidence | None:
    """Find a person's newest piece whose link leads to the same thing as `url`."""
    wanted = identifier_of(url)
    if not wanted:
        return None
    # The end of an identifier is in all its links, which leaves few to be compared.
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
    """Return who took up an item that is in review, if they still manage its author."""
    return load_reviewers(session, [evidence]).get(evidence.id)


def count_waiting_for(session: Session, reviewer_id: uuid.UUID) -> tuple[int, int]:
    """Count what waits for somebody's review, and how much of it nobody else can review."""
    people = people_of(reviewer_id, Capability.REVIEW)
    holders = select_holders(people, Capability.REVIEW).subquery()
    others = sa.select(holders.c.person).where(holders.c.holder != reviewer_id)
    waiting = sa.select(sa.func.count()).where(
        Evidence.state.in_(AWAITING_REVIEW),
        is_visible(Audience.MANAGER),
        Evidence.user_id.in_(people),
    )
    alone = waiting.where(Evidence.user_id.not_in(others))
    found = session.execute(sa.select(waiting.scalar_subquery(), alone.scalar_subquery())).one()
    return found[0], found[1]


def count_unjudged(session: Session, user_id: uuid.UUID) -> int:
    """Count what a person submitted and nobody here has ever reviewed."""
    query = sa.select(sa.func.count(Evidence.id)).where(
        Evidence.user_id == user_id,
        Evidence.state.in_(AWAITING_REVIEW),
        is_visible(Audience.MANAGER),
        is_unjudged(),
    )
    return session.scalar(query) or 0


def load_reviewers(session: Session, items: Iterable[Item | Evidence]) -> dict[uuid.UUID, User]:
    """Load who is reviewing those of the items that are in review, by the item's id.

    A reviewer who left the team, whose team moved in the tree or whose account was closed holds
    nobody up. At most one statement.
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


def verifying_review(item: Item, judgements: Iterable[Review]) -> Review | None:
    """Return the latest review that confirmed one of the item's links, None where it has none."""
    wanted = {link.review_id for link in item.links if link.confirmed}
    return next((each for each in judgements if each.id in wanted), None)


def load_detail(
    session: Session, audience: Audience, evidence_id: uuid.UUID
) -> EvidenceDetail | None:
    """Load everything about one item that an audience sees; None where it does not see it.

    The caller checks that the reader may see evidence of this person at all.
    """
    item = load_item(session, audience, evidence_id)
    if item is None:
        return None
    judgements = load_judgements(session, [item.id])[item.id]
    rows = session.execute(
        sa.select(
            Confirmation.review_id,
            Confirmation.roadmap_revision_id,
            Confirmation.milestone_key,
            Milestone.title,
        )
        .join(Milestone, Milestone.key == Confirmation.milestone_key)
        .where(Confirmation.review_id.in_([each.id for each in judgements]))
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
        judgements=judgements,
        confirmed={key: sorted(titles, key=fold) for key, titles in confirmed.items()},
    )


def load_judgements(session: Session, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[Review]]:
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


def load_published_milestones(session: Session, user_id: uuid.UUID) -> dict[str, LinkableMilestone]:
    """Load every milestone of the published roadmaps by key, in two statements.

    Those of the roadmaps that the person is on come first, the primary one's before all.
    """
    own, others = own_and_other_roadmaps(session, user_id)
    found: dict[str, LinkableMilestone] = {}
    for content, slug in [(each, each.slug) for each in own] + [(each, "") for each in others]:
        prefix = "" if slug and len(own) == 1 else f"{content.title} · "
        for each in content.milestones:
            place = f"{prefix}{content.stage_of[each.key].title}"
            found.setdefault(
                each.key,
                LinkableMilestone(
                    *(each.key, each.title, each.evidence, each.skills, place, slug),
                    slug=content.slug,
                    done_when=each.done_when,
                    folded=content.folded_milestones[each.key],
                ),
            )
    return found


def load_milestones(
    session: Session, keys: Collection[str], *, user_id: uuid.UUID
) -> tuple[LinkableMilestone, ...]:
    """Load the milestones with these keys for a person, in this order, without unknown keys.

    A milestone that a revision removed still has the title it last had.
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


def load_fitting_milestones(session: Session, keys: Sequence[str], kind: str) -> list[str]:
    """Load those of the milestones with these keys that evidence of a kind proves, in this order.

    A piece that is linked to none of them cannot be submitted: there is nothing to confirm.
    """
    proved = Milestone.kinds.contains(f",{kind},", autoescape=True)
    found = set(session.scalars(sa.select(Milestone.key).where(Milestone.key.in_(keys), proved)))
    return [key for key in keys if key in found]


def search_milestones(
    session: Session, text: str, *, user_id: uuid.UUID, kind: str, leave_out: Collection[str]
) -> tuple[LinkableMilestone, ...]:
    """Find at most twelve milestones as the search over everything does, the best first.

    Only the roadmaps that the person is on are searched. Without a word these are at most three of
    those that they have done without evidence, and that evidence of `kind` proves ('' for any).
    """
    words = search_words(text)
    unproven = set() if words else _load_unproven_milestones(session, user_id)
    if not words and not unproven:
        return ()
    found: list[tuple[int, LinkableMilestone]] = []
    for each in load_published_milestones(session, user_id).values():
        if not each.roadmap or each.key in leave_out:
            continue
        if not words:
            if each.key in unproven and (not kind or kind in each.kinds):
                found.append((0, each))
        elif (place := rank(words, *each.folded)) is not None:
            found.append((place, each))
    return tuple(
        each for _place, each in sorted(found, key=lambda pair: pair[0])[: 12 if words else 3]
    )


def _load_unproven_milestones(session: Session, user_id: uuid.UUID) -> set[str]:
    """Load the milestones that a person has done and linked to no evidence."""
    linked = sa.exists().where(
        EvidenceMilestone.user_id == user_id,
        EvidenceMilestone.milestone_key == MilestoneStatus.milestone_key,
    )
    query = sa.select(MilestoneStatus.milestone_key).where(
        MilestoneStatus.user_id == user_id, MilestoneStatus.status == "done", ~linked
    )
    return set(session.scalars(query))


def load_skill_titles(session: Session) -> dict[str, str]:
    """Load the title of each skill by key, ordered by title."""
    titles = session.execute(sa.select(Skill.key, Skill.title))
    return dict(sorted(iter(titles), key=lambda skill: fold(skill[1])))


def find_linked_milestones(session: Session, item: Item, today: dt.date) -> LinkedMilestones:
    """Return the owner's progress on the milestones that an item is linked to."""
    for lookup in linked_milestones_lookups:
        return lookup(session, item, today)
    return LinkedMilestones(0, {})


def count_public_links(session: Session, item: Item, now: dt.datetime) -> int | None:
    """Count the public links that show an item; None where it is not in the portfolio."""
    for lookup in portfolio_lookups:
        return lookup(session, item, now)
    return None
