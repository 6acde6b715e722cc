"""Request helpers: the commit, the clock, fragments, pagination and safe redirects."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import re
from collections.abc import Mapping
from typing import IO, Any
from urllib.parse import urlencode, urlsplit

from flask import (
    Flask,
    Response,
    abort,
    g,
    make_response,
    redirect,
    render_template,
    request,
    send_file,
    session,
    url_for,
)
from flask_htmx import HTMX
from werkzeug.wrappers import Response as BaseResponse

from roadmap.core import svg
from roadmap.core.config import VERSION
from roadmap.core.database import SAFE_METHODS

htmx = HTMX()

# Session key for the path and query of the list that the user came from, for back links.
LIST_KEY = "list"
MAX_LIST_QUERY_LENGTH = 500

# htmx's configuration. A refused form is swapped in, any other error becomes a message.
HTMX_CONFIG = {
    "allowEval": False,
    "allowScriptTags": False,
    "includeIndicatorStyles": False,
    "selfRequestsOnly": True,
    "historyCacheSize": 0,
    "defaultSettleDelay": 0,
    # Without `style`, which the content security policy blocks.
    "attributesToSettle": ["class", "width", "height"],
    "refreshOnHistoryMiss": True,
    "methodsThatUseUrlParams": ["get"],
    "responseHandling": [
        {"code": "204", "swap": False},
        {"code": "[23]..", "swap": True},
        {"code": "(409|422)", "swap": True, "error": False},
        {
            "code": "[45]..",
            "swap": True,
            "error": True,
            "target": "#messages",
            "select": ".flash",
            "swapOverride": "innerHTML",
        },
    ],
}

# User agents that fetch links for search indexes or previews. CUBOT is a phone.
BOT_USER_AGENTS = re.compile(
    r"(?<!cu)bot\b|crawler|spider|preview|externalhit|^whatsapp|^viber|mastodon|embedly|iframely",
    re.IGNORECASE,
)

# A generous limit that keeps the offset within the range of both databases.
MAX_PAGE = 10_000


def now() -> dt.datetime:
    """Return the time of this request, which stays the same throughout the request."""
    if "now" not in g:
        g.now = dt.datetime.now(dt.UTC)
    moment: dt.datetime = g.now
    return moment


def is_opened_by_person() -> bool:
    """Return whether a person opens this page, as opposed to a HEAD, prefetch or link preview."""
    prefetch_headers = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")
    if any(
        re.search("prefetch|preview", request.headers.get(name, "")) for name in prefetch_headers
    ):
        return False
    return request.method == "GET" and not BOT_USER_AGENTS.search(request.user_agent.string)


def form_key() -> str:
    """Return a key that is unique for each rendered form: its CSRF token."""
    return request.form.get("csrf_token", "")


def wants_fragment() -> bool:
    """Return whether htmx requests a fragment instead of a page."""
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def page_number() -> int:
    """Return the requested page of a list, from 1 to MAX_PAGE. Invalid numbers give 1."""
    digits = request.args.get("page", "").lstrip("0")
    if not (digits.isascii() and digits.isdigit()):
        return 1
    # Python refuses to parse very long numbers.
    return min(int(digits), MAX_PAGE) if len(digits) < 6 else MAX_PAGE


def page_links(
    path: str, page: int, *, has_next: bool, query: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the URLs of the previous and next page, where they exist."""
    numbers = {"previous": page - 1, "next": page + 1 if has_next else 0}
    return {
        name: f"{path}?{urlencode({**(query or {}), 'page': number})}"
        for name, number in numbers.items()
        if number
    }


def render_page(
    template: str, status: int = 200, *, announce: str = "", **context: Any
) -> Response:
    """Render a template. `announce` is a text for screen readers, sent as an htmx trigger."""
    response = make_response(render_template(template, **context), status)
    if announce:
        response.headers["HX-Trigger"] = json.dumps({"announce": announce})
    return response


def make_attachment(content: bytes | str, mimetype: str, filename: str) -> Response:
    """Return a file for download."""
    response = Response(content, mimetype=mimetype)
    response.headers.set("Content-Disposition", "attachment", filename=filename)
    return response


def send_attachment(file: IO[bytes], mimetype: str, filename: str) -> Response:
    """Return an open file for download; it is closed afterwards."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    response = send_file(
        file, mimetype, as_attachment=True, download_name=filename, conditional=False, etag=False
    )
    response.content_length = size
    return response


def see_other(endpoint: str, _anchor: str | None = None, **values: object) -> BaseResponse:
    """Redirect with 303 after a form, so that the browser continues with a GET."""
    return redirect(url_for(endpoint, _anchor=_anchor, **values), code=303)  # type: ignore[arg-type]


def redirect_page(target: str) -> BaseResponse:
    """Redirect to another page, also for htmx requests."""
    if htmx:
        response = Response(status=204)
        response.headers["HX-Redirect"] = target
        return response
    return redirect(target, code=303)


def safe_redirect_target(target: str | None, default: str) -> str:
    """Return `target` if it is a local path, else `default`."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return default
    if any(ord(character) < 32 for character in target):
        return default
    parts = urlsplit(target)
    return default if parts.scheme or parts.netloc else target


def back_url(path: str) -> str:
    """Return the URL of a list, with the filters and order that the user last had there."""
    came_from = urlsplit(request.referrer or "")
    kept_path, kept = session.get(LIST_KEY, ("", ""))
    query = ""
    if came_from.netloc == request.host and came_from.path == path:
        query = came_from.query
    elif came_from.netloc == request.host and came_from.path.startswith(f"{path}/"):
        query = kept if kept_path == path else ""
    if 0 < len(query) <= MAX_LIST_QUERY_LENGTH:
        if [kept_path, kept] != [path, query]:
            session[LIST_KEY] = [path, query]
    elif kept_path == path:
        session.pop(LIST_KEY)
    return f"{path}?{query}" if query else path


def add_revalidation_headers(response: Response, key: str) -> Response:
    """Let the browser cache a personal page, with an ETag from `key` for revalidation."""
    response.set_etag(hashlib.blake2b(key.encode(), digest_size=16).hexdigest(), weak=True)
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "Cookie, HX-Request"
    return response


def not_modified_response(key: str) -> Response | None:
    """Return a 304 if the browser has the page for `key`."""
    tag = hashlib.blake2b(key.encode(), digest_size=16).hexdigest()
    if request.if_none_match.contains_weak(tag):
        return add_revalidation_headers(Response(status=304), key)
    return None


def prevent_indexing(response: Response) -> Response:
    """Exclude a page behind a secret link from search engines, archives and caches."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive, nosnippet"
    response.headers["Cache-Control"] = "no-store"
    return response


def init_web(app: Flask) -> None:
    htmx.init_app(app)
    app.jinja_env.globals.update(
        htmx_config=json.dumps(HTMX_CONFIG),
        version=VERSION,
        tones_bar=svg.render_tones_bar,
        back_url=back_url,
    )

    @app.before_request
    def refuse_nul() -> None:
        """Refuse URLs with NUL, which PostgreSQL rejects."""
        if "\0" in request.path:
            abort(404)
        if any("\0" in text for pair in request.args.items(multi=True) for text in pair):
            abort(400)

    @app.after_request
    def commit_once(response: Response) -> Response:
        """Commit once per request, after the view and before the response is sent."""
        session = g.get("_db_session")
        if session is not None and request.method not in SAFE_METHODS:
            if response.status_code < 400:
                session.commit()
            else:
                session.rollback()
        return response
