"""A person's own portfolios, their settings and exports, and links to profiles elsewhere."""

from __future__ import annotations

import logging
import uuid
from typing import Annotated

from flask import Response, abort
from pydantic import AliasPath, Field

from roadmap.api.field_types import (
    UNSET,
    Body,
    Key,
    OneOf,
    Query,
    Shape,
    Text,
    Timestamp,
    required_line,
    single_line,
)
from roadmap.api.operation import (
    InvalidFields,
    OperationResult,
    abort_with_problem,
    check_if_match,
    current_actor,
    operation,
)
from roadmap.api.route_table import BASE
from roadmap.core.database import db
from roadmap.core.i18n import _
from roadmap.core.pdf import PdfError
from roadmap.core.web import now
from roadmap.evidence.queries import load_skill_titles
from roadmap.portfolio import actions, sections
from roadmap.portfolio.export import export_file
from roadmap.portfolio.formats.registry import FORMATS
from roadmap.portfolio.forms import MAX_DESCRIPTION, MAX_TITLE
from roadmap.portfolio.models import Portfolio, Redaction
from roadmap.portfolio.profiles import NETWORKS, InvalidProfile, read_profile
from roadmap.portfolio.sections import SECTIONS
from roadmap.portfolio.selection import (
    chosen_ids,
    find_portfolio,
    list_portfolios,
    load_choices,
    load_profiles,
)

log = logging.getLogger(__name__)

TAG = "Your portfolio"
EXAMPLE = {
    "headline": "ML engineer, ranking and search",
    "sections": [{"key": "evidence", "shown": True}, {"key": "skills", "shown": False}],
}
SectionKey = Annotated[str, OneOf(tuple(SECTIONS))]
Network = Annotated[str, OneOf(tuple(NETWORKS))]


class RedactionShape(Shape):
    """The redacted text that readers see instead of a piece of evidence."""

    title: str
    description: str
    shows_impacts: bool


class PortfolioItemShape(Shape):
    """A selected piece of evidence; it is only shown while its visibility is `portfolio`."""

    evidence: uuid.UUID
    redaction: RedactionShape | None


class SectionShape(Shape):
    key: SectionKey
    shown: bool


class PortfolioSummary(Shape):
    """A portfolio and the number of pieces that readers see in it."""

    id: uuid.UUID = Field(validation_alias=AliasPath("portfolio", "id"))
    name: str = Field(validation_alias=AliasPath("portfolio", "name"))
    default: bool = Field(validation_alias=AliasPath("portfolio", "is_default"))
    pieces: int


class PortfolioList(Shape):
    items: list[PortfolioSummary]
    next_cursor: None


class PortfolioShape(Shape):
    """The settings of a portfolio. `GET /me/portfolio` returns what readers see."""

    id: uuid.UUID
    name: str = Field(description="Only you see it.")
    default: bool = Field(description="Whether `GET /me/portfolio` returns this one.")
    headline: str
    introduction: str
    shows_email: bool
    shows_self_assessed: bool
    shows_below_bar: bool
    left_out_skills: list[str]
    profiles: list[str]
    sections: list[SectionShape]
    items: list[PortfolioItemShape]
    created_at: Timestamp
    updated_at: Timestamp


class RedactionBody(Body):
    """The text that readers see instead of a piece of evidence under NDA."""

    title: Annotated[str, required_line(MAX_TITLE)]
    description: Annotated[str, Text(MAX_DESCRIPTION)] = ""
    shows_impacts: bool = Field(default=False, description="Shows impacts, without their sources.")


class PortfolioItemBody(Body):
    """A piece of evidence. Without `redaction`, its current one stays; null removes it."""

    evidence: Annotated[uuid.UUID, Field(strict=False)]
    redaction: RedactionBody | None = UNSET


class SectionBody(Body):
    key: SectionKey
    shown: bool = True


class PortfolioChange(Body):
    """Fields left out are unchanged, null clears; the name cannot be cleared."""

    headline: Annotated[str, single_line(200)] | None = None
    introduction: Annotated[str, Text(10_000)] | None = Field(None, description="Markdown.")
    shows_email: bool | None = None
    shows_self_assessed: bool | None = None
    shows_below_bar: bool | None = None
    left_out_skills: Annotated[list[Key], Field(max_length=100)] | None = Field(
        None, description="Keys of skills to hide."
    )
    profiles: Annotated[list[Network], Field(max_length=10)] | None = Field(
        None, description="The profiles to show."
    )
    sections: Annotated[list[SectionBody], Field(max_length=20)] | None = Field(
        None,
        description="Sections in order. Those left out come last; null restores the default order.",
    )
    items: Annotated[list[PortfolioItemBody], Field(max_length=actions.MAX_ITEMS)] | None = Field(
        None, description="Evidence in order, all of visibility `portfolio`."
    )
    name: Annotated[str, required_line(100)] = UNSET
    default: bool | None = Field(None, description="True makes this the default portfolio.")


class NewPortfolio(Body):
    """A new portfolio, empty or a copy of another one without its public links."""

    name: Annotated[str, required_line(100)]
    copy_of: Annotated[uuid.UUID, Field(strict=False)] | None = None


class ProfilesShape(Shape):
    """The addresses of your profiles; empty if not set."""

    github: str
    linkedin: str
    orcid: str
    website: str


class ProfilesChange(Body):
    """An account name, an ORCID iD or an address. Fields left out are unchanged; null clears."""

    github: Annotated[str, single_line(500)] | None = None
    linkedin: Annotated[str, single_line(500)] | None = None
    orcid: Annotated[str, single_line(500)] | None = None
    website: Annotated[str, single_line(500)] | None = None


class ExportQuery(Query):
    format: Annotated[
        str,
        OneOf(tuple(FORMATS)),
        Field(description="The file format."),
    ] = "json-resume"
    portfolio: uuid.UUID | None = Field(
        None, description="One of your portfolios; if left out, the default one."
    )


@operation(
    TAG,
    answers={200: None},
    refuses=(404,),
    files=tuple(format_.mimetype for format_ in FORMATS.values()),
)
def export_portfolio(query: ExportQuery) -> Response:
    """Export a portfolio as a file, with the evidence selected for it.

    It only contains evidence of visibility `portfolio`. Limited to 30 requests per minute.
    """
    try:
        return export_file(current_actor(), query.format, query.portfolio, now=now())
    except PdfError:
        log.exception("portfolio export failed")
        abort(500)


@operation(TAG)
def list_own_portfolios() -> PortfolioList:
    """List your portfolios, the default one first."""
    portfolios = list_portfolios(db.session, current_actor().id, now())
    return PortfolioList.model_validate({"items": portfolios, "next_cursor": None})


@operation(
    TAG,
    answers={201: PortfolioShape},
    refuses=(409,),
    has_etag=True,
    example={"name": "For recruiters", "copy_of": None},
)
def create_portfolio(body: NewPortfolio) -> OperationResult:
    """Create a portfolio. 409 if you have reached the maximum number."""
    actor = current_actor()
    try:
        made = actions.create_portfolio(
            db.session, name=body.name, copy_of=body.copy_of, by=actor, now=now()
        )
    except LookupError:
        raise InvalidFields({"copy_of": [_("You have no such portfolio.")]}) from None
    return OperationResult(_serialize(made), 201, location=f"{BASE}/me/portfolios/{made.id}")


@operation(TAG, refuses=(404,), has_etag=True)
def read_portfolio(portfolio_id: uuid.UUID) -> PortfolioShape:
    """Return the settings of one of your portfolios."""
    return _serialize(find_portfolio(db.session, current_actor().id, portfolio_id, now()))


@operation(TAG, refuses=(404,), has_etag=True, accepts_if_match=True, example=EXAMPLE)
def change_portfolio(portfolio_id: uuid.UUID, body: PortfolioChange) -> PortfolioShape:
    """Change a portfolio; fields left out are unchanged, null clears.

    `items` and `sections` replace the current lists. The redaction of a removed piece is stored in
    case the piece is added again.
    """
    at, portfolio = now(), _lock(portfolio_id)
    sent = body.model_fields_set
    if "default" in sent and not body.default and portfolio.is_default:
        raise InvalidFields({"default": [_("Make another portfolio the default instead.")]})
    values = {
        name: getattr(body, name) or type(getattr(portfolio, name))()
        for name in actions.EDITABLE_FIELDS
        if name in sent and name != "left_out_skills"
    }
    if "left_out_skills" in sent:
        known = load_skill_titles(db.session)
        values["left_out_skills"] = _join_keys(set(body.left_out_skills or ()) & known.keys())
    if "profiles" in sent:
        values["shown_profiles"] = _join_keys(set(body.profiles or ()))
    actions.save_texts(db.session, portfolio, values, revision=portfolio.revision, now=at)
    if "sections" in sent:
        chosen = body.sections or ()
        order = sections.ordered(" ".join(dict.fromkeys(each.key for each in chosen)))
        hidden = {each.key for each in chosen if not each.shown}
        actions.arrange_sections(db.session, portfolio, order, hidden, now=at)
    if "items" in sent:
        _replace_items(portfolio, body.items or [])
    if body.default:
        actions.make_default(db.session, portfolio, now=at)
    return _serialize(portfolio)


def _replace_items(portfolio: Portfolio, chosen: list[PortfolioItemBody]) -> None:
    stored = load_choices(db.session, portfolio.id)
    items: dict[uuid.UUID, Redaction | None] = {}
    for each in chosen:
        if "redaction" in each.model_fields_set:
            sent = each.redaction
            redaction = Redaction(**sent.model_dump()) if sent else None
        else:
            redaction = stored[each.evidence].redaction if each.evidence in stored else None
        items[each.evidence] = redaction
    if len(items) < len(chosen):
        raise InvalidFields({"items": [_("List each piece only once.")]})
    try:
        actions.replace_items(db.session, portfolio, items, now=now())
    except actions.NotVisibleInPortfolio as refused:
        message = _(
            "You have no evidence of visibility portfolio with these ids: %(ids)s",
            ids=", ".join(refused.args),
        )
        raise InvalidFields({"items": [message]}) from None


@operation(TAG, refuses=(404, 409), accepts_if_match=True)
def delete_portfolio(portfolio_id: uuid.UUID) -> None:
    """Delete a portfolio with its public links. 409 for the default one."""
    portfolio = _lock(portfolio_id)
    try:
        actions.delete_portfolio(db.session, portfolio, now=now())
    except actions.CannotDeleteDefault:
        abort_with_problem(409, _("Make another portfolio the default first."))


@operation(TAG)
def read_profiles() -> ProfilesShape:
    """Return your profiles on other sites, which portfolios can show."""
    return _load_profiles()


@operation(TAG, example={"github": "octocat", "website": None})
def change_profiles(body: ProfilesChange) -> ProfilesShape:
    """Change your profiles; fields left out are unchanged, null clears."""
    actor = current_actor()
    urls = load_profiles(db.session, actor.id)
    errors = {}
    for name in body.model_fields_set:
        try:
            urls[name] = read_profile(NETWORKS[name], getattr(body, name) or "")
        except InvalidProfile as invalid:
            errors[name] = [_(str(invalid))]
    if errors:
        raise InvalidFields(errors)
    actions.save_profiles(db.session, urls, by=actor, now=now())
    return _load_profiles()


def _load_profiles() -> ProfilesShape:
    found = load_profiles(db.session, current_actor().id)
    return ProfilesShape(**{name: found.get(name, "") for name in ProfilesShape.model_fields})


def _lock(portfolio_id: uuid.UUID) -> Portfolio:
    """Load a portfolio and lock its owner. Aborts with 412 if its ETag has changed."""
    portfolio = actions.lock_portfolio(db.session, portfolio_id, by=current_actor(), now=now())
    check_if_match(_serialize(portfolio))
    return portfolio


def _join_keys(keys: set[str]) -> str:
    return " ".join(sorted(keys))


def _serialize(portfolio: Portfolio | None) -> PortfolioShape:
    """Return the response model of a portfolio. Aborts with 404 for None."""
    if portfolio is None:
        abort(404)
    hidden = portfolio.hidden_sections.split()
    choices = load_choices(db.session, portfolio.id)
    return PortfolioShape.model_validate(
        {
            **{name: getattr(portfolio, name) for name in actions.EDITABLE_FIELDS},
            "id": portfolio.id,
            "default": portfolio.is_default,
            "left_out_skills": portfolio.left_out_skills.split(),
            "profiles": portfolio.shown_profiles.split(),
            "sections": [
                {"key": key, "shown": key not in hidden}
                for key in sections.ordered(portfolio.section_order)
            ],
            "items": [
                {"evidence": key, "redaction": choices[key].redaction}
                for key in chosen_ids(choices)
            ],
            "created_at": portfolio.created_at,
            "updated_at": portfolio.updated_at,
        }
    )
