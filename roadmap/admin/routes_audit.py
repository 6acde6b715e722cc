"""The audit log, filtered by URL parameters, as a page and as a file."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from functools import partial

from flask import render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from roadmap.admin import audit_messages, queries
from roadmap.admin.audit_messages import KINDS, MESSAGES_BY_KIND
from roadmap.admin.audit_query import MAX_CANDIDATES, AuditQuery
from roadmap.admin.blueprint import admin
from roadmap.auth.request_audit import audit_download
from roadmap.core.database import db
from roadmap.core.errors import render_error
from roadmap.core.i18n import _, number_filter
from roadmap.core.limiter import export_slot, limiter
from roadmap.core.tables import Sheet, to_csv
from roadmap.core.web import make_attachment, now, see_other
from roadmap.people.models import AuditEntry
from roadmap.people.permissions import permit

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
    query, before = _parse_query(), request.args.get("before", type=int)
    last = None if before is None else min(max(before, 0), MAX_ROW_ID)
    entries, cursor = queries.list_audit_entries(db.session, query.select(), last)
    lines, names = _describe(entries)
    page_url = partial(url_for, "admin.log", **query.arguments)
    return render_template(
        "admin/audit.html",
        lines=lines,
        names=names,
        pruned=queries.find_prune_cutoff(db.session),
        kinds=KINDS,
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
    query = _parse_query()
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
        lines = [line for batch in entries.partitions() for line in _export_lines(batch)]
        header = (_("When (UTC)"), _("Who"), _("E-mail"), _("Kind"), _("What"), _("Address"))
        content = to_csv(Sheet(_("Audit log"), header, lines))
    audit_download(by=current_user.id, action="audit.exported", target="csv", count=len(lines))
    name = f"audit-log-{current_user.today(now()).isoformat()}.csv"
    return make_attachment(content, "text/csv", name)


def _parse_query() -> AuditQuery:
    return AuditQuery(db.session, request.args, current_user.zone)


def _export_lines(entries: Sequence[AuditEntry]) -> list[tuple[str, ...]]:
    emails = queries.load_user_emails(db.session, {entry.actor_id for entry in entries})
    return [
        (
            entry.at.isoformat(),
            by,
            emails.get(entry.actor_id, ""),
            next(
                (str(KINDS[kind]) for kind in KINDS if entry.action in MESSAGES_BY_KIND[kind]), ""
            ),
            text,
            entry.address,
        )
        for entry, text, by in _describe(entries)[0]
    ]


def _describe(entries: Sequence[AuditEntry]) -> tuple[list[tuple[AuditEntry, str, str]], Names]:
    """Return the described entries, and the names of the people in them."""
    names = queries.load_user_names(db.session, audit_messages.collect_ids(entries))
    return audit_messages.render_lines(entries, names), names
