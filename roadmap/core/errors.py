"""Error pages, with a reason and advice."""

from __future__ import annotations

import errno
import logging
import sqlite3
from urllib.parse import urlsplit, urlunsplit

import sqlalchemy.exc
from flask import Flask, Response, current_app, g, make_response, render_template, request
from flask_babel import LazyString
from flask_login import AnonymousUserMixin
from flask_wtf.csrf import CSRFError
from sqlalchemy.orm.exc import ObjectDeletedError, StaleDataError
from werkzeug.exceptions import HTTPException

from roadmap.core.database import SAFE_METHODS, db
from roadmap.core.i18n import _, _l
from roadmap.core.limits import LimitReached
from roadmap.core.problems import is_api, problem_response
from roadmap.core.proxy import is_own_origin, origin_of, origin_or_referrer, public_base_url
from roadmap.core.retries import is_conflict, record_conflict, sqlstate
from roadmap.core.stale_forms import RowDeleted
from roadmap.core.text import clean_multiline
from roadmap.core.uploads import MAX_UPLOAD_BYTES, UNREAD_KEY, is_upload
from roadmap.core.web import safe_redirect_target, wants_fragment

log = logging.getLogger(__name__)

# Form fields with longer texts, which the error page shows so that they can be copied.
LONG_TEXT_FIELDS = ("comment", "text", "description", "note")
# SQLSTATE of PostgreSQL for an expired lock_timeout.
LOCK_NOT_AVAILABLE = "55P03"
# SQLSTATE of PostgreSQL for a write to a standby.
READ_ONLY = "25006"
STORAGE_ERRORS = (sqlalchemy.exc.TimeoutError, sqlalchemy.exc.DBAPIError, sqlite3.Error, OSError)
# Raised when a row is deleted between its load and a write to it.
ROW_DELETED = (RowDeleted, StaleDataError, ObjectDeletedError)


def explain_status(code: int) -> tuple[str, str, str]:
    """Return the title, the reason and the usual advice for a status code."""
    texts = {
        400: (_("That request did not add up"),
              _("Something in it was missing or could not be read."),
              _("Go back, reload the page and try once more.")),
        401: (_("You are not signed in"), _("Only people who are signed in can send files."),
              _("Sign in first, then send the file again.")),
        403: (_("You have no access"),
              _("You are signed in, but this page is not open to your account."),
              _("Your teams and their managers are listed under “Teams” in your menu.")),
        404: (_("Nothing here"), _("The page does not exist, or it is not shared with you."),
              _("Check the address, or start again from your dashboard.")),
        405: (_("This request does not work here"),
              _("The address exists, but not for this kind of request."),
              _("Use the buttons on the page it belongs to.")),
        408: (_("The request took too long"),
              _("The rest of it did not arrive in time. Nothing was saved."),
              _("Check your connection, then send it again.")),
        409: (_("Changed in the meantime"),
              _("Someone, perhaps you in another tab, saved a newer version."),
              _("Compare the two, and save what you want to keep.")),
        413: (_("Too much at once"),
              _("The form you sent is larger than half a megabyte, or has more than 600 fields."),
              _("Shorten it, or link to the full text.")),
        422: (_("Some fields need a correction"), _("The form could not be saved as it is."),
              _("Each field says what is wrong.")),
        429: (_("Too many attempts"), _("To keep accounts safe, attempts are limited."),
              _("Wait a few minutes, then try again.")),
        503: (_("Cairn cannot reach its data"),
              _("The database does not answer. No saved data is lost."),
              _("Try again in a minute. If it keeps happening, the operator of this "
                "server can find the reason in its log.")),
        507: (_("The server has no space left"),
              _("Your change was not saved, and nothing saved before is lost."),
              _("Keep this page open until the operator of this server has freed some "
                "space, then save again.")),
    }  # fmt: skip
    fallback = (
        _("Something went wrong on our side"),
        _("The error has been written to the server's log."),
        _(
            "Try again. If it keeps happening, tell the operator of this server the "
            "time, so that they can find it in the log."
        ),
    )
    return texts.get(code, fallback)


def render_error(
    code: int,
    detail: str | None = None,
    advice: str | None = None,
    *,
    title: str | None = None,
    retry_after: int = 0,
) -> Response:
    """Render an error page, fragment or API problem. `retry_after` is in seconds."""
    if is_api():
        response = problem_response(code, " ".join(filter(None, (detail, advice))))
    else:
        response = _render_page(code, detail, advice, title)
    if retry_after:
        response.headers["Retry-After"] = str(retry_after)
    return response


def _render_page(code: int, detail: str | None, advice: str | None, title: str | None) -> Response:
    usual_title, usual_reason, usual_advice = explain_status(code)
    if code == 404 and request.method not in SAFE_METHODS and request.endpoint is not None:
        usual_reason = _(
            "What you wanted to change no longer exists, or it is not shared with you."
        )
        usual_advice = _("An earlier click or another tab may have deleted it. Go back and reload.")
    template = "errors/_alert.html" if wants_fragment() else "errors/error.html"
    # Unknown URLs do not parse the form.
    has_form = code in (403, 404, 409) and request.endpoint is not None
    page = render_template(
        template, code=code, title=title or usual_title, reason=detail or usual_reason,
        advice=advice, usual_advice=usual_advice, bare=code >= 500,
        entered_texts=_submitted_texts() if has_form else [], form_page=_page_of_form(code),
        is_unread=code == 413 or UNREAD_KEY in request.environ,
    )  # fmt: skip
    response = make_response(page, code)
    if wants_fragment():
        response.headers["HX-Retarget"] = "#messages"
        response.headers["HX-Reswap"] = "innerHTML"
    return response


def _page_of_form(code: int) -> str:
    """Return the path of the page with the refused form, or "" if unknown."""
    form_page = request.referrer or ""
    # A form that was too large or slow was not read. Only the browser's Back button can restore it.
    if request.method in SAFE_METHODS or code in (408, 413) or code >= 500:
        return ""
    if not is_own_origin(form_page):
        return ""
    parts = urlsplit(form_page)
    # The pages of what no longer exists are gone, too.
    if code == 404 and f"{parts.path}/".startswith(f"{request.path}/"):
        return ""
    return safe_redirect_target(urlunsplit(("", "", parts.path, parts.query, "")), "")


def _submitted_texts() -> list[str]:
    """Return the longer texts of a refused form, for the user to copy."""
    try:
        texts = (clean_multiline(request.form.get(name)) for name in LONG_TEXT_FIELDS)
        return [text for text in texts if text]
    except HTTPException:
        return []


def _is_disk_full(error: BaseException) -> bool:
    original = getattr(error, "orig", error)
    if isinstance(original, OSError):
        return original.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
    text = str(original).lower()
    return "database or disk is full" in text or "disk i/o error" in text or "no space left" in text


def _explain_unread_body() -> Response | None:
    """Return the error for a request whose body the gateway did not read."""
    status: int | None = request.environ.get(UNREAD_KEY)
    if status == 503:
        return render_error(
            503,
            _("Many files are arriving at the moment, so yours was not read."),
            _("Send it again in a minute."),
            title=_("The server is busy"),
            retry_after=30,
        )
    return render_error(status) if status else None


def init_errors(app: Flask) -> None:
    app.before_request(_explain_unread_body)
    app.register_error_handler(CSRFError, _handle_csrf)
    app.register_error_handler(HTTPException, _handle_http_error)
    app.register_error_handler(LimitReached, _handle_limit)
    for deleted in ROW_DELETED:
        app.register_error_handler(deleted, handle_deleted_row)
    for failed in STORAGE_ERRORS:
        app.register_error_handler(failed, handle_storage_error)
    app.register_error_handler(500, _handle_internal_error)


def _handle_csrf(_error: CSRFError) -> Response:
    if response := _explain_other_origin():
        return response
    text = _(
        "The form's security token did not match: the page was open for a long time, someone else "
        "signed in with this browser since, or the browser sends no cookies."
    )
    return render_error(400, text)


def _handle_http_error(error: HTTPException) -> Response:
    if error.response is not None:
        return error.response  # type: ignore[return-value]  # ours are always Flask's
    detail = advice = None
    # Smaller requests fail because of long texts or too many fields, the default message.
    has_large_files = (request.content_length or 0) > MAX_UPLOAD_BYTES
    if error.code == 413 and has_large_files and is_upload(request.environ):
        detail = _("Files sent together can total at most 25 MB, and these exceed that.")
        advice = _("Choose smaller files, or fewer at once. Nothing was saved.")
    response = render_error(error.code or 500, detail, advice)
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After", "WWW-Authenticate"):
            response.headers[name] = value
    return response


def _handle_limit(limit: LimitReached) -> Response:
    title = _("The maximum is reached")
    return render_error(409, str(limit.message), str(limit.advice), title=title)


def _handle_internal_error(error: Exception) -> Response:
    # Errors of the commit, which runs after the view, arrive only here.
    original = getattr(error, "original_exception", None)
    if isinstance(original, STORAGE_ERRORS):
        return handle_storage_error(original)
    if isinstance(original, ROW_DELETED):
        return handle_deleted_row(original)
    _discard_session_and_actor()
    return render_error(500)


def handle_deleted_row(error: BaseException) -> Response:
    """Return 404 for a row that another request deleted after this one loaded it."""
    if not isinstance(error, RowDeleted):
        # The transaction has failed. Log it, because this could also be a bug.
        log.warning("a row was deleted by another request", exc_info=error)
        _discard_session_and_actor()
    return render_error(404)


def _explain_other_origin() -> Response | None:
    """Return an error if the form was sent from another origin than Cairn's own.

    Over plain HTTP, browsers also discard the cookies of an installation with an https URL.
    """
    base, own = origin_of(current_app.config["BASE_URL"]), public_base_url()
    sender = origin_of(origin_or_referrer())
    if not sender:
        sender = base if base.endswith(f"//{request.host}") else origin_of(request.host_url)
    if sender == base or (not base and is_own_origin(sender)):
        return None
    log.warning("a form came from %s, not from %s; check ROADMAP_BASE_URL and proxy", sender, own)
    return render_error(
        400,
        _(
            "The form was sent from %(sender)s, but the address of this Cairn is %(own)s.",
            sender=sender,
            own=own,
        ),
        _(
            "Open %(own)s and try again. If it fails there, too, ROADMAP_BASE_URL or the "
            "proxy of this server is misconfigured.",
            own=own,
        ),
    )


def handle_storage_error(error: Exception) -> Response:
    """Return the error page for an unavailable database, a full disk or another storage error."""
    _discard_session_and_actor()
    if _is_disk_full(error):
        log.error("no space left: %s", error)
        return render_error(507)
    if isinstance(error, sqlalchemy.exc.DBAPIError) and is_conflict(error):
        record_conflict(error)
        return render_error(503, retry_after=5)
    if sqlstate(error) == LOCK_NOT_AVAILABLE:
        log.error("database unavailable: %s", error)
        return render_busy(
            _l(
                "The database is locked by other work, such as a restore. This request "
                "changed nothing."
            )
        )
    if (
        isinstance(error, sqlalchemy.exc.OperationalError | sqlalchemy.exc.TimeoutError)
        or sqlstate(error) == READ_ONLY
        or getattr(error, "connection_invalidated", False)
    ):
        log.error("database unavailable: %s", error)
        return render_error(503, retry_after=5)
    log.exception("unexpected storage error", exc_info=error)
    return render_error(500)


def render_busy(reason: LazyString) -> Response:
    """Return a 503 page for while a restore or other long operation locks the database."""
    _discard_session_and_actor()
    advice = _("Try again in a few minutes.")
    return render_error(503, str(reason), advice, title=_("Back soon"), retry_after=30)


def _discard_session_and_actor() -> None:
    """Discard the transaction and the signed-in user, so that error pages need no database."""
    db.discard_session()
    g._login_user = AnonymousUserMixin()
