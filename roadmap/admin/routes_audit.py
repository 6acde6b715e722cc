"""The audit log: who did what and when, filtered by the address, as a page and as a file."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any

from flask import make_response, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from roadmap.admin import audit_messages, queries
from roadmap.admin.blueprint import admin
from roadmap.core.database import db
from roadmap.core.errors import render_error
from roadmap.core.i18n import gettext as _
from roadmap.core.i18n import number_filter
from roadmap.core.limiter import export_slot, limiter
from roadmap.core.proxy import client_address
from roadmap.core.tables import Sheet, to_csv
from roadmap.core.text import clean_line
from roadmap.core.web import now, see_other
from roadmap.people.audit import record_audit
from roadmap.people.permissions import permit

MAX_PERSON_LENGTH = 320
MAX_DAY_LENGTH = 20
# So many of the people who match the filter are offered.
MAX_CANDIDATES = 20
# The largest row number that both databases accept.
MAX_ROW_ID = 2**31 - 1
# A file has so many entries at most.
MAX_EXPORTED = 50_000
# The days by which the log can be filtered.
FIRST_DAY, LAST_DAY = dt.date(1970, 1, 2), dt.date(9999, 1, 1)


@admin.get("/admin/audit")
@permit("admin.read")
def log() -> str:
    """Show who did what, when, and from which address."""
    query, before = AuditQuery(), request.args.get("before", type=int)
    entries, cursor = (
        queries.list_audit_entries(
            db.session,
            query.wanted,
            before=None if before is None else min(max(before, 0), MAX_ROW_ID),
        )
        if query.is_clear
        else ([], None)
    )
    names = queries.load_user_names(db.session, audit_messages.collect_ids(entries))
    page_url = partial(url_for, "admin.log", **query.arguments)
    return render_template(
        "admin/audit.html",
        lines=audit_messages.render_lines(entries, names),
        names=names,
        pruned=queries.find_pruned_day(db.session),
        kinds=audit_messages.KINDS,
        query=query,
        # Several match: one is to be chosen.
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
    """Download the filtered log: when, who, what, and from which address."""
    query = AuditQuery()
    if not query.is_clear:
        return see_other("admin.log", **query.arguments)
    if queries.has_more_audit_entries(db.session, query.wanted, MAX_EXPORTED):
        return render_error(
            422,
            _("More than %(num)s entries match.", num=number_filter(MAX_EXPORTED)),
            _("Choose a shorter time, and export the log in parts."),
        )
    with export_slot():
        lines = [
            (entry.at.isoformat(), by, text, entry.address)
            for entries in queries.list_audit_batches(db.session, query.wanted)
            for entry, text, by in audit_messages.render_lines(
                entries, queries.load_user_names(db.session, audit_messages.collect_ids(entries))
            )
        ]
        header = (_("When (UTC)"), _("Who"), _("What"), _("Address"))
        content = to_csv(Sheet(_("Audit log"), header, lines))
    if request.method == "GET":  # and not HEAD
        # A GET holds a reading transaction; the audit entry is written in one of its own.
        db.session.rollback()
        with db.own_transaction() as own:
            record_audit(
                own, by=current_user.id, action="audit.exported", target="csv",
                address=client_address(), now=now(), count=len(lines),
            )  # fmt: skip
    response = make_response(content)
    response.mimetype = "text/csv"
    filename = f"audit-log-{current_user.today(now()).isoformat()}.csv"
    response.headers.set("Content-Disposition", "attachment", filename=filename)
    return response


class AuditQuery:
    """The filter of the audit log in the address: about what, whom, from and to which day.

    `people` are those who match `who`, `person` the only one, `email` their address, or one that
    nobody has. `wrong_day` is a text that is no day. Days are the administrator's.
    """

    def __init__(self) -> None:
        kind = request.args.get("kind", "")
        self.kind = kind if kind in audit_messages.KINDS else ""
        self.who = clean_line(request.args.get("person"))[:MAX_PERSON_LENGTH]
        self.wrong_day = ""
        self.first = self._read_day("from")
        self.last = self._read_day("to")
        self.people = (
            queries.find_people(db.session, self.who, most=MAX_CANDIDATES + 1) if self.who else []
        )
        self.person = self.people[0] if len(self.people) == 1 else None
        # An invited address, or one that somebody tried to sign in with, needs no account.
        is_address = "@" in self.who and not self.people
        self.email = self.person.email if self.person else self.who if is_address else ""

    @property
    def is_clear(self) -> bool:
        """Return whether the filter says which entries are meant."""
        is_day_clear = not self.wrong_day and not self.is_backwards
        return is_day_clear and (not self.who or bool(self.email))

    @property
    def is_backwards(self) -> bool:
        return bool(self.first and self.last and self.first > self.last)

    @property
    def is_filtered(self) -> bool:
        return bool(self.kind or self.who or self.first or self.last or self.wrong_day)

    @property
    def arguments(self) -> dict[str, Any]:
        return {
            "kind": self.kind or None,
            "person": self.person.id if self.person else self.who or None,
            "from": self.first.isoformat() if self.first else None,
            "to": self.last.isoformat() if self.last else None,
        }

    @property
    def wanted(self) -> queries.AuditFilter:
        return queries.AuditFilter(
            actions=audit_messages.ACTIONS_BY_KIND.get(self.kind, ()),
            person_id=self.person.id if self.person else None,
            email=self.email,
            since=_start_of(self.first) if self.first else None,
            until=_start_of(self.last + dt.timedelta(days=1)) if self.last else None,
        )

    def _read_day(self, name: str) -> dt.date | None:
        text = clean_line(request.args.get(name))
        try:
            day = dt.date.fromisoformat(text) if text else None
        except ValueError:
            day = dt.date.min
        if day is None or FIRST_DAY <= day < LAST_DAY:
            return day
        self.wrong_day = text[:MAX_DAY_LENGTH]
        return None


def _start_of(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), current_user.zone)
