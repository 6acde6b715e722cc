"""The public links of a person's portfolios: list, create and revoke them."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated

from flask import abort
from pydantic import Field

from roadmap.api.field_types import Body, Shape, Timestamp, single_line
from roadmap.api.operation import (
    InvalidFields,
    OperationResult,
    current_actor,
    operation,
)
from roadmap.api.pagination import Page, Paging
from roadmap.core.database import db
from roadmap.core.i18n import _
from roadmap.core.proxy import public_base_url
from roadmap.core.web import now
from roadmap.people import permissions
from roadmap.portfolio import links
from roadmap.portfolio.actions import lock_portfolio
from roadmap.portfolio.models import PortfolioLink
from roadmap.portfolio.selection import find_portfolio

TAG = "Your portfolio"


class LinkShape(Shape):
    """A public link. Anyone with its `url` can open the portfolio.

    `url` is null once the link has expired or been revoked, and for tokens of scope `read`, because
    a link that was passed on still works after the token is revoked.
    """

    id: uuid.UUID
    label: str
    url: str | None
    created_at: Timestamp
    expires_at: Timestamp | None
    revoked_at: Timestamp | None
    last_opened_on: dt.date | None


class LinkList(Page[LinkShape]):
    pass


class NewLink(Body):
    """A new link, which anyone can open without signing in."""

    label: Annotated[str, single_line(100)] = Field(
        "", description="Whom the link is for. Only you see it."
    )
    ends_on: dt.date | None = Field(
        description="The last day, in your own time zone; null for a link that does not expire."
    )


@operation(TAG, refuses=(404,))
def list_links(portfolio_id: uuid.UUID, query: Paging) -> LinkList:
    """List the public links of a portfolio, including expired ones, in the order of their ids."""
    if find_portfolio(db.session, current_actor().id, portfolio_id, now()) is None:
        abort(404)
    made = links.list_links(db.session, current_actor().id)
    shown = (_serialize(each) for each in made if each.portfolio_id == portfolio_id)
    return LinkList.of(shown, query)


@operation(
    TAG,
    answers={201: LinkShape},
    refuses=(404, 409),
    example={"label": "Panel in March", "ends_on": "2030-12-31"},
)
def create_link(portfolio_id: uuid.UUID, body: NewLink) -> OperationResult:
    """Create a public link to a portfolio.

    409 if you have reached the maximum number of open links.
    """
    actor, at = current_actor(), now()
    ends_at = None
    if body.ends_on is not None:
        if not actor.today(at) <= body.ends_on < dt.date.max:
            raise InvalidFields({"ends_on": [_("Choose today or a later day.")]})
        after = body.ends_on + dt.timedelta(days=1)
        ends_at = dt.datetime.combine(after, dt.time(), actor.zone)
    portfolio = lock_portfolio(db.session, portfolio_id, by=actor, now=at)
    made = links.create_link(db.session, portfolio, label=body.label, expires_at=ends_at, now=at)
    return OperationResult(_serialize(made), 201)


@operation(TAG, refuses=(404,))
def revoke_link(portfolio_id: uuid.UUID, link_id: uuid.UUID) -> None:
    """Revoke a public link permanently."""
    actor = current_actor()
    link = permissions.load(db.session, actor, "portfolio.write", PortfolioLink, link_id)
    if link.portfolio_id != portfolio_id:
        abort(404)
    links.revoke_link(db.session, link, by=actor, now=now())


def _serialize(link: PortfolioLink) -> LinkShape:
    is_shown = links.is_open(link, now()) and permissions.can(current_actor(), "portfolio.write")
    url = f"{public_base_url()}/p/{links.sign_token(link)}" if is_shown else None
    columns = {name: getattr(link, name) for name in LinkShape.model_fields if name != "url"}
    return LinkShape.model_validate({**columns, "url": url})
