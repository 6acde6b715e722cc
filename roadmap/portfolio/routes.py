"""The portfolio's pages: choosing and ordering pieces, texts, preview and exports."""

from __future__ import annotations

import json
import logging
import uuid

from flask import Response, abort, flash, make_response, render_template, request
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from roadmap.core.database import db
from roadmap.core.errors import render_error
from roadmap.core.limiter import limiter
from roadmap.core.markdown import to_html
from roadmap.core.pdf import PdfError
from roadmap.core.web import now, see_other, wants_fragment
from roadmap.evidence import labels
from roadmap.evidence.models import Evidence
from roadmap.people import permissions
from roadmap.people.permissions import permit
from roadmap.portfolio import actions, page_context, routes_links, selection
from roadmap.portfolio.blueprint import portfolio
from roadmap.portfolio.export import export_file
from roadmap.portfolio.formats.registry import FORMATS
from roadmap.portfolio.forms import TextsForm
from roadmap.portfolio.models import Portfolio
from roadmap.portfolio.queries import load_document

__all__ = ["portfolio", "routes_links"]

log = logging.getLogger(__name__)


@portfolio.get("/portfolio")
@permit("portfolio.read")
def index() -> str:
    return _render_page(_filled_form())


@portfolio.put("/portfolio")
@permit("portfolio.write")
def save() -> BaseResponse:
    """Save the texts. A stale edit gets both versions back (409) and saves nothing."""
    form = TextsForm()
    if not form.validate_on_submit():
        return make_response(_render_page(form), 422)
    try:
        actions.save_texts(
            db.session,
            current_user.id,
            headline=form.headline.data,
            introduction=form.introduction.data,
            shows_email=form.shows_email.data,
            revision=form.revision.data,
            by=current_user,
            now=now(),
        )
    except actions.StalePortfolio as stale:
        # If the form is sent again unchanged, it replaces the version that is shown beside it.
        form.revision.raw_data = None
        form.revision.data = stale.current.revision
        return make_response(_render_page(form, newer=stale.current), 409)
    flash(_("Saved."))
    return see_other("portfolio.index")


@portfolio.post("/portfolio/introduction/preview")
@permit("portfolio.write")
def preview_introduction() -> str:
    """Show the introduction as readers would see it, without saving."""
    form = TextsForm()
    if wants_fragment():
        return render_template("portfolio/_introduction.html", text=to_html(form.introduction.data))
    return _render_page(form, text=to_html(form.introduction.data))


@portfolio.put("/portfolio/items")
@permit("portfolio.write")
def choose_all() -> BaseResponse:
    """Add every piece that may be shown."""
    added = actions.add_all_items(db.session, current_user.id, by=current_user, now=now())
    said = ngettext("%(num)d piece added.", "%(num)d pieces added.", added)
    return _items_response(said, focus="shown-title")


@portfolio.put("/portfolio/items/<uuid:evidence_id>")
@permit("portfolio.write")
def choose(evidence_id: uuid.UUID) -> BaseResponse:
    evidence = permissions.load(db.session, current_user, "evidence.write", Evidence, evidence_id)
    try:
        actions.add_item(db.session, current_user.id, evidence, by=current_user, now=now())
    except actions.NotVisibleInPortfolio:
        return _refusal_response(
            _("This piece is not for the portfolio. Change who may see it, then add it here.")
        )
    except actions.PortfolioFull:
        return _refusal_response(
            _(
                "A portfolio holds at most %(most)d pieces. Remove one first.",
                most=actions.MAX_ITEMS,
            )
        )
    said = _("%(title)s is shown.", title=evidence.title)
    return _items_response(said, focus=f"out-{evidence_id}")


@portfolio.delete("/portfolio/items/<uuid:evidence_id>")
@permit("portfolio.write")
def leave_out(evidence_id: uuid.UUID) -> BaseResponse:
    evidence = permissions.load(db.session, current_user, "evidence.write", Evidence, evidence_id)
    actions.remove_item(db.session, current_user.id, evidence_id, by=current_user, now=now())
    said = _("%(title)s is removed.", title=evidence.title)
    return _items_response(said, focus=f"in-{evidence_id}")


@portfolio.put("/portfolio/items/<uuid:evidence_id>/place")
@permit("portfolio.write")
def place(evidence_id: uuid.UUID) -> BaseResponse:
    """Move a piece to position `to`, counted from 0; `way` says which button was used."""
    permissions.load(db.session, current_user, "evidence.write", Evidence, evidence_id)
    to = request.form.get("to", type=int)
    if to is None or not 0 <= to < actions.MAX_ITEMS:
        abort(422)
    try:
        actions.move_item(db.session, current_user.id, evidence_id, to, by=current_user, now=now())
    except LookupError:
        abort(404)
    way = "up" if request.args.get("way") == "up" else "down"
    said = _("Moved to place %(place)d.", place=to + 1)
    return _items_response(said, focus=f"{way}-{evidence_id}")


@portfolio.get("/portfolio/preview")
@permit("portfolio.read")
def preview() -> str:
    """Show the portfolio as readers would see it."""
    shown = load_document(db.session, current_user.id, current_user.today(now()))
    return render_template(
        "portfolio/preview.html",
        document=shown,
        formats=FORMATS,
        **page_context.document_context(shown),
    )


@portfolio.get("/portfolio/export/<name>")
@permit("portfolio.read")
@limiter.limit("30/minute")
def export(name: str) -> Response:
    """Download the portfolio in one of `FORMATS`."""
    if name not in FORMATS:
        abort(404)
    try:
        return export_file(current_user._get_current_object(), name, now=now())
    except PdfError:
        log.exception("an export could not be made")
        return render_error(
            500,
            _("This file could not be created from your portfolio; the server's log says why."),
        )


def _filled_form() -> TextsForm:
    saved = selection.load_texts(db.session, current_user.id)
    form = TextsForm(obj=saved)
    if saved is None:
        form.revision.data = 0
    return form


def _render_page(
    form: TextsForm, *, newer: Portfolio | None = None, text: str | None = None
) -> str:
    return render_template(
        "portfolio/index.html",
        form=form,
        newer=newer,
        text=text,
        formats=FORMATS,
        **_items_context(),
    )


def _items_context(focus: str = "") -> dict[str, object]:
    return {
        "kinds": labels.KINDS,
        "selection": selection.load_selection(db.session, current_user.id),
        "today": current_user.today(now()),
        "max_listed": selection.MAX_LISTED,
        "focus": focus,
    }


def _items_response(said: str, focus: str) -> BaseResponse:
    """Return the lists to htmx, with the focus where it was, or else redirect to the page."""
    if not wants_fragment():
        return see_other("portfolio.index", _anchor="pieces")
    response: Response = make_response(
        render_template("portfolio/_items.html", **_items_context(focus=focus))
    )
    response.headers["HX-Trigger"] = json.dumps({"announce": said})
    return response


def _refusal_response(reason: str) -> BaseResponse:
    """Return the lists with the reason why a piece was not added."""
    values = {**_items_context(), "refused": reason}
    if wants_fragment():
        return make_response(render_template("portfolio/_items.html", **values), 422)
    page = render_template(
        "portfolio/index.html",
        form=_filled_form(),
        newer=None,
        text=None,
        formats=FORMATS,
        **values,
    )
    return make_response(page, 422)
