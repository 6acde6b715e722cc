"""Routes for the items of a portfolio: adding, removing, ordering and redacting them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from flask import abort, flash, request
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from roadmap.core.database import db
from roadmap.core.i18n import _, ngettext
from roadmap.core.limits import LimitReached
from roadmap.core.stale_forms import StaleForm, fingerprint
from roadmap.core.web import now, render_page, wants_fragment
from roadmap.evidence.models import Evidence
from roadmap.evidence.rules import InvalidInput
from roadmap.people import permissions
from roadmap.people.permissions import permit
from roadmap.portfolio import actions, selection
from roadmap.portfolio.blueprint import (
    find_portfolio,
    items_context,
    lock_portfolio,
    portfolio,
    portfolio_url,
    redirect_to_portfolio,
    render_portfolio,
)
from roadmap.portfolio.forms import RedactionForm
from roadmap.portfolio.models import Portfolio, Redaction

ITEM = "/portfolios/<uuid:portfolio_id>/items/<uuid:evidence_id>"


@portfolio.put("/portfolios/<uuid:portfolio_id>/items")
@permit("portfolio.write")
def choose_all(portfolio_id: uuid.UUID) -> BaseResponse:
    """Add all public items, except lapsed ones and drafts that could still be reviewed."""
    found = lock_portfolio(current_user, portfolio_id)
    added = actions.add_all_items(db.session, found, current_user.today(now()), now=now())
    message = ngettext("%(num)d piece added.", "%(num)d pieces added.", added)
    return _items_response(found, message, focus="shown-title")


@portfolio.put("/portfolio/items/<uuid:evidence_id>", endpoint="choose_in_default")
@portfolio.put(ITEM)
@permit("portfolio.write")
def choose(evidence_id: uuid.UUID, portfolio_id: uuid.UUID | None = None) -> BaseResponse:
    """Add an item, without a portfolio's id to the default one.

    Its visibility only changes with `?visibility=portfolio`, after its author confirmed that.
    """
    found = lock_portfolio(current_user, find_portfolio(current_user, portfolio_id).id)
    evidence = _find_piece(evidence_id)
    if portfolio_id is None and _is_only_redacted_elsewhere(found, evidence_id):
        flash(
            _(
                "%(title)s is redacted in another portfolio and was not added. Show it below if "
                "readers may see it in full.",
                title=evidence.title,
            ),
            "warning",
        )
        return redirect_to_portfolio(found)
    try:
        if request.args.get("visibility") == "portfolio":
            actions.publish_item(db.session, found, evidence, by=current_user, now=now())
        else:
            actions.add_item(db.session, found, evidence, now=now())
    except (actions.NotVisibleInPortfolio, InvalidInput):
        return _refusal_response(
            found,
            _("This piece is not for the portfolio. Change who may see it, then add it here."),
        )
    except LimitReached as full:
        return _refusal_response(found, str(full))
    if portfolio_id is None:
        flash(_("%(title)s is shown in %(name)s.", title=evidence.title, name=found.name))
        return redirect_to_portfolio(found)
    return _items_response(
        found, _("%(title)s is shown.", title=evidence.title), focus=f"out-{evidence_id}"
    )


@portfolio.delete(ITEM)
@permit("portfolio.write")
def leave_out(portfolio_id: uuid.UUID, evidence_id: uuid.UUID) -> BaseResponse:
    found, evidence = lock_portfolio(current_user, portfolio_id), _find_piece(evidence_id)
    actions.remove_item(db.session, found, evidence_id, now=now())
    return _items_response(
        found, _("%(title)s is removed.", title=evidence.title), focus=f"in-{evidence_id}"
    )


@portfolio.put(f"{ITEM}/place")
@permit("portfolio.write")
def place(portfolio_id: uuid.UUID, evidence_id: uuid.UUID) -> BaseResponse:
    """Move an item to the 0-based position `to`; `way` names the button, to restore the focus."""
    found, _evidence = lock_portfolio(current_user, portfolio_id), _find_piece(evidence_id)
    to = request.form.get("to", type=int)
    if to is None or not 0 <= to < actions.MAX_ITEMS:
        abort(422)
    actions.move_item(db.session, found, evidence_id, to, now=now())
    way = "up" if request.args.get("way") == "up" else "down"
    return _items_response(
        found, _("Moved to place %(place)d.", place=to + 1), focus=f"{way}-{evidence_id}"
    )


@portfolio.get(ITEM)
@permit("portfolio.read")
def show_item(portfolio_id: uuid.UUID, evidence_id: uuid.UUID) -> BaseResponse:
    """Show the position and the redaction of an item in a portfolio."""
    found, evidence = find_portfolio(current_user, portfolio_id), _find_piece(evidence_id)
    choice = selection.load_choices(db.session, found.id).get(evidence_id) or abort(404)
    saved = actions.redaction_values(choice.redaction)
    form = RedactionForm(formdata=None, data={**saved, "seen": fingerprint(saved)})
    return _render_item(found, evidence, form)


@portfolio.put(f"{ITEM}/redaction")
@permit("portfolio.write")
def redact(portfolio_id: uuid.UUID, evidence_id: uuid.UUID) -> BaseResponse:
    """Redact an item. A stale edit is refused with 409 and a page that shows both versions."""
    found, evidence = find_portfolio(current_user, portfolio_id), _find_piece(evidence_id)
    form = RedactionForm()
    if not form.validate_on_submit():
        return _render_item(found, evidence, form, status=422)
    redaction = Redaction(form.title.data, form.description.data, form.shows_impacts.data)
    found = lock_portfolio(current_user, portfolio_id)
    try:
        actions.redact_item(
            db.session, found, evidence_id, redaction, seen=form.seen.data or "", now=now()
        )
    except StaleForm as stale:
        saved = RedactionForm(formdata=None, data=stale.saved)
        return _render_item(found, evidence, form, **form.conflict_context(stale, saved))
    flash(_("Readers of this portfolio see “%(title)s” instead.", title=redaction.title))
    return redirect_to_portfolio(found, anchor="pieces")


@portfolio.delete(f"{ITEM}/redaction")
@permit("portfolio.write")
def unredact(portfolio_id: uuid.UUID, evidence_id: uuid.UUID) -> BaseResponse:
    """Remove the redaction of an item."""
    found, evidence = lock_portfolio(current_user, portfolio_id), _find_piece(evidence_id)
    actions.redact_item(db.session, found, evidence_id, None, now=now())
    flash(_("Readers of this portfolio see %(title)s in full.", title=evidence.title))
    return redirect_to_portfolio(found, anchor="pieces")


def _is_only_redacted_elsewhere(found: Portfolio, evidence_id: uuid.UUID) -> bool:
    """Return whether an item is redacted in another portfolio, but would be shown in full here."""
    today = current_user.today(now())
    chosen = selection.load_selection(db.session, current_user.id, found.id, today)
    return evidence_id in chosen.redacted and evidence_id not in chosen.redactions


def _find_piece(evidence_id: uuid.UUID) -> Evidence:
    return permissions.load(db.session, current_user, "evidence.write", Evidence, evidence_id)


def _render_item(
    found: Portfolio,
    evidence: Evidence,
    form: RedactionForm,
    *,
    saved_values: Mapping[str, str] | None = None,
    status: int = 200,
) -> BaseResponse:
    today = current_user.today(now())
    chosen = selection.load_selection(db.session, current_user.id, found.id, today)
    ids = [item.id for item in chosen.shown]
    return render_page(
        "portfolio/item.html",
        status,
        portfolio=found,
        portfolio_url=portfolio_url(found.id),
        piece=evidence,
        form=form,
        saved_values=saved_values,
        at=ids.index(evidence.id) if evidence.id in ids else None,
        places=len(ids),
        numbers=[(place, str(place + 1)) for place in range(len(ids))],
        redaction=chosen.redactions.get(evidence.id),
        in_full=selection.list_unredacted_portfolios(db.session, found.id, evidence.id)
        if evidence.visibility == "portfolio"
        else (),
    )


def _items_response(found: Portfolio, message: str, focus: str) -> BaseResponse:
    """Return the lists fragment with message and focus in the row, or redirect without htmx."""
    if not wants_fragment():
        flash(message)
        return redirect_to_portfolio(found)
    return render_page(
        "portfolio/_items_changed.html",
        announce=message,
        **items_context(current_user, found),
        said=message,
        focus=focus,
    )


def _refusal_response(found: Portfolio, reason: str) -> BaseResponse:
    if not wants_fragment():
        return render_portfolio(current_user, found, status=422, refused=reason)
    context = items_context(current_user, found)
    return render_page("portfolio/_items_changed.html", 422, **context, refused=reason)
