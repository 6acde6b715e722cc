"""Import pages: choose an importer, upload or fetch, preview, and save selected rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from flask import Blueprint, Response, abort, flash, request
from flask_login import current_user
from markupsafe import Markup
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from roadmap.core.database import db
from roadmap.core.errors import render_error
from roadmap.core.i18n import _, date_filter, ngettext
from roadmap.core.limiter import limiter
from roadmap.core.text import clean_line
from roadmap.core.web import now, redirect_page, render_page, see_other, wants_fragment
from roadmap.evidence import labels
from roadmap.evidence.queries import (
    LinkableMilestone,
    load_last_visibility,
    load_published_milestones,
)
from roadmap.importers import actions, queries, texts
from roadmap.importers.fetching import get_site
from roadmap.importers.forms import EARLIEST_DAY, FileForm, LoginForm
from roadmap.importers.importer import FileImporter, Importer, ImportFault, SiteImporter
from roadmap.importers.kinds import IMPORTERS
from roadmap.importers.models import PendingImport
from roadmap.people.permissions import permit

importers = Blueprint("importers", __name__)

# States of an import whose pages are still being fetched.
FETCHING_STATES = ("fetching", "waiting")
# The job process polls every minute.
STUCK_AFTER = dt.timedelta(minutes=2)


@importers.get("/evidence/import")
@permit("evidence.write")
def index() -> Response:
    pending = queries.list_pending(db.session, current_user.id)
    offered = [each for each in IMPORTERS.values() if _is_offered(each)]
    return render_page("importers/index.html", importers=offered, pending=pending)


@importers.get("/evidence/import/<key>")
@permit("evidence.write")
def show(key: str) -> Response:
    return _render(_importer_or_404(key))


@importers.post("/evidence/import/<key>")
@permit("evidence.write")
@limiter.limit("30/minute")
def bring(key: str) -> BaseResponse:
    """Store the uploaded file or start fetching from a site, and redirect to the preview."""
    importer = _importer_or_404(key)
    if isinstance(importer, SiteImporter):
        return _start_fetching(importer)
    importer, form = _file_importer_or_404(key), FileForm()
    if not form.validate():
        return _render(importer, form, status=422)
    try:
        records = importer.load(form.file.data.read())
    except ImportFault as fault:
        form.file.errors = [str(fault)]
        return _render(importer, form, status=422)
    options: dict[str, str] | None = None if importer.questions(records, {}) else {}
    name = clean_line(form.file.data.filename) or str(importer.title)
    actions.store_pending(db.session, current_user.id, key, name, records, options, now=now())
    return see_other("importers.preview", key=key)


def _start_fetching(importer: SiteImporter) -> BaseResponse:
    form = LoginForm(importer, today=_today())
    if not form.validate():
        return _render(importer, form, status=422)
    site = get_site(importer) or abort(404)
    login = importer.clean_login(form.login.data)
    since = form.since.data if importer.asks_since else EARLIEST_DAY
    source = login
    if importer.asks_since:
        source = _("%(login)s since %(day)s", login=login, day=date_filter(since))
    actions.start_fetching(
        db.session,
        current_user.id,
        importer.key,
        source,
        importer.first_pages(site, login, since),
        {"login": login, "since": since.isoformat(), "day": _today().isoformat()},
        now=now(),
    )
    return see_other("importers.preview", key=importer.key)


@importers.put("/evidence/import/<key>/pages")
@permit("evidence.write")
@limiter.limit("10/minute")
def fetch(key: str) -> BaseResponse:
    """Resume fetching after an error."""
    _importer_or_404(key)
    pending = _pending_or_expired(key)
    if pending.state == "failed":
        actions.retry(db.session, pending, now=now())
    return see_other("importers.preview", key=key)


@importers.errorhandler(413)
def too_large(_error: HTTPException) -> Response:
    """Explain how to make a file small enough to upload."""
    if request.endpoint != "importers.bring":
        return render_error(413)
    return render_error(
        413,
        _("The file is larger than 1 MB, so it was not read."),
        _("Unpack it, and put only the files named on the import page into a new ZIP.")
        if request.path.endswith("/linkedin")
        else _("Split it, or leave out what you do not need, and import the parts one by one."),
    )


@importers.delete("/evidence/import/<key>")
@permit("evidence.write")
def discard(key: str) -> BaseResponse:
    importer = _importer_or_404(key)
    actions.discard(db.session, current_user.id, key)
    flash(_("The import “%(title)s” is discarded. Nothing was saved.", title=importer.title))
    return see_other("importers.index")


@importers.get("/evidence/import/<key>/preview")
@permit("evidence.write")
def preview(key: str) -> BaseResponse:
    """Show the preview, or first the progress or the importer's questions."""
    importer = _importer_or_404(key)
    pending = queries.find_pending(db.session, current_user.id, key)
    if pending is None:
        return redirect_page(f"/evidence/import/{key}")
    if pending.state in FETCHING_STATES and "partial" not in request.args:
        return _render_progress(importer, pending)
    if wants_fragment():
        # The progress poll ends here: fetching is complete or has failed.
        return redirect_page(f"/evidence/import/{key}/preview")
    if isinstance(importer, FileImporter) and (
        pending.options is None or "questions" in request.args
    ):
        return _render_questions(importer, pending, pending.options or {})
    return _render_preview(importer, pending)


@importers.put("/evidence/import/<key>/options")
@permit("evidence.write")
def answer(key: str) -> BaseResponse:
    """Store the answers; with `again`, show the questions again for another record kind."""
    importer, pending = _file_importer_or_404(key), _pending_or_expired(key)
    given = {name: clean_line(text)[:100] for name, text in request.form.items()}
    questions = importer.questions(pending.records, given)
    chosen = {
        each.name: given[each.name]
        for each in questions
        if given.get(each.name) in dict(each.options)
    }
    # Another record kind has other fields, so new questions are shown first.
    if "again" in request.form or len(chosen) < len(questions):
        again = {
            each.name: chosen[each.name]
            for each in questions
            if each.asks_again and each.name in chosen
        }
        return _render_questions(importer, pending, again)
    if fault := importer.find_fault(pending.records, chosen):
        return _render_questions(importer, pending, chosen, fault=fault)
    actions.answer(db.session, pending, chosen)
    return see_other("importers.preview", key=key)


@importers.post("/evidence/import/<key>/records")
@permit("evidence.write")
def save(key: str) -> BaseResponse:
    """Save all selected rows, or none if the list has changed."""
    importer, pending = _importer_or_404(key), _pending_or_expired(key)
    if pending.options is None:
        return see_other("importers.preview", key=key)
    found = queries.load_preview(db.session, importer, pending, _today())
    ticked = set(request.form.getlist("take"))
    if fault := _find_fault(found, ticked):
        return _render_preview(importer, pending, fault=fault)
    milestones, rows = _milestones(), []
    for number, section in enumerate(found.sections):
        more = _section_values(number, section.record, milestones)
        rows += [
            (row, more | _row_values(row.key, section.record))
            for row in section.rows
            if row.key in ticked
        ]
    saved = actions.save(db.session, pending, rows, by=current_user, now=now())
    pieces, entries = saved["evidence"], saved["position"] + saved["degree"]
    messages = [*_saved_messages(pieces, entries), _left_out_message(found, ticked)]
    flash(Markup(" ").join(filter(None, messages)))
    if pieces:
        return see_other("evidence.index", created_at=now().isoformat())
    if entries:
        return see_other("career.overview")
    return see_other("evidence.index", state="draft")


def _find_fault(found: queries.Preview, ticked: set[str]) -> str:
    """Return why nothing can be saved, or ""."""
    if request.form.get("seen") != found.fingerprint:
        return _("This list has changed since you opened it. Look at it again.")
    return "" if ticked else _("Nothing is ticked, so nothing was imported.")


def _saved_messages(pieces: int, entries: int) -> list[str]:
    messages: list[str] = []
    if pieces:
        messages.append(
            ngettext(
                "%(num)s piece is imported as a draft.",
                "%(num)s pieces are imported as drafts.",
                pieces,
            )
        )
    if entries:
        messages.append(
            ngettext(
                "%(num)s entry of your career is imported.",
                "%(num)s entries of your career are imported.",
                entries,
            )
        )
    if pieces and entries:
        career = _("Positions and education")
        messages.append(Markup('<a href="/career">{}</a>').format(career))
    return messages or [_("Everything you ticked had already been imported.")]


def _left_out_message(found: queries.Preview, ticked: set[str]) -> str:
    """Return a sentence with the numbers of skipped rows by reason, "" for none."""
    unticked = [row for row in found.rows if row.key not in ticked]
    new = sum(row.is_new for row in unticked)
    known, wrong = len(unticked) - new, len(found.problems)
    counts = (
        (new, ngettext("%(num)s not ticked", "%(num)s not ticked", new)),
        (known, ngettext("%(num)s already imported", "%(num)s already imported", known)),
        (found.repeated, ngettext("%(num)s repeated", "%(num)s repeated", found.repeated)),
        (wrong, ngettext("%(num)s with an error", "%(num)s with errors", wrong)),
        (found.left_out, ngettext("%(num)s too many", "%(num)s too many", found.left_out)),
    )
    parts = ", ".join(text for number, text in counts if number)
    return _("Left out: %(parts)s.", parts=parts) if parts else ""


def _importer_or_404(key: str) -> Importer:
    importer = IMPORTERS.get(key)
    return importer if importer is not None and _is_offered(importer) else abort(404)


def _file_importer_or_404(key: str) -> FileImporter:
    importer = IMPORTERS.get(key)
    return importer if isinstance(importer, FileImporter) else abort(404)


def _is_offered(importer: Importer) -> bool:
    return not isinstance(importer, SiteImporter) or get_site(importer) is not None


def _pending_or_expired(key: str) -> PendingImport:
    pending = queries.find_pending(db.session, current_user.id, key)
    if pending is None:
        text = _(
            "There is nothing to import: it was saved or discarded, or it expired after a day."
        )
        flash(text, "warning")
        abort(see_other("importers.show", key=key))
    return pending


def _today() -> dt.date:
    today: dt.date = current_user.today(now())
    return today


def _milestones() -> dict[str, LinkableMilestone]:
    """Return the milestones of the user's own roadmaps, to which evidence can be linked."""
    found = load_published_milestones(db.session, current_user.id)
    return {key: each for key, each in found.items() if each.roadmap}


def _section_values(
    number: int, record: str, milestones: Mapping[str, LinkableMilestone]
) -> dict[str, str]:
    """Return the values submitted for a whole section, ignoring invalid ones."""
    if record != "evidence":
        return {}
    values = {"visibility": load_last_visibility(db.session, current_user.id)}
    if (kind := request.form.get(f"kind-{number}", "")) in labels.KINDS:
        values["kind"] = kind
    if (milestone := request.form.get(f"milestone-{number}", "")) in milestones:
        values["milestone"] = milestone
    return values


def _row_values(key: str, record: str) -> dict[str, str]:
    """Return the values submitted for one row: files do not say which jobs are ML jobs."""
    if record != "position":
        return {}
    return {"is_ml": "1" if key in request.form.getlist("is_ml") else ""}


def _render(
    importer: Importer, form: FileForm | LoginForm | None = None, *, status: int = 200
) -> Response:
    site = None
    if isinstance(importer, SiteImporter):
        form = form or LoginForm(importer, today=_today(), formdata=None)
        site = get_site(importer)
    return render_page(
        "importers/importer.html",
        status,
        importer=importer,
        form=form or FileForm(formdata=None),
        site=site,
        pending=queries.list_pending(db.session, current_user.id).get(importer.key),
    )


def _render_progress(importer: Importer, pending: PendingImport) -> Response:
    template = "_progress" if wants_fragment() else "progress"
    return render_page(
        f"importers/{template}.html",
        importer=importer,
        pending=pending,
        total=sum(count or 0 for count in (pending.totals or {}).values()),
        error=_error_message(importer, pending),
        is_stuck=pending.state == "fetching"
        and pending.resume_at is not None
        and pending.resume_at < now() - STUCK_AFTER,
    )


def _error_message(importer: Importer, pending: PendingImport) -> str:
    return texts.error_message(pending.fault, str(importer.title)) if pending.fault else ""


def _render_questions(
    importer: FileImporter,
    pending: PendingImport,
    options: Mapping[str, str],
    *,
    fault: str = "",
) -> Response:
    return render_page(
        "importers/questions.html",
        422 if fault else 200,
        importer=importer,
        pending=pending,
        fault=fault,
        questions=importer.questions(pending.records, options),
    )


def _render_preview(importer: Importer, pending: PendingImport, *, fault: str = "") -> Response:
    found = queries.load_preview(db.session, importer, pending, _today())
    ticked = set(request.form.getlist("take")) if fault else None
    if (tick := request.args.get("tick")) in ("all", "none"):
        ticked = {row.key for row in found.rows if row.is_new and tick == "all"}
    return render_page(
        "importers/preview.html",
        422 if fault else 200,
        importer=importer,
        pending=pending,
        found=found,
        fault=fault,
        has_questions=isinstance(importer, FileImporter) and bool(pending.options),
        error=_error_message(importer, pending),
        is_fetching=pending.state in FETCHING_STATES,
        form=request.form,
        is_ticked=lambda row, section: (
            row.key in ticked if ticked is not None else row.is_new and section.preselects_new
        ),
        kinds=list(labels.KINDS.items()),
        milestones=[(key, f"{each.title} ({each.place})") for key, each in _milestones().items()],
    )
