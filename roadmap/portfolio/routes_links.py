"""The public links of a portfolio: their owner's page, and the page that a link opens."""

from __future__ import annotations

import datetime as dt
import uuid

from flask import Response, current_app, flash, make_response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as BaseResponse
from wtforms import SelectField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Length

from roadmap.core.database import db
from roadmap.core.limiter import limiter
from roadmap.core.text import clean_line
from roadmap.core.web import now, see_other
from roadmap.people import permissions
from roadmap.people.permissions import permit
from roadmap.portfolio import links, page_context, selection
from roadmap.portfolio.blueprint import portfolio
from roadmap.portfolio.models import PortfolioLink
from roadmap.portfolio.queries import load_document

LIFETIME_DAYS = {"30": 30, "90": 90, "365": 365, "never": None}


class LinkForm(FlaskForm):
    label = StringField(
        _l("For whom"),
        filters=[clean_line],
        validators=[Length(max=100, message=_l("At most %(max)d characters."))],
        description=_l("Only you see this: “Panel in March”, “Recruiter at Example”."),
    )
    lives = SelectField(
        _l("Ends after"),
        choices=[
            SelectChoice("30", _l("30 days")),
            SelectChoice("90", _l("90 days")),
            SelectChoice("365", _l("1 year")),
            SelectChoice("never", _l("never, until I revoke it")),
        ],
        default="90",
        validators=[InputRequired()],
    )


@portfolio.get("/portfolio/links")
@permit("portfolio.read")
def link_list() -> str:
    return _render_page(LinkForm())


@portfolio.post("/portfolio/links")
@permit("portfolio.write")
def make_link() -> BaseResponse:
    form = LinkForm()
    if not form.validate_on_submit():
        return make_response(_render_page(form), 422)
    days = LIFETIME_DAYS[form.lives.data]
    try:
        link = links.create_link(
            db.session,
            current_user.id,
            label=form.label.data,
            expires_at=None if days is None else now() + dt.timedelta(days=days),
            by=current_user,
            now=now(),
        )
    except links.TooManyLinks:
        form.label.errors = [
            _(
                "You have %(most)d active links, the maximum. Revoke one that nobody needs.",
                most=links.MAX_OPEN_LINKS,
            )
        ]
        return make_response(_render_page(form), 422)
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
        return _forbid_indexing(response)
    link, day = found
    key, owner, is_new_day = link.id, link.user_id, link.last_opened_on != day
    shown = load_document(db.session, owner, day)
    page = render_template(
        "portfolio/public.html", document=shown, **page_context.document_context(shown)
    )
    if is_new_day:
        # A GET holds a reading transaction; the day is written in one of its own.
        db.session.rollback()
        with db.own_transaction() as own:
            links.record_opening(own, key, day)
    return _forbid_indexing(make_response(page))


def _forbid_indexing(response: Response) -> Response:
    """Keep the page out of search engines, archives and caches."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive, nosnippet"
    response.headers["Cache-Control"] = "no-store"
    return response


def _render_page(form: LinkForm) -> str:
    root = current_app.config["BASE_URL"] or request.host_url
    made = links.list_links(db.session, current_user.id)
    return render_template(
        "portfolio/links.html",
        form=form,
        open_links=[
            (link, f"{root.rstrip('/')}/p/{links.sign_token(link)}")
            for link in made
            if links.is_open(link, now())
        ],
        ended=[link for link in made if not links.is_open(link, now())][:20],
        shown=len(selection.load_selection(db.session, current_user.id).shown),
    )
