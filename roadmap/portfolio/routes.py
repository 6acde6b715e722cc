"""Routes for portfolios: list, texts, sections, profiles, preview and export."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable

from flask import Response, abort, flash, render_template, request
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse
from wtforms.fields import SelectChoice

from roadmap.core.database import db
from roadmap.core.errors import render_error
from roadmap.core.i18n import _
from roadmap.core.limiter import limiter
from roadmap.core.limits import LimitReached
from roadmap.core.markdown import to_html
from roadmap.core.pdf import PdfError
from roadmap.core.stale_forms import StaleForm
from roadmap.core.web import form_key, now, render_page, see_other, wants_fragment
from roadmap.evidence.queries import load_skill_titles
from roadmap.people.permissions import permit
from roadmap.portfolio import actions, links, routes_items, routes_links, selection
from roadmap.portfolio.blueprint import (
    find_portfolio,
    lock_portfolio,
    portfolio,
    portfolio_url,
    redirect_to_portfolio,
    render_document,
    render_portfolio,
    sections_context,
)
from roadmap.portfolio.export import MissingCharacters, export_file
from roadmap.portfolio.formats.registry import FORMATS
from roadmap.portfolio.forms import NewPortfolioForm, ProfilesForm, TextsForm
from roadmap.portfolio.models import Portfolio
from roadmap.portfolio.profiles import NETWORKS
from roadmap.portfolio.sections import SECTIONS

__all__ = ["portfolio", "routes_items", "routes_links"]

log = logging.getLogger(__name__)

SECTION = "/portfolios/<uuid:portfolio_id>/sections/<key>"


@portfolio.get("/portfolio", endpoint="index")
@portfolio.get("/portfolios/<uuid:portfolio_id>")
@permit("portfolio.read")
def show(portfolio_id: uuid.UUID | None = None) -> Response:
    """Show a portfolio, without an id the default one."""
    return render_portfolio(current_user, find_portfolio(current_user, portfolio_id))


@portfolio.get("/portfolios")
@permit("portfolio.read")
def list_all() -> Response:
    return _render_list(_new_form())


@portfolio.post("/portfolios")
@permit("portfolio.write")
def create() -> BaseResponse:
    """Create a portfolio, empty or as a copy."""
    form = _new_form()
    if not form.validate_on_submit():
        return _render_list(form, 422)
    try:
        made = actions.create_portfolio(
            db.session,
            name=form.name.data,
            copy_of=uuid.UUID(form.copy_of.data) if form.copy_of.data else None,
            by=current_user,
            now=now(),
            key=form_key(),
        )
    except LimitReached as refused:
        form.name.errors = [str(refused)]
        return _render_list(form, 422)
    flash(_("%(name)s is created. Only you see it until you share it.", name=made.name))
    return see_other("portfolio.show", portfolio_id=made.id)


@portfolio.put("/portfolios/<uuid:portfolio_id>")
@permit("portfolio.write")
def save(portfolio_id: uuid.UUID) -> BaseResponse:
    """Save the texts. A stale edit is refused with 409 and a page that shows both versions."""
    found, form = find_portfolio(current_user, portfolio_id), TextsForm()
    if not form.validate_on_submit():
        return render_portfolio(current_user, found, form, status=422)
    texts = {name: form[name].data for name in actions.EDITABLE_FIELDS}
    texts |= {
        "left_out_skills": _joined_keys(form.left_out_skills.data, load_skill_titles(db.session)),
        "shown_profiles": _joined_keys(form.shown_profiles.data, NETWORKS),
    }
    found = lock_portfolio(current_user, portfolio_id)
    try:
        actions.save_texts(db.session, found, texts, revision=form.revision.data or 0, now=now())
    except StaleForm:
        # With the new revision, submitting the form again overwrites the version shown beside it.
        form.revision.raw_data = None
        form.revision.data = found.revision
        return render_portfolio(current_user, found, form, status=409, newer=found)
    flash(_("Your texts are saved."))
    return redirect_to_portfolio(found)


@portfolio.delete("/portfolios/<uuid:portfolio_id>")
@permit("portfolio.write")
def delete(portfolio_id: uuid.UUID) -> BaseResponse:
    """Delete a portfolio and its public links; the default one cannot be deleted."""
    found = lock_portfolio(current_user, portfolio_id)
    try:
        actions.delete_portfolio(db.session, found, now=now())
    except actions.CannotDeleteDefault:
        flash(_("The default portfolio cannot be deleted. Make another one the default first."))
        return see_other("portfolio.list_all")
    flash(_("%(name)s is deleted, and its public links no longer work.", name=found.name))
    return see_other("portfolio.list_all")


@portfolio.put("/portfolios/<uuid:portfolio_id>/default")
@permit("portfolio.write")
def make_default(portfolio_id: uuid.UUID) -> BaseResponse:
    found = lock_portfolio(current_user, portfolio_id)
    actions.make_default(db.session, found, now=now())
    flash(_("%(name)s is your default portfolio.", name=found.name))
    return see_other("portfolio.list_all")


@portfolio.put(SECTION)
@permit("portfolio.write")
def show_section(portfolio_id: uuid.UUID, key: str) -> BaseResponse:
    return _change_section(portfolio_id, key, is_shown=True)


@portfolio.delete(SECTION)
@permit("portfolio.write")
def hide_section(portfolio_id: uuid.UUID, key: str) -> BaseResponse:
    return _change_section(portfolio_id, key, is_shown=False)


def _change_section(portfolio_id: uuid.UUID, key: str, *, is_shown: bool) -> BaseResponse:
    if key not in SECTIONS:
        abort(404)
    found = lock_portfolio(current_user, portfolio_id)
    actions.show_section(db.session, found, key, is_shown=is_shown, now=now())
    message = _("%(section)s is shown.") if is_shown else _("%(section)s is hidden.")
    return _sections_response(found, message % {"section": _(SECTIONS[key])}, f"shown-{key}")


@portfolio.put(f"{SECTION}/place")
@permit("portfolio.write")
def place_section(portfolio_id: uuid.UUID, key: str) -> BaseResponse:
    """Move a section to the 0-based position `to`; `way` names the button, to restore the focus."""
    to = request.form.get("to", type=int)
    if key not in SECTIONS:
        abort(404)
    if to is None or not 0 <= to < len(SECTIONS):
        abort(422)
    found = lock_portfolio(current_user, portfolio_id)
    actions.move_section(db.session, found, key, to, now=now())
    way = "up" if request.args.get("way") == "up" else "down"
    return _sections_response(found, _("Moved to place %(place)d.", place=to + 1), f"{way}-{key}")


@portfolio.get("/portfolio/profiles")
@permit("portfolio.read")
def profiles() -> str:
    form = ProfilesForm(data=selection.load_profiles(db.session, current_user.id))
    return render_template("portfolio/profiles.html", form=form)


@portfolio.put("/portfolio/profiles")
@permit("portfolio.write")
def save_profiles() -> BaseResponse:
    form = ProfilesForm()
    if not form.validate_on_submit():
        return render_page("portfolio/profiles.html", 422, form=form)
    urls = {key: form[key].url for key in NETWORKS}
    actions.save_profiles(db.session, urls, by=current_user, now=now())
    flash(_("Your profiles are saved. Each portfolio shows those that you choose there."))
    return see_other("portfolio.profiles")


@portfolio.post("/portfolios/<uuid:portfolio_id>/introduction/preview")
@permit("portfolio.write")
def preview_introduction(portfolio_id: uuid.UUID) -> Response | str:
    """Render the introduction without saving it."""
    found, form = find_portfolio(current_user, portfolio_id), TextsForm()
    text = to_html(form.introduction.data)
    if wants_fragment():
        return render_template("portfolio/_introduction.html", text=text)
    return render_portfolio(current_user, found, form, text=text)


@portfolio.get("/portfolio/preview", endpoint="preview_default")
@portfolio.get("/portfolios/<uuid:portfolio_id>/preview")
@permit("portfolio.read")
def preview(portfolio_id: uuid.UUID | None = None) -> Response:
    """Show a portfolio as readers would see it, without an id the default one."""
    found = find_portfolio(current_user, portfolio_id)
    return render_document(
        "portfolio/preview.html",
        current_user.id,
        found.id,
        current_user.today(now()),
        portfolio=found,
        portfolio_url=portfolio_url(found.id),
    )


@portfolio.get("/portfolio/export/<name>", endpoint="export_default")
@portfolio.get("/portfolios/<uuid:portfolio_id>/export/<name>")
@permit("portfolio.read")
@limiter.limit("30/minute")
def export(name: str, portfolio_id: uuid.UUID | None = None) -> Response | str:
    """Download a portfolio in one of `FORMATS`, without an id the default one.

    If the file's fonts lack some characters, a page lists them first; its link has `anyway`.
    """
    portfolio_id = find_portfolio(current_user, portfolio_id).id
    if name not in FORMATS:
        abort(404)
    actor, anyway = current_user._get_current_object(), "anyway" in request.args
    try:
        return export_file(actor, name, portfolio_id, now=now(), allow_missing_characters=anyway)
    except MissingCharacters as missing:
        return render_template(
            "portfolio/missing_characters.html",
            portfolio_url=portfolio_url(portfolio_id),
            characters=str(missing),
            chosen=FORMATS[name],
            others=[each for each in FORMATS.values() if each.key != name],
        )
    except PdfError:
        log.exception("could not create an export")
        return render_error(
            500,
            _("This file could not be created from your portfolio; the server's log says why."),
        )


def _joined_keys(chosen: Iterable[str], known: Iterable[str]) -> str:
    """Return the known keys among the chosen ones, sorted and space-separated."""
    return " ".join(sorted(set(chosen) & set(known)))


def _sections_response(found: Portfolio, message: str, focus: str) -> BaseResponse:
    """Return the sections fragment with the focus restored, or redirect without htmx."""
    if not wants_fragment():
        return redirect_to_portfolio(found, anchor="sections")
    return render_page(
        "portfolio/_sections.html", announce=message, **sections_context(found), focus=focus
    )


def _new_form() -> NewPortfolioForm:
    mine = selection.list_portfolios(db.session, current_user.id, now())
    form = NewPortfolioForm(data={"copy_of": ""})
    form.copy_of.choices = [
        SelectChoice("", _("an empty portfolio")),
        *(
            SelectChoice(str(each.id), _("a copy of %(name)s", name=each.name))
            for each, *_counts in mine
        ),
    ]
    return form


def _render_list(form: NewPortfolioForm, status: int = 200) -> Response:
    made = links.list_links(db.session, current_user.id)
    open_links = [each for each in made if links.is_open(each, now())]
    return render_page(
        "portfolio/list.html",
        status,
        form=form,
        portfolios=[
            (*each, [link for link in open_links if link.portfolio_id == each.portfolio.id])
            for each in selection.list_portfolios(db.session, current_user.id, now())
        ],
    )
