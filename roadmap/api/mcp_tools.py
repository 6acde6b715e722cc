"""The tools that agents call at `/mcp`, built on the API's operations and permissions.

To add a tool, write a function and add it to `TOOLS`. Agents read its docstring as its description.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from inspect import getdoc
from typing import Annotated, Any, get_type_hints

from pydantic import AliasPath, BaseModel, Field, ValidationError

from roadmap.api import evidence
from roadmap.api.evidence import (
    EvidenceChange,
    EvidenceShape,
    Kind,
    NewEvidence,
    ReviewState,
    Visibility,
)
from roadmap.api.field_types import (
    Body,
    Date,
    Shape,
    required_line,
    single_line,
    unknown_value_message,
)
from roadmap.api.operation import InvalidFields, current_actor, run_handler, validation_errors
from roadmap.api.progress import Status, abort_not_enrolled, load_own_roadmap
from roadmap.auth.refusals import audit_refusal
from roadmap.catalog.queries import load_revision
from roadmap.core.database import db
from roadmap.core.link_secrets import secret_parameters, strip_userinfo
from roadmap.core.web import now
from roadmap.evidence import actions, labels
from roadmap.evidence.list_query import Filters, list_evidence
from roadmap.evidence.queries import find_by_link, load_own, search_milestones
from roadmap.evidence.rules import MAX_LENGTHS, is_web_address
from roadmap.people.locks import lock_user
from roadmap.people.permissions import can, find_token_refusal
from roadmap.progress.queries import enrollments

MAX_RESULTS = 20


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool with its required permission and the model of its arguments."""

    name: str
    title: str
    description: str
    permission: str
    arguments: type[BaseModel]
    function: Callable[..., BaseModel]
    only_reads: bool
    is_idempotent: bool

    def __call__(self, arguments: dict[str, Any]) -> BaseModel:
        """Call the tool with an agent's arguments. Raises HTTPException for a refusal."""
        try:
            # Strict validation accepts dates as text only in JSON mode, as in a request body.
            given = self.arguments.model_validate_json(json.dumps(arguments))
        except ValidationError as error:
            raise InvalidFields(validation_errors(error)) from None
        found = run_handler(self.function, {"arguments": given})
        if isinstance(found, AgentPiece):
            # Validation removes credentials from links, so warn about the original arguments.
            found.warnings = link_warnings(arguments)
        return found


def tool(
    title: str, permission: str, *, only_reads: bool = False, is_idempotent: bool = False
) -> Callable[[Callable[..., BaseModel]], Tool]:
    """Declare a tool with the name and docstring of its function."""

    def make(function: Callable[..., BaseModel]) -> Tool:
        arguments: Any = get_type_hints(function)["arguments"]
        about = getdoc(function) or ""
        return Tool(
            function.__name__, title, about, permission, arguments, function, only_reads,
            is_idempotent or only_reads,
        )  # fmt: skip

    return make


class MilestoneFilter(Body):
    """Filters for milestones; by default, all of the primary roadmap."""

    roadmap: Annotated[str, single_line(60)] | None = Field(
        None, description="The slug of a roadmap; by default the primary one."
    )
    stage: Annotated[str, single_line(60)] | None = Field(
        None, description="Only milestones of the stage with this key."
    )
    status: Status | None = None


class AgentMilestone(Shape):
    """A milestone: `evidence` lists the kinds that prove it, `tone` how a done one is supported."""

    key: str
    title: str
    stage: str
    done_when: str
    evidence: list[str]
    skills: list[str]
    required: bool
    hours: int
    status: str
    tone: str | None


class AgentMilestones(Shape):
    """The milestones of a roadmap that the person is on, in roadmap order."""

    roadmap: str
    title: str
    stages: dict[str, str]
    milestones: list[AgentMilestone]


@tool("List milestones", "progress.read", only_reads=True)
def list_milestones(arguments: MilestoneFilter) -> AgentMilestones:
    """List the milestones of the person's roadmap, with their "done when" and status.

    Without arguments, all milestones of the primary roadmap; narrow them by stage or status.
    """
    by_slug = {each.slug: each for each in enrollments(db.session, current_actor().id)}
    if not by_slug:
        abort_not_enrolled(None)
    slug = arguments.roadmap or next(iter(by_slug))
    if slug not in by_slug:
        raise InvalidFields({"roadmap": [unknown_value_message(by_slug)]})
    enrolled = by_slug[slug]
    content = load_revision(db.session, enrolled.revision_id).content
    stages = {stage.key: stage.title for stage in content.stages}
    if arguments.stage and arguments.stage not in stages:
        raise InvalidFields({"stage": [unknown_value_message(stages)]})
    own = load_own_roadmap(enrolled.slug).milestones
    return AgentMilestones(
        roadmap=content.slug,
        title=content.title,
        stages=stages,
        milestones=[
            AgentMilestone.model_validate({**dict(each), **dict(own[each.key]), "stage": stage.key})
            for stage in content.stages
            for each in stage.milestones
            if arguments.stage in (None, "", stage.key)
            and arguments.status in (None, own[each.key].status)
        ],
    )


class Search(Body):
    """The search text."""

    query: Annotated[str, single_line(200)] = Field(
        "",
        description="Words that must all occur. Without any: the newest evidence, and the done "
        "milestones without evidence.",
    )


class FoundMilestone(Shape):
    key: str
    title: str
    place: str
    done_when: str
    evidence: list[str] = Field(validation_alias="kinds")


class FoundEvidence(Shape):
    """A piece of evidence; `drafted_by` is the token that wrote it, until a person accepts it."""

    evidence_id: uuid.UUID = Field(validation_alias="id")
    id: uuid.UUID
    title: str
    kind: Kind = Field(validation_alias=AliasPath("version", "kind"))
    occurred_on: Date = Field(validation_alias=AliasPath("version", "occurred_on"))
    review_state: ReviewState = Field(validation_alias="state")
    drafted_by: str = Field(validation_alias=AliasPath("version", "drafted_by"))
    milestones: list[str]


class SearchResults(Shape):
    milestones: list[FoundMilestone]
    evidence: list[FoundEvidence]


@tool("Find", "evidence.read", only_reads=True)
def find(arguments: Search) -> SearchResults:
    """Find milestones of the person's roadmaps and their own evidence, by words.

    Search here before you write a draft, so that nothing is recorded twice.
    """
    actor, words = current_actor(), arguments.query
    pieces = list_evidence(db.session, actor.id, Filters(q=words), today=actor.today(now())).items
    milestones = search_milestones(db.session, words, user_id=actor.id, kind="", exclude=())
    return SearchResults.model_validate(
        {"milestones": milestones, "evidence": pieces[:MAX_RESULTS]}
    )


class AgentPiece(EvidenceShape):
    """A piece of evidence with warnings about its links. The tools take its `evidence_id`."""

    evidence_id: uuid.UUID
    warnings: list[str] = Field(
        description="What was removed from the submitted links, or is unsafe in them."
    )


class EvidenceReference(Body):
    evidence_id: uuid.UUID


@tool("Read a piece of evidence", "evidence.read", only_reads=True)
def read_evidence(arguments: EvidenceReference) -> AgentPiece:
    """Return one piece of the person's own evidence in full, with its last review."""
    return _result(evidence.read_evidence.handler(arguments.evidence_id))


class NewDraft(NewEvidence):
    """A new draft. It needs a link or a description."""

    visibility: Visibility | None = Field(
        None,
        description="Leave it out unless the person names one; their last choice then applies.",
    )


class Draft(AgentPiece):
    """A piece of evidence, and whether it existed before."""

    already_recorded: bool = Field(
        description="The person already had evidence with this link, which is returned unchanged."
    )


@tool("Create a draft", "evidence.draft")
def create_draft(arguments: NewDraft) -> Draft:
    """Record a piece of evidence as a draft, which the person reads, edits and submits themselves.

    If the person already has evidence with this link, nothing is recorded: that piece is returned
    with `already_recorded`.

    The draft carries the name of this token until they edit or accept it. Record what happened and
    can be shown: a link or a description, the day, the milestones that it should prove (at most
    five keys, and a kind that each of them accepts), and figures before and after as impacts.
    """
    actor = current_actor()
    # Of two concurrent calls, the second one finds the piece of the first.
    lock_user(db.session, actor.id)
    existing = find_by_link(db.session, actor.id, arguments.url or "")
    answer = (
        evidence.read_evidence.handler(existing.id)
        if existing
        else evidence.create_evidence.handler(arguments)
    )
    return Draft(**dict(_result(answer)), already_recorded=existing is not None)


class DraftChange(EvidenceChange):
    """Fields left out are unchanged; null clears. A submitted list replaces the whole list."""

    evidence_id: uuid.UUID


@tool("Change a draft", "evidence.draft", is_idempotent=True)
def change_draft(arguments: DraftChange) -> AgentPiece:
    """Change one of the person's drafts. Submitted evidence, or in their portfolio, is refused.

    Fields left out are unchanged; null clears a field. A list replaces the whole list.
    """
    return _result(evidence.change_evidence.handler(arguments.evidence_id, arguments))


class LinkToAttach(Body):
    evidence_id: uuid.UUID
    url: Annotated[str, required_line(MAX_LENGTHS["url"])] = Field(
        description="An http or https address."
    )
    label: Annotated[str, single_line(200)] = Field("", description="What the link points to.")


@tool("Attach a link", "evidence.draft", is_idempotent=True)
def attach_link(arguments: LinkToAttach) -> AgentPiece:
    """Attach a web address to a draft: a pull request, a document, a dashboard.

    It becomes the link of a draft without one; otherwise it is added below the description.
    """
    if not is_web_address(arguments.url):
        raise InvalidFields({"url": [str(labels.ERROR_MESSAGES["not_an_address"])]})
    actor = current_actor()
    piece = load_own(db.session, actor, "evidence.draft", arguments.evidence_id)
    actions.lock_and_reload(db.session, piece, actor)
    stored = actions.evidence_input(piece)
    address = arguments.url.replace("<", "%3C").replace(">", "%3E")
    label = arguments.label.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
    line = f"- [{label}](<{address}>)" if label else f"- <{address}>"
    if not stored.url:
        changed = replace(stored, url=arguments.url)
    elif arguments.url == stored.url or line in stored.description.splitlines():
        changed = stored
    else:
        changed = replace(stored, description=f"{stored.description}\n\n{line}".strip())
    actions.edit(db.session, piece, changed, by=actor, now=now())
    return _result(evidence.read_evidence.handler(arguments.evidence_id))


def _result(answer: Any) -> AgentPiece:
    """Return the piece of evidence in an operation's result."""
    piece: EvidenceShape = getattr(answer, "value", answer)
    return AgentPiece(**dict(piece), evidence_id=piece.id, warnings=[])


def link_warnings(arguments: Mapping[str, Any]) -> list[str]:
    """Return the warnings that the evidence page would show for the links in `arguments`."""
    texts = [arguments.get("url"), arguments.get("description")]
    texts += [each.get("source_url") for each in arguments.get("impacts") or ()]
    sent = [text for text in texts if text]
    warnings = []
    if any(strip_userinfo(text) != text for text in sent):
        warnings.append(str(labels.USERINFO_REMOVED))
    if names := [name for text in sent for name in secret_parameters(text)]:
        warnings.append(str(labels.secret_warning(dict.fromkeys(names))))
    return warnings


TOOLS: dict[str, Tool] = {
    each.name: each
    for each in (list_milestones, find, read_evidence, create_draft, change_draft, attach_link)
}


def permitted_tools() -> list[Tool]:
    """Return the tools that the token of this request may call."""
    actor = current_actor()
    return [each for each in TOOLS.values() if can(actor, each.permission)]


def refuse_tool(requested: Tool) -> str:
    """Return why the request's token may not call a tool, and audit the refusal; "" if it may."""
    actor = current_actor()
    if can(actor, requested.permission):
        return ""
    audit_refusal("access.refused", f"POST /mcp {requested.name}", by=actor.id)
    return find_token_refusal(actor, requested.permission)
