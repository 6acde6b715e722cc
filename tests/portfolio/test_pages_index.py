"""GET /portfolio"""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from roadmap.core.dates import PartialDate
from tests.portfolio import evidence_rows
from tests.support.cast import Cast
from tests.support.statements import statements_of


def test_it_works(session: Session, cast: Cast, browser_of) -> None:
    shown = evidence_rows.add(session, cast.alice, "Chosen design", at=0)
    evidence_rows.add(session, cast.alice, "Open talk", kind="talk")
    hidden = evidence_rows.add(session, cast.alice, "House matter", visibility="team")
    session.commit()

    page = browser_of(cast.alice).get("/portfolio")

    assert page.status_code == 200
    assert "1 piece shown" in page.text
    assert f"/portfolios/{cast.alice}/items/{shown.id}/place" in page.text
    assert page.text.index("Chosen design") < page.text.index("Open talk")
    assert page.text.index("Open talk") < page.text.index("House matter")
    assert "never exported" in page.text
    assert f'href="/evidence/{hidden.id}/edit"' in page.text
    assert f'/items/{hidden.id}"' not in page.text
    for name in ("pdf", "site", "markdown", "json-resume"):
        assert f'href="/portfolios/{cast.alice}/export/{name}"' in page.text


def test_it_teaches_where_there_is_no_evidence(cast: Cast, browser_of) -> None:
    page = browser_of(cast.alice).get("/portfolio").text

    assert "Nothing to show yet" in page
    assert "/export/" not in page


def test_it_offers_all_pieces_where_nothing_was_chosen(
    session: Session, cast: Cast, browser_of
) -> None:
    for title in ("One", "Two"):
        evidence_rows.add(session, cast.alice, title, state="submitted")
    session.commit()

    page = browser_of(cast.alice).get("/portfolio").text

    assert "You have not selected anything yet" in page
    assert page.count("Add all 2 available pieces") == 1


def test_it_explains_where_nothing_may_be_shown(session: Session, cast: Cast, browser_of) -> None:
    evidence_rows.add(session, cast.alice, "Mine alone", visibility="private", at=0)
    session.commit()

    page = browser_of(cast.alice).get("/portfolio").text

    assert "Nothing is available yet" in page
    assert "You had selected it; it is not in the preview or exports now." in page


def test_it_marks_what_has_lapsed(session: Session, cast: Cast, browser_of) -> None:
    evidence_rows.add(
        session, cast.alice, kind="certification", at=0, expires_on=PartialDate(evidence_rows.DAY)
    )
    session.commit()

    assert "Lapsed</span>" in browser_of(cast.alice).get("/portfolio").text


def test_it_needs_sign_in(browser_of) -> None:
    answer = browser_of().get("/portfolio")

    assert answer.status_code == 303
    assert "/login" in answer.location


@pytest.mark.parametrize("name", ["bob", "carol", "erin", "mallory"])
def test_it_hides_what_is_foreign(session: Session, cast: Cast, browser_of, name: str) -> None:
    evidence_rows.add(session, cast.alice, "Unmistakable", at=0, state="submitted")
    session.commit()

    page = browser_of(getattr(cast, name)).get("/portfolio").text

    assert "Unmistakable" not in page
    assert "Nothing to show yet" in page


def test_it_takes_as_many_statements_for_more_pieces(
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


def test_a_newer_version_than_the_one_that_is_shown_is_named(
    session: Session, cast: Cast, browser_of
) -> None:
    key = "point-in-time-sql"
    piece = evidence_rows.add(session, cast.alice, "Ranking", at=0, milestones=(key,))
    evidence_rows.verify(session, piece, cast.bob, milestones=(key,))
    session.commit()
    alice = browser_of(cast.alice)
    assert "newer version" not in alice.get("/portfolio").text
    piece.current_id = evidence_rows.version(session, piece, number=2).id
    for state, said in (
        ("submitted", "see that it exists"),
        ("draft", "do not see that it exists"),
    ):
        piece.state = state
        session.commit()
        assert said in alice.get("/portfolio").text
        assert ("newer version" in alice.get("/portfolio/preview").text) is (state == "submitted")
