"""A person's own evidence: list, read and change it, and request its review."""

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
from roadmap.api.pagination import Page, Paging, decode_position, encode_position
from roadmap.api.route_table import BASE
from roadmap.core.database import db
from roadmap.core.i18n import _
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
from roadmap.evidence.file_actions import store_uploads
from roadmap.evidence.file_download import file_response
from roadmap.evidence.item import LABELLED_TEXTS, Audience, Impact, Item
from roadmap.evidence.kinds import KINDS
from roadmap.evidence.loader import load_item, load_items
from roadmap.evidence.models import Evidence
from roadmap.evidence.queries import load_last_visibility, load_own, load_reviews
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
    """A file of a version. `type` is its media type, detected from its content."""

    name: str
    size: int
    type: str = Field(validation_alias="media_type")
    sha256: str


class FileList(Shape):
    """The files of the newest version of a piece of evidence."""

    items: list[FileShape]


class ReviewShape(Shape):
    """The review of a version."""

    id: uuid.UUID
    decision: Decision
    version: int
    by: str = Field(validation_alias="reviewer")
    by_token: bool = Field(description="Submitted with an API token of the reviewer.")
    basis: str = Field(description="The basis of a verification; empty if unknown.")
    comment: str
    decided_at: Timestamp


class WordingShape(Shape):
    """The wording of a milestone in a revision of its roadmap."""

    title: str
    done_when: str
    revision: int
    published_at: Timestamp


class ConfirmationShape(Shape):
    """Who confirmed a milestone, and on what basis (empty if unknown)."""

    by: str
    by_token: bool
    basis: str


# The text fields of `Content` that the models below do not name. A new one needs no change here.
_TEXTS: dict[str, Any] = dict.fromkeys(LABELLED_TEXTS, (str, ...))
_OPTIONAL_TEXTS: dict[str, Any] = {
    name: (Annotated[str, single_line(MAX_LENGTHS[name])] | None, None) for name in LABELLED_TEXTS
}
FurtherTexts: Any = create_model("FurtherTexts", __base__=Shape, **_TEXTS)
FurtherTextsBody: Any = create_model("FurtherTextsBody", __base__=Body, **_OPTIONAL_TEXTS)


class EvidenceShape(FurtherTexts):
    """A piece of evidence in its newest version.

    `confirmed` lists the linked milestones that a reviewer confirmed for `verified_version`, which
    counts until a newer version is reviewed; `confirmed_by` maps each to its reviewer. Where the
    roadmap has since reworded one, `confirmed_wordings` maps its key to the confirmed wording.
    The piece is `verified` if at least one milestone is confirmed; `review_state` is only the
    decision of the last review.
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
        description="The token of scope `draft` that wrote this version; empty if there was none, "
        "or once you have edited or accepted it."
    )
    review: ReviewShape | None
    submitted_at: Timestamp | None
    created_at: Timestamp
    updated_at: Timestamp


class EvidenceList(Page[EvidenceShape]):
    pass


class ImpactBody(Body):
    """A measured effect, which counts as quantified if it has `metric`, `result` and `unit`.

    `baseline` and `result` contain a number.
    """

    type: ImpactType
    metric: Annotated[str, required_line(MAX_LENGTHS["metric"])]
    baseline: Annotated[str, single_line(MAX_LENGTHS["baseline"])] = ""
    result: Annotated[str, single_line(MAX_LENGTHS["result"])] = ""
    unit: Annotated[str, single_line(MAX_LENGTHS["unit"])] = ""
    source_url: Annotated[str, web_url(MAX_LENGTHS["source_url"])] = ""


class _OptionalFields(FurtherTextsBody):
    """Optional fields. A piece of evidence needs a link, a file or a description."""

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
        None, description="Keys of the milestones that the evidence should prove."
    )
    skills: Annotated[list[Key], Field(max_length=50)] | None = None
    impacts: Annotated[list[ImpactBody], Field(max_length=MAX_IMPACTS)] | None = None


class NewEvidence(_OptionalFields):
    """A new piece of evidence. It needs a link or a description; files can be added later."""

    kind: Kind
    title: Annotated[str, required_line(MAX_LENGTHS["title"])]
    occurred_on: Date = Field(description="Not in the future, and not before 1950.")
    visibility: Visibility | None = Field(
        "portfolio",
        description="Null or left out: the default, which is `portfolio`. For a token of scope "
        "`draft` it is your own last choice, or `team` if you have not made one.",
    )


class EvidenceChange(_OptionalFields):
    """Fields left out are unchanged, null clears; kind, title and date cannot be cleared."""

    kind: Kind = UNSET
    title: Annotated[str, required_line(MAX_LENGTHS["title"])] = UNSET
    occurred_on: Date = UNSET
    visibility: Visibility | None = Field(UNSET, description="Null sets the default, `portfolio`.")

    def keys(self, name: str) -> list[str] | None:
        """Return the submitted milestones or skills, or None if they were left out."""
        return list(getattr(self, name) or ()) if name in self.model_fields_set else None


def _submitted_values(body: NewEvidence | EvidenceChange) -> dict[str, Any]:
    """Return the values of a request body; null and absent fields get their defaults."""
    values: dict[str, Any] = {}
    # Files have separate operations: `add_files` and `remove_file`.
    for field in (each for each in fields(EvidenceInput) if each.name != "files"):
        value = getattr(body, field.name)
        values[field.name] = field.default if value is None else value
    values["impacts"] = tuple(Impact(**each.model_dump()) for each in body.impacts or ())
    return values


@operation(TAG)
def list_evidence(query: Paging) -> EvidenceList:
    """List your evidence, newest first."""
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

    The `Location` header has its address. Nobody else sees it until you request a review. 409 if
    you have reached the maximum number of pieces.
    """
    actor, values = current_actor(), _submitted_values(body)
    chooses = "visibility" in body.model_fields_set and body.visibility is not None
    if actions.can_only_draft(actor) and not chooses:
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
    """Change a piece of evidence; fields left out are unchanged, null clears.

    Changing reviewed content creates a new version. If the piece was submitted or verified, its
    review is requested again automatically, and the verified version counts until then. A verified
    piece without a link to a milestone that its kind can prove becomes a draft instead.

    A token of scope `draft` can only change drafts: 409 for evidence that others can see or that
    is in the portfolio. A draft that the token did not write is changed in a new version, which
    preserves the previous one; changing the title of such a draft returns 422.
    """
    piece = _load_locked("evidence.draft", evidence_id)
    sent = {
        name: value
        for name, value in _submitted_values(body).items()
        if name in body.model_fields_set
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
    """Delete a piece of evidence with its versions, links and reviews."""
    actions.delete(
        db.session, _load_locked("evidence.write", evidence_id), by=current_actor(), now=now()
    )


@operation(TAG, body=Nothing, refuses=(404, 409), has_etag=True)
def submit_evidence(evidence_id: uuid.UUID) -> EvidenceShape:
    """Request a review; repeating the request changes nothing.

    The request needs no body. The managers of your teams can see the piece from then on. 409 if it
    is private, is not linked to a milestone that its kind can prove, or is verified and unchanged.
    """
    piece = _load_own("evidence.submit", evidence_id)
    actions.submit(db.session, piece, by=current_actor(), now=now())
    return _serialize(piece)


@operation(TAG, refuses=(404, 409))
def withdraw_evidence(evidence_id: uuid.UUID) -> None:
    """Withdraw a review request; the piece becomes a draft again.

    409 while it is claimed by a reviewer who may still review it.
    """
    actions.withdraw(
        db.session, _load_own("evidence.submit", evidence_id), by=current_actor(), now=now()
    )


@operation(TAG, refuses=(404,))
def list_files(evidence_id: uuid.UUID) -> FileList:
    """List the files of a piece of evidence."""
    return FileList(items=_serialize(_load_own("evidence.read", evidence_id)).files)


@operation(TAG, answers={200: None}, refuses=(404,), files=("*/*",))
def read_file(evidence_id: uuid.UUID, sha256: str) -> Response:
    """Return a file of any version of a piece of evidence, by its SHA-256.

    The response has the media type of the file, and its name in `Content-Disposition`.
    """
    item = load_item(db.session, Audience.OWNER, _load_own("evidence.read", evidence_id).id)
    return file_response((item and item.find_file(sha256)) or abort(404))


@operation(TAG, takes_files=True, refuses=(404, 409), has_etag=True, accepts_if_match=True)
def add_files(evidence_id: uuid.UUID) -> EvidenceShape:
    """Add files to a piece of evidence: up to 25 MB per request and 10 files per piece.

    Either all files are added or none. Files are reviewed content: adding one to a submitted or
    verified piece creates a new version. Files that the piece already has are not added again.
    """
    if request.mimetype != MULTIPART:
        abort_with_problem(415, _("Send the files as multipart/form-data, in the field `file`."))
    actor = current_actor()
    taken, refused = store_uploads(actor.id, request.files.getlist("file"), now=now())
    if refused or not taken:
        raise InvalidFields({"file": refused or [_("Send at least one file.")]})
    piece = _load_locked("evidence.write", evidence_id)
    stored = evidence_input(piece)
    # Of several files with the same content, the first one keeps its name.
    files = {each.sha256: each for each in reversed((*stored.files, *taken))}
    changed = replace(stored, files=tuple(reversed(files.values())))
    actions.edit(db.session, piece, changed, by=actor, now=now())
    return _serialize(piece)


@operation(TAG, refuses=(404, 409, 422), accepts_if_match=True)
def remove_file(evidence_id: uuid.UUID, sha256: str) -> None:
    """Remove a file from a piece of evidence; earlier submitted versions keep it.

    422 if neither a link, a file nor a description would be left.
    """
    piece = _load_locked("evidence.write", evidence_id)
    stored = evidence_input(piece)
    files = tuple(each for each in stored.files if each.sha256 != sha256)
    if files == stored.files:
        abort(404)
    actions.edit(db.session, piece, replace(stored, files=files), by=current_actor(), now=now())


def _load_own(action: str, evidence_id: uuid.UUID) -> Evidence:
    """Load an item of the current user; items of others are served under `/reviews`."""
    return load_own(db.session, current_actor(), action, evidence_id)


def _load_locked(action: str, evidence_id: uuid.UUID) -> Evidence:
    """Load and lock an item of the current user. Aborts with 412 if its ETag has changed."""
    piece = _load_own(action, evidence_id)
    lock_and_reload(db.session, piece, current_actor())
    check_if_match(_serialize(piece))
    return piece


def _serialize(piece: Evidence) -> EvidenceShape:
    return _serialize_all([piece.id])[0]


def _serialize_all(ids: Sequence[uuid.UUID]) -> list[EvidenceShape]:
    """Return the current user's items in the order of `ids`. Runs six SQL statements."""
    latest = load_reviews(db.session, ids)
    return [
        EvidenceShape.model_validate(
            {**common_values(item), "review": next(iter(latest[item.id]), None)}
        )
        for item in load_items(db.session, Audience.OWNER, ids)
    ]


def common_values(item: Item) -> dict[str, Any]:
    """Return the fields of an item's newest version that all evidence responses share."""
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
    """Return the reviewer of each confirmed milestone and their basis, by milestone key."""
    return {
        link.key: ConfirmationShape(
            by=labels.confirmer_name(link), by_token=link.by_token, basis=link.basis
        )
        for link in item.links
        if link.confirmed
    }


def confirmed_wordings(item: Item) -> dict[str, WordingShape]:
    """Return the confirmed wordings that differ from the current ones, by milestone key."""
    return {
        link.key: WordingShape.model_validate(link.confirmed_wording)
        for link in item.links
        if link.confirmed_wording
    }
