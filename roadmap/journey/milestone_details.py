"""Load a milestone with its person's facts, for its page and for the row that it unfolds."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from roadmap.core.i18n import date_filter
from roadmap.core.i18n import gettext as _
from roadmap.evidence.item import Item
from roadmap.evidence.labels import kind_label
from roadmap.journey.forms import PlanForm, ReasonForm
from roadmap.journey.queries import LinkableEvidence, linkable_evidence, load_linked_evidence
from roadmap.journey.roadmap_progress import RoadmapProgress
from roadmap.progress.models import MilestonePlan
from roadmap.progress.queries import milestone_state

if TYPE_CHECKING:
    from roadmap.catalog.content import Milestone


@dataclass(frozen=True, slots=True)
class Link:
    title: str
    href: str


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    """A linked piece of evidence; `facts` are its kind and day in words."""

    title: str
    href: str
    tone: str
    facts: str
    lapsed: bool

    @classmethod
    def of(cls, item: Item, milestone: Milestone, today: dt.date) -> EvidenceLine:
        return cls(
            title=item.title,
            href=f"/evidence/{item.id}",
            tone="verified" if item.proves(milestone.key, milestone.evidence) else "evidenced",
            facts=f"{kind_label(item.counted.kind)}, {date_filter(item.counted.occurred_on)}",
            lapsed=item.has_lapsed(today),
        )


@dataclass(frozen=True, slots=True)
class MilestoneDetails:
    """A milestone with its person's facts.

    `content` is what the roadmap says of it. `plan` and `reason_form` are the forms, filled in or
    refused; `conflict` is what is stored where a stale edit of the plan was refused.
    """

    key: str
    anchor: str
    title: str
    tone: str
    status: str
    url: str
    content: Milestone
    hours: str
    kinds: str
    skills: tuple[Link, ...]
    after: tuple[Link, ...]
    evidence: tuple[EvidenceLine, ...]
    linkable: tuple[tuple[str, str], ...]
    reason: str
    since: dt.date | None
    target_on: dt.date | None
    plan: PlanForm
    plan_revision: int
    reason_form: ReasonForm
    conflict: MilestonePlan | None


def load_details(
    session: Session,
    user_id: uuid.UUID,
    found: RoadmapProgress,
    milestone: Milestone,
    *,
    plan: PlanForm | None = None,
    reason: ReasonForm | None = None,
    conflict: MilestonePlan | None = None,
) -> MilestoneDetails:
    """Return a milestone of the person's own roadmap in seven statements."""
    content = found.published.content
    path = f"/roadmaps/{content.slug}/milestones/"
    state = milestone_state(session, user_id, milestone.key)
    linked = load_linked_evidence(session, user_id, milestone.key)
    return MilestoneDetails(
        key=milestone.key,
        anchor=content.anchors[milestone.key],
        title=milestone.title,
        tone=found.tone(milestone.key),
        status=state.status,
        url=path + milestone.key,
        content=milestone,
        hours=_("%(hours)d h", hours=milestone.hours),
        kinds=", ".join(kind_label(kind) for kind in milestone.evidence).lower(),
        skills=tuple(
            Link(content.skill_by_key[key].title, f"/skills/{key}")
            for key in milestone.skills
            if key in content.skill_by_key
        ),
        after=tuple(Link(content.by_key[key].title, path + key) for key in milestone.after),
        evidence=tuple(EvidenceLine.of(item, milestone, found.today) for item in linked),
        linkable=tuple(
            _evidence_choice(piece)
            for piece in linkable_evidence(session, user_id, milestone.key, milestone.evidence)
        ),
        reason=state.reason,
        since=state.since,
        target_on=state.target_on,
        plan=plan or PlanForm(None, data={"note": state.note, "target_on": state.target_on}),
        plan_revision=conflict.revision if conflict else state.revision,
        reason_form=reason or ReasonForm(None, data={"reason": state.reason}),
        conflict=conflict,
    )


def _evidence_choice(piece: LinkableEvidence) -> tuple[str, str]:
    """Return the value and the text of a choice."""
    misfit = "" if piece.fits else " " + _("(its kind does not prove this one)")
    return str(piece.id), piece.title + misfit
