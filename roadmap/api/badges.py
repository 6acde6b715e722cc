"""A person's own badges: list, issue, read and revoke them."""

from __future__ import annotations

import json
import uuid
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from roadmap.api.field_types import Body, Shape, Timestamp, required_line
from roadmap.api.operation import InvalidFields, OperationResult, current_actor, operation
from roadmap.api.pagination import Page, Paging
from roadmap.api.route_table import BASE
from roadmap.badges import actions, queries
from roadmap.badges.models import Badge
from roadmap.core.database import db
from roadmap.core.i18n import _
from roadmap.core.proxy import public_base_url
from roadmap.core.web import now
from roadmap.people import permissions

TAG = "Your badges"


def _public_page(badge_id: object) -> str:
    return f"{public_base_url()}/credentials/{badge_id}"


def _parse_document(document: str) -> dict[str, Any]:
    return json.loads(document or "{}")


class BadgeShape(Shape):
    """A badge: its subject, its public page, and when it was issued and revoked."""

    id: uuid.UUID
    name: str
    subject: str = Field(description="The id of a piece of evidence, or `roadmap/stage`.")
    url: Annotated[str, BeforeValidator(_public_page)] = Field(
        validation_alias="id", description="Its public page."
    )
    issued_at: Timestamp
    revoked_at: Timestamp | None


class BadgeList(Page[BadgeShape]):
    pass


class BadgeFiles(BadgeShape):
    """A badge in both formats: as Open Badges JSON and as a JWT."""

    credential: Annotated[dict[str, Any], BeforeValidator(_parse_document)] = Field(
        validation_alias="document",
        description="Open Badges 3.0, with an embedded proof (`eddsa-rdfc-2022`). Empty when "
        "the badge was revoked because a manager named in it was deleted.",
    )
    jwt: str = Field(description="The same badge as a VC-JWT, signed with RS256.")


class NewBadge(Body):
    """The subject of a new badge."""

    subject: Annotated[str, required_line(130)] = Field(
        description="The id of a verified piece of evidence, or `roadmap/stage`."
    )


@operation(TAG)
def list_badges(query: Paging) -> BadgeList:
    """List your badges, including revoked ones, in the order of their ids."""
    return BadgeList.of(queries.own_badges(db.session, current_actor().id), query)


@operation(
    TAG,
    answers={201: BadgeFiles},
    refuses=(409,),
    example={"subject": "my-roadmap/foundations"},
)
def issue_badge(body: NewBadge) -> OperationResult:
    """Issue a badge for verified evidence or a completed stage, or return the valid existing one.

    The evidence must be verified for a milestone, have the visibility `portfolio` and not have
    expired. In a stage, each required milestone must be done and confirmed by such evidence.
    Milestones that are not applicable do not count, up to a quarter of the effort. 409 if you have
    reached the maximum number of badges.
    """
    actor = current_actor()
    try:
        badge = actions.issue_badge(
            db.session, body.subject, base=public_base_url(), by=actor, now=now()
        )
    except actions.NotVerified:
        message = _("Nothing with this id is verified, complete and of visibility portfolio.")
        raise InvalidFields({"subject": [message]}) from None
    return OperationResult(
        BadgeFiles.model_validate(badge), 201, location=f"{BASE}/me/badges/{badge.id}"
    )


@operation(TAG, refuses=(404,))
def read_badge(badge_id: uuid.UUID) -> BadgeFiles:
    """Return one of your badges in both formats."""
    return BadgeFiles.model_validate(_load("badge.read", badge_id))


@operation(TAG, refuses=(404,))
def revoke_badge(badge_id: uuid.UUID) -> None:
    """Revoke a badge permanently: anyone who checks it sees that it is revoked."""
    actions.revoke_badge(db.session, _load("badge.write", badge_id), by=current_actor(), now=now())


def _load(action: str, badge_id: uuid.UUID) -> Badge:
    return permissions.load(db.session, current_actor(), action, Badge, badge_id)
