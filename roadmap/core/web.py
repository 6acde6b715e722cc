"""The plumbing between a request and a view: one commit, the clock, fragments, safe redirects."""

from __future__ import annotations

import datetime as dt
import hashlib
from urllib.parse import urlsplit

from flask import Flask, Response, abort, g, redirect, request, url_for
from flask_htmx import HTMX
from werkzeug.wrappers import Response as BaseResponse

from roadmap.core import svg
from roadmap.core.config import VERSION
from roadmap.core.database import SAFE_METHODS

htmx = HTMX()

# Further back than anybody turns pages, and a number that both databases take.
MAX_PAGE = 10_000


def now() -> dt.datetime:
    """The moment of this request, read once, so that everything in it agrees."""
    if "now" not in g:
        g.now = dt.datetime.now(dt.UTC)
    moment: dt.datetime = g.now
    return moment


def wants_fragment() -> bool:
    """Whether htmx asks for a part of the page rather than for the page."""
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def page_number() -> int:
    """Which page of a list the address asks for, from 1 to LAST_PAGE.

    What is no number, or below the first, is the first; whether there is such a page, the list
    says itself.
    """
    digits = request.args.get("page", "").lstrip("0")
    if not (digits.isascii() and digits.isdigit()):
        return 1
    # Python refuses to read numbers of very many digits.
    return min(int(digits), MAX_PAGE) if len(digits) < 6 else MAX_PAGE


def see_other(endpoint: str, _anchor: str | None = None, **values: object) -> BaseResponse:
    """Answers a form that was accepted: the browser goes on with a GET."""
    return redirect(url_for(endpoint, _anchor=_anchor, **values), code=303)  # type: ignore[arg-type]


def redirect_page(target: str) -> BaseResponse:
    """Sends the browser to another page, also when htmx made the request."""
    if htmx:
        response = Response(status=204)
        response.headers["HX-Redirect"] = target
        return response
    return redirect(target, code=303)


def safe_redirect_target(target: str | None, default: str) -> str:
    """`target` where it is a path of our own, else `default`."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return default
    if any(ord(character) < 32 for character in target):
        return default
    parts = urlsplit(target)
    return default if parts.scheme or parts.netloc else target


def add_revalidation_headers(response: Response, key: str) -> Response:
    """Lets the browser keep a personal page and ask whether it is still current.

    `key` names everything that the page was made from.
    """
    response.set_etag(hashlib.blake2b(key.encode(), digest_size=16).hexdigest(), weak=True)
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "Cookie, HX-Request"
    return response


def not_modified_response(key: str) -> Response | None:
    """A 304 where the browser already holds the page made from `key`."""
    tag = hashlib.blake2b(key.encode(), digest_size=16).hexdigest()
    if request.if_none_match.contains_weak(tag):
        return add_revalidation_headers(Response(status=304), key)
    return None


def init_web(app: Flask) -> None:
    htmx.init_app(app)
    app.jinja_env.globals.update(version=VERSION, tones_bar=svg.render_tones_bar)

    @app.before_request
    def refuse_nul() -> None:
        """No address of ours holds a NUL, and PostgreSQL takes none, so it is answered here."""
        if "\0" in request.path:
            abort(404)
        if any("\0" in text for pair in request.args.items(multi=True) for text in pair):
            abort(400)

    @app.after_request
    def commit_once(response: Response) -> Response:
        """The request commits once, here, after the view has answered and before it is sent."""
        session = g.get("_db_session")
        if session is not None and request.method not in SAFE_METHODS:
            if response.status_code < 400:
                session.commit()
            else:
                session.rollback()
        return response
