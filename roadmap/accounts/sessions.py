"""Server-side sessions: Flask-Login's id is the token of a row, so that deleting the row ends it."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from flask import Flask, abort, current_app, flash, request, session, url_for
from flask_babel import gettext as _
from flask_login import LoginManager, current_user, login_user
from flask_wtf.csrf import CSRFProtect
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from roadmap.accounts.models import LoginSession
from roadmap.accounts.tokens import hash_token, new_token
from roadmap.core.database import SAFE_METHODS, db
from roadmap.core.proxy import client_address
from roadmap.core.web import go_to, now
from roadmap.people.access import can, permission_of
from roadmap.people.actor import Actor
from roadmap.people.models import User

IDLE = dt.timedelta(hours=8)
ABSOLUTE = dt.timedelta(days=7)
FRESH = dt.timedelta(minutes=15)
SEEN_EVERY = dt.timedelta(minutes=10)

login_manager = LoginManager()
csrf = CSRFProtect()

_LOAD = (
    sa.select(
        LoginSession.id,
        LoginSession.created_at,
        LoginSession.last_seen_at,
        LoginSession.fresh_at,
        User.id,
        User.name,
        User.email,
        User.is_admin,
        User.timezone,
        User.locale,
        User.theme,
        User.version,
    )
    .join(User, User.id == LoginSession.user_id)
    .where(LoginSession.token_hash == sa.bindparam("token_hash"), User.deactivated_at.is_(None))
)


@login_manager.user_loader  # type: ignore[untyped-decorator]
def load_actor(token: str) -> Actor | None:
    """The actor of a session token, in one statement; None where it ended or never was."""
    row = db.session.execute(_LOAD, {"token_hash": hash_token(token)}).first()
    if row is None:
        return None
    session_id, created_at, seen_at, fresh_at, *person = row
    if now() - seen_at > IDLE or now() - created_at > ABSOLUTE:
        return None
    if now() - seen_at > SEEN_EVERY:
        _mark_seen(session_id)
    user_id, name, email, is_admin, zone, locale, theme, version = person
    return Actor(
        id=user_id,
        name=name,
        email=email,
        is_admin=is_admin,
        timezone=zone,
        locale=locale,
        theme=theme,
        version=version,
        token=token,
        session_id=session_id,
        fresh_at=fresh_at,
        session=db.session,
    )


def _mark_seen(session_id: uuid.UUID) -> None:
    """Notes that a session is in use, at most every ten minutes."""
    update = sa.update(LoginSession).where(LoginSession.id == session_id).values(last_seen_at=now())
    if request.method in SAFE_METHODS:
        # A reading request holds no lock: end its snapshot, then write in a transaction of its own.
        db.session.rollback()
        with db.own_transaction() as own:
            own.execute(update)
    else:
        db.session.execute(update)


def begin_session(database: Session, user: User) -> Actor:
    """Signs a person in, in this browser. Any older session of this browser ends."""
    end_session(database)
    token, token_hash = new_token()
    row = LoginSession(
        user_id=user.id,
        token_hash=token_hash,
        created_at=now(),
        last_seen_at=now(),
        fresh_at=now(),
        user_agent=(request.user_agent.string or "")[:300],
        address=client_address(),
    )
    database.add(row)
    database.flush()
    actor = Actor(
        id=user.id,
        name=user.name,
        email=user.email,
        is_admin=user.is_admin,
        timezone=user.timezone,
        locale=user.locale,
        theme=user.theme,
        version=user.version,
        token=token,
        session_id=row.id,
        fresh_at=row.fresh_at,
        session=database,
    )
    session.clear()
    session.permanent = True
    login_user(actor)
    return actor


def end_session(database: Session) -> None:
    """Ends the session of this browser, if it has one."""
    token = session.get("_user_id")
    if token:
        database.execute(
            sa.delete(LoginSession).where(LoginSession.token_hash == hash_token(token))
        )


def end_other_sessions(
    database: Session, user_id: uuid.UUID, *, keep: uuid.UUID | None = None
) -> None:
    """Ends every session of a person but `keep`, at their next request."""
    query = sa.delete(LoginSession).where(LoginSession.user_id == user_id)
    if keep is not None:
        query = query.where(LoginSession.id != keep)
    database.execute(query)


def is_fresh(actor: Actor) -> bool:
    """Whether the person typed their password lately enough for what cannot be taken back."""
    return actor.fresh_at is not None and now() - actor.fresh_at <= FRESH


def signed_in_actor() -> Actor | None:
    return current_user._get_current_object() if current_user.is_authenticated else None


def guard() -> Response | None:
    """Asks the permission table before every view. Views ask it again for the rows they load."""
    if request.endpoint is None or request.endpoint == "static":
        return None
    action = permission_of(current_app, request.endpoint)
    if action is None:
        abort(404)
    if action == "public":
        return None
    actor = signed_in_actor()
    if actor is None:
        return _to_sign_in()
    if not can(actor, action):
        abort(403)
    return None


def _to_sign_in() -> Response:
    if request.method in SAFE_METHODS:
        target = request.full_path.rstrip("?") if request.query_string else request.path
        flash(_("Please sign in to see that page."), "info")
    else:
        target = request.referrer or "/"
        target = "/" + target.split("/", 3)[3] if target.count("/") >= 3 else "/"
        flash(_("You were signed out meanwhile. Sign in, and what you typed is still here."), "warning")
    return go_to(url_for("accounts.login", next=target))


def init_sessions(app: Flask) -> None:
    login_manager.init_app(app)
    login_manager.session_protection = None
    app.config["REMEMBER_COOKIE_DURATION"] = dt.timedelta(0)
    csrf.init_app(app)
    app.before_request(guard)
