"""One's portfolios: each as a file, and as it is set up; and one's profiles."""

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
from roadmap.core.i18n import gettext as _
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
    """What readers get in place of a piece."""

    title: str
    description: str
    shows_impacts: bool


class ChosenShape(Shape):
    """A chosen piece; one whose visibility is not `portfolio` any more is shown to nobody."""

    evidence: uuid.UUID
    redaction: RedactionShape | None


class SectionShape(Shape):
    key: SectionKey
    shown: bool


class PortfolioSummary(Shape):
    """A portfolio, and how many pieces readers see in it."""

    id: uuid.UUID = Field(validation_alias=AliasPath("portfolio", "id"))
    name: str = Field(validation_alias=AliasPath("portfolio", "name"))
    default: bool = Field(validation_alias=AliasPath("portfolio", "is_default"))
    pieces: int


class PortfolioList(Shape):
    items: list[PortfolioSummary]
    next_cursor: None


class PortfolioShape(Shape):
    """A portfolio as its owner set it up: `GET /me/portfolio` returns what readers get."""

    id: uuid.UUID
    name: str = Field(description="Only you see it.")
    default: bool = Field(description="It is the one at `GET /me/portfolio`.")
    headline: str
    introduction: str
    shows_email: bool
    shows_self_assessed: bool
    shows_below_bar: bool
    left_out_skills: list[str]
    profiles: list[str]
    sections: list[SectionShape]
    items: list[ChosenShape]
    created_at: Timestamp
    updated_at: Timestamp


class RedactionBody(Body):
    """What readers get in place of a piece that is under NDA."""

    title: Annotated[str, required_line(MAX_TITLE)]
    description: Annotated[str, Text(MAX_DESCRIPTION)] = ""
    shows_impacts: bool = Field(default=False, description="Without their sources.")


class ChosenBody(Body):
    """A piece. Where `redaction` is left out, one that it has stays; null shows the piece."""

    evidence: Annotated[uuid.UUID, Field(strict=False)]
    redaction: RedactionBody | None = UNSET


class SectionBody(Body):
    key: SectionKey
    shown: bool = True


class PortfolioChange(Body):
    """What is left out stays, null clears; a name cannot be cleared."""

    headline: Annotated[str, single_line(200)] | None = None
    introduction: Annotated[str, Text(10_000)] | None = Field(None, description="Markdown.")
    shows_email: bool | None = None
    shows_self_assessed: bool | None = None
    shows_below_bar: bool | None = None
    left_out_skills: Annotated[list[Key], Field(max_length=100)] | None = Field(
        None, description="Keys of the skills never to show."
    )
    profiles: Annotated[list[Network], Field(max_length=10)] | None = Field(
        None, description="Those of your profiles that it shows."
    )
    sections: Annotated[list[SectionBody], Field(max_length=20)] | None = Field(
        None, description="In their order. Those left out come last; null is the usual order."
    )
    items: Annotated[list[ChosenBody], Field(max_length=actions.MAX_ITEMS)] | None = Field(
        None, description="The pieces in their order, all of visibility `portfolio`."
    )
    name: Annotated[str, required_line(100)] = UNSET
    default: bool | None = Field(
        None, description="True makes it the default one, instead of the one before."
    )


class NewPortfolio(Body):
    """A new portfolio, empty or with everything of another one but its public links."""

    name: Annotated[str, required_line(100)]
    copy_of: Annotated[uuid.UUID, Field(strict=False)] | None = None


class ProfilesShape(Shape):
    """Full addresses; empty where you have none."""

    github: str
    linkedin: str
    orcid: str
    website: str


class ProfilesChange(Body):
    """What is left out stays, null clears. An account, an ORCID iD or an address."""

    github: Annotated[str, single_line(500)] | None = None
    linkedin: Annotated[str, single_line(500)] | None = None
    orcid: Annotated[str, single_line(500)] | None = None
    website: Annotated[str, single_line(500)] | None = None


class ExportQuery(Query):
    format: Annotated[
        str,
        OneOf(tuple(FORMATS)),
        Field(description="In which form."),
    ] = "json-resume"
    portfolio: uuid.UUID | None = Field(
        None, description="Which of your portfolios; the default one where it is left out."
    )


@operation(
    TAG,
    answers={200: None},
    refuses=(404,),
    files=tuple(format_.mimetype for format_ in FORMATS.values()),
)
def export_portfolio(query: ExportQuery) -> Response:
    """Return the portfolio as a file, with the evidence that you chose for it.

    Only evidence of visibility `portfolio` is in it. At most 30 a minute.
    """
    try:
        return export_file(current_actor(), query.format, query.portfolio, now=now())
    except PdfError:
        log.exception("an export could not be made")
        abort(500)


@operation(TAG)
def list_own_portfolios() -> PortfolioList:
    """List your portfolios, the default one first."""
    mine = list_portfolios(db.session, current_actor().id, now())
    return PortfolioList.model_validate({"items": mine, "next_cursor": None})


@operation(
    TAG,
    answers={201: PortfolioShape},
    refuses=(409,),
    has_etag=True,
    example={"name": "For recruiters", "copy_of": None},
)
def create_portfolio(body: NewPortfolio) -> OperationResult:
    """Make a portfolio. 409 where you have as many as there can be."""
    actor = current_actor()
    try:
        made = actions.create_portfolio(
            db.session, name=body.name, copy_of=body.copy_of, by=actor, now=now()
        )
    except LookupError:
        raise InvalidFields({"copy_of": [_("You have no such portfolio.")]}) from None
    except actions.TooMany as refused:
        abort_with_problem(409, str(refused))
    return OperationResult(_serialize(made), 201, location=f"{BASE}/me/portfolios/{made.id}")


@operation(TAG, refuses=(404,), has_etag=True)
def read_portfolio(portfolio_id: uuid.UUID) -> PortfolioShape:
    """Return one of your portfolios as it is set up."""
    return _serialize(find_portfolio(db.session, current_actor().id, portfolio_id, now()))


@operation(TAG, refuses=(404,), has_etag=True, accepts_if_match=True, example=EXAMPLE)
def change_portfolio(portfolio_id: uuid.UUID, body: PortfolioChange) -> PortfolioShape:
    """Change a portfolio; what is left out stays, null clears.

    `items` and `sections` replace those that it has. A piece that is removed keeps its redaction
    for the day on which it is added again.
    """
    at, portfolio = now(), _lock(portfolio_id)
    sent = body.model_fields_set
    if "default" in sent and not body.default and portfolio.is_default:
        raise InvalidFields({"default": [_("Make another portfolio the default instead.")]})
    values = {
        name: getattr(body, name) or type(getattr(portfolio, name))()
        for name in actions.TEXTS
        if name in sent and name != "left_out_skills"
    }
    if "left_out_skills" in sent:
        known = load_skill_titles(db.session)
        values["left_out_skills"] = _words(set(body.left_out_skills or ()) & known.keys())
    if "profiles" in sent:
        values["shown_profiles"] = _words(set(body.profiles or ()))
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


def _replace_items(portfolio: Portfolio, chosen: list[ChosenBody]) -> None:
    kept = load_choices(db.session, portfolio.id)
    items: dict[uuid.UUID, Redaction | None] = {}
    for each in chosen:
        if "redaction" in each.model_fields_set:
            said = each.redaction
            redaction = Redaction(**said.model_dump()) if said else None
        else:
            redaction = kept[each.evidence].redaction if each.evidence in kept else None
        items[each.evidence] = redaction
    if len(items) < len(chosen):
        raise InvalidFields({"items": [_("Name each piece only once.")]})
    try:
        actions.replace_items(db.session, portfolio, items, now=now())
    except actions.NotVisibleInPortfolio as refused:
        listed = ", ".join(refused.args)
        raise InvalidFields(
            {"items": [_("You have no such evidence of visibility portfolio: %(ids)s", ids=listed)]}
        ) from None


@operation(TAG, refuses=(404, 409), accepts_if_match=True)
def delete_portfolio(portfolio_id: uuid.UUID) -> None:
    """Delete a portfolio with its public links. 409 for the default one."""
    portfolio = _lock(portfolio_id)
    try:
        actions.delete_portfolio(db.session, portfolio, now=now())
    except actions.IsDefault:
        abort_with_problem(409, _("Make another portfolio the default first."))


@operation(TAG)
def read_profiles() -> ProfilesShape:
    """Return your pages elsewhere, from which each portfolio chooses."""
    return _profiles()


@operation(TAG, example={"github": "octocat", "website": None})
def change_profiles(body: ProfilesChange) -> ProfilesShape:
    """Change your profiles; what is left out stays, null clears."""
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
    return _profiles()


def _profiles() -> ProfilesShape:
    found = load_profiles(db.session, current_actor().id)
    return ProfilesShape(**{name: found.get(name, "") for name in ProfilesShape.model_fields})


def _lock(portfolio_id: uuid.UUID) -> Portfolio:
    """Load a portfolio under its owner's lock, and refuse it where the client read another."""
    portfolio = actions.lock_portfolio(db.session, portfolio_id, by=current_actor(), now=now())
    check_if_match(_serialize(portfolio))
    return portfolio


def _words(keys: set[str]) -> str:
    return " ".join(sorted(keys))


def _serialize(portfolio: Portfolio | None) -> PortfolioShape:
    """Return a portfolio as the API shows it; 404 for none."""
    if portfolio is None:
        abort(404)
    hidden = portfolio.hidden_sections.split()
    placed = [
        (choice.position, key, choice.redaction)
        for key, choice in load_choices(db.session, portfolio.id).items()
        if choice.position is not None
    ]
    return PortfolioShape.model_validate(
        {
            **{name: getattr(portfolio, name) for name in actions.TEXTS},
            "id": portfolio.id,
            "default": portfolio.is_default,
            "left_out_skills": portfolio.left_out_skills.split(),
            "profiles": portfolio.shown_profiles.split(),
            "sections": [
                {"key": key, "shown": key not in hidden}
                for key in sections.ordered(portfolio.section_order)
            ],
            "items": [
                {"evidence": key, "redaction": redaction}
                for _position, key, redaction in sorted(placed, key=lambda each: each[:2])
            ],
            "created_at": portfolio.created_at,
            "updated_at": portfolio.updated_at,
        }
    )
