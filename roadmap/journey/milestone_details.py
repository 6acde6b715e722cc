"""Load a milestone with a person's facts, for its page and for its expanded row."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.core.i18n import _
from roadmap.endorsements.models import Endorsement
from roadmap.endorsements.queries import load_endorsements
from roadmap.evidence.constants import MAX_MILESTONES
from roadmap.evidence.item import Audience, Item
from roadmap.evidence.loader import load_items
from roadmap.evidence.models import Evidence, EvidenceMilestone, EvidenceVersion
from roadmap.journey.forms import PlanForm, ReasonForm
from roadmap.journey.roadmap_progress import RoadmapProgress
from roadmap.journey.unticked_milestones import completion_gain
from roadmap.progress.models import MilestonePlan
from roadmap.progress.queries import MilestoneState, milestone_state
from roadmap.readiness.queries import person_record
from roadmap.readiness.tally import Tally

if TYPE_CHECKING:
    from roadmap.catalog.content import Milestone


@dataclass(frozen=True, slots=True)
class MilestoneDetails:
    """A milestone with a person's facts.

    `evidence` are the linked pieces, newest first, and `linkable` the id and title of those that
    can be linked. `endorsements` are the requests to witnesses and their answers. `tick_gain` is
    the gain in score of marking it as done if evidence already proves it, else None, and
    `no_gain_reason` explains an empty gain. `plan` and `reason_form` are the forms, prefilled or
    with errors; `conflict` is the stored plan if a stale edit was refused.
    """

    content: Milestone
    state: MilestoneState
    tone: str
    url: str
    evidence: list[Item]
    endorsements: Sequence[Endorsement]
    linkable: list[tuple[str, str]]
    tick_gain: str | None
    no_gain_reason: str
    today: dt.date
    plan: PlanForm
    reason_form: ReasonForm
    conflict: MilestonePlan | None


def load_details(
    session: Session,
    user_id: uuid.UUID,
    progress: RoadmapProgress,
    milestone: Milestone,
    *,
    plan: PlanForm | None = None,
    reason: ReasonForm | None = None,
    conflict: MilestonePlan | None = None,
) -> MilestoneDetails:
    """Return a milestone of the person's own roadmap, in eight statements.

    Loads their whole record as well if evidence proves the milestone and it is not done.
    """
    state = milestone_state(session, user_id, milestone.key)
    evidence = _linked_evidence(session, user_id, milestone)
    gain, no_gain_reason = None, ""
    if state.status not in ("done", "not_applicable") and any(
        piece.counted.kind in milestone.evidence and not piece.has_lapsed(progress.today)
        for piece in evidence
    ):
        facts = person_record(session, user_id).own
        tally = Tally(progress.published.content, facts, progress.today)
        gain, no_gain_reason = completion_gain(tally, milestone.key)
    return MilestoneDetails(
        content=milestone,
        state=state,
        tone=progress.tone(milestone.key),
        url=f"/roadmaps/{progress.published.content.slug}/milestones/{milestone.key}",
        evidence=evidence,
        endorsements=load_endorsements(session, user_id, milestone.key),
        linkable=_linkable_evidence(session, user_id, milestone),
        tick_gain=gain,
        no_gain_reason=no_gain_reason,
        today=progress.today,
        plan=plan or PlanForm(progress.today, formdata=None, obj=state),
        reason_form=reason or ReasonForm(None, obj=state),
        conflict=conflict,
    )


def _linked_evidence(session: Session, user_id: uuid.UUID, milestone: Milestone) -> list[Item]:
    ids = session.scalars(
        sa.select(EvidenceMilestone.evidence_id).where(
            EvidenceMilestone.user_id == user_id, EvidenceMilestone.milestone_key == milestone.key
        )
    ).all()
    items = load_items(session, Audience.OWNER, sorted(ids), texts=False)
    return sorted(items, key=lambda item: item.counted.occurred_on, reverse=True)


def _linkable_evidence(
    session: Session, user_id: uuid.UUID, milestone: Milestone
) -> list[tuple[str, str]]:
    """Return the id and title of evidence that can be linked, fitting kinds first, newest first."""
    link = EvidenceMilestone
    links = sa.select(sa.func.count()).where(link.evidence_id == Evidence.id).scalar_subquery()
    here = sa.exists().where(link.evidence_id == Evidence.id, link.milestone_key == milestone.key)
    fits = EvidenceVersion.kind.in_(milestone.evidence)
    rows = session.execute(
        sa.select(Evidence.id, Evidence.title, fits)
        .join(EvidenceVersion, EvidenceVersion.id == Evidence.current_id)
        .where(Evidence.user_id == user_id, ~here, links < MAX_MILESTONES)
        .order_by(sa.case((fits, 0), else_=1), EvidenceVersion.occurred_on.desc(), Evidence.id)
        .limit(100)
    )
    misfit = " " + _("(its kind does not prove this one)")
    return [(str(key), title if fitting else title + misfit) for key, title, fitting in rows]
