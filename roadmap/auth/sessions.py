"""Server-side sessions: Flask-Login's id is the token of a row. Deleting the row ends it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from flask import Flask, abort, current_app, flash, g, redirect, request, session, url_for
from flask_login import LoginManager, current_user, login_user, logout_user
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.wrappers import Response

from roadmap.auth import preserved_form, queries
from roadmap.auth.devices import remember_device
from roadmap.auth.forms import SignInForm
from roadmap.auth.models import AccountDeletion, LoginSession
from roadmap.auth.queries import ACTOR_ATTRIBUTES, SESSION_IDLE_TIMEOUT, SESSION_LIFETIME
from roadmap.auth.refusals import audit_refusal, write_due_refusals
from roadmap.auth.request_audit import audit_request
from roadmap.auth.tokens import hash_token, new_token
from roadmap.core.database import SAFE_METHODS, db
from roadmap.core.i18n import _
from roadmap.core.proxy import client_address, is_own_origin, origin_or_referrer
from roadmap.core.text import strip_control_characters
from roadmap.core.types import new_id
from roadmap.core.uploads import SENDER_KEY
from roadmap.core.web import form_key, htmx, now, redirect_page, render_page, safe_redirect_target
from roadmap.people.actor import Actor
from roadmap.people.models import AuditEntry, HistoryEntry, User
from roadmap.people.permissions import can, permission_of

SIGN_UP_FORMS = frozenset({"auth.sign_up", "invitations.accept_invitation"})
LAST_SEEN_INTERVAL = dt.timedelta(minutes=10)
# The id of the last person signed in with this browser, still in the cookie after sign-out.
LAST_USER_KEY = "who"
# When they signed in. Removed from the cookie when they sign out themselves.
SIGNED_IN_AT_KEY = "since"
# Forms that can contain a preserved form, and may therefore be larger.
FORMS_WITH_PRESERVED_FORM = ("auth.sign_in", "auth.reauthenticate")


class AuditedCSRF(CSRFProtect):
    """CSRF protection that audits wrong tokens and refuses forms of other sites."""

    def protect(self, *args: Any, **options: Any) -> None:
        try:
            super().protect(*args, **options)
            sender = origin_or_referrer()
            if g.get("csrf_valid") and sender and not is_own_origin(sender):
                raise CSRFError("The form is of another site.")
        except CSRFError:
            actor = signed_in_actor()
            if actor is not None and request.endpoint in SIGN_UP_FORMS and form_key():
                # A resubmitted form, whose first response started a session with another token.
                abort(redirect(request.path, 303))
            if actor is None and request.endpoint == "auth.log_out":
                # Signed out before, by an earlier click or in another tab.
                abort(redirect_page(request.path))
            audit_refusal("seal.refused", by=actor.id if actor else None)
            raise


login_manager = LoginManager()
csrf = AuditedCSRF()

_SESSIONS: Any = LoginSession.__table__
_SELECT_ACTOR = queries.select_actor(
    _SESSIONS,
    _SESSIONS.c.id.label("session_id"),
    _SESSIONS.c.fresh_at,
    _SESSIONS.c.created_at.label("signed_in_at"),
    _SESSIONS.c.last_seen_at,
)
# Further attributes of an actor, loaded in the same statement; see `add_actor_column`.
_FURTHER_COLUMNS: dict[str, sa.ScalarSelect[Any]] = {}


def add_actor_column(name: str, column: sa.ScalarSelect[Any]) -> None:
    """Add an attribute of the actor, loaded from `column`, which is correlated with `user`."""
    _FURTHER_COLUMNS[name] = column
    _select_actor.cache_clear()


@cache
def _select_actor() -> sa.Select[Any]:
    further = [column.label(name) for name, column in _FURTHER_COLUMNS.items()]
    return _SELECT_ACTOR.add_columns(*further)


@login_manager.user_loader
def load_actor(token: str) -> Actor | None:
    """Load the actor of a session token in one statement; None if the session has ended."""
    parameters = {"token_hash": hash_token(token)}
    with db.read_connection() as connection:
        row = connection.execute(_select_actor(), parameters).first()
    if row is None:
        return None
    attributes = dict(row._mapping)
    idle, age = now() - attributes.pop("last_seen_at"), now() - attributes["signed_in_at"]
    if idle > SESSION_IDLE_TIMEOUT or age > SESSION_LIFETIME:
        return None
    if idle > LAST_SEEN_INTERVAL:
        session_id = attributes["session_id"]
        seen = sa.update(LoginSession).where(LoginSession.id == session_id)
        seen = seen.values(last_seen_at=now())
        db.write_or_log(lambda own: own.execute(seen), what=f"session {session_id} is in use")
    return Actor(**attributes, token=token, session=db.session)


def begin_session(user: User, *, renews: Actor | None = None) -> Actor:
    """Start a session for a person whose password was checked, and end this browser's old one.

    With `renews`, the actor of the old session, the new one keeps its start and password times.
    """
    signed_in_at, fresh_at = now(), now()
    if renews is not None:
        signed_in_at = renews.signed_in_at or signed_in_at
        fresh_at = renews.fresh_at or fresh_at
    end_session()
    token, token_hash = new_token()
    row = LoginSession(
        id=new_id(),
        user_id=user.id,
        token_hash=token_hash,
        created_at=signed_in_at,
        last_seen_at=now(),
        fresh_at=fresh_at,
        user_agent=(request.user_agent.string or "")[:300],
        address=client_address(),
    )
    db.session.add(row)
    db.session.flush()
    actor = Actor(
        **{name: getattr(user, name) for name in ACTOR_ATTRIBUTES},
        token=token,
        session_id=row.id,
        signed_in_at=row.created_at,
        fresh_at=row.fresh_at,
        session=db.session,
    )
    _clear_cookie(keep_csrf_of=str(user.id))
    session[LAST_USER_KEY] = str(user.id)
    session[SIGNED_IN_AT_KEY] = row.created_at.isoformat()
    session.permanent = True
    login_user(actor)
    return actor


def sign_in_user(user: User, *, renews: Actor | None = None) -> None:
    """Start a session with `begin_session` and audit the sign-in."""
    actor = begin_session(user, renews=renews)
    if renews is None:
        remember_device(user.id)
    audit_request(db.session, "session.begun", str(actor.session_id), user.id)


def end_session() -> None:
    """End the session of this browser, if any."""
    if token := session.get("_user_id"):
        mine = sa.delete(LoginSession).where(LoginSession.token_hash == hash_token(token))
        db.session.execute(mine)


def sign_out() -> None:
    """End the session and clear the cookie."""
    end_session()
    logout_user()
    _clear_cookie(keep_csrf_of=session.get(LAST_USER_KEY, ""))


def _clear_cookie(*, keep_csrf_of: str) -> None:
    """Clear the cookie, except the CSRF token of the same person, for forms in other tabs."""
    # Flask-WTF caches the signed token of the old session for this request.
    g.pop(current_app.config["WTF_CSRF_FIELD_NAME"], None)
    user_id, csrf_token = session.get(LAST_USER_KEY), session.get("csrf_token")
    session.clear()
    if user_id and user_id == keep_csrf_of:
        session[LAST_USER_KEY] = user_id
        if csrf_token:
            session["csrf_token"] = csrf_token


def pop_sign_out_reason() -> str | None:
    """Return once why somebody else's change ended the session of this browser."""
    user_id, since = session.get(LAST_USER_KEY), session.pop(SIGNED_IN_AT_KEY, None)
    if not user_id or not since or signed_in_actor() is not None:
        return None
    at = dt.datetime.fromisoformat(since)
    in_team = sa.exists().where(
        HistoryEntry.user_id == uuid.UUID(user_id),
        HistoryEntry.action == "membership.role_changed",
        HistoryEntry.at > at,
    )
    as_administrator = sa.exists().where(
        AuditEntry.at > at,
        AuditEntry.action.in_(("role.granted", "role.withdrawn")),
        AuditEntry.target == user_id,
    )
    if not db.session.scalar(sa.select(sa.or_(in_team, as_administrator))):
        return None
    return _("Your role was changed, so you were signed out. Sign in to continue.")


def signed_in_actor() -> Actor | None:
    return current_user._get_current_object() if current_user.is_authenticated else None


def find_user_pending_deletion() -> sa.Row[User, AccountDeletion] | None:
    """Find the person signed in with this browser whose account is pending deletion."""
    token = session.get("_user_id")
    return (
        queries.find_user_pending_deletion(db.session, hash_token(token), now=now())
        if token
        else None
    )


def require_sign_in() -> Response | None:
    """Redirect to the sign-in page if nobody is signed in, and preserve a submitted form.

    Runs before the CSRF check, because the CSRF token expired with the session.
    """
    if request.endpoint in FORMS_WITH_PRESERVED_FORM:
        request.max_form_memory_size = preserved_form.MAX_BYTES_WITH_SIGN_IN
    if _permission() in (None, "public"):
        return None
    write_due_refusals()
    if signed_in_actor() is not None:
        return None
    if find_user_pending_deletion() is not None:
        return redirect_page("/account/return")
    reason = pop_sign_out_reason()
    if request.method in SAFE_METHODS:
        flash(reason or _("Please sign in to see that page."))
        return redirect_page(url_for("auth.login", next=_requested_page()))
    # The last person signed in with this browser.
    user_id = session.get(LAST_USER_KEY, "")
    form = None if htmx else preserved_form.from_request(request, user_id)
    if form is None:
        lost = _(
            "You were signed out, so your last change was not saved. Sign in and make it again."
        )
        if htmx:
            # Scripts keep the entered text in the page.
            lost = _(
                "You were signed out, so your last change was not saved. "
                "Sign in and make it again; text that you entered is kept."
            )
        flash(reason or lost, "warning")
        return redirect_page(url_for("auth.login", next=_requested_page()))
    if reason:
        flash(reason)
    # 401 tells clients that nothing was saved.
    sign_in = SignInForm(formdata=None)
    return render_page("auth/login.html", 401, form=sign_in, preserved=form, next=None)


def check_permission() -> None:
    """Check the permission of the route before every view. Views check the rows they load."""
    permission = _permission()
    if permission is None and request.endpoint not in (None, "static"):
        abort(404)
    if permission not in (None, "public"):
        actor = signed_in_actor()
        if actor is None or not can(actor, permission):
            abort(403)
        request.environ.get(SENDER_KEY, []).append(actor.id)


def _permission() -> str | None:
    endpoint = request.endpoint
    return permission_of(current_app, endpoint) if endpoint is not None else None


def _requested_page() -> str:
    """Return the page to open after signing in: the requested page, or the referring one."""
    if htmx:
        seen = htmx.current_url or "/"
    elif request.method in SAFE_METHODS:
        return request.full_path if request.query_string else request.path
    else:
        seen = request.referrer or "/"
    if seen == "/" or not is_own_origin(seen):
        return "/"
    parts = urlsplit(seen)
    return safe_redirect_target(parts.path + (f"?{parts.query}" if parts.query else ""), "/")


def audit_refused_access(response: Response) -> Response:
    """Audit a 403 response; the request's own writes are rolled back."""
    if response.status_code == 403:
        actor = signed_in_actor()
        target = strip_control_characters(f"{request.method} {request.path}")
        url_values: Mapping[str, Any] = request.view_args or {}
        person = g.get("refused_row_of") or url_values.get("person_id") or url_values.get("user_id")
        by = actor.id if actor else None
        audit_refusal("access.refused", target, by=by, person=person if person != by else None)
    return response


def init_sessions(app: Flask) -> None:
    login_manager.init_app(app)
    login_manager.session_protection = None
    app.config["REMEMBER_COOKIE_DURATION"] = dt.timedelta(0)
    app.before_request(require_sign_in)
    csrf.init_app(app)
    app.before_request(check_permission)
    app.after_request(audit_refused_access)
