"""The portfolio's pages: its pieces and texts, preview, exports, and public links."""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from collections.abc import Iterable, Sequence
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
from wtforms.fields import SelectChoice

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
from roadmap.portfolio.models import Portfolio, PortfolioLink
from roadmap.portfolio.profiles import NETWORKS
from roadmap.portfolio.queries import load_document
from roadmap.portfolio.urls import safe_url

log = logging.getLogger(__name__)
portfolio = Blueprint("portfolio", __name__)

ITEM = "/portfolios/<uuid:portfolio_id>/items/<uuid:evidence_id>"


@portfolio.get("/portfolio")
@permit("portfolio.read")
def index() -> str:
    """Show the default portfolio."""
    return _render_page(_find(None))


@portfolio.get("/portfolios/<uuid:portfolio_id>")
@permit("portfolio.read")
def show(portfolio_id: uuid.UUID) -> str:
    return _render_page(_find(portfolio_id))


@portfolio.put("/portfolios/<uuid:portfolio_id>")
@permit("portfolio.write")
def save(portfolio_id: uuid.UUID) -> BaseResponse:
    """Save the texts. A stale edit gets both versions back (409) and saves nothing."""
    found, form = _find(portfolio_id), TextsForm()
    if not form.validate_on_submit():
        return make_response(_render_page(found, form), 422)
    skills = load_skill_titles(db.session)
    texts = actions.Texts(
        name=form.name.data or found.name,
        headline=form.headline.data,
        introduction=form.introduction.data,
        shows_email=form.shows_email.data,
        shows_self_assessed=form.shows_self_assessed.data,
        shows_below_bar=form.shows_below_bar.data,
        left_out_skills=_words(form.left_out_skills.data, skills),
        shown_profiles=_words(form.shown_profiles.data, NETWORKS),
    )
    try:
        actions.save_texts(
            db.session,
            current_user.id,
            portfolio_id,
            texts,
            revision=form.revision.data or 0,
            by=current_user,
            now=now(),
        )
    except actions.StalePortfolio as stale:
        # If the form is sent again unchanged, it replaces the version that is shown beside it.
        form.revision.raw_data = None
        form.revision.data = stale.current.revision
        return make_response(_render_page(stale.current, form, newer=stale.current), 409)
    flash(_("Your texts are saved."))
    return _see_portfolio(portfolio_id)


@portfolio.post("/portfolios/<uuid:portfolio_id>/introduction/preview")
@permit("portfolio.write")
def preview_introduction(portfolio_id: uuid.UUID) -> str:
    """Show the introduction as readers would see it, without saving."""
    found, form = _find(portfolio_id), TextsForm()
    text = to_html(form.introduction.data)
    if wants_fragment():
        return render_template("portfolio/_introduction.html", text=text)
    return _render_page(found, form, text=text)


@portfolio.put("/portfolios/<uuid:portfolio_id>/items")
@permit("portfolio.write")
def choose_all(portfolio_id: uuid.UUID) -> BaseResponse:
    """Add what may be shown, without what has lapsed and what could still be reviewed."""
    _find(portfolio_id)
    added = actions.add_all_items(
        db.session, current_user.id, portfolio_id, by=current_user, now=now()
    )
    said = ngettext("%(num)d piece added.", "%(num)d pieces added.", added)
    return _items_response(portfolio_id, said, focus="shown-title")


@portfolio.put(ITEM)
@permit("portfolio.write")
def choose(portfolio_id: uuid.UUID, evidence_id: uuid.UUID) -> BaseResponse:
    evidence = _find_piece(portfolio_id, evidence_id)
    try:
        actions.add_item(
            db.session, current_user.id, portfolio_id, evidence, by=current_user, now=now()
        )
    except actions.NotVisibleInPortfolio:
        return _refusal_response(
            portfolio_id,
            _("This piece is not for the portfolio. Change who may see it, then add it here."),
        )
    except actions.PortfolioFull:
        return _refusal_response(
            portfolio_id,
            _(
                "A portfolio holds at most %(most)d pieces. Remove one first.",
                most=actions.MAX_ITEMS,
            ),
        )
    return _items_response(
        portfolio_id, _("%(title)s is shown.", title=evidence.title), focus=f"out-{evidence_id}"
    )


@portfolio.delete(ITEM)
@permit("portfolio.write")
def leave_out(portfolio_id: uuid.UUID, evidence_id: uuid.UUID) -> BaseResponse:
    evidence = _find_piece(portfolio_id, evidence_id)
    actions.remove_item(
        db.session, current_user.id, portfolio_id, evidence_id, by=current_user, now=now()
    )
    return _items_response(
        portfolio_id, _("%(title)s is removed.", title=evidence.title), focus=f"in-{evidence_id}"
    )


@portfolio.put(f"{ITEM}/place")
@permit("portfolio.write")
def place(portfolio_id: uuid.UUID, evidence_id: uuid.UUID) -> BaseResponse:
    """Move a piece to position `to`, counted from 0; `way` says which button was used."""
    _find_piece(portfolio_id, evidence_id)
    to = request.form.get("to", type=int)
    if to is None or not 0 <= to < actions.MAX_ITEMS:
        abort(422)
    try:
        actions.move_item(
            db.session, current_user.id, portfolio_id, evidence_id, to, by=current_user, now=now()
        )
    except LookupError:
        abort(404)
    way = "up" if request.args.get("way") == "up" else "down"
    return _items_response(
        portfolio_id, _("Moved to place %(place)d.", place=to + 1), focus=f"{way}-{evidence_id}"
    )


@portfolio.get("/portfolio/preview")
@permit("portfolio.read")
def preview_default() -> str:
    """Show the default portfolio as readers would see it."""
    return _render_preview(_find(None))


@portfolio.get("/portfolios/<uuid:portfolio_id>/preview")
@permit("portfolio.read")
def preview(portfolio_id: uuid.UUID) -> str:
    """Show a portfolio as readers would see it."""
    return _render_preview(_find(portfolio_id))


def _render_preview(found: Portfolio) -> str:
    today = current_user.today(now())
    return _render_document(
        "portfolio/preview.html",
        current_user.id,
        found.id,
        today,
        portfolio=found,
        portfolio_url=_url(found.id),
    )


@portfolio.get("/portfolio/export/<name>")
@permit("portfolio.read")
@limiter.limit("30/minute")
def export_default(name: str) -> Response | str:
    """Download the default portfolio in one of `FORMATS`, as `export` does."""
    return _export(_find(None), name)


@portfolio.get("/portfolios/<uuid:portfolio_id>/export/<name>")
@permit("portfolio.read")
@limiter.limit("30/minute")
def export(portfolio_id: uuid.UUID, name: str) -> Response | str:
    """Download a portfolio in one of `FORMATS`.

    Where the file would show boxes in place of some characters, a page says so first; its link has
    `anyway`.
    """
    return _export(_find(portfolio_id), name)


def _export(found: Portfolio, name: str) -> Response | str:
    if name not in FORMATS:
        abort(404)
    actor, anyway = current_user._get_current_object(), "anyway" in request.args
    portfolio_id = found.id
    try:
        return export_file(actor, name, portfolio_id, now=now(), accepts_boxes=anyway)
    except MissingCharacters as missing:
        return render_template(
            "portfolio/missing_characters.html",
            portfolio_url=_url(portfolio_id),
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
    """List the public links to all portfolios; `portfolio` names the one that the form chooses."""
    form, offered = _link_form()
    return _render_links_page(form, offered)


@portfolio.post("/portfolio/links")
@permit("portfolio.write")
def make_link() -> BaseResponse:
    form, offered = _link_form()
    if not form.validate_on_submit():
        return make_response(_render_links_page(form, offered), 422)
    days = LIFETIME_DAYS[form.lives.data]
    try:
        link = links.create_link(
            db.session,
            current_user.id,
            uuid.UUID(form.portfolio.data),
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
        return make_response(_render_links_page(form, offered), 422)
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
        response = make_response(
            _render_document("portfolio/public.html", link.user_id, link.portfolio_id, day)
        )
        if counts:
            # A GET holds a reading transaction; the day is written in one of its own.
            db.session.rollback()
            db.note(
                lambda own: links.record_opening(own, link_id, day),
                what=f"public link {link_id} was opened",
            )
    return keep_unlisted(response)


def _find(portfolio_id: uuid.UUID | None) -> Portfolio:
    """Load a portfolio of the actor, the default one for None; 404 for any other."""
    found = selection.find_portfolio(db.session, current_user.id, portfolio_id, now())
    return permissions.check_access(current_user, "portfolio.write", found)


def _url(portfolio_id: uuid.UUID) -> str:
    return f"/portfolios/{portfolio_id}"


def _find_piece(portfolio_id: uuid.UUID, evidence_id: uuid.UUID) -> Evidence:
    """Load a piece of the actor's for a change of a portfolio of theirs."""
    _find(portfolio_id)
    return permissions.load(db.session, current_user, "evidence.write", Evidence, evidence_id)


def _words(chosen: Sequence[str], known: Iterable[str]) -> str:
    """Return the chosen keys that are known, as a column holds them."""
    return " ".join(sorted(set(chosen) & set(known)))


def _see_portfolio(portfolio_id: uuid.UUID, anchor: str | None = None) -> BaseResponse:
    """Redirect to the page of a portfolio; of the default one, to the address that it has."""
    if _find(portfolio_id).is_default:
        return see_other("portfolio.index", _anchor=anchor)
    return see_other("portfolio.show", _anchor=anchor, portfolio_id=portfolio_id)


def _filled_form(found: Portfolio) -> TextsForm:
    lists = {name: getattr(found, name).split() for name in ("left_out_skills", "shown_profiles")}
    form = TextsForm(obj=found, data=lists)
    for name, keys in lists.items():
        form[name].data = keys
    return form


def _render_page(found: Portfolio, form: TextsForm | None = None, **more: object) -> str:
    return render_template(
        "portfolio/index.html",
        form=form or _filled_form(found),
        skills=load_skill_titles(db.session).items(),
        **_items_context(found),
        **more,
    )


def _items_context(found: Portfolio) -> dict[str, Any]:
    today = current_user.today(now())
    return {
        "portfolio": found,
        "portfolio_url": _url(found.id),
        "kinds": KINDS,
        "formats": FORMATS,
        "selection": selection.load_selection(db.session, current_user.id, found.id, today),
        "today": today,
        "max_listed": selection.MAX_LISTED,
    }


def _items_response(portfolio_id: uuid.UUID, said: str, focus: str) -> BaseResponse:
    """Return the lists to htmx, with the focus where it was, or else redirect to the page."""
    if not wants_fragment():
        return _see_portfolio(portfolio_id, anchor="pieces")
    return render_page(
        "portfolio/_items_changed.html",
        announce=said,
        **_items_context(_find(portfolio_id)),
        focus=focus,
    )


def _refusal_response(portfolio_id: uuid.UUID, reason: str) -> BaseResponse:
    """Return the lists with the reason why a piece was not added."""
    found = _find(portfolio_id)
    if wants_fragment():
        page = render_template(
            "portfolio/_items_changed.html", **_items_context(found), refused=reason
        )
    else:
        page = _render_page(found, refused=reason)
    return make_response(page, 422)


def _render_document(
    template: str, user_id: uuid.UUID, portfolio_id: uuid.UUID, today: dt.date, **more: object
) -> str:
    document = load_document(db.session, user_id, today, portfolio_id)
    return render_template(
        template, document=document, formats=FORMATS, labels=labels, safe_url=safe_url, **more
    )


def _link_form() -> tuple[LinkForm, list[selection.Summary]]:
    """Return the form of a link and the portfolios it chooses from, the default one first."""
    offered = selection.list_portfolios(db.session, current_user.id, now())
    chosen = request.args.get("portfolio", str(offered[0].portfolio.id))
    form = LinkForm(data={"portfolio": chosen})
    form.portfolio.choices = [
        SelectChoice(str(each.portfolio.id), each.portfolio.name) for each in offered
    ]
    return form, offered


def _render_links_page(form: LinkForm, offered: Sequence[selection.Summary]) -> str:
    made = links.list_links(db.session, current_user.id)
    return render_template(
        "portfolio/links.html",
        form=form,
        portfolios=[each.portfolio for each in offered],
        names={each.portfolio.id: each.portfolio.name for each in offered},
        open_links=[
            (link, f"{public_address()}/p/{links.sign_token(link)}")
            for link in made
            if links.is_open(link, now())
        ],
        ended=[link for link in made if not links.is_open(link, now())][:20],
        shown=sum(each.pieces for each in offered),
    )
