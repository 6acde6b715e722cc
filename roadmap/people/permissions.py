"""Who may do what: one table, tiny predicates, every action named.

A subject is a row that belongs to a person: it carries `user_id` and nothing else is asked of
it, so this file needs to know no feature. `<noun>.read` decides whether a row exists at all for
an actor (404 otherwise); the action itself decides the rest (403).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from flask import Flask, abort
from sqlalchemy.orm import Session

from roadmap.people.actor import Actor

MaybeActor = Actor | None


class Owned(Protocol):
    user_id: uuid.UUID


Predicate = Callable[[MaybeActor, Any], bool]
Row = TypeVar("Row")
View = TypeVar("View", bound=Callable[..., Any])


def anyone(_actor: MaybeActor, _subject: Any) -> bool:
    return True


def signed_in(actor: MaybeActor, _subject: Any) -> bool:
    return actor is not None


def own(actor: MaybeActor, subject: Any) -> bool:
    return actor is not None and (subject is None or subject.user_id == actor.id)


def manages(actor: MaybeActor, subject: Any) -> bool:
    """Is a manager of a team of the person it belongs to, and is not that person."""
    if actor is None:
        return False
    if subject is None:
        return actor.manages or bool(actor.managed_people)
    return subject.user_id != actor.id and subject.user_id in actor.managed_people


def shared(_actor: MaybeActor, subject: Any) -> bool:
    """The row itself says whether it is shared with the managers of its person."""
    return subject is None or bool(getattr(subject, "is_shared", False))


def leads(actor: MaybeActor, subject: Any) -> bool:
    """Manages this team, or one that it is nested in."""
    if actor is None:
        return False
    return actor.manages if subject is None else subject.id in actor.led_teams


def belongs(actor: MaybeActor, subject: Any) -> bool:
    """Is in this team."""
    return actor is not None and (subject is None or subject.id in actor.own_teams)


def administers(actor: MaybeActor, _subject: Any) -> bool:
    return actor is not None and actor.is_admin


def both(*predicates: Predicate) -> Predicate:
    return lambda actor, subject: all(predicate(actor, subject) for predicate in predicates)


def either(*predicates: Predicate) -> Predicate:
    return lambda actor, subject: any(predicate(actor, subject) for predicate in predicates)


PERMISSIONS: dict[str, Predicate] = {
    "public": anyone,
    "account.read": own,
    "account.write": own,
    "roadmap.read": signed_in,
    "enrollment.read": own,
    "enrollment.write": own,
    "progress.read": own,
    "progress.write": own,
    "evidence.read": either(own, both(manages, shared)),
    "evidence.write": own,
    "evidence.submit": own,
    "evidence.review": both(manages, shared),
    "evidence.comment": either(own, both(manages, shared)),
    "skill.read": own,
    "skill.assess_self": own,
    "skill.assess_other": manages,
    "career.read": own,
    "career.write": own,
    "readiness.read": own,
    "portfolio.read": own,
    "portfolio.write": own,
    "home.read": signed_in,
    # Teams. Members know of their team, managers see its people; administrators only who is in it.
    "team.list": signed_in,
    "team.read": either(leads, belongs, administers),
    "team.matrix": leads,
    "team.members": either(leads, administers),
    "team.invite": either(leads, administers),
    "team.leave": belongs,
    # A person as their managers see them; each may look at themselves in that way.
    "person.read": either(own, manages),
    "person.assess": manages,
    "review.read": manages,
    "admin.read": administers,
    "admin.write": administers,
    "notification.read": own,
    "notification.write": own,
    "token.read": own,
    "token.write": own,
}


def can(actor: MaybeActor, action: str, subject: Owned | None = None) -> bool:
    """Whether `actor` may do `action` to `subject`, or, without one, to anything at all.

    Raises KeyError for an action that the table does not name.
    """
    return PERMISSIONS[action](actor, subject)


def load(session: Session, actor: MaybeActor, action: str, model: type[Row], key: Any) -> Row:
    """The row with this key, for this action: 404 where it is not shown, 403 where read-only."""
    row = session.get(model, key)
    readable = action.partition(".")[0] + ".read"
    if row is None or not can(actor, readable, row):  # type: ignore[arg-type]
        abort(404)
    if not can(actor, action, row):  # type: ignore[arg-type]
        abort(403)
    return row


def permit(action: str) -> Callable[[View], View]:
    """Declares what a view needs. The application refuses to start with a view that has none."""
    if action not in PERMISSIONS:
        raise KeyError(f"no such permission: {action}")

    def mark(view: View) -> View:
        view.permission = action  # type: ignore[attr-defined]
        return view

    return mark


def permission_of(app: Flask, endpoint: str) -> str | None:
    return getattr(app.view_functions[endpoint], "permission", None)


def check_url_map(app: Flask) -> None:
    """Raises RuntimeError where a route declares no permission."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint != "static" and permission_of(app, rule.endpoint) is None:
            raise RuntimeError(f"{rule.rule} ({rule.endpoint}) declares no permission")


# Who writes. Of an Actor the right is asked again below the lock; an id stands for somebody who
# needs none (they accept an invitation, they leave), None for the command line.
ActorOrId = Actor | uuid.UUID | None


class PermissionDenied(Exception):
    """The right of whoever writes ended before it was their turn."""


def require_permission(by: ActorOrId, action: str, subject: Any = None) -> uuid.UUID | None:
    """The id of whoever writes, where they may at this moment. Call it below the lock.

    Raises NotEntitled. `action` is one of the permissions.
    """
    if not isinstance(by, Actor):
        return by
    by.refresh_permissions()
    if not can(by, action, subject):
        raise PermissionDenied(f"{by.id}: {action}")
    return by.id
