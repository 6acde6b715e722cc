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
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse
from wtforms.fields import SelectChoice

from roadmap.core.database import db
from roadmap.core.errors import render_error
from roadmap.core.i18n import gettext as _
from roadmap.core.i18n import ngettext
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
from roadmap.evidence.constants import AWAITING_REVIEW
from roadmap.evidence.labels import KINDS
from roadmap.evidence.models import Evidence
from roadmap.evidence.queries import load_skill_titles
from roadmap.people import permissions
from roadmap.people.permissions import permit
from roadmap.portfolio import actions, labels, links, sections, selection
from roadmap.portfolio.export import MissingCharacters, export_file
from roadmap.portfolio.formats.registry import FORMATS
from roadmap.portfolio.forms import (
    LIFETIME_DAYS,
    LinkForm,
    NewPortfolioForm,
    ProfilesForm,
    RedactionForm,
    TextsForm,
)
from roadmap.portfolio.models import Portfolio, PortfolioLink
from roadmap.portfolio.profiles import NETWORKS, account_name
from roadmap.portfolio.queries import load_document
from roadmap.portfolio.sections import SECTIONS
from roadmap.portfolio.urls import safe_url

log = logging.getLogger(__name__)
portfolio = Blueprint("portfolio", __name__)

ITEM = "/portfolios/<uuid:portfolio_id>/items/<uuid:evidence_id>"
SECTION = "/portfolios/<uuid:portfolio_id>/sections/<key>"


@portfolio.get("/portfolio")
@permit("portfolio.read")
def index() -> str:
    """Show the default portfolio."""
    return _render_page(_find(None))


@portfolio.get("/portfolios")
@permit("portfolio.read")
def list_all() -> str:
    return _render_list(*_new_form())


@portfolio.post("/portfolios")
@permit("portfolio.write")
def create() -> BaseResponse:
    """Create a portfolio, empty or as a copy."""
    form, mine = _new_form()
    if not form.validate_on_submit():
        return make_response(_render_list(form, mine), 422)
    try:
        made = actions.create_portfolio(
            db.session,
            current_user.id,
            name=form.name.data,
            copy_of=uuid.UUID(form.copy_of.data) if form.copy_of.data else None,
            by=current_user,
            now=now(),
            key=form_key(),
        )
    except actions.TooManyPortfolios:
        form.name.errors = [
            _(
                "You have %(most)d portfolios, the maximum. Delete one first.",
                most=actions.MAX_PORTFOLIOS,
            )
        ]
        return make_response(_render_list(form, mine), 422)
    flash(_("%(name)s is created. Only you see it until you share it.", name=made.name))
    return see_other("portfolio.show", portfolio_id=made.id)


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


@portfolio.delete("/portfolios/<uuid:portfolio_id>")
@permit("portfolio.write")
def delete(portfolio_id: uuid.UUID) -> BaseResponse:
    """Delete a portfolio and its public links. The default one stays."""
    name = _find(portfolio_id).name
    try:
        actions.delete_portfolio(
            db.session, current_user.id, portfolio_id, by=current_user, now=now()
        )
    except actions.IsDefault:
        flash(_("The default portfolio cannot be deleted. Make another one the default first."))
        return see_other("portfolio.list_all")
    flash(_("%(name)s is deleted, and its public links no longer work.", name=name))
    return see_other("portfolio.list_all")


@portfolio.put("/portfolios/<uuid:portfolio_id>/default")
@permit("portfolio.write")
def make_default(portfolio_id: uuid.UUID) -> BaseResponse:
    name = _find(portfolio_id).name
    actions.make_default(db.session, current_user.id, portfolio_id, by=current_user, now=now())
    flash(_("%(name)s is your default portfolio.", name=name))
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
    _find(portfolio_id)
    if key not in SECTIONS:
        abort(404)
    actions.show_section(
        db.session,
        current_user.id,
        portfolio_id,
        key,
        is_shown=is_shown,
        by=current_user,
        now=now(),
    )
    said = _("%(section)s is shown.") if is_shown else _("%(section)s is hidden.")
    return _sections_response(portfolio_id, said % {"section": _(SECTIONS[key])}, f"shown-{key}")


@portfolio.put(f"{SECTION}/place")
@permit("portfolio.write")
def place_section(portfolio_id: uuid.UUID, key: str) -> BaseResponse:
    """Move a section to position `to`, counted from 0; `way` says which button was used."""
    _find(portfolio_id)
    to = request.form.get("to", type=int)
    if key not in SECTIONS:
        abort(404)
    if to is None or not 0 <= to < len(SECTIONS):
        abort(422)
    actions.move_section(
        db.session, current_user.id, portfolio_id, key, to, by=current_user, now=now()
    )
    way = "up" if request.args.get("way") == "up" else "down"
    return _sections_response(
        portfolio_id, _("Moved to place %(place)d.", place=to + 1), f"{way}-{key}"
    )


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
        return make_response(render_template("portfolio/profiles.html", form=form), 422)
    actions.save_profiles(
        db.session,
        current_user.id,
        {key: form[key].url for key in NETWORKS},
        by=current_user,
        now=now(),
    )
    flash(_("Your profiles are saved. Each portfolio shows those that you choose there."))
    return see_other("portfolio.profiles")


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


@portfolio.get(ITEM)
@permit("portfolio.read")
def show_item(portfolio_id: uuid.UUID, evidence_id: uuid.UUID) -> str:
    """Show the place of a piece in a portfolio, and how it is redacted there."""
    evidence, found = _find_piece(portfolio_id, evidence_id), _find(portfolio_id)
    choice = selection.load_choices(db.session, found.id).get(evidence_id)
    if choice is None:
        abort(404)
    return _render_item(found, evidence, RedactionForm(obj=choice.redaction))


@portfolio.put(f"{ITEM}/redaction")
@permit("portfolio.write")
def redact(portfolio_id: uuid.UUID, evidence_id: uuid.UUID) -> BaseResponse:
    """Show other words in place of a piece."""
    evidence, form = _find_piece(portfolio_id, evidence_id), RedactionForm()
    if not form.validate_on_submit():
        return make_response(_render_item(_find(portfolio_id), evidence, form), 422)
    redaction = selection.Redaction(form.title.data, form.description.data, form.shows_impacts.data)
    _redact(portfolio_id, evidence_id, redaction)
    flash(_("Readers of this portfolio see “%(title)s” instead.", title=redaction.title))
    return _see_portfolio(portfolio_id, anchor="pieces")


@portfolio.delete(f"{ITEM}/redaction")
@permit("portfolio.write")
def unredact(portfolio_id: uuid.UUID, evidence_id: uuid.UUID) -> BaseResponse:
    """Show a piece itself again."""
    evidence = _find_piece(portfolio_id, evidence_id)
    _redact(portfolio_id, evidence_id, None)
    flash(_("Readers of this portfolio see %(title)s in full.", title=evidence.title))
    return _see_portfolio(portfolio_id, anchor="pieces")


def _redact(
    portfolio_id: uuid.UUID, evidence_id: uuid.UUID, redaction: selection.Redaction | None
) -> None:
    try:
        actions.redact_item(
            db.session,
            current_user.id,
            portfolio_id,
            evidence_id,
            redaction,
            by=current_user,
            now=now(),
        )
    except LookupError:
        abort(404)


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
    ends_at = _end_of_link(form)
    if ends_at is not None and ends_at <= now():
        form.ends_on.errors = [_("Choose a day from today on.")]
        return make_response(_render_links_page(form, offered), 422)
    try:
        link = links.create_link(
            db.session,
            current_user.id,
            uuid.UUID(form.portfolio.data),
            label=form.label.data,
            expires_at=ends_at,
            by=current_user,
            now=now(),
            key=form_key() and f"{form_key()} {form.lives.data} {form.ends_on.data}",
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
        profiles=[
            (key, _(NETWORKS[key].title), account_name(key, url))
            for key, url in selection.load_profiles(db.session, current_user.id).items()
        ],
        **_items_context(found),
        **more,
    )


def _items_context(found: Portfolio) -> dict[str, Any]:
    today = current_user.today(now())
    return {
        "portfolio": found,
        **_sections_context(found),
        "kinds": KINDS,
        "formats": FORMATS,
        "selection": selection.load_selection(db.session, current_user.id, found.id, today),
        "today": today,
        "max_listed": selection.MAX_LISTED,
        "awaiting_review": AWAITING_REVIEW,
    }


def _sections_context(found: Portfolio) -> dict[str, Any]:
    hidden = found.hidden_sections.split()
    return {
        "portfolio_url": _url(found.id),
        "sections": [
            (key, _(SECTIONS[key]), key not in hidden)
            for key in sections.ordered(found.section_order)
        ],
    }


def _sections_response(portfolio_id: uuid.UUID, said: str, focus: str) -> BaseResponse:
    """Return the sections to htmx, with the focus where it was, or else redirect to the page."""
    if not wants_fragment():
        return _see_portfolio(portfolio_id, anchor="sections")
    return render_page(
        "portfolio/_sections.html",
        announce=said,
        **_sections_context(_find(portfolio_id)),
        focus=focus,
    )


def _new_form() -> tuple[NewPortfolioForm, list[selection.Summary]]:
    """Return the form of a new portfolio and those that it can copy, the default one first."""
    mine = selection.list_portfolios(db.session, current_user.id, now())
    form = NewPortfolioForm(data={"copy_of": ""})
    form.copy_of.choices = [
        SelectChoice("", _("an empty portfolio")),
        *(
            SelectChoice(str(each.portfolio.id), _("a copy of %(name)s", name=each.portfolio.name))
            for each in mine
        ),
    ]
    return form, mine


def _render_list(form: NewPortfolioForm, mine: Sequence[selection.Summary]) -> str:
    open_links = [
        each for each in links.list_links(db.session, current_user.id) if links.is_open(each, now())
    ]
    return render_template(
        "portfolio/list.html",
        form=form,
        portfolios=[
            (each, [link for link in open_links if link.portfolio_id == each.portfolio.id])
            for each in mine
        ],
    )


def _render_item(found: Portfolio, evidence: Evidence, form: RedactionForm) -> str:
    today = current_user.today(now())
    chosen = selection.load_selection(db.session, current_user.id, found.id, today)
    ids = [item.id for item in chosen.shown]
    return render_template(
        "portfolio/item.html",
        portfolio=found,
        portfolio_url=_url(found.id),
        piece=evidence,
        form=form,
        at=ids.index(evidence.id) if evidence.id in ids else None,
        places=len(ids),
        numbers=[(place, str(place + 1)) for place in range(len(ids))],
        redaction=chosen.redactions.get(evidence.id),
        in_full=selection.others_in_full(db.session, found.id, evidence.id)
        if evidence.visibility == "portfolio"
        else (),
    )


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


def _end_of_link(form: LinkForm) -> dt.datetime | None:
    """Return when a link ends: after the chosen days, or with the last day in the owner's zone."""
    if form.ends_on.data:
        after = form.ends_on.data.last + dt.timedelta(days=1)
        return dt.datetime.combine(after, dt.time(), current_user.zone)
    days = LIFETIME_DAYS[form.lives.data]
    return None if days is None else now() + dt.timedelta(days=days)


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
