"""Every export contains what it must and nothing that it must not.

A new format is covered by its registry entry and its reader in `readers`.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.career.models import Degree, Position
from roadmap.core.dates import PartialDate
from roadmap.endorsements.models import Endorsement
from roadmap.evidence.models import Review
from roadmap.portfolio.document import Document, Profile
from roadmap.portfolio.formats.registry import FORMATS
from roadmap.portfolio.queries import load_document
from roadmap.progress.models import MilestoneStatus
from roadmap.skills import actions as skills
from tests.portfolio import evidence_rows
from tests.portfolio.readers import READERS
from tests.portfolio.sample_documents import ALICE, EMPTY, RANKER
from tests.support.cast import Cast

CONFIRMED, LINKED = "point-in-time-sql", "trace-inference-request"
OPEN, BY_OTHER_KINDS = "model-card-and-risk-review", "architecture-blog-posts"
TITLES = {
    CONFIRMED: "Build a point-in-time correct training set in SQL",
    LINKED: "Trace one inference request from the socket",
    OPEN: "Publish a model card",
    BY_OTHER_KINDS: "Publish three technical blog posts",
}
IMPACT = {"type": "scale", "metric": "Latency", "baseline": "9", "result": "4", "unit": "ms"}

# What stands in every format, as a pattern.
SAID = {
    "who verified, on what basis, when": r"Verified by Bob \(judged from the artefact\) on 1 Jun",
    "for which milestone": rf"Verified for:?\s+{TITLES[CONFIRMED]}",
    "what is linked and done": rf"Linked to:?\s+{TITLES[LINKED]}",
    "a witness by name, and as one": r"Witnessed, not verified:?\s+Trace .*?: Wanda Witness, QA,",
    "that a certification lapsed": r"Certification, lapsed 4 May 2026",
    "that a draft is one": r"Draft, not reviewed",
}
# Tables of pieces alone have no place for the rest.
SAID_OF_THE_PERSON = {
    "by how many people": r"3 pieces of evidence: 1 verified by 1 person, 1 not verified, 1 lapsed",
    "who assessed a skill": r"assessed by a manager, Bob, on \d+ \w+ 20\d\d",
    "that one is self-assessed": r"self-assessed, on ",
    "what a level means": r"(Level 3 means:|What the level means|description)",
    "that years are declared": r"Declared by the author, not verified",
}
NEVER = {
    "a milestone that is open": TITLES[OPEN],
    "a milestone that this kind does not prove": TITLES[BY_OTHER_KINDS],
    "a linked milestone as verified": rf"Verified for:?\s+{TITLES[LINKED]}",
    "a witness as somebody who verified": r"Verified by [^.,]*Wanda",
    "a result of a draft or of what lapsed as verified": r"Measured and verified",
    "a skill that nobody assessed, or at 0": r"Distributed training|MLOps",
    "that a lapsed piece is verified": r"Verified by Bob on 1 Jun 2026(?!, lapsed since)",
}


def test_no_format_says_more_than_is_true(
    session: Session, cast: Cast, browser_of, now: dt.datetime
) -> None:
    describe_alice(session, cast, now)
    document = load_document(session, cast.alice, now.date())
    said = {name: READERS[name](format_.render(document)) for name, format_ in FORMATS.items()}
    session.commit()
    said["preview"] = READERS["preview"](browser_of(cast.alice).get("/portfolio/preview").data)

    faults = []
    for name, text in said.items():
        needed = SAID if name == "csv" else SAID | SAID_OF_THE_PERSON
        faults += [f"{name} lacks {what}" for what, fact in needed.items()
                   if not re.search(fact, text, re.DOTALL)]  # fmt: skip
        faults += [f"{name} says {what}" for what, fact in NEVER.items() if re.search(fact, text)]
    assert not faults


def describe_alice(session: Session, cast: Cast, now: dt.datetime) -> None:
    """One piece is verified, one a draft, one lapsed; of four linked milestones two are named."""
    for key in (CONFIRMED, LINKED, BY_OTHER_KINDS):
        session.add(
            MilestoneStatus(user_id=cast.alice, milestone_key=key, status="done", changed_at=now)
        )
    piece = evidence_rows.add(
        session, cast.alice, "A case", kind="case_study", at=0,
        milestones=(CONFIRMED, LINKED, OPEN, BY_OTHER_KINDS),
    )  # fmt: skip
    evidence_rows.verify(session, piece, cast.bob, milestones=(CONFIRMED,))
    session.execute(sa.update(Review).values(basis="artefact"))
    evidence_rows.add(session, cast.alice, "A plan", at=1, impacts=(IMPACT,))
    lapsed = evidence_rows.add(
        session, cast.alice, "A badge", kind="certification", at=2, impacts=(IMPACT,),
        milestones=("cloud-ml-certification",), expires_on=PartialDate(evidence_rows.DAY),
    )  # fmt: skip
    evidence_rows.verify(session, lapsed, cast.bob, milestones=("cloud-ml-certification",))
    session.add(
        Endorsement(
            user_id=cast.alice, milestone_key=LINKED, title=f"{TITLES[LINKED]} and back",
            done_when="", asked="Wanda", token_hash=b"w" * 32, created_at=now, expires_at=now,
            answered_at=now, answer="seen", witness="Wanda Witness", affiliation="QA",
        )
    )  # fmt: skip
    alice, bob = cast.actor(session, cast.alice), cast.actor(session, cast.bob)
    skills.assess_other(session, cast.alice, "ml_architecture", 3, by=bob, now=now)
    skills.assess_other(session, cast.alice, "distributed_training", 0, by=bob, now=now)
    skills.assess_self(session, cast.alice, "deep_learning", 3, by=alice, now=now)
    evidence_rows.portfolio(session, cast.alice, shows_self_assessed=True)
    session.add(Position(user_id=cast.alice, title="Engineer", started_on=PartialDate("2020-01")))
    session.add(Degree(user_id=cast.alice, level="master", field="Maths"))
    session.flush()


WHOLE = replace(
    ALICE,
    profiles=(Profile("github", "GitHub", "alice-archer", "https://github.com/alice-archer"),),
)
# A word that stands in one section alone.
WORDS = {
    "introduction": "stay honest",
    "evidence": "drift alarms missed",
    "experience": "Contoso Research",
    "education": "ETH Zürich",
    "skills": "towards goals that were written",
}


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in ("csv", "json-resume")])
def test_sections_stand_in_the_order_of_their_author(name: str) -> None:
    """JSON Resume has an order of its own, and CSV the pieces alone."""
    order = tuple(reversed(WORDS))
    said = READERS[name](FORMATS[name].render(replace(WHOLE, sections=order)))
    places = {key: re.search(WORDS[key], said) for key in order}
    # The workbook has the introduction on the sheet about the person.
    found = [place.start() for key, place in places.items()
             if place and (name, key) != ("xlsx", "introduction")]  # fmt: skip
    assert all(places.values())
    assert found == sorted(found)
    assert "Measured and verified" not in said
    assert "alice-archer" in said


@pytest.mark.parametrize("name", FORMATS)
def test_a_hidden_section_leaves_no_trace(name: str) -> None:
    bare = Document(name="Alice", generated_on=ALICE.generated_on, sections=("introduction",))
    said = READERS[name](FORMATS[name].render(bare))
    assert not re.search("piece|Measured|Experience|Education|Declared|Verified", said)


@pytest.mark.parametrize("name", FORMATS)
def test_a_redacted_text_is_not_called_verified(name: str) -> None:
    piece = replace(RANKER, is_redacted=True, title="A ranking system")
    said = READERS[name](FORMATS[name].render(replace(EMPTY, items=(piece,))))
    note = "2026; the author redacted this text, which nobody reviewed"
    assert f"Verified by Bob Builder on 3 Apr {note}" in said


@pytest.mark.parametrize("name", FORMATS)
def test_a_newer_version_is_told_of_beside_the_verified_one(name: str) -> None:
    piece = replace(RANKER, newer_since=dt.date(2026, 11, 2))
    said = READERS[name](FORMATS[name].render(replace(EMPTY, items=(piece,))))
    assert "on 3 Apr 2026; a newer version awaits review since 2 Nov 2026" in said
