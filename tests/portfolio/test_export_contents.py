"""Every export contains the required facts and no false ones.

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

VERIFIED, LINKED = "point-in-time-sql", "trace-inference-request"
OPEN, UNPROVEN = "model-card-and-risk-review", "architecture-blog-posts"
TITLES = {
    VERIFIED: "Build a point-in-time correct training set in SQL",
    LINKED: "Trace one inference request from the socket",
    OPEN: "Publish a model card",
    UNPROVEN: "Publish three technical blog posts",
}
IMPACT = {"type": "scale", "metric": "Latency", "baseline": "9", "result": "4", "unit": "ms"}

# Patterns that every format contains.
REQUIRED = {
    "verifier, basis and date": r"Verified by Bob \(judged from the artefact\) on 1 Jun",
    "verified milestone": rf"Verified for:?\s+{TITLES[VERIFIED]}",
    "linked milestone that is done": rf"Linked to:?\s+{TITLES[LINKED]}",
    "witness as witness": r"Witnessed, not verified:?\s+Trace .*?: Wanda Witness, QA,",
    "verified certification as lapsed": r"Certification, lapsed 4 May 2026",
    "unverified certification as lapsed": r"Lapsed, not verified",
    "draft as draft": r"Draft, not reviewed",
}
# Patterns that every format except CSV contains; CSV has only evidence.
REQUIRED_ABOUT_PERSON = {
    "summary": r"4 pieces of evidence: 1 verified by 1 person, 1 not verified, 2 lapsed",
    "assessor of a skill": r"Assessed by a manager, Bob, on \d+ \w+ 20\d\d",
    "self-assessment as such": r"Self-assessed, on ",
    "meaning of a level": r"(Level 3 means:|What the level means|description)",
    "declared years as declared": r"Declared by the author, not verified",
}
FORBIDDEN = {
    "open milestone": TITLES[OPEN],
    "milestone that the kind does not prove": TITLES[UNPROVEN],
    "linked milestone as verified": rf"Verified for:?\s+{TITLES[LINKED]}",
    "witness as verifier": r"Verified by [^.,]*Wanda",
    "impact of draft or lapsed evidence as verified": r"Measured and verified",
    "skill without assessment or at level 0": r"Distributed training|MLOps",
    "lapsed evidence as verified": r"Verified by Bob on 1 Jun 2026(?!, lapsed since)",
    # The stylesheet of the site has a class of this name.
    "draft as evidenced": r"(?<!tone-e)videnced",
    "former milestone labels": r"Proves|Shows",
}


def test_formats_contain_required_facts_and_no_false_ones(
    session: Session, cast: Cast, browser_of, now: dt.datetime
) -> None:
    add_evidence_and_skills(session, cast, now)
    document = load_document(session, cast.alice, now.date())
    texts = {name: READERS[name](format_.render(document)) for name, format_ in FORMATS.items()}
    session.commit()
    texts["preview"] = READERS["preview"](browser_of(cast.alice).get("/portfolio/preview").data)

    faults = []
    for name, text in texts.items():
        required = REQUIRED if name == "csv" else REQUIRED | REQUIRED_ABOUT_PERSON
        faults += [f"{name} lacks {fact}" for fact, pattern in required.items()
                   if not re.search(pattern, text, re.DOTALL)]  # fmt: skip
        faults += [f"{name} says {fact}" for fact, pattern in FORBIDDEN.items()
                   if re.search(pattern, text)]  # fmt: skip
    assert not faults
    # JSON Resume also has the last day of validity.
    assert "2026-05-04" in texts["json-resume"]


def add_evidence_and_skills(session: Session, cast: Cast, now: dt.datetime) -> None:
    """Add verified evidence with four milestones, a draft, and two lapsed certifications."""
    for key in (VERIFIED, LINKED, UNPROVEN):
        session.add(
            MilestoneStatus(user_id=cast.alice, milestone_key=key, status="done", changed_at=now)
        )
    piece = evidence_rows.add(
        session, cast.alice, "A case", kind="case_study", at=0,
        milestones=(VERIFIED, LINKED, OPEN, UNPROVEN),
    )  # fmt: skip
    evidence_rows.verify(session, piece, cast.bob, milestones=(VERIFIED,))
    session.execute(sa.update(Review).values(basis="artefact"))
    evidence_rows.add(session, cast.alice, "A plan", at=1, impacts=(IMPACT,))
    lapsed = evidence_rows.add(
        session, cast.alice, "A badge", kind="certification", at=2, impacts=(IMPACT,),
        milestones=("cloud-ml-certification",), expires_on=PartialDate(evidence_rows.DAY),
    )  # fmt: skip
    evidence_rows.verify(session, lapsed, cast.bob, milestones=("cloud-ml-certification",))
    evidence_rows.add(
        session, cast.alice, "An exam", kind="certification", at=3,
        expires_on=PartialDate(evidence_rows.DAY),
    )  # fmt: skip
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


ALICE_WITH_PROFILE = replace(
    ALICE,
    profiles=(Profile("github", "GitHub", "alice-archer", "https://github.com/alice-archer"),),
)
# Words that only one section contains.
SECTION_WORDS = {
    "introduction": "stay honest",
    "evidence": "drift alarms missed",
    "experience": "Contoso Research",
    "education": "ETH Zürich",
    "skills": "towards goals that were written",
}


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in ("csv", "json-resume")])
def test_sections_have_chosen_order(name: str) -> None:
    """JSON Resume has a fixed order, and CSV only evidence."""
    order = tuple(reversed(SECTION_WORDS))
    text = READERS[name](FORMATS[name].render(replace(ALICE_WITH_PROFILE, sections=order)))
    matches = {key: re.search(SECTION_WORDS[key], text) for key in order}
    # XLSX has the introduction on the last sheet.
    positions = [match.start() for key, match in matches.items()
             if match and (name, key) != ("xlsx", "introduction")]  # fmt: skip
    assert all(matches.values())
    assert positions == sorted(positions)
    assert "Measured and verified" not in text
    assert "alice-archer" in text


@pytest.mark.parametrize("name", FORMATS)
def test_hidden_sections_are_not_exported(name: str) -> None:
    document = Document(name="Alice", generated_on=ALICE.generated_on, sections=("introduction",))
    text = READERS[name](FORMATS[name].render(document))
    assert not re.search("piece|Measured|Experience|Education|Declared|Verified", text)


@pytest.mark.parametrize("name", FORMATS)
def test_redacted_text_is_marked_as_not_reviewed(name: str) -> None:
    piece = replace(RANKER, is_redacted=True, tone="redacted", title="A ranking system")
    text = READERS[name](FORMATS[name].render(replace(EMPTY, items=(piece,))))
    note = "2026; the author redacted this text, which no one reviewed"
    assert f"Verified by Bob Builder on 3 Apr {note}" in text
    if name != "csv":
        assert "1 verified in full by 1 person but redacted here." in text


@pytest.mark.parametrize("name", FORMATS)
def test_newer_version_is_mentioned_with_verified_one(name: str) -> None:
    piece = replace(RANKER, newer_since=dt.date(2026, 11, 2))
    text = READERS[name](FORMATS[name].render(replace(EMPTY, items=(piece,))))
    assert "on 3 Apr 2026; a newer version awaits review since 2 Nov 2026" in text


def test_formats_are_registered_and_reproducible() -> None:
    prefixes = {"pdf": b"%PDF", "site": b"PK", "markdown": b"# Alice", "json-resume": b"{"}
    assert set(prefixes) <= set(FORMATS)
    for key, format_ in FORMATS.items():
        assert format_.key == key
        assert format_.render(ALICE).startswith(prefixes.get(key, b""))
        assert format_.render(ALICE) == format_.render(ALICE) != format_.render(EMPTY)
        assert str(format_.title)


@pytest.mark.parametrize("name", FORMATS)
def test_kind_other_is_named_like_every_kind(name: str) -> None:
    piece = replace(RANKER, kind="other", kind_label="Other")
    text = READERS[name](FORMATS[name].render(replace(EMPTY, items=(piece,))))
    assert re.search(r"\bOther\b", text)


@pytest.mark.parametrize("name", ["docx", "markdown", "pdf"])
def test_milestones_in_a_line_are_told_apart(name: str) -> None:
    """A semicolon can be part of a title."""
    piece = replace(RANKER, verified_for=("Fit a classifier; report scores", "Own a model"))
    text = READERS[name](FORMATS[name].render(replace(EMPTY, items=(piece,))))
    assert "Fit a classifier; report scores · Own a model" in " ".join(text.split())
