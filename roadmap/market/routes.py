"""The market page and the offer calculator, which stores only saved offers."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, flash, render_template, request
from flask_login import current_user
from werkzeug.wrappers import Response

from roadmap.core.database import db
from roadmap.core.i18n import _
from roadmap.core.web import form_key, now, render_page, see_other
from roadmap.market import actions, queries
from roadmap.market.forms import OfferForm
from roadmap.market.models import Offer
from roadmap.market.presentation import StateTable
from roadmap.market.rules import OfferTerms, average_year, offer_years
from roadmap.people import permissions
from roadmap.people.permissions import permit

market = Blueprint("market", __name__)

# Typical vesting terms.
TYPICAL_VESTING = {"vesting_years": 4, "cliff_months": 12}


@market.get("/market")
@permit("market.read")
def overview() -> str:
    # Imported here, so that Pydantic does not slow down the start of the application.
    from roadmap.market.content import market_content

    content = market_content()
    series = queries.series(db.session, content)
    chosen = next((each for each in series if each.key == request.args.get("figures")), series[0])
    table = StateTable.of(content, chosen, sort_by_pay=request.args.get("order") == "pay")
    return render_template("market/market.html", market=content, series=series, table=table)


@market.get("/market/offers")
@permit("offer.read")
def list_offers() -> Response:
    return _render(OfferForm(data=TYPICAL_VESTING))


@market.post("/market/offers/calculation")
@permit("offer.write")
def calculate_offer() -> Response:
    # A POST, so that the amounts appear neither in URLs nor in logs.
    form = OfferForm()
    if not form.validate():
        return _render(form, status=422)
    return _render(form, terms=form.terms, currency=form.currency.data)


@market.post("/market/offers")
@permit("offer.write")
def save_offer() -> Response:
    form = OfferForm()
    is_valid = form.validate()
    if not form.name.data and not form.name.errors:
        form.name.errors = [_("To save it, give it a name, such as the company's.")]
        is_valid = False
    if not is_valid:
        return _render(form, status=422)
    offer = actions.save_offer(
        db.session,
        current_user.id,
        form.terms,
        name=form.name.data,
        currency=form.currency.data,
        now=now(),
        key=form_key(),
    )
    flash(_("The offer “%(name)s” is saved. Only you see it.", name=offer.name), "message")
    return see_other("market.list_offers", "saved")


@market.get("/market/offers/<uuid:key>")
@permit("offer.read")
def show_offer(key: uuid.UUID) -> Response:
    offer = permissions.load(db.session, current_user, "offer.read", Offer, key)
    return _render(OfferForm(obj=offer), terms=offer.terms, currency=offer.currency, shown=offer)


@market.delete("/market/offers/<uuid:key>")
@permit("offer.write")
def delete_offer(key: uuid.UUID) -> Response:
    offer = permissions.load(db.session, current_user, "offer.write", Offer, key)
    actions.delete_offer(db.session, offer)
    flash(_("The offer “%(name)s” is deleted.", name=offer.name), "message")
    return see_other("market.list_offers")


def _render(
    form: OfferForm, *, terms: OfferTerms | None = None, status: int = 200, **context: Any
) -> Response:
    saved = queries.offers(db.session, current_user.id)
    return render_page(
        "market/offers.html",
        status,
        form=form,
        years=offer_years(terms) if terms else None,
        average=average_year(terms) if terms else None,
        saved=[(offer, offer_years(offer.terms)[0].total, average_year(offer.terms))
               for offer in saved],
        **context,
    )  # fmt: skip
