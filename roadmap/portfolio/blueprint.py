"""The blueprint, and the loaders and page contexts that its route modules share."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from flask import Blueprint, Response
from werkzeug.wrappers import Response as BaseResponse

from roadmap.core.database import db
from roadmap.core.i18n import _
from roadmap.core.web import now, render_page, see_other
from roadmap.evidence.constants import AWAITING_REVIEW
from roadmap.evidence.labels import KINDS, PUBLICATION
from roadmap.evidence.queries import load_skill_titles
from roadmap.people import permissions
from roadmap.people.actor import Actor
from roadmap.portfolio import actions, labels, sections, selection
from roadmap.portfolio.formats.registry import FORMATS
from roadmap.portfolio.forms import TextsForm
from roadmap.portfolio.models import Portfolio
from roadmap.portfolio.profiles import NETWORKS, account_name
from roadmap.portfolio.queries import load_document
from roadmap.portfolio.sections import SECTIONS
from roadmap.portfolio.urls import safe_url

portfolio = Blueprint("portfolio", __name__)


def find_portfolio(actor: Actor, portfolio_id: uuid.UUID | None) -> Portfolio:
    """Load a portfolio of the actor, or for None the default one. Responds 404 to others."""
    found = selection.find_portfolio(db.session, actor.id, portfolio_id, now())
    return permissions.check_access(actor, "portfolio.write", found)


def lock_portfolio(actor: Actor, portfolio_id: uuid.UUID) -> Portfolio:
    """Lock and load a portfolio of the actor. Responds 404 to others."""
    return actions.lock_portfolio(db.session, portfolio_id, by=actor, now=now())


def portfolio_url(portfolio_id: uuid.UUID) -> str:
    return f"/portfolios/{portfolio_id}"


def redirect_to_portfolio(found: Portfolio, anchor: str | None = None) -> BaseResponse:
    """Redirect to the page of a portfolio; the default one has its own URL."""
    if found.is_default:
        return see_other("portfolio.index", _anchor=anchor)
    return see_other("portfolio.show", _anchor=anchor, portfolio_id=found.id)


def _filled_form(found: Portfolio) -> TextsForm:
    form = TextsForm(formdata=None, obj=found)
    for field in (form.left_out_skills, form.shown_profiles):
        field.data = getattr(found, field.name).split()
    return form


def render_portfolio(
    actor: Actor,
    found: Portfolio,
    form: TextsForm | None = None,
    *,
    status: int = 200,
    **more: Any,
) -> Response:
    return render_page(
        "portfolio/index.html",
        status,
        form=form or _filled_form(found),
        skills=load_skill_titles(db.session).items(),
        profiles=[
            (key, _(NETWORKS[key].title), account_name(key, url))
            for key, url in selection.load_profiles(db.session, actor.id).items()
        ],
        **items_context(actor, found),
        **more,
    )


def items_context(actor: Actor, found: Portfolio) -> dict[str, Any]:
    today = actor.today(now())
    return {
        "portfolio": found,
        **sections_context(found),
        "kinds": KINDS,
        "publication": PUBLICATION,
        "formats": FORMATS,
        "selection": selection.load_selection(db.session, actor.id, found.id, today),
        "today": today,
        "max_listed": selection.MAX_LISTED,
        "awaiting_review": AWAITING_REVIEW,
    }


def sections_context(found: Portfolio) -> dict[str, Any]:
    hidden = found.hidden_sections.split()
    return {
        "portfolio_url": portfolio_url(found.id),
        "sections": [
            (key, _(SECTIONS[key]), key not in hidden)
            for key in sections.ordered(found.section_order)
        ],
    }


def render_document(
    template: str, user_id: uuid.UUID, portfolio_id: uuid.UUID, today: dt.date, **more: Any
) -> Response:
    document = load_document(db.session, user_id, today, portfolio_id)
    return render_page(
        template, document=document, formats=FORMATS, labels=labels, safe_url=safe_url, **more
    )
