"""Sample data for a year of an engineer's work, created with the actions that the pages call.

Alice has evidence in every state, Carol has just started, and Bob has reviewed and assessed. The
role matrix, the accessibility checks and the screenshots use it.
"""

from __future__ import annotations

import datetime as dt
import io
import uuid
from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy.orm import Session

from roadmap.auth import actions as accounts
from roadmap.auth.models import LoginSession
from roadmap.auth.tokens import new_token
from roadmap.career import actions as career
from roadmap.career.models import Degree, Position
from roadmap.catalog.queries import published_roadmap
from roadmap.core.dates import PartialDate
from roadmap.core.file_store import file_store
from roadmap.evidence import actions as evidence
from roadmap.evidence import review_actions
from roadmap.evidence.item import File, Impact
from roadmap.evidence.models import Evidence
from roadmap.evidence.rules import EvidenceInput
from roadmap.people.actor import Actor
from roadmap.portfolio import actions as portfolio
from roadmap.progress import actions as progress
from roadmap.skills import actions as skills
from tests.support.cast import Cast
from tests.support.route_manifest import ROOMS

SLUG = "senior-ml-engineer"
STAGE = "leadership"
SKILL = "mlops"
# A milestone that Alice has completed, and one without any progress.
DONE_MILESTONE = "design-doc-for-complex-system"
OPEN_MILESTONE = "external-conference-talk"

DONE_MILESTONES = (
    *("algorithms-ml-systems-use", "point-in-time-sql", "derive-backpropagation"),
    *("typed-tested-python-package", "test-training-code", "tracking-and-registry"),
    *("transformer-from-the-paper", "decide-on-a-degree", "internal-tech-talks"),
    *(
        "own-a-production-model",
        "hold-ml-service-levels",
        "mentor-a-junior-engineer",
        DONE_MILESTONE,
    ),
)
LEVELS = {
    "ml_architecture": 3,
    "deep_learning": 2,
    "distributed_training": 1,
    "mlops": 3,
    "technical_direction": 2,
    "mentoring": 2,
    "communication": 3,
}
NOTE = (
    "Ask the search team for their load test.\n\n"
    "- the old one measured the mean only\n- p99 is what the contract says"
)


class SampleDataWriter:
    """Write sample data for several people, with dates relative to `now`."""

    def __init__(self, session: Session, cast: Cast, now: dt.datetime) -> None:
        self.session, self.cast, self.now = session, cast, now
        # Values of the URL placeholders. The route entries read and extend them.
        self.ids: dict[str, str] = {}

    def ago(self, days: int) -> dt.datetime:
        return self.now - dt.timedelta(days=days)

    def day(self, days: int) -> dt.date:
        return self.ago(days).date()

    def actor(self, person: uuid.UUID) -> Actor:
        return self.cast.actor(self.session, person)

    def enroll(self, person: uuid.UUID, days: int) -> None:
        found = published_roadmap(self.session, SLUG)
        if found is None:
            raise LookupError(f"{SLUG} is not published")
        progress.enroll(
            self.session,
            person,
            found.roadmap_id,
            target_on=self.day(-900),
            hours_per_week=Decimal(6),
            now=self.ago(days),
        )

    def status(
        self, person: uuid.UUID, key: str, days: int, status: str = "done", reason: str = ""
    ) -> None:
        progress.set_status(self.session, person, key, status, reason=reason, now=self.ago(days))

    def piece(
        self,
        person: uuid.UUID,
        days: int,
        kind: str,
        title: str,
        *,
        visibility: str = "portfolio",
        milestones: Sequence[str] = (),
        impacts: Sequence[Impact] = (),
        files: Sequence[File] = (),
        state: str = "draft",
    ) -> Evidence:
        """Create evidence in state draft, submitted, verified or returned."""
        author = self.actor(person)
        made = evidence.create(
            self.session,
            person,
            EvidenceInput(
                kind=kind,
                title=title,
                occurred_on=PartialDate(self.day(days)),
                visibility=visibility,
                url="https://example.org/" + title.lower().replace(" ", "-"),
                description=f"{title}: what was decided, and *what came of it*.",
                role="Author and lead",
                issuer="Example Institute" if kind == "certification" else "",
                impacts=tuple(impacts),
                files=tuple(files),
            ),
            milestones=milestones,
            skills=[SKILL],
            by=author,
            now=self.ago(days),
        )
        if state != "draft":
            evidence.submit(self.session, made, by=author, now=self.ago(days - 2))
        if state in ("verified", "returned"):
            review_actions.decide(
                self.session,
                made,
                state,
                "The trade-offs are named, and the figures match the dashboard.",
                version_id=made.current.id,
                by=self.actor(self.cast.bob),
                now=self.ago(days - 5),
            )
        return made


def create_sample_data(session: Session, cast: Cast, now: dt.datetime) -> dict[str, str]:
    """Create and commit data for the cast; return the values of the URL placeholders."""
    writer = SampleDataWriter(session, cast, now)
    alice, carol = cast.alice, cast.carol
    writer.enroll(alice, 340)
    writer.enroll(carol, 30)
    for place, key in enumerate(DONE_MILESTONES):
        writer.status(alice, key, 320 - 20 * place)
    writer.status(alice, "raise-training-throughput", 20, "in_progress")
    writer.status(
        alice, "thesis-a-stranger-reproduces", 200, "not_applicable", "I hold a doctorate."
    )
    writer.status(carol, "point-in-time-sql", 12)
    progress.set_plan(
        session, alice, DONE_MILESTONE, note=NOTE, target_on=writer.day(-60), now=writer.ago(40)
    )
    sketch = b"sources -> features -> training and serving"
    stored = File(file_store().put(io.BytesIO(sketch)), "Übersicht.txt", len(sketch), "text/plain")
    verified = writer.piece(
        alice,
        90,
        "design_doc",
        "Feature store design",
        milestones=[DONE_MILESTONE, "hold-ml-service-levels"],
        impacts=[
            Impact("scale", "p99 latency", "180", "45", "ms", "https://example.org/dashboard"),
            Impact("team", "teams served", "1", "6", "teams", ""),
        ],
        files=[stored],
        state="verified",
    )
    submitted = writer.piece(
        alice, 30, "case_study", "Ranking launch", milestones=["own-a-production-model"],
        state="submitted",
    )  # fmt: skip
    returned = writer.piece(
        alice, 60, "mentoring", "Mentoring of a junior", milestones=["mentor-a-junior-engineer"],
        state="returned",
    )  # fmt: skip
    draft = writer.piece(
        alice, 10, "blog_post", "Notes on feature drift", visibility="private",
        milestones=["architecture-blog-posts"],
    )  # fmt: skip
    writer.piece(alice, 250, "certification", "Cloud certificate", visibility="team")
    writer.piece(
        alice, 150, "launch", "Search relevance launch", milestones=["internal-tech-talks"]
    )
    foreign = writer.piece(carol, 9, "talk", "Talk on embeddings", visibility="private")
    for days, step in ((200, -1), (15, 0)):
        for key, level in LEVELS.items():
            skills.assess_self(
                session,
                alice,
                key,
                max(0, level + step),
                "Led the migration of two services.",
                by=writer.actor(alice),
                now=writer.ago(days),
            )
    for key in ("ml_architecture", "mlops", "mentoring"):
        skills.assess_other(
            session, alice, key, 2, "Seen in reviews.", by=writer.actor(cast.bob), now=writer.ago(5)
        )
    own = portfolio.lock_portfolio(session, alice, by=writer.actor(alice), now=writer.ago(4))
    for piece in (verified, submitted):
        portfolio.add_item(session, own, piece, now=writer.ago(4))
    position = career.add(
        session,
        Position,
        alice,
        {
            "title": "ML engineer",
            "employer": "Example Search",
            "started_on": writer.day(1500),
            "ended_on": None,
            "is_ml": True,
            "summary": "Ranking and retrieval.",
        },
        now=writer.ago(300),
    )
    degree = career.add(
        session,
        Degree,
        alice,
        {
            "level": "doctorate",
            "field": "Statistics",
            "institution": "Example University",
            "awarded_on": writer.day(2000),
        },
        now=writer.ago(300),
    )
    other_session = LoginSession(
        user_id=alice,
        token_hash=new_token()[1],
        created_at=writer.ago(1),
        last_seen_at=now,
        fresh_at=writer.ago(1),
        user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        address="127.0.0.1",
    )
    session.add(other_session)
    link = accounts.create_password_link(
        session, cast.mallory, by=cast.mallory, address="", now=now
    )
    writer.ids = {
        "slug": SLUG,
        "stage": STAGE,
        "milestone": DONE_MILESTONE,
        "open": OPEN_MILESTONE,
        "skill": SKILL,
        "verified": str(verified.id),
        "file": stored.sha256,
        "submitted": str(submitted.id),
        "returned": str(returned.id),
        "draft": str(draft.id),
        "foreign": str(foreign.id),
        "position": str(position.id),
        "degree": str(degree.id),
        "session": str(other_session.id),
        "link": link,
        **{name: str(getattr(cast, name)) for name in ("alice", "bob", "carol", "dave", "erin")},
    }
    for room in ROOMS:
        writer.ids.update(room.create_sample_data(writer))
    session.commit()
    return writer.ids
