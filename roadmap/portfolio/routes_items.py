"""The pieces of a portfolio: which, in what order, and how they are redacted."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from flask import abort, flash, make_response, render_template, request
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from roadmap.core.database import db
from roadmap.core.i18n import gettext as _
from roadmap.core.i18n import ngettext
from roadmap.core.stale_forms import StaleForm, fingerprint
from roadmap.core.web import now, render_page, wants_fragment
from roadmap.evidence.models import Evidence
from roadmap.people import permissions
from roadmap.people.permissions import permit
from roadmap.portfolio import actions, selection
from roadmap.portfolio.blueprint import (
    find_portfolio,
    items_context,
    portfolio,
    portfolio_url,
    render_portfolio,
    see_portfolio,
)
from roadmap.portfolio.forms import RedactionForm
from roadmap.portfolio.models import Portfolio, Redaction

ITEM = "/portfolios/<uuid:portfolio_id>/items/<uuid:evidence_id>"


@portfolio.put("/portfolios/<uuid:portfolio_id>/items")
@permit("portfolio.write")
def choose_all(portfolio_id: uuid.UUID) -> BaseResponse:
    """Add what may be shown, without what has lapsed and what could still be reviewed."""
    added = actions.add_all_items(db.session, portfolio_id, by=current_user, now=now())
    said = ngettext("%(num)d piece added.", "%(num)d pieces added.", added)
    return _items_response(portfolio_id, said, focus="shown-title")


@portfolio.put(ITEM)
@permit("portfolio.write")
def choose(portfolio_id: uuid.UUID, evidence_id: uuid.UUID) -> BaseResponse:
    evidence = _find_piece(evidence_id)
    try:
        actions.add_item(db.session, portfolio_id, evidence, by=current_user, now=now())
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
    evidence = _find_piece(evidence_id)
    actions.remove_item(db.session, portfolio_id, evidence_id, by=current_user, now=now())
    return _items_response(
        portfolio_id, _("%(title)s is removed.", title=evidence.title), focus=f"in-{evidence_id}"
    )


@portfolio.put(f"{ITEM}/place")
@permit("portfolio.write")
def place(portfolio_id: uuid.UUID, evidence_id: uuid.UUID) -> BaseResponse:
    """Move a piece to position `to`, counted from 0; `way` says which button was used."""
    _find_piece(evidence_id)
    to = request.form.get("to", type=int)
    if to is None or not 0 <= to < actions.MAX_ITEMS:
        abort(422)
    actions.move_item(db.session, portfolio_id, evidence_id, to, by=current_user, now=now())
    way = "up" if request.args.get("way") == "up" else "down"
    return _items_response(
        portfolio_id, _("Moved to place %(place)d.", place=to + 1), focus=f"{way}-{evidence_id}"
    )


@portfolio.get(ITEM)
@permit("portfolio.read")
def show_item(portfolio_id: uuid.UUID, evidence_id: uuid.UUID) -> str:
    """Show the place of a piece in a portfolio, and how it is redacted there."""
    evidence = _find_piece(evidence_id)
    found = find_portfolio(current_user, portfolio_id)
    choice = selection.load_choices(db.session, found.id).get(evidence_id) or abort(404)
    saved = actions.redaction_values(choice.redaction)
    form = RedactionForm(formdata=None, data={**saved, "seen": fingerprint(saved)})
    return _render_item(found, evidence, form)


@portfolio.put(f"{ITEM}/redaction")
@permit("portfolio.write")
def redact(portfolio_id: uuid.UUID, evidence_id: uuid.UUID) -> BaseResponse:
    """Show other words in place of a piece. A stale edit gets both versions back (409)."""
    evidence, form = _find_piece(evidence_id), RedactionForm()
    found = find_portfolio(current_user, portfolio_id)
    if not form.validate_on_submit():
        return make_response(_render_item(found, evidence, form), 422)
    redaction = Redaction(form.title.data, form.description.data, form.shows_impacts.data)
    try:
        _redact(portfolio_id, evidence_id, redaction, form.seen.data or "")
    except StaleForm as stale:
        form.seen.data = fingerprint(stale.saved)
        late = form.differences(RedactionForm(formdata=None, data=stale.saved))
        return make_response(_render_item(found, evidence, form, late), 409)
    flash(_("Readers of this portfolio see “%(title)s” instead.", title=redaction.title))
    return see_portfolio(current_user, portfolio_id, anchor="pieces")


@portfolio.delete(f"{ITEM}/redaction")
@permit("portfolio.write")
def unredact(portfolio_id: uuid.UUID, evidence_id: uuid.UUID) -> BaseResponse:
    """Show a piece itself again."""
    evidence = _find_piece(evidence_id)
    _redact(portfolio_id, evidence_id, None)
    flash(_("Readers of this portfolio see %(title)s in full.", title=evidence.title))
    return see_portfolio(current_user, portfolio_id, anchor="pieces")


def _redact(
    portfolio_id: uuid.UUID, evidence_id: uuid.UUID, redaction: Redaction | None, seen: str = ""
) -> None:
    actions.redact_item(
        db.session, portfolio_id, evidence_id, redaction, seen=seen, by=current_user, now=now()
    )


def _find_piece(evidence_id: uuid.UUID) -> Evidence:
    return permissions.load(db.session, current_user, "evidence.write", Evidence, evidence_id)


def _render_item(
    found: Portfolio,
    evidence: Evidence,
    form: RedactionForm,
    late: Mapping[str, str] | None = None,
) -> str:
    today = current_user.today(now())
    chosen = selection.load_selection(db.session, current_user.id, found.id, today)
    ids = [item.id for item in chosen.shown]
    return render_template(
        "portfolio/item.html",
        portfolio=found,
        portfolio_url=portfolio_url(found.id),
        piece=evidence,
        form=form,
        late=late,
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
        return see_portfolio(current_user, portfolio_id, anchor="pieces")
    return render_page(
        "portfolio/_items_changed.html",
        announce=said,
        **items_context(current_user, find_portfolio(current_user, portfolio_id)),
        focus=focus,
    )


def _refusal_response(portfolio_id: uuid.UUID, reason: str) -> BaseResponse:
    """Return the lists with the reason why a piece was not added."""
    found = find_portfolio(current_user, portfolio_id)
    if wants_fragment():
        page = render_template(
            "portfolio/_items_changed.html", **items_context(current_user, found), refused=reason
        )
    else:
        page = render_portfolio(current_user, found, refused=reason)
    return make_response(page, 422)
