"""One's own evidence: its shapes, the list, an item, and asking for its review."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Annotated, Any

import sqlalchemy as sa
from flask import Response, abort, request
from pydantic import Field, create_model

from roadmap.api.field_types import (
    UNSET,
    Body,
    Date,
    Key,
    Nothing,
    OneOf,
    Shape,
    Text,
    Timestamp,
    required_line,
    single_line,
    web_url,
)
from roadmap.api.operation import (
    InvalidFields,
    OperationResult,
    abort_with_problem,
    check_if_match,
    current_actor,
    operation,
)
from roadmap.api.pagination import Paging, decode_position, encode_position
from roadmap.api.route_table import BASE
from roadmap.core.database import db
from roadmap.core.i18n import gettext as _
from roadmap.core.uploads import MULTIPART
from roadmap.core.web import now
from roadmap.evidence import actions, labels
from roadmap.evidence.actions import evidence_input, lock_and_reload
from roadmap.evidence.constants import (
    DECISIONS,
    IMPACT_TYPES,
    MAX_IMPACTS,
    MAX_MILESTONES,
    STATES,
    VISIBILITIES,
)
from roadmap.evidence.file_actions import take_files
from roadmap.evidence.file_download import file_response
from roadmap.evidence.item import FURTHER_TEXTS, Audience, Impact, Item
from roadmap.evidence.kinds import KINDS
from roadmap.evidence.loader import load_item, load_items
from roadmap.evidence.models import Evidence
from roadmap.evidence.queries import load_judgements, load_last_visibility, load_own
from roadmap.evidence.rules import MAX_LENGTHS, EvidenceInput
from roadmap.people.labels import BASES

TAG = "Your evidence"
EXAMPLE = {
    "kind": "design_doc",
    "title": "Feature store for ranking",
    "url": "https://example.org/docs/feature-store",
    "occurred_on": "2026-03-31",
    "milestones": ["design-doc-for-complex-system"],
    "impacts": [
        {"type": "scale", "metric": "p99 latency", "baseline": "240", "result": "90", "unit": "ms"}
    ],
}

Kind = Annotated[str, OneOf(tuple(KINDS))]
Visibility = Annotated[str, OneOf(VISIBILITIES)]
ImpactType = Annotated[str, OneOf(IMPACT_TYPES)]
ReviewState = Annotated[str, OneOf(STATES)]
Decision = Annotated[str, OneOf(DECISIONS)]
Basis = Annotated[str, OneOf(tuple(BASES))]


class ImpactShape(Shape):
    """A measured effect."""

    type: ImpactType
    metric: str
    baseline: str
    result: str
    unit: str
    source_url: str


class FileShape(Shape):
    """A file of a version; `type` is its media type, by content."""

    name: str
    size: int
    type: str = Field(validation_alias="media_type")
    sha256: str


class FileList(Shape):
    """The files of a piece in its newest version."""

    items: list[FileShape]


class ReviewShape(Shape):
    """The review of a version."""

    id: uuid.UUID
    decision: Decision
    version: int
    by: str = Field(validation_alias="reviewer")
    by_token: bool = Field(description="A script gave it, by a token of the reviewer.")
    basis: str = Field(description="What a verification rests on; empty where it is not known.")
    comment: str
    decided_at: Timestamp


class WordingShape(Shape):
    """How a milestone was worded in a revision of its roadmap."""

    title: str
    done_when: str
    revision: int
    published_at: Timestamp


class ConfirmationShape(Shape):
    """Who confirmed a milestone, and what that rests on; empty where it is not known."""

    by: str
    by_token: bool
    basis: str


# The texts of `Content` that the models below do not name, so that a new one needs no change here.
_TEXTS: dict[str, Any] = dict.fromkeys(FURTHER_TEXTS, (str, ...))
_OPTIONAL_TEXTS: dict[str, Any] = {
    name: (Annotated[str, single_line(MAX_LENGTHS[name])] | None, None) for name in FURTHER_TEXTS
}
FurtherTexts: Any = create_model("FurtherTexts", __base__=Shape, **_TEXTS)
FurtherTextsBody: Any = create_model("FurtherTextsBody", __base__=Body, **_OPTIONAL_TEXTS)


class EvidenceShape(FurtherTexts):
    """A piece of evidence in its newest version.

    `confirmed` are the linked milestones that a reviewer confirmed for `verified_version`, which
    counts until a newer one is judged. Where the roadmap words one of them differently now,
    `confirmed_wordings` has what was confirmed, by its key; `confirmed_by` has the reviewer of
    each. The piece is `verified` where there is
    at least one; `review_state` only says what the last review decided.
    """

    id: uuid.UUID
    kind: Kind
    title: str
    url: str
    occurred_on: Date
    description: str
    role: str
    visibility: Visibility
    issuer: str
    issued_on: Date | None
    expires_on: Date | None
    milestones: list[str]
    skills: list[str]
    impacts: list[ImpactShape]
    files: list[FileShape]
    review_state: ReviewState
    confirmed: list[str]
    confirmed_by: dict[str, ConfirmationShape]
    confirmed_wordings: dict[str, WordingShape]
    verified: bool
    version: int
    verified_version: int | None
    drafted_by: str = Field(
        description="The token of scope `draft` that wrote this version; empty where none did, and "
        "once its owner edited or accepted it."
    )
    review: ReviewShape | None
    submitted_at: Timestamp | None
    created_at: Timestamp
    updated_at: Timestamp


class EvidenceList(Shape):
    items: list[EvidenceShape]
    next_cursor: str | None


class ImpactBody(Body):
    """A measured effect; `metric`, `result` and `unit` make it count as quantified.

    `baseline` and `result` hold a number.
    """

    type: ImpactType
    metric: Annotated[str, required_line(MAX_LENGTHS["metric"])]
    baseline: Annotated[str, single_line(MAX_LENGTHS["baseline"])] = ""
    result: Annotated[str, single_line(MAX_LENGTHS["result"])] = ""
    unit: Annotated[str, single_line(MAX_LENGTHS["unit"])] = ""
    source_url: Annotated[str, web_url(MAX_LENGTHS["source_url"])] = ""


class _OptionalFields(FurtherTextsBody):
    """The optional fields. A piece needs a link, a file or a description."""

    url: Annotated[str, web_url(MAX_LENGTHS["url"])] | None = Field(
        None, description="An http or https address."
    )
    description: Annotated[str, Text(MAX_LENGTHS["description"])] | None = Field(
        None, description="Markdown."
    )
    role: Annotated[str, single_line(MAX_LENGTHS["role"])] | None = Field(
        None, description="Your role."
    )
    issuer: Annotated[str, single_line(MAX_LENGTHS["issuer"])] | None = None
    issued_on: Date | None = None
    expires_on: Date | None = None
    milestones: Annotated[list[Key], Field(max_length=MAX_MILESTONES)] | None = Field(
        None, description="Keys of the milestones that it should prove."
    )
    skills: Annotated[list[Key], Field(max_length=50)] | None = None
    impacts: Annotated[list[ImpactBody], Field(max_length=MAX_IMPACTS)] | None = None


class NewEvidence(_OptionalFields):
    """A new piece. It needs a link or a description; files are added to it later."""

    kind: Kind
    title: Annotated[str, required_line(MAX_LENGTHS["title"])]
    occurred_on: Date = Field(description="Not in the future, and not before 1950.")
    visibility: Visibility | None = Field(
        "portfolio",
        description="Null is the default, as where it is left out: `portfolio`; for a token of "
        "scope `draft` what you chose last yourself, and `team` where you never did.",
    )


class EvidenceChange(_OptionalFields):
    """What is left out stays, null clears; kind, title and date cannot be cleared."""

    kind: Kind = UNSET
    title: Annotated[str, required_line(MAX_LENGTHS["title"])] = UNSET
    occurred_on: Date = UNSET
    visibility: Visibility | None = Field(UNSET, description="Null is the default, `portfolio`.")

    def keys(self, name: str) -> list[str] | None:
        """Return the milestones or skills that were sent; None where they were left out."""
        return list(getattr(self, name) or ()) if name in self.model_fields_set else None


def _sent_values(body: NewEvidence | EvidenceChange) -> dict[str, Any]:
    """Return what was sent about an item. What is null is the default, and what is absent too."""
    values: dict[str, Any] = {}
    # Files have requests of their own: `add_files`, `remove_file`.
    for field in (each for each in fields(EvidenceInput) if each.name != "files"):
        value = getattr(body, field.name)
        values[field.name] = field.default if value is None else value
    values["impacts"] = tuple(Impact(**each.model_dump()) for each in body.impacts or ())
    return values


@operation(TAG)
def list_evidence(query: Paging) -> EvidenceList:
    """Return your pieces of evidence, the newest first."""
    newest = (
        sa.select(Evidence.id)
        .where(Evidence.user_id == current_actor().id)
        .order_by(Evidence.created_at.desc(), Evidence.id.desc())
        .limit(query.limit + 1)
    )
    if after := decode_position(query.cursor):
        at, key = after
        newest = newest.where(
            sa.tuple_(Evidence.created_at, Evidence.id)
            < sa.tuple_(sa.literal(at, Evidence.created_at.type), sa.literal(key, Evidence.id.type))
        )
    ids = list(db.session.scalars(newest))
    items = _serialize_all(ids[: query.limit])
    more = len(ids) > len(items)
    cursor = encode_position(items[-1].created_at, items[-1].id) if more else None
    return EvidenceList(items=items, next_cursor=cursor)


@operation(TAG, answers={201: EvidenceShape}, refuses=(409,), has_etag=True, example=EXAMPLE)
def create_evidence(body: NewEvidence) -> OperationResult:
    """Record a piece of evidence, as a draft.

    The header Location says where it is. Nobody else sees it before you ask for a review. 409 where
    you have as many pieces as there can be.
    """
    actor, values = current_actor(), _sent_values(body)
    chooses = "visibility" in body.model_fields_set and body.visibility is not None
    if actions.only_drafts(actor) and not chooses:
        values["visibility"] = load_last_visibility(db.session, actor.id)
    piece = actions.create(
        db.session,
        actor.id,
        EvidenceInput(**values),
        milestones=body.milestones or (),
        skills=body.skills or (),
        by=actor,
        now=now(),
    )
    return OperationResult(_serialize(piece), 201, location=f"{BASE}/me/evidence/{piece.id}")


@operation(TAG, refuses=(404,), has_etag=True)
def read_evidence(evidence_id: uuid.UUID) -> EvidenceShape:
    """Return one of your pieces of evidence."""
    return _serialize(_load_own("evidence.read", evidence_id))


@operation(
    TAG,
    refuses=(404, 409),
    has_etag=True,
    accepts_if_match=True,
    example={"title": "Feature store for ranking and search", "role": None},
)
def change_evidence(evidence_id: uuid.UUID, body: EvidenceChange) -> EvidenceShape:
    """Change a piece; what is left out stays, null clears.

    A change of what a review judges makes a new version, and asks for a review again by itself
    where the piece was submitted or verified. The verified version counts meanwhile. A verified
    piece that is linked to no milestone which its kind proves becomes a draft instead.

    A token of scope `draft` changes drafts alone: 409 for what others see, or is in the portfolio.
    What it did not write itself it changes in a new version, which keeps the one before, and 422
    for another title of such a draft.
    """
    piece = _load_locked("evidence.draft", evidence_id)
    sent = {
        name: value for name, value in _sent_values(body).items() if name in body.model_fields_set
    }
    actions.edit(
        db.session,
        piece,
        replace(evidence_input(piece), **sent),
        milestones=body.keys("milestones"),
        skills=body.keys("skills"),
        by=current_actor(),
        now=now(),
    )
    return _serialize(piece)


@operation(TAG, refuses=(404,), accepts_if_match=True)
def delete_evidence(evidence_id: uuid.UUID) -> None:
    """Delete a piece, with its versions, links and reviews."""
    actions.delete(
        db.session, _load_locked("evidence.write", evidence_id), by=current_actor(), now=now()
    )


@operation(TAG, body=Nothing, refuses=(404, 409), has_etag=True)
def submit_evidence(evidence_id: uuid.UUID) -> EvidenceShape:
    """Ask for a review; asking again changes nothing.

    There is nothing to send. From then on the managers of your teams see the piece. 409 for what
    is private, linked to no milestone that its kind proves, or verified and not changed since.
    """
    piece = _load_own("evidence.submit", evidence_id)
    actions.submit(db.session, piece, by=current_actor(), now=now())
    return _serialize(piece)


@operation(TAG, refuses=(404, 409))
def withdraw_evidence(evidence_id: uuid.UUID) -> None:
    """Withdraw the request for a review; the piece is a draft again.

    409 while a reviewer who took it up may judge it.
    """
    actions.withdraw(
        db.session, _load_own("evidence.submit", evidence_id), by=current_actor(), now=now()
    )


@operation(TAG, refuses=(404,))
def list_files(evidence_id: uuid.UUID) -> FileList:
    """Return the files of a piece."""
    return FileList(items=_serialize(_load_own("evidence.read", evidence_id)).files)


@operation(TAG, answers={200: None}, refuses=(404,), files=("*/*",))
def read_file(evidence_id: uuid.UUID, sha256: str) -> Response:
    """Return a file of any version of a piece, by its SHA-256.

    It comes under its own media type, to be saved: `Content-Disposition` has its name.
    """
    item = load_item(db.session, Audience.OWNER, _load_own("evidence.read", evidence_id).id)
    return file_response((item and item.find_file(sha256)) or abort(404))


@operation(TAG, takes_files=True, refuses=(404, 409), has_etag=True, accepts_if_match=True)
def add_files(evidence_id: uuid.UUID) -> EvidenceShape:
    """Add files to a piece, all of them or none: up to 25 MB in a request, 10 for a piece.

    They are what a review judges: a piece that was submitted or verified becomes a new version, as
    with any change of that kind. What the piece has already is not added again.
    """
    if request.mimetype != MULTIPART:
        abort_with_problem(415, _("Send the files as multipart/form-data, in the field `file`."))
    actor = current_actor()
    taken, refused = take_files(actor.id, request.files.getlist("file"), now=now())
    if refused or not taken:
        raise InvalidFields({"file": refused or [_("Send at least one file.")]})
    piece = _load_locked("evidence.write", evidence_id)
    said = evidence_input(piece)
    # Whatever is there, or came first, keeps its name.
    files = {each.sha256: each for each in reversed((*said.files, *taken))}
    changed = replace(said, files=tuple(reversed(files.values())))
    actions.edit(db.session, piece, changed, by=actor, now=now())
    return _serialize(piece)


@operation(TAG, refuses=(404, 409, 422), accepts_if_match=True)
def remove_file(evidence_id: uuid.UUID, sha256: str) -> None:
    """Remove a file from a piece; versions that were submitted with it keep it.

    422 where nothing would be left to look at: a piece needs a link, a file or a description.
    """
    piece = _load_locked("evidence.write", evidence_id)
    said = evidence_input(piece)
    files = tuple(each for each in said.files if each.sha256 != sha256)
    if files == said.files:
        abort(404)
    actions.edit(db.session, piece, replace(said, files=files), by=current_actor(), now=now())


def _load_own(action: str, evidence_id: uuid.UUID) -> Evidence:
    """Load a person's own item; what others share with their manager is under `/reviews`."""
    return load_own(db.session, current_actor(), action, evidence_id)


def _load_locked(action: str, evidence_id: uuid.UUID) -> Evidence:
    """Load a person's own item under their lock, and refuse it where the client read another."""
    piece = _load_own(action, evidence_id)
    lock_and_reload(db.session, piece, current_actor())
    check_if_match(_serialize(piece))
    return piece


def _serialize(piece: Evidence) -> EvidenceShape:
    return _serialize_all([piece.id])[0]


def _serialize_all(ids: Sequence[uuid.UUID]) -> list[EvidenceShape]:
    """Return a person's own items as the API shows them, in this order. Six statements."""
    latest = load_judgements(db.session, ids)
    return [
        EvidenceShape.model_validate(
            {**shared_values(item), "review": next(iter(latest[item.id]), None)}
        )
        for item in load_items(db.session, Audience.OWNER, ids)
    ]


def shared_values(item: Item) -> dict[str, Any]:
    """Return what the API says about an item in its newest version, by the name of the field."""
    own = ("id", "title", "visibility", "milestones", "submitted_at", "created_at", "updated_at")
    return {
        **item.version.content,
        **{name: getattr(item, name) for name in own},
        "skills": sorted(skill.key for skill in item.skills),
        "review_state": item.state,
        "confirmed": [link.key for link in item.links if link.confirmed],
        "confirmed_by": confirmed_by(item),
        "confirmed_wordings": confirmed_wordings(item),
        "verified": item.verified,
        "version": item.version.number,
        "verified_version": item.verified_number,
        "drafted_by": item.version.drafted_by,
    }


def confirmed_by(item: Item) -> dict[str, ConfirmationShape]:
    """Return who confirmed each milestone, and what that rests on, by its key."""
    return {
        link.key: ConfirmationShape(by=labels.judge(link), by_token=link.by_token, basis=link.basis)
        for link in item.links
        if link.confirmed
    }


def confirmed_wordings(item: Item) -> dict[str, WordingShape]:
    """Return how milestones were worded when they were confirmed, where that has changed."""
    return {
        link.key: WordingShape.model_validate(link.confirmed_wording)
        for link in item.links
        if link.confirmed_wording
    }
