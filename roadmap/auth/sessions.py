"""Sessions on the server: Flask-Login's id is the token of a row, and deleting the row ends it."""

from __future__ import annotations

import datetime as dt
import uuid
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from flask import (
    Flask,
    abort,
    current_app,
    flash,
    g,
    make_response,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import gettext as _
from flask_login import LoginManager, current_user, login_user, logout_user
from flask_wtf.csrf import CSRFError, CSRFProtect
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from roadmap.auth import preserved_form
from roadmap.auth.forms import SignInForm
from roadmap.auth.login_throttle import audit_refusal_throttled
from roadmap.auth.models import LoginSession
from roadmap.auth.queries import SESSION_IDLE_TIMEOUT, SESSION_LIFETIME
from roadmap.auth.tokens import hash_token, new_token
from roadmap.core.database import SAFE_METHODS, db
from roadmap.core.problems import is_api
from roadmap.core.proxy import client_address
from roadmap.core.text import strip_control_characters
from roadmap.core.types import new_id
from roadmap.core.web import htmx, now, redirect_page, safe_redirect_target
from roadmap.people.actor import Actor
from roadmap.people.audit import record_audit
from roadmap.people.models import User
from roadmap.people.permissions import can, permission_of
from roadmap.people.reach import team_roles

FRESH_LOGIN_PERIOD = dt.timedelta(minutes=15)
LAST_SEEN_INTERVAL = dt.timedelta(minutes=10)
# Who was last signed in with this browser; in the signed cookie, also after they signed out.
LAST_USER_KEY = "who"


class AuditedCSRF(CSRFProtect):
    """The seal of a form; one that does not match leaves a line in the audit log."""

    def protect(self, *args: Any, **options: Any) -> None:
        try:
            super().protect(*args, **options)
        except CSRFError:
            actor = signed_in_actor()
            audit_refusal_throttled("seal.refused", by=actor.id if actor else None)
            raise


login_manager = LoginManager()
csrf = AuditedCSRF()

# On the tables, not the entities: this runs before every page, and an entity costs as much again.
_SESSIONS: Any = LoginSession.__table__
_USERS: Any = User.__table__
# What more is known of an actor from the statement that loads them: by the name of the attribute.
# Rooms above add to it, see `know_more`.
_ACTOR_COLUMNS: dict[str, sa.ScalarSelect[Any] | sa.ColumnElement[Any]] = {
    "team_roles": team_roles()
}
_SELECT_ACTOR = (
    sa.select(
        _SESSIONS.c.id,
        _SESSIONS.c.created_at,
        _SESSIONS.c.last_seen_at,
        _SESSIONS.c.fresh_at,
        _USERS.c.id,
        _USERS.c.name,
        _USERS.c.email,
        _USERS.c.is_admin,
        _USERS.c.timezone,
        _USERS.c.locale,
        _USERS.c.theme,
        _USERS.c.version,
    )
    .join_from(_SESSIONS, _USERS, _USERS.c.id == _SESSIONS.c.user_id)
    .where(_SESSIONS.c.token_hash == sa.bindparam("token_hash"), _USERS.c.deactivated_at.is_(None))
)
_INSERT_SESSION = sa.insert(_SESSIONS)


def add_actor_column(name: str, column: sa.ScalarSelect[Any]) -> None:
    """Fills an attribute of the actor from `column`, correlated with the table `user`.

    It is read in the same statement as the session, so every page may show it for nothing.
    """
    _ACTOR_COLUMNS[name] = column
    _select_actor_with_columns.cache_clear()


@cache
def _select_actor_with_columns() -> sa.Select[Any]:
    return _SELECT_ACTOR.add_columns(
        *(column.label(name) for name, column in _ACTOR_COLUMNS.items())
    )


@login_manager.user_loader
def load_actor(token: str) -> Actor | None:
    """The actor of a session token, in one statement; None where it ended or never was."""
    row = db.session.execute(
        _select_actor_with_columns(), {"token_hash": hash_token(token)}
    ).first()
    if row is None:
        return None
    session_id, created_at, seen_at, fresh_at, *person = row[: -len(_ACTOR_COLUMNS)]
    if now() - seen_at > SESSION_IDLE_TIMEOUT or now() - created_at > SESSION_LIFETIME:
        return None
    if now() - seen_at > LAST_SEEN_INTERVAL:
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
        **dict(zip(_ACTOR_COLUMNS, row[-len(_ACTOR_COLUMNS) :], strict=True)),
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
    session_id, begun = new_id(), now()
    database.execute(
        _INSERT_SESSION,
        {
            "id": session_id,
            "user_id": user.id,
            "token_hash": token_hash,
            "created_at": begun,
            "last_seen_at": begun,
            "fresh_at": begun,
            "user_agent": (request.user_agent.string or "")[:300],
            "address": client_address(),
        },
    )
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
        session_id=session_id,
        fresh_at=begun,
        session=database,
    )
    _clear_cookie(but_for=str(user.id))
    session[LAST_USER_KEY] = str(user.id)
    session.permanent = True
    login_user(actor)
    return actor


def sign_in_user(database: Session, user: User) -> None:
    """Signs a person in, in this browser, and writes it down."""
    actor = begin_session(database, user)
    record_audit(
        database,
        by=user.id,
        action="session.begun",
        target=str(actor.session_id),
        address=client_address(),
        now=now(),
    )


def end_session(database: Session) -> None:
    """Ends the session of this browser, if it has one."""
    token = session.get("_user_id")
    if token:
        database.execute(
            sa.delete(LoginSession).where(LoginSession.token_hash == hash_token(token))
        )


def sign_out(database: Session) -> None:
    """Ends the session and signs this browser out."""
    end_session(database)
    logout_user()
    _clear_cookie(but_for=session.get(LAST_USER_KEY, ""))


def _clear_cookie(*, but_for: str) -> None:
    """Empties the cookie. For the same person its seal stays, so that a form that is still open
    in another tab can be sent after they signed in again."""
    # What this request has already made of the old seal would be printed into its page; made
    # anew, it is the seal that the cookie holds from now on.
    g.pop(current_app.config["WTF_CSRF_FIELD_NAME"], None)
    who, seal = session.get(LAST_USER_KEY, ""), session.get("csrf_token")
    session.clear()
    if who and who == but_for:
        session[LAST_USER_KEY] = who
        if seal:
            session["csrf_token"] = seal


def last_user_id() -> str:
    """The id of the person who was last signed in with this browser, or nothing."""
    who: str = session.get(LAST_USER_KEY, "")
    return who


def is_fresh(actor: Actor) -> bool:
    """Whether the person typed their password lately enough for what cannot be taken back."""
    return actor.fresh_at is not None and now() - actor.fresh_at <= FRESH_LOGIN_PERIOD


def signed_in_actor() -> Actor | None:
    return current_user._get_current_object() if current_user.is_authenticated else None


def check_permission() -> Response | None:
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
        return _redirect_to_sign_in()
    if not can(actor, action):
        abort(403)
    return None


def preserve_form() -> Response | None:
    """Runs before the seal of a form is checked: whoever is not signed in changes nothing, and
    what they typed must not be lost to a seal that ended together with their session."""
    if request.endpoint is None or request.method in SAFE_METHODS or is_api():
        return None
    if preserved_form.may_carry_preserved_form(request):
        request.max_form_memory_size = preserved_form.MAX_BYTES_WITH_SIGN_IN
        return None
    action = permission_of(current_app, request.endpoint)
    if action in (None, "public") or signed_in_actor() is not None:
        return None
    return _redirect_to_sign_in()


def _redirect_to_sign_in() -> Response:
    if request.method in SAFE_METHODS:
        flash(_("Please sign in to see that page."), "message")
        return redirect_page(url_for("auth.login", next=_page_of_request()))
    form = None if htmx else preserved_form.from_request(request, last_user_id())
    if form is None:
        flash(_("You were signed out meanwhile. Please sign in and go on."), "warning")
        return redirect_page(url_for("auth.login", next=_page_of_request()))
    return render_sign_in_with_form(form)


def render_sign_in_with_form(form: preserved_form.PreservedForm) -> Response:
    """The sign-in page that carries what was sent; 401, so that nothing takes it for saved."""
    sign_in = SignInForm(formdata=None)
    page = render_template("auth/login.html", form=sign_in, kept=form, next=None)
    return make_response(page, 401)


def _page_of_request() -> str:
    """The page that somebody who has to sign in was looking at, or wanted to."""
    if htmx:
        seen = htmx.current_url or "/"
    elif request.method in SAFE_METHODS:
        return request.full_path if request.query_string else request.path
    else:
        seen = request.referrer or "/"
    parts = urlsplit(seen)
    if parts.netloc not in ("", request.host):
        return "/"
    return safe_redirect_target(parts.path + (f"?{parts.query}" if parts.query else ""), "/")


def audit_refused_access(response: Response) -> Response:
    """A 403 is written down, in a transaction of its own: the request's own writes are void."""
    if response.status_code == 403:
        actor = signed_in_actor()
        db.session.rollback()
        with db.own_transaction() as own:
            record_audit(
                own,
                by=actor.id if actor else None,
                action="access.refused",
                target=strip_control_characters(f"{request.method} {request.path}")[:200],
                address=client_address(),
                now=now(),
            )
    return response


def init_sessions(app: Flask) -> None:
    login_manager.init_app(app)
    login_manager.session_protection = None
    app.config["REMEMBER_COOKIE_DURATION"] = dt.timedelta(0)
    app.before_request(preserve_form)
    csrf.init_app(app)
    app.before_request(check_permission)
    app.after_request(audit_refused_access)
