"""Per-process rate and concurrency limits for expensive requests.

Attempts to guess passwords or tokens are counted in the database, see `auth.rate_limits`.
"""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Iterator

from flask import Flask, Response, request
from flask_limiter import Limiter
from flask_limiter.errors import RateLimitExceeded
from flask_login import current_user

from roadmap.core.errors import render_error
from roadmap.core.i18n import _
from roadmap.core.proxy import client_address


def _rate_limit_key() -> str:
    """Return the key for counting requests: the account, or the client's address."""
    if current_user and current_user.is_authenticated:
        return f"account:{current_user.id}"
    return f"address:{client_address()}"


limiter = Limiter(_rate_limit_key, storage_uri="memory://", strategy="fixed-window")

# One export runs per process and two wait, which leaves threads for other requests.
EXPORTS_AT_ONCE = 3
EXPORT_WAIT_SECONDS = 10
_export_queue = threading.BoundedSemaphore(EXPORTS_AT_ONCE)
_export_running = threading.BoundedSemaphore(1)
# At most this many threads of a process wait for other hosts, which may never respond.
FETCHES_AT_ONCE = 2
_fetches = threading.BoundedSemaphore(FETCHES_AT_ONCE)


class TooBusy(Exception):
    """The process has reached its limit of concurrent exports or fetches."""


# A search field sends a request 250 ms after the last keystroke, so rarely two per second.
SEARCH_LIMIT = "120/minute"
# Counts a user's requests with `q` over all views.
limit_searches = limiter.shared_limit(
    SEARCH_LIMIT, "search", exempt_when=lambda: not request.values.get("q", "").strip()
)


@contextlib.contextmanager
def _acquire_slot(slots: threading.Semaphore, seconds: float = 0) -> Iterator[None]:
    if not slots.acquire(timeout=seconds):
        raise TooBusy
    try:
        yield
    finally:
        slots.release()


@contextlib.contextmanager
def export_slot() -> Iterator[None]:
    """Allow one export at a time. Raises TooBusy if too many are waiting or the wait times out."""
    with _acquire_slot(_export_queue), _acquire_slot(_export_running, EXPORT_WAIT_SECONDS):
        yield


@contextlib.contextmanager
def fetch_slot() -> Iterator[None]:
    """Limit concurrent requests to other hosts. Raises TooBusy if all slots are taken."""
    with _acquire_slot(_fetches):
        yield


def init_limiter(app: Flask) -> None:
    limiter.init_app(app)

    @app.errorhandler(TooBusy)
    def too_busy(_error: TooBusy) -> Response:
        return render_error(
            503,
            _(
                "Other long-running requests are ahead of this one, so it would have to "
                "wait too long."
            ),
            _("Try again in %(n)d seconds.", n=EXPORT_WAIT_SECONDS),
            title=_("The server is busy"),
            retry_after=EXPORT_WAIT_SECONDS,
        )

    @app.errorhandler(RateLimitExceeded)
    def too_often(error: RateLimitExceeded) -> Response:
        current = limiter.current_limit
        wait = max(1, math.ceil(current.reset_at - time.time())) if current else 60
        amount = error.limit.limit.amount if error.limit else 0
        text = _(
            "This puts a heavy load on the server, so you can do it at most %(n)d times a minute.",
            n=amount,
        )
        return render_error(429, text, retry_after=wait)
