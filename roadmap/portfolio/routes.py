"""The portfolio's pages: its pieces and texts, preview, exports, and public links."""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    make_response,
    render_template,
    request,
)
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from roadmap.core.database import db
from roadmap.core.errors import render_error
from roadmap.core.limiter import limiter
from roadmap.core.markdown import to_html
from roadmap.core.pdf import PdfError
from roadmap.core.proxy import public_address
from roadmap.core.web import (
    form_key,
    is_opened_by_person,
    keep_unlisted,
    now,
    render_page,
    see_other,
    wants_fragment,
)
from roadmap.evidence.labels import KINDS
from roadmap.evidence.models import Evidence
from roadmap.evidence.queries import load_skill_titles
from roadmap.people import permissions
from roadmap.people.permissions import permit
from roadmap.portfolio import actions, labels, links, selection
from roadmap.portfolio.export import MissingCharacters, export_file
from roadmap.portfolio.formats.registry import FORMATS
from roadmap.portfolio.forms import LIFETIME_DAYS, LinkForm, TextsForm
from roadmap.portfolio.models import PortfolioLink
from roadmap.portfolio.queries import load_document
from roadmap.portfolio.urls import safe_url

log = logging.getLogger(__name__)
portfolio = Blueprint("portfolio", __name__)


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
            shows_self_assessed=form.shows_self_assessed.data,
            shows_below_bar=form.shows_below_bar.data,
            left_out_skills=[
                key for key in load_skill_titles(db.session) if key in form.left_out_skills.data
            ],
            revision=form.revision.data or 0,
            by=current_user,
            now=now(),
        )
    except actions.StalePortfolio as stale:
        # If the form is sent again unchanged, it replaces the version that is shown beside it.
        form.revision.raw_data = None
        form.revision.data = stale.current.revision
        return make_response(_render_page(form, newer=stale.current), 409)
    flash(_("Your texts are saved."))
    return see_other("portfolio.index")


@portfolio.post("/portfolio/introduction/preview")
@permit("portfolio.write")
def preview_introduction() -> str:
    """Show the introduction as readers would see it, without saving."""
    form = TextsForm()
    text = to_html(form.introduction.data)
    if wants_fragment():
        return render_template("portfolio/_introduction.html", text=text)
    return _render_page(form, text=text)


@portfolio.put("/portfolio/items")
@permit("portfolio.write")
def choose_all() -> BaseResponse:
    """Add what may be shown, without what has lapsed and what could still be reviewed."""
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
    return _items_response(
        _("%(title)s is shown.", title=evidence.title), focus=f"out-{evidence_id}"
    )


@portfolio.delete("/portfolio/items/<uuid:evidence_id>")
@permit("portfolio.write")
def leave_out(evidence_id: uuid.UUID) -> BaseResponse:
    evidence = permissions.load(db.session, current_user, "evidence.write", Evidence, evidence_id)
    actions.remove_item(db.session, current_user.id, evidence_id, by=current_user, now=now())
    return _items_response(
        _("%(title)s is removed.", title=evidence.title), focus=f"in-{evidence_id}"
    )


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
    return _items_response(
        _("Moved to place %(place)d.", place=to + 1), focus=f"{way}-{evidence_id}"
    )


@portfolio.get("/portfolio/preview")
@permit("portfolio.read")
def preview() -> str:
    """Show the portfolio as readers would see it."""
    today = current_user.today(now())
    return _render_document("portfolio/preview.html", current_user.id, today)


@portfolio.get("/portfolio/export/<name>")
@permit("portfolio.read")
@limiter.limit("30/minute")
def export(name: str) -> Response | str:
    """Download the portfolio in one of `FORMATS`.

    Where the file would show boxes in place of some characters, a page says so first; its link has
    `anyway`.
    """
    if name not in FORMATS:
        abort(404)
    actor, anyway = current_user._get_current_object(), "anyway" in request.args
    try:
        return export_file(actor, name, now=now(), accepts_boxes=anyway)
    except MissingCharacters as missing:
        return render_template(
            "portfolio/missing_characters.html",
            characters=missing.characters,
            chosen=FORMATS[name],
            others=[each for each in FORMATS.values() if each.key != name],
        )
    except PdfError:
        log.exception("an export could not be made")
        return render_error(
            500,
            _("This file could not be created from your portfolio; the server's log says why."),
        )


@portfolio.get("/portfolio/links")
@permit("portfolio.read")
def link_list() -> str:
    return _render_links_page(LinkForm())


@portfolio.post("/portfolio/links")
@permit("portfolio.write")
def make_link() -> BaseResponse:
    form = LinkForm()
    if not form.validate_on_submit():
        return make_response(_render_links_page(form), 422)
    days = LIFETIME_DAYS[form.lives.data]
    try:
        link = links.create_link(
            db.session,
            current_user.id,
            label=form.label.data,
            expires_at=None if days is None else now() + dt.timedelta(days=days),
            by=current_user,
            now=now(),
            key=form_key(),
        )
    except links.TooManyLinks:
        form.label.errors = [
            _(
                "You have %(most)d active links, the maximum. Revoke one that nobody needs.",
                most=links.MAX_OPEN_LINKS,
            )
        ]
        return make_response(_render_links_page(form), 422)
    flash(_("The link is created. Anyone who has it can open it without signing in."))
    return see_other("portfolio.link_list", _anchor=f"link-{link.id}")


@portfolio.delete("/portfolio/links/<uuid:link_id>")
@permit("portfolio.write")
def revoke_link(link_id: uuid.UUID) -> BaseResponse:
    link = permissions.load(db.session, current_user, "portfolio.write", PortfolioLink, link_id)
    links.revoke_link(db.session, link, by=current_user, now=now())
    flash(_("The link is revoked. It no longer works."))
    return see_other("portfolio.link_list")


@portfolio.get("/p/<token>")
@permit("public")
@limiter.limit("120/minute")
def public(token: str) -> Response:
    """Show the portfolio behind a public link; every link that is not open gets the same 404."""
    found = links.find_open_link(db.session, token, now=now())
    if found is None:
        response = make_response(render_template("portfolio/link_not_found.html"), 404)
    else:
        link, day = found
        link_id, counts = link.id, link.last_opened_on != day and is_opened_by_person()
        response = make_response(_render_document("portfolio/public.html", link.user_id, day))
        if counts:
            # A GET holds a reading transaction; the day is written in one of its own.
            db.session.rollback()
            db.note(
                lambda own: links.record_opening(own, link_id, day),
                what=f"public link {link_id} was opened",
            )
    return keep_unlisted(response)


def _filled_form() -> TextsForm:
    saved = selection.load_texts(db.session, current_user.id)
    left_out = saved.left_out_skills.split() if saved is not None else []
    form = TextsForm(obj=saved, data={"left_out_skills": left_out})
    form.left_out_skills.data = left_out
    if saved is None:
        form.revision.data = 0
    return form


def _render_page(form: TextsForm, **more: object) -> str:
    skills = load_skill_titles(db.session).items()
    return render_template(
        "portfolio/index.html", form=form, skills=skills, **_items_context(), **more
    )


def _items_context() -> dict[str, Any]:
    today = current_user.today(now())
    return {
        "kinds": KINDS,
        "formats": FORMATS,
        "selection": selection.load_selection(db.session, current_user.id, today),
        "today": today,
        "max_listed": selection.MAX_LISTED,
    }


def _items_response(said: str, focus: str) -> BaseResponse:
    """Return the lists to htmx, with the focus where it was, or else redirect to the page."""
    if not wants_fragment():
        return see_other("portfolio.index", _anchor="pieces")
    return render_page(
        "portfolio/_items_changed.html", announce=said, **_items_context(), focus=focus
    )


def _refusal_response(reason: str) -> BaseResponse:
    """Return the lists with the reason why a piece was not added."""
    if wants_fragment():
        page = render_template("portfolio/_items_changed.html", **_items_context(), refused=reason)
    else:
        page = _render_page(_filled_form(), refused=reason)
    return make_response(page, 422)


def _render_document(template: str, user_id: uuid.UUID, today: dt.date) -> str:
    document = load_document(db.session, user_id, today)
    return render_template(
        template, document=document, formats=FORMATS, labels=labels, safe_url=safe_url
    )


def _render_links_page(form: LinkForm) -> str:
    made = links.list_links(db.session, current_user.id)
    return render_template(
        "portfolio/links.html",
        form=form,
        open_links=[
            (link, f"{public_address()}/p/{links.sign_token(link)}")
            for link in made
            if links.is_open(link, now())
        ],
        ended=[link for link in made if not links.is_open(link, now())][:20],
        shown=len(
            selection.load_selection(db.session, current_user.id, current_user.today(now())).shown
        ),
    )
