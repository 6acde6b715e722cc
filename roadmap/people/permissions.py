"""The permission table: a small predicate for each named action.

Predicates only use generic attributes of rows, such as `user_id`, not those of a feature.
`<noun>.read` decides whether a row exists for an actor (404 otherwise), and the action itself
decides the rest (403).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, abort, g
from sqlalchemy.orm import Session

from roadmap.people.actor import Actor
from roadmap.people.models import Team
from roadmap.people.queries import memberships
from roadmap.people.roles import Capability
from roadmap.people.scopes import find_refusal

MaybeActor = Actor | None


Predicate = Callable[[MaybeActor, Any], bool]
Row = TypeVar("Row")
View = TypeVar("View", bound=Callable[..., Any])


def anyone(_actor: MaybeActor, _subject: Any) -> bool:
    return True


def signed_in(actor: MaybeActor, _subject: Any) -> bool:
    return actor is not None


def own(actor: MaybeActor, subject: Any) -> bool:
    return actor is not None and (subject is None or subject.user_id == actor.id)


def over_person(capability: Capability) -> Predicate:
    """Build a predicate: the actor has a capability over the owner of the subject."""
    return _capability_predicate(
        capability, lambda actor, subject: actor.has_capability_over(capability, subject.user_id)
    )


def in_team(capability: Capability) -> Predicate:
    """Build a predicate: the actor has a capability in the team that is the subject."""
    return _capability_predicate(
        capability, lambda actor, team: actor.has_capability_in(capability, team.id)
    )


def _capability_predicate(capability: Capability, holds: Callable[[Actor, Any], bool]) -> Predicate:
    """Build a predicate; without a subject, having the capability anywhere is enough."""
    return lambda actor, subject: (
        actor is not None
        and (capability in actor.capabilities if subject is None else holds(actor, subject))
    )


def shared(_actor: MaybeActor, subject: Any) -> bool:
    """Return whether the owner shares the row with others in their teams."""
    return subject is None or bool(getattr(subject, "is_shared", False))


def is_member(actor: MaybeActor, subject: Any) -> bool:
    """Return whether the actor is a member of this team."""
    return actor is not None and (subject is None or subject.id in actor.own_teams)


def is_administrator(actor: MaybeActor, _subject: Any) -> bool:
    return actor is not None and actor.is_admin


def all_of(*predicates: Predicate) -> Predicate:
    return lambda actor, subject: all(predicate(actor, subject) for predicate in predicates)


def any_of(*predicates: Predicate) -> Predicate:
    return lambda actor, subject: any(predicate(actor, subject) for predicate in predicates)


PERMISSIONS: dict[str, Predicate] = {
    "public": anyone,
    "account.read": own,
    "account.write": own,
    "archive.read": own,
    # All of a person's data at once, so not available to read-only tokens.
    "archive.download": own,
    "archive.write": own,
    "roadmap.read": signed_in,
    # The endpoint for agents. Each tool requires a permission as well.
    "mcp.call": signed_in,
    "enrollment.read": own,
    "enrollment.write": own,
    "progress.read": own,
    "progress.write": own,
    "evidence.read": any_of(own, all_of(over_person(Capability.SEE_SHARED), shared)),
    "evidence.write": own,
    # Create and change evidence. Actors without evidence.write (draft tokens) only change drafts.
    "evidence.draft": own,
    "evidence.submit": own,
    "evidence.review": all_of(over_person(Capability.REVIEW), shared),
    "evidence.comment": any_of(own, all_of(over_person(Capability.COMMENT), shared)),
    "endorsement.read": own,
    "endorsement.write": own,
    "skill.read": own,
    "skill.assess_self": own,
    "skill.request": own,
    "skill.assess_other": over_person(Capability.ASSESS),
    "career.read": own,
    "career.write": own,
    "career_plan.read": own,
    "career_plan.write": own,
    "market.read": signed_in,
    "source.read": signed_in,
    "credential.read": own,
    "credential.write": own,
    "calendar.read": own,
    "calendar.write": own,
    "badge.read": own,
    "badge.write": own,
    # Nobody else ever sees offers, or whether there are any.
    "offer.read": own,
    "offer.write": own,
    "tool.read": own,
    "tool.write": own,
    # Nobody else ever sees hours, or whether there are any.
    "time.read": own,
    "time.write": own,
    # Nobody else ever sees the work log.
    "work_log.read": own,
    "work_log.write": own,
    # Nobody else ever sees absences or forecasts.
    "forecast.read": own,
    "snapshot.read": own,
    "absence.read": own,
    "absence.write": own,
    # Nobody else ever sees practice.
    "practice.read": own,
    "practice.write": own,
    "readiness.read": own,
    # Nobody else ever sees the list of changes.
    "activity.read": own,
    "portfolio.read": own,
    "portfolio.write": own,
    "home.read": signed_in,
    # Results only contain what the actor may see anyway.
    "search.read": signed_in,
    # Administrators see who is in a team, and nothing else.
    "team.list": signed_in,
    "team.read": any_of(in_team(Capability.SEE_SHARED), is_member, is_administrator),
    "team.matrix": in_team(Capability.SEE_SHARED),
    "team.members": any_of(in_team(Capability.MANAGE_TEAM), is_administrator),
    "team.invite": any_of(in_team(Capability.MANAGE_TEAM), is_administrator),
    "team.leave": is_member,
    # The shared profile of a person, which they may see as well.
    "person.read": any_of(own, over_person(Capability.SEE_SHARED)),
    "person.assess": over_person(Capability.ASSESS),
    "person.verify": over_person(Capability.REVIEW),
    # `review.read` is the page of a piece of evidence, `review.list` the review queue.
    "review.read": all_of(over_person(Capability.SEE_SHARED), shared),
    "review.list": over_person(Capability.REVIEW),
    "admin.read": is_administrator,
    "admin.write": is_administrator,
    "notification.read": own,
    "notification.write": own,
    "token.read": own,
    "token.write": own,
}


def can(actor: MaybeActor, action: str, subject: Any = None) -> bool:
    """Return whether an actor may do `action` to `subject`, or to any subject if None.

    The subject is a row, team or person, depending on the predicate. The scope of a token applies
    as well. Raises KeyError for an unknown action.
    """
    predicate = PERMISSIONS[action]
    if actor is not None and actor.scope is not None and find_token_refusal(actor, action):
        return False
    return predicate(actor, subject)


def find_token_refusal(actor: Actor, action: str) -> str:
    """Return why an actor's token may not do something, and the alternatives; "" if it may."""
    return str(find_refusal(actor.scope, action, may_judge=actor.judges_by_token) or "")


def load(session: Session, actor: MaybeActor, action: str, model: type[Row], key: Any) -> Row:
    """Load a row for an action. Aborts with 404 if it is not visible, or 403 if not permitted."""
    return check_access(actor, action, session.get(model, key))


def check_access(actor: MaybeActor, action: str, row: Row | None) -> Row:
    """Return a loaded row if the action is permitted. Aborts with 404 or 403 as `load` does."""
    readable = action.partition(".")[0] + ".read"
    if row is None or not can(actor, readable, row):
        abort(404)
    if not can(actor, action, row):
        g.refused_row_of = getattr(row, "user_id", None)
        abort(403)
    return row


def find_invitable_team(session: Session, actor: Actor) -> Team | None:
    """Find the first of an actor's own teams, by name, to which they may invite a manager."""
    own = (team for team, _role in memberships(session, actor.id))
    return next((team for team in own if can(actor, "team.invite", team)), None)


def permit(action: str) -> Callable[[View], View]:
    """Declare the permission of a view. The application refuses to start if one is missing."""
    if action not in PERMISSIONS:
        raise KeyError(f"no such permission: {action}")

    def mark(view: View) -> View:
        view.permission = action  # type: ignore[attr-defined]
        return view

    return mark


def permission_of(app: Flask, endpoint: str) -> str | None:
    return getattr(app.view_functions[endpoint], "permission", None)


def check_url_map(app: Flask) -> None:
    """Raise RuntimeError if a route declares no permission."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint != "static" and permission_of(app, rule.endpoint) is None:
            raise RuntimeError(f"{rule.rule} ({rule.endpoint}) declares no permission")


# The author of a write. An Actor's permission is checked again while holding the lock. An id is
# that of a person who needs no permission, because they accept an invitation or leave a team. None
# is the command line.
ActorOrId = Actor | uuid.UUID | None


class PermissionDenied(Exception):
    """The actor lost the permission while the request waited for a lock."""


def require_permission(by: ActorOrId, action: str, subject: Any = None) -> uuid.UUID | None:
    """Return the id of the actor, if still permitted. Call it while holding the lock.

    Raises PermissionDenied.
    """
    if not isinstance(by, Actor):
        return by
    by.refresh_permissions()
    if not can(by, action, subject):
        raise PermissionDenied(f"{by.id}: {action}")
    return by.id
