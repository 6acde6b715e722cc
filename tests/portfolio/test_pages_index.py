"""GET /portfolio."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from roadmap.core.dates import PartialDate
from tests.portfolio import evidence_rows
from tests.support.cast import Cast
from tests.support.statements import statements_of


def test_page_lists_evidence_by_availability(session: Session, cast: Cast, browser_of) -> None:
    shown = evidence_rows.add(session, cast.alice, "Chosen design", at=0)
    evidence_rows.add(session, cast.alice, "Open talk", kind="talk")
    team_only = evidence_rows.add(session, cast.alice, "Team plan", visibility="team")
    session.commit()

    page = browser_of(cast.alice).get("/portfolio")

    assert page.status_code == 200
    assert "1 piece shown" in page.text
    assert f"/portfolios/{cast.alice}/items/{shown.id}/place" in page.text
    assert page.text.index("Chosen design") < page.text.index("Open talk")
    assert page.text.index("Open talk") < page.text.index("Team plan")
    assert "never exported" in page.text
    assert f'href="/evidence/{team_only.id}/edit"' in page.text
    assert f'/items/{team_only.id}"' not in page.text
    for name in ("pdf", "site", "markdown", "json-resume"):
        assert f'href="/portfolios/{cast.alice}/export/{name}"' in page.text


def test_page_without_evidence_has_no_exports(cast: Cast, browser_of) -> None:
    page = browser_of(cast.alice).get("/portfolio").text

    assert "Nothing to show yet" in page
    assert "/export/" not in page


def test_page_offers_to_add_all_available_evidence(
    session: Session, cast: Cast, browser_of
) -> None:
    for title in ("One", "Two"):
        evidence_rows.add(session, cast.alice, title, state="submitted")
    session.commit()

    page = browser_of(cast.alice).get("/portfolio").text

    assert "You have not selected anything yet" in page
    assert page.count("Add all 2 available pieces") == 1


def test_page_explains_that_nothing_is_available(session: Session, cast: Cast, browser_of) -> None:
    evidence_rows.add(session, cast.alice, "Private note", visibility="private", at=0)
    session.commit()

    page = browser_of(cast.alice).get("/portfolio").text

    assert "Nothing is available yet" in page
    assert "You had selected it; it is not in the preview or exports now." in page


def test_lapsed_evidence_is_marked(session: Session, cast: Cast, browser_of) -> None:
    evidence_rows.add(
        session, cast.alice, kind="certification", at=0, expires_on=PartialDate(evidence_rows.DAY)
    )
    session.commit()

    assert "Lapsed</span>" in browser_of(cast.alice).get("/portfolio").text


def test_sign_in_is_required(browser_of) -> None:
    answer = browser_of().get("/portfolio")

    assert answer.status_code == 303
    assert "/login" in answer.location


@pytest.mark.parametrize("name", ["bob", "carol", "erin", "mallory"])
def test_page_shows_no_evidence_of_other_people(
    session: Session, cast: Cast, browser_of, name: str
) -> None:
    evidence_rows.add(session, cast.alice, "Unmistakable", at=0, state="submitted")
    session.commit()

    page = browser_of(getattr(cast, name)).get("/portfolio").text

    assert "Unmistakable" not in page
    assert "Nothing to show yet" in page


def test_statement_count_does_not_grow_with_evidence(
    app, session: Session, cast: Cast, browser_of
) -> None:
    evidence_rows.add(session, cast.alice, at=0)
    session.commit()
    browser = browser_of(cast.alice)
    browser.get("/portfolio")
    few = statements_of(app, lambda: browser.get("/portfolio"))
    for at in range(1, 40):
        evidence_rows.add(session, cast.alice, at=at)
        evidence_rows.add(session, cast.alice, visibility="private")
    session.commit()

    assert len(statements_of(app, lambda: browser.get("/portfolio"))) == len(few)


def test_newer_version_is_mentioned(session: Session, cast: Cast, browser_of) -> None:
    key = "point-in-time-sql"
    piece = evidence_rows.add(session, cast.alice, "Ranking", at=0, milestones=(key,))
    evidence_rows.verify(session, piece, cast.bob, milestones=(key,))
    session.commit()
    alice = browser_of(cast.alice)
    assert "newer version" not in alice.get("/portfolio").text
    piece.current_id = evidence_rows.version(session, piece, number=2).id
    for state, note in (
        ("submitted", "see that it exists"),
        ("draft", "do not see that it exists"),
    ):
        piece.state = state
        session.commit()
        assert note in alice.get("/portfolio").text
        assert ("newer version" in alice.get("/portfolio/preview").text) is (state == "submitted")
