"""The audit log, filtered by URL parameters, as a page and as a file."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa
from flask import render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from roadmap.activity.list_query import MAX_DAY_LENGTH, parse_day, start_of_day
from roadmap.admin import audit_messages, queries
from roadmap.admin.blueprint import admin
from roadmap.auth.request_audit import audit_download
from roadmap.core.database import db
from roadmap.core.errors import render_error
from roadmap.core.i18n import gettext as _
from roadmap.core.i18n import number_filter
from roadmap.core.limiter import export_slot, limiter
from roadmap.core.tables import Sheet, to_csv
from roadmap.core.text import clean_line
from roadmap.core.web import make_attachment, now, see_other
from roadmap.people.models import AuditEntry
from roadmap.people.permissions import permit

MAX_PERSON_LENGTH = 320
# The maximum number of matching people to choose from.
MAX_CANDIDATES = 20
# The largest row number that both databases accept.
MAX_ROW_ID = 2**31 - 1
# The maximum number of entries in a file, and the number loaded at a time.
MAX_EXPORTED = 50_000
EXPORT_BATCH = 1_000

Names = Mapping[uuid.UUID | None, str]


@admin.get("/admin/audit")
@permit("admin.read")
def log() -> str:
    """Show who did what, when and from which address."""
    query, before = AuditQuery(), request.args.get("before", type=int)
    last = None if before is None else min(max(before, 0), MAX_ROW_ID)
    entries, cursor = (
        queries.list_audit_entries(db.session, query.select(), last)
        if query.is_valid
        else ([], None)
    )
    lines, names = _describe(entries)
    page_url = partial(url_for, "admin.log", **query.arguments)
    return render_template(
        "admin/audit.html",
        lines=lines,
        names=names,
        pruned=queries.find_prune_cutoff(db.session),
        kinds=audit_messages.KINDS,
        query=query,
        # Several people match, so the administrator has to choose one.
        candidates=[(page_url(person=each.id), each) for each in query.people[:MAX_CANDIDATES]],
        more_candidates=len(query.people) > MAX_CANDIDATES,
        newest=page_url() if before is not None else None,
        older=page_url(before=cursor) if cursor else None,
        export=url_for("admin.export_log", **query.arguments),
    )


@admin.get("/admin/audit/export/csv")
@permit("admin.read")
@limiter.limit("30/minute")
def export_log() -> Response:
    """Download the filtered log as CSV."""
    query = AuditQuery()
    if not query.is_valid:
        return see_other("admin.log", **query.arguments)
    if queries.has_more_audit_entries(db.session, query.select(), MAX_EXPORTED):
        return render_error(
            422,
            _("More than %(num)s entries match.", num=number_filter(MAX_EXPORTED)),
            _("Choose a shorter period, and export the log in parts."),
        )
    with export_slot():
        entries = db.session.scalars(query.select().execution_options(yield_per=EXPORT_BATCH))
        lines = [
            (entry.at.isoformat(), by, text, entry.address)
            for batch in entries.partitions()
            for entry, text, by in _describe(batch)[0]
        ]
        header = (_("When (UTC)"), _("Who"), _("What"), _("Address"))
        content = to_csv(Sheet(_("Audit log"), header, lines))
    audit_download(by=current_user.id, action="audit.exported", target="csv", count=len(lines))
    name = f"audit-log-{current_user.today(now()).isoformat()}.csv"
    return make_attachment(content, "text/csv", name)


def _describe(entries: Sequence[AuditEntry]) -> tuple[list[tuple[AuditEntry, str, str]], Names]:
    """Return the described entries, and the names of the people in them."""
    names = queries.load_user_names(db.session, audit_messages.collect_ids(entries))
    return audit_messages.render_lines(entries, names), names


class AuditQuery:
    """The filter of the audit log from the URL: kind, person, first and last day.

    `people` match `who`. If there is exactly one, `person` is that one and `email` their address;
    `email` may also be an address without an account. `invalid_day` is an invalid date as entered.
    Days are in the administrator's time zone.
    """

    def __init__(self) -> None:
        kind = request.args.get("kind", "")
        self.kind = kind if kind in audit_messages.KINDS else ""
        self.who = clean_line(request.args.get("person"))[:MAX_PERSON_LENGTH]
        self.invalid_day = ""
        self.first = self._read_day("from")
        self.last = self._read_day("to")
        self.people = (
            queries.find_people(db.session, self.who, limit=MAX_CANDIDATES + 1) if self.who else []
        )
        self.person = self.people[0] if len(self.people) == 1 else None
        # Addresses in invitations and failed sign-ins may have no account.
        is_address = "@" in self.who and not self.people
        self.email = self.person.email if self.person else self.who if is_address else ""

    @property
    def is_valid(self) -> bool:
        """Return whether the filter is valid and unambiguous."""
        are_days_valid = not self.invalid_day and not self.is_reversed
        return are_days_valid and (not self.who or bool(self.email))

    @property
    def is_reversed(self) -> bool:
        return bool(self.first and self.last and self.first > self.last)

    @property
    def is_filtered(self) -> bool:
        return bool(self.kind or self.who or self.first or self.last or self.invalid_day)

    @property
    def arguments(self) -> dict[str, Any]:
        return {
            "kind": self.kind or None,
            "person": self.person.id if self.person else self.who or None,
            "from": self.first.isoformat() if self.first else None,
            "to": self.last.isoformat() if self.last else None,
        }

    def select(self) -> sa.Select[AuditEntry]:
        """Select the entries that match."""
        zone = current_user.zone
        return queries.select_audit(
            actions=audit_messages.ACTIONS_BY_KIND.get(self.kind, ()),
            person_id=self.person.id if self.person else None,
            email=self.email,
            since=start_of_day(self.first, zone) if self.first else None,
            until=start_of_day(self.last + dt.timedelta(days=1), zone) if self.last else None,
        )

    def _read_day(self, name: str) -> dt.date | None:
        text = clean_line(request.args.get(name))
        try:
            return parse_day(text)
        except ValueError:
            self.invalid_day = text[:MAX_DAY_LENGTH]
            return None
