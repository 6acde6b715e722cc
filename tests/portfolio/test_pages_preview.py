"""GET /portfolio/preview."""

from __future__ import annotations

import re

import pytest
from sqlalchemy.orm import Session

from roadmap.core.dates import PartialDate
from tests.portfolio import evidence_rows
from tests.support.cast import Cast
from tests.support.statements import statements_of

PATH = "/portfolio/preview"
DESIGN = "design-doc-for-complex-system"


def test_preview_shows_evidence_impacts_and_verification(
    session: Session, cast: Cast, browser_of
) -> None:
    piece = evidence_rows.add(
        session, cast.alice, "Chosen <design>", at=1, url="https://example.org/d",
        description="It was *fast*", milestones=(DESIGN,),
        impacts=({"type": "scale", "metric": "p99", "baseline": "9", "result": "4", "unit": "ms"},),
    )  # fmt: skip
    evidence_rows.verify(session, piece, cast.bob, milestones=(DESIGN,))
    evidence_rows.add(
        session,
        cast.alice,
        "A badge",
        kind="certification",
        at=0,
        expires_on=PartialDate(evidence_rows.DAY),
    )
    session.commit()

    page = browser_of(cast.alice).get(PATH)

    assert page.status_code == 200
    assert page.text.index(">A badge</h3>") < page.text.index(">Chosen &lt;design&gt;</h3>")
    assert page.text.index("Measured and verified") < page.text.index(">A badge</h3>")
    assert "Certification, lapsed 4 May 2026" in page.text
    assert "It was <em>fast</em>" in page.text
    assert "9 → 4 ms" in page.text
    assert "Verified by Bob on 1 Jun 2026" in page.text
    assert "alice@example.org" not in page.text


def test_empty_preview_suggests_choosing_evidence(cast: Cast, browser_of) -> None:
    assert "Choose what to show" in browser_of(cast.alice).get(PATH).text


def test_bar_is_filled_by_verified_evidence_only(session: Session, cast: Cast, browser_of) -> None:
    for at in (0, 1):
        piece = evidence_rows.add(session, cast.alice, f"Piece {at}", at=at, milestones=(DESIGN,))
    session.commit()
    bar = re.compile("<svg class=meter [^>]*>(.*?)</svg>")
    assert bar.findall(browser_of(cast.alice).get(PATH).text) == [""]
    evidence_rows.verify(session, piece, cast.bob, milestones=(DESIGN,))
    session.commit()
    found = bar.findall(browser_of(cast.alice).get(PATH).text)
    assert found == ["<rect class=tone-verified x=0% width=50% height=100% />"]


def test_sign_in_is_required(browser_of) -> None:
    assert browser_of().get(PATH).status_code == 303


@pytest.mark.parametrize("name", ["bob", "carol", "erin", "mallory"])
def test_preview_shows_no_evidence_of_other_people(
    session: Session, cast: Cast, browser_of, name: str
) -> None:
    evidence_rows.add(session, cast.alice, "Unmistakable", at=0, state="submitted")
    session.commit()

    assert "Unmistakable" not in browser_of(getattr(cast, name)).get(PATH).text


def test_scripts_and_unsafe_links_are_removed(session: Session, cast: Cast, browser_of) -> None:
    evidence_rows.add(
        session, cast.alice, "Plain title", at=0, url="javascript:alert(1)",
        description="<script>alert(1)</script> [x](javascript:alert(1))",
        impacts=({"type": "scale", "metric": "m", "source_url": "javascript:alert(1)"},),
    )  # fmt: skip
    session.commit()

    page = browser_of(cast.alice).get(PATH).text

    assert "<script>alert" not in page
    assert 'href="javascript' not in page


def test_statement_count_does_not_grow_with_evidence(
    app, session: Session, cast: Cast, browser_of
) -> None:
    evidence_rows.add(session, cast.alice, at=0)
    session.commit()
    browser = browser_of(cast.alice)
    browser.get(PATH)
    few = statements_of(app, lambda: browser.get(PATH))
    for at in range(1, 40):
        evidence_rows.add(session, cast.alice, at=at)
    session.commit()

    assert len(statements_of(app, lambda: browser.get(PATH))) == len(few)
