"""Fetch records from external sites, a page at a time, in the job process.

The next page is stored in the row and is claimed for a limited time before it is fetched, so the
task is safe to repeat and to run in several processes at once.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Session
from werkzeug.http import parse_date

from roadmap.core import outbound
from roadmap.core.database import db
from roadmap.core.outbound import FetchError, HttpResponse, Site
from roadmap.importers.importer import Page, SiteImporter
from roadmap.importers.kinds import IMPORTERS
from roadmap.importers.models import PendingImport

log = logging.getLogger(__name__)

MAX_PAGES = 40
MAX_RECORDS = 2_000
MAX_BYTES = 10_000_000
# Timeout of one page.
SECONDS = 20
# If the claiming process dies, another one can claim the page after this time.
CLAIM_LIFETIME = dt.timedelta(minutes=2)
# Used if a host does not say when its rate limit ends.
DEFAULT_WAIT = dt.timedelta(minutes=1)
MAX_WAIT = dt.timedelta(hours=20)
_NEXT = re.compile(r'<([^<>]+)>\s*;[^,]*\brel="?next"?')


class RateLimited(FetchError):
    """Raised when a host limits requests. Fetching resumes automatically at `until`."""

    def __init__(self, status: int, until: dt.datetime) -> None:
        super().__init__("limit", status)
        self.until = until


@dataclass(frozen=True)
class Claim:
    """A page that this process has claimed, of one user's import."""

    import_id: uuid.UUID
    importer: str
    what: str
    url: str
    until: dt.datetime


def fetch_due(clock: Callable[[], dt.datetime], stopping: Callable[[], bool]) -> int:
    """Fetch all due pages sequentially and return how many."""
    pages = 0
    while not stopping():
        with db.own_transaction() as own:
            claim = claim_page(own, clock())
        if claim is None:
            break
        # Fetch outside a transaction: the external server may be slow.
        found: Page | FetchError
        try:
            found = fetch_page(claim, clock())
        except FetchError as fault:
            found = fault
            log.warning("%s: %s %s", claim.importer, fault, fault.status or "")
        with db.own_transaction() as own:
            store_page(own, claim, found, clock())
        pages += 1
    return pages


def claim_page(session: Session, now: dt.datetime) -> Claim | None:
    """Claim the page that has been due the longest, None if no page is due."""
    due = session.scalars(
        sa.select(PendingImport)
        .where(PendingImport.state.in_(("fetching", "waiting")), PendingImport.resume_at <= now)
        .order_by(PendingImport.resume_at, PendingImport.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
    if due is None:
        return None
    due.state, due.resume_at = "fetching", now + CLAIM_LIFETIME
    session.flush()
    what, url = due.todo[0]
    return Claim(due.id, due.importer, what, url, due.resume_at)


def store_page(session: Session, claim: Claim, found: Page | FetchError, now: dt.datetime) -> None:
    """Store the result of a page and schedule the next one, unless the import was replaced."""
    pending = session.scalars(
        sa.select(PendingImport).filter_by(id=claim.import_id).with_for_update()
    ).one_or_none()
    if pending is None or pending.state != "fetching" or pending.resume_at != claim.until:
        return
    if isinstance(found, FetchError):
        until = found.until if isinstance(found, RateLimited) else None
        pending.state, pending.resume_at = "waiting" if until else "failed", until
        pending.fault = {"reason": str(found), "status": found.status}
        return
    # A page may contain more records than requested.
    pending.records = [*pending.records, *found.records][:MAX_RECORDS]
    pending.pages += 1
    following = [[claim.what, found.following]] if found.following else []
    pending.todo = [*following, *pending.todo[1:]]
    pending.totals = {**(pending.totals or {}), claim.what: found.total}
    pending.fault = None
    if pending.pages >= MAX_PAGES or len(pending.records) >= MAX_RECORDS:
        pending.todo = []
    pending.state = "fetching" if pending.todo else "ready"
    pending.resume_at = now if pending.todo else None


def fetch_page(claim: Claim, now: dt.datetime) -> Page:
    """Fetch and parse a page. Raises FetchError with a key of `ERROR_MESSAGES` or as of `get`."""
    importer = IMPORTERS[claim.importer]
    if not isinstance(importer, SiteImporter) or (site := get_site(importer)) is None:
        raise FetchError("off")
    token = current_app.config[importer.token_setting] if importer.token_setting else ""
    answer = outbound.get(
        claim.url,
        site.allowed,
        headers=importer.headers(token),
        most_bytes=MAX_BYTES,
        seconds=SECONDS,
    )
    if answer.status != 200:
        raise response_error(importer, answer, now, has_token=bool(token))
    try:
        page = importer.parse(claim.what, json.loads(answer.body), dict(answer.headers.items()))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise FetchError("not-understood") from None
    found = _NEXT.search(answer.headers.get("Link", ""))
    return replace(page, following=found[1]) if found else page


def get_site(importer: SiteImporter) -> Site | None:
    """Return the configured server, None if the operator disabled this importer."""
    site: Site | None = current_app.config[importer.site_setting]
    return site


def response_error(
    importer: SiteImporter, answer: HttpResponse, now: dt.datetime, *, has_token: bool
) -> FetchError:
    """Convert an unsuccessful response to an error."""
    status = answer.status
    if status in (403, 429) and (until := rate_limit_end(answer, now)):
        return RateLimited(status, until)
    reasons = {
        401: "bad-token" if has_token else "needs-token",
        403: "forbidden",
        404: "gone",
        importer.unknown_status: "unknown-login",
    }
    usual = "moved" if 300 <= status < 400 else "status"
    return FetchError(reasons.get(status, usual), status)


def rate_limit_end(answer: HttpResponse, now: dt.datetime) -> dt.datetime | None:
    """Return when the rate limit ends, None if the response is not about a rate limit."""
    headers, until = answer.headers, None
    after = headers.get("Retry-After", "").strip()
    reset = headers.get("X-RateLimit-Reset") or headers.get("RateLimit-Reset") or ""
    left = headers.get("X-RateLimit-Remaining") or headers.get("RateLimit-Remaining") or ""
    if re.fullmatch(r"\d{1,9}", after):
        until = now + dt.timedelta(seconds=int(after))
    elif after:
        until = parse_date(after)
    elif left.strip() == "0" and re.fullmatch(r"\d{9,11}", reset.strip()):
        until = dt.datetime.fromtimestamp(int(reset), dt.UTC)
    elif answer.status == 429:
        until = now + DEFAULT_WAIT
    if until is None:
        return None
    # Add a second for clock skew, and resume before the pending import expires.
    return min(max(until, now) + dt.timedelta(seconds=1), now + MAX_WAIT)
