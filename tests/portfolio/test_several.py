"""Several portfolios per person: create, copy, distinguish, and delete with their links."""

from __future__ import annotations

import datetime as dt
import re
import uuid

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.portfolio import actions
from roadmap.portfolio.models import Portfolio, PortfolioItem, PortfolioLink, Redaction
from roadmap.portfolio.queries import load_document
from roadmap.portfolio.selection import find_portfolio
from tests.portfolio import evidence_rows
from tests.support.cast import Cast

TODAY = dt.date(2026, 11, 23)


@pytest.fixture
def cv(session: Session, cast: Cast, now: dt.datetime) -> uuid.UUID:
    """Alice's second portfolio, a copy of a first one with two pieces, of which one is redacted."""
    alice = cast.actor(session, cast.alice)
    evidence_rows.add(session, cast.alice, "Ranking design", at=0)
    secret = evidence_rows.add(session, cast.alice, "Secret launch", at=1)
    redaction = Redaction("A launch")
    mine = actions.lock_portfolio(session, cast.alice, by=alice, now=now)
    actions.redact_item(session, mine, secret.id, redaction, now=now)
    made = actions.create_portfolio(
        session, name="Public CV", copy_of=cast.alice, by=alice, now=now
    )
    session.commit()
    return made.id


def titles(session: Session, cast: Cast, portfolio_id: uuid.UUID) -> list[str]:
    return [item.title for item in load_document(session, cast.alice, TODAY, portfolio_id).items]


def public_path(page: str) -> str:
    found = re.search(r'value="http://localhost(/p/[^"]+)"', page)
    assert found is not None
    return found.group(1)


def test_a_copy_is_changed_by_itself(
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
    assert ("2 pieces" in page, "1 piece<" in page) == (True, True)


def test_a_page_makes_one_empty_or_as_a_copy(
    session: Session, cast: Cast, cv: uuid.UUID, browser_of
) -> None:
    alice = browser_of(cast.alice)
    empty = alice.post("/portfolios", {"name": "Empty", "copy_of": ""})
    assert "0 pieces shown" not in alice.get(empty.location).text
    copied = alice.post("/portfolios", {"name": "Copied", "copy_of": str(cv)})
    assert "2 pieces shown" in alice.get(copied.location).text
    nameless = alice.post("/portfolios", {"name": "", "copy_of": ""})
    assert (nameless.status_code, "Give the portfolio a name." in nameless.text) == (422, True)


def test_there_are_at_most_twenty(
    session: Session, cast: Cast, now: dt.datetime, browser_of
) -> None:
    alice = cast.actor(session, cast.alice)
    for number in range(actions.MAX_PORTFOLIOS - 1):
        actions.create_portfolio(session, name=f"No. {number}", by=alice, now=now)
    session.commit()
    answer = browser_of(cast.alice).post("/portfolios", {"name": "One too many", "copy_of": ""})
    assert (answer.status_code, "You have 20 portfolios" in answer.text) == (422, True)


def test_each_link_shows_its_own_portfolio_and_ends_with_it(
    session: Session, cast: Cast, cv: uuid.UUID, browser_of
) -> None:
    alice, anybody = browser_of(cast.alice), browser_of()
    alice.put(f"/portfolios/{cv}", {"name": "Public CV", "headline": "Just ML", "revision": "1"})
    alice.post("/portfolio/links", {"label": "Recruiter", "lives": "30", "portfolio": str(cv)})
    path = public_path(alice.get("/portfolio/links").text)
    shown = anybody.get(path).text
    assert "Just ML" in shown
    for private in ("Secret launch", "Public CV"):
        assert private not in shown

    page = alice.get("/portfolios").text
    assert "This public link stops working: Recruiter." in page
    alice.put(f"/portfolios/{cast.alice}/default")
    assert alice.delete(f"/portfolios/{cv}").status_code == 303
    assert anybody.get(path).status_code == 404
    assert session.scalars(sa.select(PortfolioLink)).all() == []
    assert titles(session, cast, cast.alice) == ["Ranking design", "A launch"]


def test_the_default_one_stays(session: Session, cast: Cast, cv: uuid.UUID, browser_of) -> None:
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


def test_a_link_ends_with_the_last_day_that_its_owner_chose(
    session: Session, cast: Cast, browser_of, now: dt.datetime
) -> None:
    alice = browser_of(cast.alice)
    past = alice.post("/portfolio/links", {"label": "", "lives": "30", "ends_on": "2020"})
    assert (past.status_code, "Choose a day from today on." in past.text) == (422, True)
    alice.post("/portfolio/links", {"label": "", "lives": "30", "ends_on": "2099-03-15"})
    (link,) = session.scalars(sa.select(PortfolioLink))
    assert link.expires_at == dt.datetime(2099, 3, 16, tzinfo=dt.UTC)


def test_profiles_are_shown_where_they_are_chosen(
    session: Session, cast: Cast, cv: uuid.UUID, browser_of
) -> None:
    alice = browser_of(cast.alice)
    wrong = alice.put("/portfolio/profiles", {"github": "octocat", "orcid": "0000-0002-1825-0098"})
    assert (wrong.status_code, "check each of them" in wrong.text) == (422, True)
    assert "octocat" in wrong.text, "what was typed is still there"
    alice.put("/portfolio/profiles", {"github": "octocat", "website": "alice.example.org"})
    texts = {"name": "CV", "revision": "1", "shown_profiles": ["github", "orcid"]}
    alice.put(f"/portfolios/{cv}", texts)

    (profile,) = load_document(session, cast.alice, TODAY, cv).profiles
    assert (profile.title, profile.username) == ("GitHub", "octocat")
    assert load_document(session, cast.alice, TODAY).profiles == ()
    assert 'href="https://github.com/octocat"' in alice.get(f"/portfolios/{cv}/preview").text


def test_sections_are_ordered_and_hidden_on_every_page(
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


def test_files_of_two_portfolios_differ_by_name(cast: Cast, cv: uuid.UUID, browser_of) -> None:
    alice = browser_of(cast.alice)
    wanted = {"/portfolio": "alice-portfolio", f"/portfolios/{cast.alice}": "alice-portfolio",
              f"/portfolios/{cv}": "alice-portfolio-public-cv"}  # fmt: skip
    for path, stem in wanted.items():
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
def test_one_that_is_deleted_meanwhile_is_not_there(
    method: str, path: str, form: dict[str, str], session: Session, cast: Cast, cv: uuid.UUID,
    browser_of, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Another tab deletes it after this request has found it, and before it holds the lock."""
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
