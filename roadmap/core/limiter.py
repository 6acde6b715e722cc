"""Rate limits per process on expensive requests: exports and searches.

Attempts to guess a secret (passwords, tokens) are counted in the database, see `auth.rate_limits`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any, TypeVar, cast

from flask import Flask, Response, request
from flask_babel import gettext as _
from flask_limiter import Limiter
from flask_limiter.errors import RateLimitExceeded
from flask_login import current_user

from roadmap.core.errors import render_error
from roadmap.core.proxy import client_address


def _rate_limit_key() -> str:
    """Return the account whose requests are counted together, or the address without one."""
    if current_user and current_user.is_authenticated:
        return f"account:{current_user.id}"
    return f"address:{client_address()}"


limiter = Limiter(_rate_limit_key, storage_uri="memory://", strategy="fixed-window")

View = TypeVar("View", bound=Callable[..., Any])

# A search field sends a request 250 ms after the last key, so rarely two a second.
SEARCH_LIMIT = "120/minute"


def limit_searches(view: View) -> View:
    """Count the requests of a view that search (with `q`), over all views of a person."""
    limit = limiter.shared_limit(
        SEARCH_LIMIT, "search", exempt_when=lambda: not request.values.get("q", "").strip()
    )
    return cast("View", limit(view))


def init_limiter(app: Flask) -> None:
    limiter.init_app(app)

    @app.errorhandler(RateLimitExceeded)
    def too_often(error: RateLimitExceeded) -> Response:
        current = limiter.current_limit
        wait = max(1, math.ceil(current.reset_at - time.time())) if current else 60
        amount = error.limit.limit.amount if error.limit else 0
        text = _(
            "This is expensive for the server, so it is possible at most %(n)d times a minute.",
            n=amount,
        )
        response = render_error(429, text)
        response.headers["Retry-After"] = str(wait)
        return response
