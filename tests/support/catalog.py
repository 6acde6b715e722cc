"""Roadmaps that a test publishes in addition to the shipped ones and removes afterwards."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import get_args

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.catalog import actions, files, queries
from roadmap.catalog.gates import Gate
from roadmap.catalog.models import Milestone, Roadmap, RoadmapRevision, Skill
from roadmap.progress import actions as progress
from tests.support.sample_data import SLUG

OTHER = "another-way"
OTHER_SKILL = "another_skill"
OTHER_MILESTONE = "go-the-other-way"
# Selected by name, because other roadmaps may be shipped too.
SHIPPED_FILE = files.CONTENT / f"{SLUG}.yaml"
SHIPPED_SLUGS = [path.stem for path in files.shipped()]
GATE_TYPES = {
    get_args(each.model_fields["type"].annotation)[0] for each in get_args(get_args(Gate)[0])
}


def fitting_milestone(session: Session, kind: str) -> str:
    """Return the key of a milestone that evidence of this kind can prove."""
    fits = Milestone.kinds.contains(f",{kind},", autoescape=True)
    return session.scalars(sa.select(Milestone.key).where(fits).order_by(Milestone.key)).all()[0]


def publish_other(session: Session, now: dt.datetime) -> str:
    """Publish a second roadmap, first by title, and return its slug.

    It is the shipped roadmap with one different skill bar, one more skill and one more milestone.
    """
    document = files.read(SHIPPED_FILE)
    skills = [{**each, "bar": 4} if each["key"] == "mlops" else each for each in document["skills"]]
    own = {**skills[0], "key": OTHER_SKILL, "title": "Another skill"}
    stage = document["stages"][-1]
    milestone = {**stage["objectives"][0]["milestones"][0], "key": OTHER_MILESTONE}
    milestone.pop("after", None)
    objective = {
        "key": "another-objective",
        "title": "Go another way",
        "milestones": [{**milestone, "title": "Go the other way"}],
    }
    named = {
        **document,
        "slug": OTHER,
        "title": "Another way",
        "skills": [*skills, own],
        "stages": [
            *document["stages"][:-1],
            {**stage, "objectives": [*stage["objectives"], objective]},
        ],
    }
    actions.publish(session, named, now=now)
    session.commit()
    return OTHER


def reword(session: Session, key: str, *, now: dt.datetime, **texts: str) -> None:
    """Publish the shipped roadmaps again with changed texts for one milestone."""
    documents = [files.read(path) for path in files.shipped()]
    for document in documents:
        for stage in document["stages"]:
            for objective in stage["objectives"]:
                for milestone in objective["milestones"]:
                    if milestone["key"] == key:
                        milestone.update(texts)
    for document in documents:
        actions.publish(session, document, now=now, together=documents)
    session.commit()


def enroll(
    session: Session, person: uuid.UUID, now: dt.datetime, slug: str, *, primary: bool = False
) -> None:
    """Enroll a person in a roadmap and commit."""
    found = queries.published_roadmap(session, slug)
    assert found is not None
    progress.enroll(session, person, found.roadmap_id, primary=primary, now=now)
    session.commit()


def restore_shipped(session: Session) -> None:
    """Reset the shipped roadmaps to their first revision. No other may have enrollments."""
    others = sa.select(Roadmap.id).where(Roadmap.slug.not_in(SHIPPED_SLUGS))
    session.execute(sa.update(Roadmap).values(revision_id=None))
    session.execute(
        sa.delete(RoadmapRevision).where(
            sa.or_(RoadmapRevision.roadmap_id.in_(others), RoadmapRevision.number > 1)
        )
    )
    session.execute(sa.delete(Roadmap).where(Roadmap.id.in_(others)))
    first = sa.select(RoadmapRevision.id).where(RoadmapRevision.roadmap_id == Roadmap.id)
    session.execute(sa.update(Roadmap).values(revision_id=first.scalar_subquery()))
    session.execute(sa.delete(Milestone))
    session.execute(sa.delete(Skill))
    for path in files.shipped():
        actions.store_keys(session, files.read(path))
        session.flush()
    session.commit()
    queries._by_revision.clear()
