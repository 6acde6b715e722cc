"""Routes for managing public links, and the public page of a portfolio."""

from __future__ import annotations

import datetime as dt
import uuid

from flask import Response, flash, request
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse
from wtforms.fields import SelectChoice

from roadmap.core.database import db
from roadmap.core.i18n import _
from roadmap.core.limiter import limiter
from roadmap.core.limits import LimitReached
from roadmap.core.proxy import public_base_url
from roadmap.core.web import (
    form_key,
    is_opened_by_person,
    now,
    prevent_indexing,
    render_page,
    see_other,
)
from roadmap.people import permissions
from roadmap.people.permissions import permit
from roadmap.portfolio import links, selection
from roadmap.portfolio.blueprint import lock_portfolio, portfolio, render_document
from roadmap.portfolio.forms import LIFETIME_DAYS, LinkForm
from roadmap.portfolio.models import PortfolioLink


@portfolio.get("/portfolio/links")
@permit("portfolio.read")
def link_list() -> Response:
    """List the links to all portfolios; the parameter `portfolio` preselects one in the form."""
    return _render_links_page(_link_form())


@portfolio.post("/portfolio/links")
@permit("portfolio.write")
def make_link() -> BaseResponse:
    form = _link_form()
    if not form.validate_on_submit():
        return _render_links_page(form, 422)
    ends_at = _link_expiry(form)
    if ends_at is not None and ends_at <= now():
        form.ends_on.errors = [_("Choose today or a later day.")]
        return _render_links_page(form, 422)
    try:
        link = links.create_link(
            db.session,
            lock_portfolio(current_user, uuid.UUID(form.portfolio.data)),
            label=form.label.data,
            expires_at=ends_at,
            now=now(),
            key=form_key() and f"{form_key()} {form.lives.data} {form.ends_on.data}",
        )
    except LimitReached as refused:
        form.label.errors = [str(refused)]
        return _render_links_page(form, 422)
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
    """Show the portfolio of a public link; closed and unknown links get the same 404."""
    found = links.find_open_link(db.session, token, now=now())
    if found is None:
        response = render_page("portfolio/link_not_found.html", 404)
    else:
        link, day = found
        link_id, counts = link.id, link.last_opened_on != day and is_opened_by_person()
        response = render_document("portfolio/public.html", link.user_id, link.portfolio_id, day)
        if counts:
            # A GET only has a read transaction, so the date is written in a separate one.
            db.write_or_log(
                lambda own: links.record_link_opened(own, link_id, day),
                what=f"public link {link_id} was opened",
            )
    return prevent_indexing(response)


def _link_expiry(form: LinkForm) -> dt.datetime | None:
    """Return when a link expires: after the chosen days, or at the end of its last day.

    The last day is one in the owner's time zone.
    """
    if form.ends_on.data:
        after = form.ends_on.data.last + dt.timedelta(days=1)
        return dt.datetime.combine(after, dt.time(), current_user.zone)
    days = LIFETIME_DAYS[form.lives.data]
    return None if days is None else now() + dt.timedelta(days=days)


def _link_form() -> LinkForm:
    offered = selection.list_portfolios(db.session, current_user.id, now())
    default = offered[0].portfolio
    form = LinkForm(data={"portfolio": request.args.get("portfolio", str(default.id))})
    form.portfolio.choices = [SelectChoice(str(each.id), each.name) for each, *_counts in offered]
    return form


def _render_links_page(form: LinkForm, status: int = 200) -> Response:
    made = links.list_links(db.session, current_user.id)
    offered = selection.list_portfolios(db.session, current_user.id, now())
    return render_page(
        "portfolio/links.html",
        status,
        form=form,
        names={each.id: each.name for each, *_counts in offered},
        open_links=[
            (link, f"{public_base_url()}/p/{links.sign_token(link)}")
            for link in made
            if links.is_open(link, now())
        ],
        ended=[link for link in made if not links.is_open(link, now())][:20],
        first=offered[0],
    )
