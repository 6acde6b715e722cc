"""Load a portfolio as a `Document`, in a constant number of statements.

Only items that are in the portfolio and public now are loaded. Withdrawn items affect no text, no
count and no order.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.badges.queries import badge_addresses
from roadmap.career import queries as career
from roadmap.catalog.models import Milestone, Roadmap
from roadmap.core.i18n import _, show_date
from roadmap.core.link_secrets import strip_secrets
from roadmap.core.markdown import count_parts, to_excerpt
from roadmap.core.stale_forms import RowDeleted
from roadmap.core.text import clean_line
from roadmap.endorsements.models import Endorsement
from roadmap.endorsements.queries import load_positive_endorsements
from roadmap.evidence import labels
from roadmap.evidence.constants import AWAITING_REVIEW
from roadmap.evidence.item import Audience, Item, Link
from roadmap.evidence.loader import load_user_items
from roadmap.evidence.models import ImportedReview, Review
from roadmap.evidence.queries import load_imported_reviews, load_reviews, verifying_review
from roadmap.people.labels import reviewer_label
from roadmap.people.models import User
from roadmap.people.reach import load_holders
from roadmap.people.roles import Capability
from roadmap.portfolio.document import (
    Degree,
    Document,
    DocumentItem,
    Position,
    Profile,
    Skill,
    Tone,
    clean_texts,
)
from roadmap.portfolio.markdown_writer import escape
from roadmap.portfolio.models import Portfolio, Redaction
from roadmap.portfolio.profiles import NETWORKS, account_name
from roadmap.portfolio.sections import shown
from roadmap.portfolio.selection import (
    blank_portfolio,
    chosen_ids,
    load_choices,
    load_profiles,
)
from roadmap.progress.models import Enrollment, MilestoneStatus
from roadmap.skills import queries as skills

# Forms accept 20,000 characters in a description or a position's summary. If all of them together
# exceed this limit, a document shows excerpts, so that the time to render it is bounded.
MAX_DOCUMENT_LENGTH = 600_000
# The same for the tokens that the Markdown parser processes: ordinary text has one per 40
# characters.
MAX_DOCUMENT_PARTS = 15_000
EXCERPT_LENGTH = 400


def load_document(
    session: Session, user_id: uuid.UUID, today: dt.date, portfolio_id: uuid.UUID | None = None
) -> Document:
    """Load what a portfolio of the person shows on this day, by default their default portfolio.

    Progress figures are omitted, because they also depend on evidence that is not shown. Raises
    RowDeleted if the person or the portfolio does not exist.
    """
    is_wanted = Portfolio.is_default if portfolio_id is None else Portfolio.id == portfolio_id
    is_primary = sa.and_(Enrollment.user_id == User.id, Enrollment.is_primary)
    row = session.execute(
        sa.select(User, Portfolio, Roadmap.title)
        .outerjoin(Portfolio, sa.and_(Portfolio.user_id == User.id, is_wanted))
        .outerjoin(Enrollment, is_primary)
        .outerjoin(Roadmap, Roadmap.id == Enrollment.roadmap_id)
        .where(User.id == user_id)
    ).first()
    # A person's first portfolio has the person's id, even before its row exists.
    if row is None or (row.Portfolio is None and portfolio_id not in (None, user_id)):
        raise RowDeleted(f"no portfolio {portfolio_id} of {user_id}")
    person, roadmap_title = row.User, row.title
    portfolio = row.Portfolio or blank_portfolio(user_id, person.created_at)
    zone = ZoneInfo(person.timezone)
    sections = shown(portfolio.section_order, portfolio.hidden_sections)
    worked = career.positions(session, user_id) if "experience" in sections else []
    learned = career.degrees(session, user_id) if "education" in sections else []
    summaries = _shorten_long([position.summary for position in worked])
    document = Document(
        name=person.name,
        generated_on=today,
        id=str(portfolio.id),
        email=person.email if portfolio.shows_email and person.email_key else None,
        profiles=_load_profiles(session, portfolio),
        sections=sections,
        headline=portfolio.headline or person.headline,
        introduction_md=portfolio.introduction if "introduction" in sections else "",
        roadmap_title=roadmap_title,
        positions=tuple(
            Position(p.title, p.employer, p.started_on, p.ended_on, p.is_ml, summary, str(p.id))
            for p, summary in zip(worked, summaries, strict=True)
        ),
        degrees=tuple(
            Degree(d.level, d.field, d.institution, d.awarded_on, str(d.id)) for d in learned
        ),
        skills=_load_skills(session, portfolio, today, zone) if "skills" in sections else (),
        items=_load_items(session, portfolio, today, zone) if "evidence" in sections else (),
        locale=person.locale,
    )
    return clean_texts(document)


def _load_profiles(session: Session, portfolio: Portfolio) -> tuple[Profile, ...]:
    chosen = portfolio.shown_profiles.split()
    return tuple(
        Profile(key, _(NETWORKS[key].title), account_name(key, url), url)
        for key, url in (load_profiles(session, portfolio.user_id) if chosen else {}).items()
        if key in chosen
    )


@dataclass(frozen=True, slots=True)
class _Facts:
    """Data about all items of a portfolio, loaded at once for `_document_item`.

    - `judgements`: reviews by item
    - `elsewhere`: imported reviews by unverified item
    - `proven_by`: the evidence kinds that prove each linked milestone that the person has done
    - `seen`: endorsements by person and milestone
    - `badges`: URLs of signed badges by item
    - `drafts`: items that somebody could review
    """

    judgements: Mapping[uuid.UUID, Sequence[Review]]
    elsewhere: Mapping[uuid.UUID, Sequence[ImportedReview]]
    proven_by: Mapping[str, Collection[str]]
    seen: Mapping[tuple[uuid.UUID, str], Sequence[Endorsement]]
    badges: Mapping[str, str]
    drafts: Collection[uuid.UUID]
    today: dt.date
    zone: ZoneInfo


def _load_items(
    session: Session, portfolio: Portfolio, today: dt.date, zone: ZoneInfo
) -> tuple[DocumentItem, ...]:
    """Load the items of a portfolio as the public sees them, in order. Eleven statements."""
    user_id, choices = portfolio.user_id, load_choices(session, portfolio.id)
    if not (chosen := chosen_ids(choices)):
        return ()
    public = {item.id: item for item in load_user_items(session, Audience.PUBLIC, user_id)}
    items = [public[key] for key in chosen if key in public]
    verified = [item.id for item in items if item.verified]
    others = [item.id for item in items if not item.verified]
    judgements = load_reviews(session, verified) if verified else {}
    drafts = {item.id for item in items if item.is_draft}
    facts = _Facts(
        judgements=judgements,
        elsewhere=load_imported_reviews(session, others) if others else {},
        proven_by=_load_done_milestones(session, user_id, items),
        seen=load_positive_endorsements(
            session, [user_id], {key for item in items for key in item.milestones}
        ),
        badges=badge_addresses(session, user_id) if judgements else {},
        # Without a manager, nothing can be reviewed, so "draft" would be misleading.
        drafts=drafts if drafts and load_holders(session, user_id, Capability.REVIEW) else (),
        today=today,
        zone=zone,
    )
    shown = []
    for item in items:
        made, redaction = _document_item(item, facts), choices[item.id].redaction
        shown.append(redacted(made, redaction, portfolio.id) if redaction else made)
    descriptions = _shorten_long([each.description for each in shown])
    return tuple(
        replace(each, description=text) for each, text in zip(shown, descriptions, strict=True)
    )


def redacted(item: DocumentItem, redaction: Redaction, portfolio_id: uuid.UUID) -> DocumentItem:
    """Return the redacted form of an item.

    Every field is listed here, so that a field added later stays hidden by default.
    """
    return DocumentItem(
        is_redacted=True,
        id=str(uuid.uuid5(portfolio_id, item.id)),
        title=redaction.title,
        description=redaction.description,
        impacts=tuple(replace(impact, source_url="") for impact in item.impacts)
        if redaction.shows_impacts
        else (),
        kind=item.kind,
        kind_label=item.kind_label,
        occurred_on=item.occurred_on,
        issued_on=item.issued_on,
        expires_on=item.expires_on,
        verified_for=item.verified_for,
        linked_to=item.linked_to,
        skills=item.skills,
        tone="redacted" if item.tone == "verified" else item.tone,
        is_draft=item.is_draft,
        verified_by=item.verified_by,
        verified_on=item.verified_on,
        verifiers=item.verifiers,
        newer_since=item.newer_since,
    )


def _shorten_long(texts: Sequence[str]) -> list[str]:
    """Return the texts, or excerpts of them if together they would take too long to render."""
    length, parts = sum(map(len, texts)), sum(map(count_parts, texts))
    if length <= MAX_DOCUMENT_LENGTH and parts <= MAX_DOCUMENT_PARTS:
        return list(texts)
    return [
        text if len(text) <= EXCERPT_LENGTH else escape(to_excerpt(text, EXCERPT_LENGTH))
        for text in texts
    ]


def _load_done_milestones(
    session: Session, user_id: uuid.UUID, items: Iterable[Item]
) -> dict[str, Collection[str]]:
    """Load the evidence kinds that prove each linked milestone that the person has done, by key."""
    rows = session.execute(
        sa.select(Milestone.key, Milestone.definition)
        .join(MilestoneStatus, MilestoneStatus.milestone_key == Milestone.key)
        .where(
            MilestoneStatus.user_id == user_id,
            MilestoneStatus.status == "done",
            Milestone.key.in_({key for item in items for key in item.milestones}),
        )
    )
    return {key: definition.get("evidence", ()) for key, definition in rows}


def _document_item(item: Item, facts: _Facts) -> DocumentItem:
    """Return an item as readers see it.

    The linked milestones included are those that a reviewer confirmed, and those that the person
    has done and that this kind of evidence proves. If reviewers differ between the confirmed
    milestones, each one names its own.
    """
    version, zone = item.version, facts.zone
    judgements = facts.judgements.get(item.id, ())
    review = verifying_review(item, judgements)
    # Cleaned in the same way as the item's title, with which it is compared.
    verified_title = strip_secrets(review.title) if review else ""
    confirmed = [link for link in item.links if link.confirmed]
    linked = [
        link
        for link in item.links
        if not link.confirmed and version.kind in facts.proven_by.get(link.key, ())
    ]
    titles = [_verified_for(link, zone) for link in confirmed]
    is_alike = len({labels.confirmed_by(link) for link in confirmed}) < 2
    if not is_alike:
        decided: dict[uuid.UUID | None, dt.date] = {
            each.id: each.decided_at.astimezone(zone).date() for each in judgements
        }
        titles = [
            _(
                "%(title)s, by %(name)s on %(date)s",
                title=title,
                name=labels.confirmed_by(link),
                date=show_date(decided[link.review_id]),
            )
            for title, link in zip(titles, confirmed, strict=True)
        ]
    complete = tuple(impact for impact in version.impacts if impact.is_complete)
    badge = None if item.has_lapsed(facts.today) else facts.badges.get(str(item.id))
    return DocumentItem(
        **(version.content | {"impacts": complete}),
        id=str(item.id),
        title=item.title,
        kind_label=_kind_label(item, facts.today),
        verified_for=tuple(titles),
        linked_to=tuple(link.title for link in linked),
        witnessed=_endorsement_lines(item, linked, facts),
        also_witnessed=_endorsement_lines(item, confirmed, facts),
        reviewed_elsewhere=_reviewed_elsewhere(item, facts),
        badges=(badge,) if badge else (),
        skills=tuple(skill.title for skill in item.skills),
        tone=_tone(item, facts.today),
        is_draft=item.id in facts.drafts,
        verified_by=labels.verified_by(item) if review else None,
        verified_on=review.decided_at.astimezone(zone).date() if review and is_alike else None,
        verifiers=item.verifiers,
        verified_title=verified_title if verified_title not in ("", item.title) else None,
        newer_since=_newer_since(item, zone),
    )


def _newer_since(item: Item, zone: ZoneInfo) -> dt.date | None:
    """Return the date since which a version newer than the verified one awaits review, or None.

    A verified version cannot be resubmitted, so a version that awaits review is a newer one.
    """
    if item.verified_number is None or item.state not in AWAITING_REVIEW:
        return None
    return (item.submitted_at or item.updated_at).astimezone(zone).date()


def _verified_for(link: Link, zone: ZoneInfo) -> str:
    """Return the title of a confirmed milestone, with the confirmed wording if it has changed."""
    wording = link.confirmed_wording
    if wording is None:
        return link.title
    return _(
        "%(title)s (confirmed against the wording of %(date)s, revision %(number)d: “%(was)s”, "
        "done when, addressed to the author: “%(done_when)s”)",
        title=link.title,
        date=show_date(wording.published_at.astimezone(zone).date()),
        number=wording.revision,
        was=wording.title,
        done_when=wording.done_when.rstrip("."),
    )


def _reviewed_elsewhere(item: Item, facts: _Facts) -> tuple[str, ...]:
    """Return the name and date of each imported review that verified this version and title."""
    return tuple(
        _(
            "%(name)s on %(date)s",
            name=reviewer_label(
                each.reviewer_name, each.added_by_author, each.by_token, each.basis
            ),
            date=show_date(each.decided_at.astimezone(facts.zone).date()),
        )
        for each in facts.elsewhere.get(item.id, ())
        if each.decision == "verified"
        and each.version_number == item.version.number
        and strip_secrets(each.title) in ("", item.title)
    )


def _endorsement_lines(item: Item, links: Iterable[Link], facts: _Facts) -> tuple[str, ...]:
    said = (each for link in links for each in facts.seen.get((item.user_id, link.key), ()))
    return tuple(_endorsement_line(each, facts.zone) for each in said)


def _endorsement_line(endorsement: Endorsement, zone: ZoneInfo) -> str:
    line = _(
        "%(title)s: %(name)s on %(date)s",
        title=endorsement.title,
        name=endorsement.witness_label,
        date=show_date((endorsement.answered_at or endorsement.created_at).astimezone(zone).date()),
    )
    statement = clean_line(endorsement.statement)
    return _("%(line)s: “%(statement)s”", line=line, statement=statement) if statement else line


def _tone(item: Item, today: dt.date) -> Tone:
    if item.has_lapsed(today):
        return "lapsed"
    return "verified" if item.verified else "unverified"


def _kind_label(item: Item, today: dt.date) -> str:
    """Return the label of the kind, with the date on which the item lapsed if it has."""
    label, expires_on = labels.kind_label(item.version.kind), item.version.expires_on
    if expires_on is not None and expires_on.last < today:
        return _("%(kind)s, lapsed %(date)s", kind=label, date=show_date(expires_on))
    return label


def _load_skills(
    session: Session, portfolio: Portfolio, today: dt.date, zone: ZoneInfo
) -> tuple[Skill, ...]:
    """Load the skills that a portfolio shows; a manager's assessment precedes the person's own."""
    own, other = skills.latest_assessments(session, portfolio.user_id)
    found = {**own, **other} if portfolio.shows_self_assessed else other
    left_out = portfolio.left_out_skills.split()
    return tuple(
        Skill(
            title=skill.title,
            group=skill.group,
            level=judged.level,
            level_text=skill.levels[judged.level],
            bar=skill.bar,
            assessed_by="manager" if skill.key in other else "self",
            assessor=judged.name if skill.key in other else "",
            assessed_on=judged.at.astimezone(zone).date(),
            is_old=judged.is_old(today),
        )
        for skill in skills.known_skills(session, portfolio.user_id).values()
        if (judged := found.get(skill.key))
        and judged.level
        and skill.key not in left_out
        and (portfolio.shows_below_bar or judged.level >= skill.bar)
    )
