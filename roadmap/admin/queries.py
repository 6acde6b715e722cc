"""Read accounts, teams, the audit log and the state of this installation.

Personal records are only counted.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.auth.email_addresses import email_key
from roadmap.auth.models import AccountDeletion, LoginSession, PendingEmail
from roadmap.core.text import fold, parse_uuid, search_words
from roadmap.evidence.constants import AWAITING_REVIEW
from roadmap.evidence.models import Evidence
from roadmap.invitations.models import Invitation
from roadmap.invitations.queries import IS_OPEN
from roadmap.mail.models import OutgoingMail
from roadmap.people.models import AuditEntry, Membership, Team, User
from roadmap.people.reach import select_holders, select_teams_with_holder, team_tree
from roadmap.people.roles import ROLES, Capability
from roadmap.people.rules import by_name

PAGE_SIZE = 50
_ACTIVE: Any = User.deactivated_at.is_(None)
_HAS_PENDING_EMAIL = sa.exists().where(PendingEmail.user_id == User.id).correlate(User)
_IS_PENDING_DELETION = sa.exists().where(AccountDeletion.user_id == User.id).correlate(User)
_HAS_PEOPLE = (
    sa.exists()
    .where(Membership.team_id == Team.id, Membership.user_id == User.id, _ACTIVE)
    .correlate(Team)
)
NEWEST_ENTRIES_FIRST = sa.select(AuditEntry).order_by(AuditEntry.id.desc())
# The groups that accounts can be filtered by.
GROUPS: dict[str, tuple[Any, ...]] = {
    "active": (_ACTIVE,),
    "deactivated": (~_ACTIVE, ~_IS_PENDING_DELETION),
    "leaving": (_IS_PENDING_DELETION,),
    "administrators": (_ACTIVE, User.is_admin),
    "unconfirmed": (_ACTIVE, _HAS_PENDING_EMAIL),
}


@dataclass(frozen=True, slots=True)
class AccountPage:
    """A page of accounts and their teams. `found` counts all pages; `page` starts at 1."""

    rows: Sequence[Any]
    teams: Mapping[uuid.UUID, Sequence[Any]]
    found: int
    page: int

    @property
    def pages(self) -> int:
        return -(-self.found // PAGE_SIZE) or 1


@dataclass(frozen=True, slots=True)
class TeamRow:
    """A team with the number of its direct active members per role of `ROLES`.

    `is_managed` is whether it or a team above has a manager.
    """

    id: uuid.UUID
    slug: str
    name: str
    parent_id: uuid.UUID | None
    is_managed: bool
    counts: dict[str, int]

    @property
    def people(self) -> int:
        return sum(self.counts.values())


def load_overview(session: Session, *, now: dt.datetime) -> Any:
    """Load figures of the installation, and the errors of the last failed mails."""

    def count(table: Any, *conditions: Any) -> Any:
        return sa.select(sa.func.count()).select_from(table).where(*conditions).scalar_subquery()

    def last_failed(column: Any, condition: Any) -> Any:
        when = sa.func.coalesce(OutgoingMail.failed_at, OutgoingMail.created_at)
        failed = sa.select(column).where(OutgoingMail.error != "", condition)
        return failed.order_by(when.desc(), OutgoingMail.id.desc()).limit(1).scalar_subquery()

    managed = select_teams_with_holder(Capability.MANAGE_TEAM)
    waits = OutgoingMail.due_at.is_not(None)
    oldest = sa.select(sa.func.min(OutgoingMail.created_at)).where(waits)
    error, failed_at = OutgoingMail.error, OutgoingMail.failed_at
    backup = sa.select(AuditEntry.at).where(AuditEntry.action == "backup.created")
    return session.execute(
        sa.select(
            count(User, _ACTIVE).label("active"),
            count(User, ~_ACTIVE, ~_IS_PENDING_DELETION).label("deactivated"),
            count(AccountDeletion).label("leaving"),
            count(User, _ACTIVE, User.is_admin).label("administrators"),
            count(User, _ACTIVE, User.is_admin, User.password_hash.is_not(None)).label(
                "administrators_able"
            ),
            count(User, _ACTIVE, _HAS_PENDING_EMAIL).label("unconfirmed"),
            count(Team).label("teams"),
            count(Team, _HAS_PEOPLE, Team.id.not_in(managed)).label("unmanaged"),
            count(Invitation, IS_OPEN, Invitation.expires_at > now).label("invitations"),
            count(OutgoingMail, waits).label("mail_waiting"),
            oldest.scalar_subquery().label("mail_since"),
            count(OutgoingMail, ~waits, OutgoingMail.sent_at.is_(None)).label("mail_given_up"),
            sa.func.coalesce(last_failed(error, ~waits), "").label("mail_error"),
            last_failed(failed_at, ~waits).label("mail_failed_at"),
            sa.func.coalesce(last_failed(error, waits), "").label("mail_retry_error"),
            last_failed(failed_at, waits).label("mail_retry_failed_at"),
            last_failed(OutgoingMail.due_at, waits).label("mail_retry_at"),
            backup.order_by(AuditEntry.id.desc()).limit(1).scalar_subquery().label("backup_at"),
        )
    ).one()


def list_accounts(session: Session, *, q: str = "", group: str = "", page: int = 1) -> AccountPage:
    """List a page of accounts by name, in three statements."""
    conditions = [*GROUPS.get(group, ())]
    if q:
        conditions.append(_matches(q))
    found = session.scalar(sa.select(sa.func.count()).select_from(User).where(*conditions)) or 0
    page = max(1, min(page, -(-found // PAGE_SIZE)))
    rows = session.execute(
        _select_accounts()
        .where(*conditions)
        .order_by(User.search_text, User.id)
        .limit(PAGE_SIZE)
        .offset((page - 1) * PAGE_SIZE)
    ).all()
    teams = _teams_of(session, [row.id for row in rows])
    return AccountPage(rows, teams, found, page)


def find_people(session: Session, q: str, *, limit: int) -> Sequence[Any]:
    """Find the account with this id or address, or else at most `limit` matching accounts."""
    people = sa.select(User.id, User.name, User.email).limit(limit)
    key = parse_uuid(q)
    is_exact = User.id == key if key else User.email_key == email_key(q)
    exact = session.execute(people.where(is_exact)).all()
    matching = people.where(_matches(q)).order_by(User.search_text, User.id)
    return exact or session.execute(matching).all()


def _matches(q: str) -> sa.ColumnElement[bool]:
    """Return the condition that name and address contain all words, or the address contains `q`."""
    words = [User.search_text.contains(word, autoescape=True) for word in search_words(q) or [q]]
    return sa.or_(sa.and_(*words), User.email_key.contains(email_key(q), autoescape=True))


def load_account(session: Session, user_id: uuid.UUID) -> tuple[Any, Sequence[Any]]:
    """Load an account and its teams. Raises NoResultFound."""
    account = session.execute(_select_accounts().where(User.id == user_id)).one()
    return account, _teams_of(session, [user_id])[user_id]


def _select_accounts() -> Any:
    def latest(column: Any, owner_column: Any) -> Any:
        return sa.select(sa.func.max(column)).where(owner_column == User.id).scalar_subquery()

    return sa.select(
        User.id,
        User.name,
        User.email,
        _HAS_PENDING_EMAIL.label("has_pending_email"),
        User.is_admin,
        User.password_hash.is_not(None).label("has_password"),
        User.created_at,
        User.deactivated_at,
        latest(AccountDeletion.due_at, AccountDeletion.user_id).label("deletion_due_at"),
        latest(LoginSession.last_seen_at, LoginSession.user_id).label("last_seen_at"),
        # Without sessions, the last use is the last entry in the audit log, such as a sign-in.
        latest(AuditEntry.at, AuditEntry.actor_id).label("last_use_at"),
    )


def _teams_of(session: Session, user_ids: list[uuid.UUID]) -> dict[uuid.UUID, list[Any]]:
    rows = session.execute(
        sa.select(Membership.user_id, Team.slug, Team.name, Membership.role)
        .join_from(Membership, Team, Team.id == Membership.team_id)
        .where(Membership.user_id.in_(user_ids))
    )
    found: dict[uuid.UUID, list[Any]] = defaultdict(list)
    for row in sorted(rows, key=by_name):
        found[row.user_id].append(row)
    return found


def list_teams(session: Session) -> list[TeamRow]:
    """List every team by name with its counts, in one statement."""
    counted = (
        sa.select(Membership.team_id, Membership.role, sa.func.count().label("people"))
        .join_from(Membership, User, User.id == Membership.user_id)
        .where(_ACTIVE)
        .group_by(Membership.team_id, Membership.role)
        .subquery()
    )
    rows = session.execute(
        sa.select(
            Team.id,
            Team.slug,
            Team.name,
            Team.parent_id,
            Team.id.in_(select_teams_with_holder(Capability.MANAGE_TEAM)),
            counted.c.role,
            counted.c.people,
        ).join_from(Team, counted, counted.c.team_id == Team.id, isouter=True)
    )
    teams: dict[uuid.UUID, TeamRow] = {}
    for team_id, slug, name, parent_id, is_managed, role, people in rows:
        new = TeamRow(team_id, slug, name, parent_id, is_managed, dict.fromkeys(ROLES, 0))
        team = teams.setdefault(team_id, new)
        if role:
            team.counts[role] = people
    return sorted(teams.values(), key=by_name)


@dataclass(frozen=True, slots=True)
class AffectedMember:
    """A person affected by the deletion of a team; `waiting` counts their evidence in review."""

    id: uuid.UUID
    name: str
    is_teamless: bool
    is_unreviewed: bool
    waiting: int


def list_affected_members(session: Session, team_id: uuid.UUID) -> list[AffectedMember]:
    """List people who would be left without a team or a reviewer if a team were deleted."""
    tree = set(session.scalars(team_tree(team_id)))
    below = tree - {team_id}
    people = sa.select(Membership.user_id).where(Membership.team_id.in_(tree))
    reviewed, still_reviewed = set(), set()
    # A role in the team or above it applies to nested teams only through the team.
    for row in session.execute(select_holders(people, Capability.REVIEW)):
        reviewed.add(row.person)
        if row.team not in tree or (row.team in below and row.held_in in below):
            still_reviewed.add(row.person)
    elsewhere = sa.exists().where(Membership.user_id == User.id, Membership.team_id != team_id)
    waiting = (
        sa.select(sa.func.count())
        .where(Evidence.user_id == User.id, Evidence.state.in_(AWAITING_REVIEW))
        .correlate(User)
        .scalar_subquery()
    )
    columns = sa.select(User.id, User.name, sa.not_(elsewhere), waiting)
    found = [
        AffectedMember(key, name, bool(is_teamless), key in reviewed - still_reviewed, number)
        for key, name, is_teamless, number in session.execute(
            columns.where(User.id.in_(people), _ACTIVE)
        )
    ]
    lost = [each for each in found if each.is_teamless or each.is_unreviewed]
    return sorted(lost, key=lambda each: (fold(each.name), each.id))


def list_audit_entries(
    session: Session, statement: sa.Select[AuditEntry], before: int | None
) -> tuple[Sequence[AuditEntry], int | None]:
    """List a page of the audit log, with the cursor of the next page."""
    query = statement.limit(PAGE_SIZE + 1)
    if before is not None:
        query = query.where(AuditEntry.id < before)
    rows = session.scalars(query).all()
    return rows[:PAGE_SIZE], rows[PAGE_SIZE - 1].id if len(rows) > PAGE_SIZE else None


def has_more_audit_entries(session: Session, statement: sa.Select[AuditEntry], limit: int) -> bool:
    """Return whether more than `limit` entries match."""
    beyond = statement.with_only_columns(AuditEntry.id).offset(limit).limit(1)
    return session.scalar(beyond) is not None


def find_last_roadmap_load(session: Session) -> AuditEntry | None:
    """Find the audit entry of the last loaded or refused roadmap files."""
    loads = AuditEntry.action.in_(("roadmap.loaded", "roadmap.refused"))
    return session.scalars(NEWEST_ENTRIES_FIRST.where(loads).limit(1)).first()


def find_prune_cutoff(session: Session) -> dt.date | None:
    """Return the day before which audit entries were last pruned, or None."""
    pruned = NEWEST_ENTRIES_FIRST.where(AuditEntry.action == "audit.pruned")
    entry = session.scalars(pruned.limit(1)).first()
    return dt.date.fromisoformat(entry.target) if entry else None


def load_user_names(session: Session, ids: Iterable[uuid.UUID]) -> dict[uuid.UUID | None, str]:
    """Load the names of people by id, except those without an account."""
    rows = session.execute(sa.select(User.id, User.name).where(User.id.in_(set(ids))))
    return {row.id: row.name for row in rows}


def load_user_emails(
    session: Session, ids: Collection[uuid.UUID | None]
) -> dict[uuid.UUID | None, str]:
    """Load the e-mail addresses of people by id, except those without an account."""
    rows = session.execute(sa.select(User.id, User.email).where(User.id.in_(ids)))
    return {row.id: row.email for row in rows}
