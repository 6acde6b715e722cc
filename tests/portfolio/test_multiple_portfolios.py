"""A person can have several portfolios, each with its own texts, items and links."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.portfolio import actions
from roadmap.portfolio.models import Portfolio, PortfolioItem, PortfolioLink, Redaction
from roadmap.portfolio.queries import load_document
from roadmap.portfolio.selection import find_portfolio
from tests.portfolio import evidence_rows
from tests.portfolio.public_links import find_link_path
from tests.support.cast import Cast

TODAY = dt.date(2026, 11, 23)


@pytest.fixture
def cv(session: Session, cast: Cast, now: dt.datetime) -> uuid.UUID:
    """Copy a portfolio of Alice with two items, one of them redacted; return the id of the copy."""
    alice = cast.actor(session, cast.alice)
    evidence_rows.add(session, cast.alice, "Ranking design", at=0)
    secret = evidence_rows.add(session, cast.alice, "Secret launch", at=1)
    redaction = Redaction("A launch")
    portfolio = actions.lock_portfolio(session, cast.alice, by=alice, now=now)
    actions.redact_item(session, portfolio, secret.id, redaction, now=now)
    copy = actions.create_portfolio(
        session, name="Public CV", copy_of=cast.alice, by=alice, now=now
    )
    session.commit()
    return copy.id


def titles(session: Session, cast: Cast, portfolio_id: uuid.UUID) -> list[str]:
    return [item.title for item in load_document(session, cast.alice, TODAY, portfolio_id).items]


def test_copy_is_changed_independently(
    session: Session, cast: Cast, cv: uuid.UUID, browser_of
) -> None:
    alice = browser_of(cast.alice)
    first = session.scalars(sa.select(PortfolioItem.evidence_id).order_by(PortfolioItem.position))
    alice.delete(f"/portfolios/{cv}/items/{first.first()}")
    alice.put(f"/portfolios/{cv}", {"name": "CV", "headline": "Engineer", "revision": "1"})
    alice.delete(f"/portfolios/{cv}/sections/skills")

    assert titles(session, cast, cast.alice) == ["Ranking design", "A launch"]
    assert titles(session, cast, cv) == ["A launch"]
    assert load_document(session, cast.alice, TODAY).headline != "Engineer"
    assert "skills" in load_document(session, cast.alice, TODAY).sections
    page = alice.get("/portfolios").text
    assert page.index("Portfolio</a>") < page.index("CV</a>")
    assert ("2 pieces" in page, "1 piece, 1 redacted<" in page) == (True, True)


def test_portfolio_is_created_empty_or_as_copy(
    session: Session, cast: Cast, cv: uuid.UUID, browser_of
) -> None:
    alice = browser_of(cast.alice)
    empty = alice.post("/portfolios", {"name": "Empty", "copy_of": ""})
    assert "0 pieces shown" not in alice.get(empty.location).text
    copied = alice.post("/portfolios", {"name": "Copied", "copy_of": str(cv)})
    assert "2 pieces shown" in alice.get(copied.location).text
    untitled = alice.post("/portfolios", {"name": "", "copy_of": ""})
    assert (untitled.status_code, "Give the portfolio a name." in untitled.text) == (422, True)


def test_portfolios_are_limited_to_twenty(
    session: Session, cast: Cast, now: dt.datetime, browser_of
) -> None:
    alice = cast.actor(session, cast.alice)
    for number in range(actions.MAX_PORTFOLIOS - 1):
        actions.create_portfolio(session, name=f"No. {number}", by=alice, now=now)
    session.commit()
    answer = browser_of(cast.alice).post("/portfolios", {"name": "One too many", "copy_of": ""})
    assert (answer.status_code, "You have 20 portfolios" in answer.text) == (422, True)


def test_link_shows_its_portfolio_and_ends_with_it(
    session: Session, cast: Cast, cv: uuid.UUID, browser_of
) -> None:
    alice, visitor = browser_of(cast.alice), browser_of()
    alice.put(f"/portfolios/{cv}", {"name": "Public CV", "headline": "Just ML", "revision": "1"})
    alice.post("/portfolio/links", {"label": "Recruiter", "lives": "30", "portfolio": str(cv)})
    path = find_link_path(alice.get("/portfolio/links").text)
    shown = visitor.get(path).text
    assert "Just ML" in shown
    for private in ("Secret launch", "Public CV"):
        assert private not in shown

    page = alice.get("/portfolios").text
    assert "This public link stops working: Recruiter." in page
    alice.put(f"/portfolios/{cast.alice}/default")
    assert alice.delete(f"/portfolios/{cv}").status_code == 303
    assert visitor.get(path).status_code == 404
    assert session.scalars(sa.select(PortfolioLink)).all() == []
    assert titles(session, cast, cast.alice) == ["Ranking design", "A launch"]


def test_default_portfolio_cannot_be_deleted(
    session: Session, cast: Cast, cv: uuid.UUID, browser_of
) -> None:
    alice = browser_of(cast.alice)
    alice.delete(f"/portfolios/{cast.alice}")
    assert "cannot be deleted" in alice.get("/portfolios").text
    alice.put(f"/portfolios/{cv}/default")
    alice.delete(f"/portfolios/{cast.alice}")
    assert [each.name for each in session.scalars(sa.select(Portfolio))] == ["Public CV"]
    assert "Public CV" in alice.get("/portfolio").text
    assert alice.get(f"/portfolios/{cast.alice}").status_code == 404
    session.expire_all()
    assert find_portfolio(session, cast.alice, cast.alice, evidence_rows.MOMENT) is None


def test_profiles_are_shown_only_if_chosen(
    session: Session, cast: Cast, cv: uuid.UUID, browser_of
) -> None:
    alice = browser_of(cast.alice)
    invalid = alice.put(
        "/portfolio/profiles", {"github": "octocat", "orcid": "0000-0002-1825-0098"}
    )
    assert (invalid.status_code, "check each of them" in invalid.text) == (422, True)
    assert "octocat" in invalid.text, "the form keeps the input"
    alice.put("/portfolio/profiles", {"github": "octocat", "website": "alice.example.org"})
    texts = {"name": "CV", "revision": "1", "shown_profiles": ["github", "orcid"]}
    alice.put(f"/portfolios/{cv}", texts)

    (profile,) = load_document(session, cast.alice, TODAY, cv).profiles
    assert (profile.title, profile.username) == ("GitHub", "octocat")
    assert load_document(session, cast.alice, TODAY).profiles == ()
    assert 'href="https://github.com/octocat"' in alice.get(f"/portfolios/{cv}/preview").text


def test_sections_can_be_ordered_and_hidden(
    session: Session, cast: Cast, cv: uuid.UUID, browser_of
) -> None:
    alice = browser_of(cast.alice)
    moved = alice.put(f"/portfolios/{cv}/sections/skills/place", {"to": "0"}, fragment=True)
    assert moved.text.index("Skills") < moved.text.index("Introduction")
    hidden = alice.delete(f"/portfolios/{cv}/sections/evidence", fragment=True)
    assert "hidden" in hidden.text
    shown = load_document(session, cast.alice, TODAY, cv)
    assert shown.sections == ("skills", "introduction", "experience", "education")
    assert shown.items == ()
    assert "Ranking design" not in alice.get(f"/portfolios/{cv}/preview").text
    assert alice.put(f"/portfolios/{cv}/sections/none").status_code == 404
    assert alice.put(f"/portfolios/{cv}/sections/skills/place", {"to": "-1"}).status_code == 422


def test_exports_have_file_names_that_differ_without_the_name_only_their_owner_sees(
    cast: Cast, cv: uuid.UUID, browser_of
) -> None:
    alice = browser_of(cast.alice)
    stems = {"/portfolio": "alice-portfolio", f"/portfolios/{cast.alice}": "alice-portfolio",
              f"/portfolios/{cv}": f"alice-portfolio-{cv.hex[-4:]}"}  # fmt: skip
    for path, stem in stems.items():
        answer = alice.get(f"{path}/export/markdown")
        assert answer.headers["Content-Disposition"] == f"attachment; filename={stem}.md"


@pytest.mark.parametrize(
    ("method", "path", "form"),
    [
        ("put", "", {"name": "CV", "revision": "1"}),
        ("delete", "", {}),
        ("put", "/default", {}),
        ("put", "/sections/skills", {}),
        ("delete", "/sections/skills", {}),
        ("put", "/sections/skills/place", {"to": "0"}),
        ("put", "/items", {}),
        ("put", "/items/{piece}", {}),
        ("delete", "/items/{piece}", {}),
        ("put", "/items/{piece}/place", {"to": "0"}),
        ("put", "/items/{piece}/redaction", {"title": "A project"}),
        ("delete", "/items/{piece}/redaction", {}),
    ],
    ids=lambda value: str(value)[:25],
)
def test_portfolio_deleted_during_request_is_not_found(
    method: str, path: str, form: dict[str, str], session: Session, cast: Cast, cv: uuid.UUID,
    browser_of, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Another tab deletes it after this request found it and before it holds the lock."""
    lock = actions.lock_user

    def delete_first(session: Session, user_id: uuid.UUID) -> None:
        session.execute(sa.delete(Portfolio).where(Portfolio.id == cv))
        lock(session, user_id)

    piece = session.scalars(sa.select(PortfolioItem.evidence_id).limit(1)).one()
    monkeypatch.setattr(actions, "lock_user", delete_first)
    send = getattr(browser_of(cast.alice), method)
    answer = send(f"/portfolios/{cv}{path.format(piece=piece)}", form)
    assert answer.status_code == 404
    assert "Nothing here" in answer.text
