"""Routes for downloading and importing an archive of all data of a person."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

import sqlalchemy as sa
from flask import Blueprint, Response, abort, current_app, flash, request
from flask_login import current_user
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from roadmap.archive.forms import ArchiveForm
from roadmap.auth.reauthentication import fresh_login_required
from roadmap.core.database import db
from roadmap.core.errors import render_error
from roadmap.core.i18n import _, ngettext
from roadmap.core.limiter import limiter
from roadmap.core.proxy import client_address
from roadmap.core.web import now, render_page, see_other
from roadmap.evidence.file_actions import UploadRejected, store_upload
from roadmap.evidence.models import UploadedFile
from roadmap.people.permissions import permit

if TYPE_CHECKING:
    from roadmap.archive.reading import Archive

# Reading and writing archives needs pydantic, which takes 100 ms to import, so views import those
# modules on demand.
archives = Blueprint("archives", __name__)


@archives.get("/account/archive")
@permit("archive.read")
@fresh_login_required
def show() -> Response:
    return _render(ArchiveForm(formdata=None))


@archives.get("/account/archive/file")
@permit("archive.download")
@fresh_login_required
@limiter.limit("10/minute")
def download() -> Response:
    """Download all data of the person as a ZIP."""
    from roadmap.archive.download import archive_response

    return archive_response(current_user._get_current_object(), now=now())


@archives.post("/account/archive/imports")
@permit("archive.write")
@limiter.limit("10/minute")
def send() -> BaseResponse:
    """Validate and store an uploaded archive, and redirect to its preview."""
    from roadmap.archive.reading import ArchiveRefused, read_archive

    form = ArchiveForm()
    if not form.validate():
        return _render(form, 422)
    sent = form.file.data
    try:
        read_archive(sent.stream, quota=_quota())
        file = store_upload(current_user.id, sent.filename, sent.stream, quota=_quota(), now=now())
    except (ArchiveRefused, UploadRejected) as refused:
        form.file.errors = [str(refused)]
        return _render(form, 422)
    return see_other("archives.preview", sha256=file.sha256)


@archives.errorhandler(413)
def too_large(_error: HTTPException) -> Response:
    """Explain what to do with an upload that is too large; its content is not read."""
    if request.endpoint != "archives.send":
        return render_error(413)
    return render_error(
        413,
        _("The archive is larger than 25 MB, so it was not read."),
        _(
            "Ask the operator of this server to import it on the command line, which "
            "accepts larger archives."
        ),
    )


@archives.get("/account/archive/imports/<sha256>")
@permit("archive.write")
@fresh_login_required
def preview(sha256: str) -> Response:
    """Show what an import of an uploaded archive would create and leave out."""
    from roadmap.archive.queries import count_records, open_upload
    from roadmap.archive.reading import ArchiveRefused
    from roadmap.archive.restoring import has_records, make_plan

    me = current_user.id
    try:
        with open_upload(db.session.connection(), me, sha256) as content:
            archive = _read(content)
            plan = make_plan(db.session, archive, me, now=now())
    except ArchiveRefused as refused:
        return _refuse(refused)
    return render_page(
        "archive/preview.html",
        manifest=archive.manifest,
        origin=archive.origin,
        plan=plan,
        counts=count_records(plan),
        is_full=has_records(db.session, me),
        sha256=sha256,
    )


@archives.put("/account/archive/imports/<sha256>")
@permit("archive.write")
@fresh_login_required
@limiter.limit("10/minute")
def import_archive(sha256: str) -> BaseResponse:
    """Import an uploaded archive into the account, which must have no records yet."""
    from roadmap.archive.queries import list_imports, open_upload
    from roadmap.archive.reading import ArchiveRefused
    from roadmap.archive.restoring import HasRecords, restore, store_files

    me = current_user.id
    try:
        with db.read_connection() as connection, open_upload(connection, me, sha256) as content:
            if content is None and list_imports(db.session, me):
                # The form was sent twice.
                return see_other("archives.show", _anchor="imports")
            archive = _read(content)
            store_files(archive)
            plan = restore(db.session, me, archive, by=me, address=client_address(), now=now())
    except (ArchiveRefused, HasRecords) as refused:
        return _refuse(refused)
    sent = sa.delete(UploadedFile).where(UploadedFile.user_id == me, UploadedFile.sha256 == sha256)
    db.session.execute(sent.execution_options(synchronize_session=False))
    flash(ngettext("%(num)d record is imported.", "%(num)d records are imported.", plan.count))
    return see_other("archives.show", _anchor="imports")


def _read(content: IO[bytes] | None) -> Archive:
    from roadmap.archive.reading import read_archive

    if content is None:
        abort(404)
    return read_archive(content, quota=_quota())


def _quota() -> int:
    return int(current_app.config["FILE_QUOTA_MB"]) * 1_000_000


def _refuse(refused: Exception) -> Response:
    """Roll back, and show why an uploaded archive cannot be imported."""
    form = ArchiveForm(formdata=None)
    form.file.errors = [str(refused)]
    db.session.rollback()
    return _render(form, 422)


def _render(form: ArchiveForm, status: int = 200) -> Response:
    from roadmap.archive.queries import list_imports
    from roadmap.archive.restoring import has_records

    return render_page(
        "archive/index.html",
        status,
        form=form,
        imports=list_imports(db.session, current_user.id),
        is_full=has_records(db.session, current_user.id),
    )
