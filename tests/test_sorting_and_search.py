"""Lists of people, teams and evidence ignore accents when sorting and searching."""

from __future__ import annotations

import re
import uuid
from html import unescape
from urllib.parse import quote

import pytest
from sqlalchemy.orm import Session

from roadmap.people.models import Membership, Team, User
from tests.evidence.builders import add_evidence
from tests.support.browser_client import BrowserClient
from tests.support.cast import Cast

# In list order.
NAMES = ["Åsa Berg", "Émile Zed", "łukasz żak", "Øyvind Ås", "von Adler", "Zoe Adams"]
TITLES = ["ÉLAN vital", "Øre og krone", "Straße und Maße", "Überwachung"]


@pytest.fixture
def people(session: Session, cast: Cast, now) -> dict[str, uuid.UUID]:
    """Add six members to Bob's team, by name."""
    ids = {}
    for place, name in enumerate(reversed(NAMES)):
        email = f"person{place}@example.org"
        user = User(name=name, email=email, email_key=email, created_at=now)
        session.add(user)
        session.flush()
        session.add(Membership(team_id=cast.team, user_id=user.id, role="member", created_at=now))
        ids[name] = user.id
    session.commit()
    return ids


@pytest.fixture
def teams(session: Session, cast: Cast, now) -> None:
    """Create teams with these names, nested in Bob's."""
    for place, name in enumerate(reversed(NAMES)):
        team = Team(slug=f"team-{place}", name=name, parent_id=cast.team, created_at=now)
        session.add(team)
        session.flush()
        session.add(
            Membership(team_id=team.id, user_id=cast.mallory, role="member", created_at=now)
        )
    session.commit()


def names_on_page(browser: BrowserClient, path: str, known: list[str]) -> list[str]:
    """Return the known names in the order of their first occurrence on the page."""
    page = unescape(browser.get(path).text)
    main = page[page.index("<main") :]
    found = re.findall("|".join(map(re.escape, known)), main)
    return list(dict.fromkeys(found))


@pytest.mark.parametrize(
    ("role", "path"),
    [("erin", "/admin/people"), ("bob", "/teams/ranking/members"), ("bob", "/teams/ranking")],
)
def test_people_are_sorted_ignoring_accents(cast, browser_of, people, role, path) -> None:
    assert names_on_page(browser_of(getattr(cast, role)), path, NAMES) == NAMES


@pytest.mark.parametrize(
    ("role", "path"),
    [
        ("erin", "/admin/teams"),
        ("erin", "/admin/people/{mallory}"),
        ("bob", "/teams/ranking/members"),
        ("bob", "/teams"),
        ("mallory", "/teams"),
    ],
)
def test_teams_are_sorted_ignoring_accents(cast, browser_of, teams, role, path) -> None:
    browser = browser_of(getattr(cast, role))
    assert names_on_page(browser, path.format(mallory=cast.mallory), NAMES) == NAMES


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("emile", ["Émile Zed"]),
        ("ÉMILE", ["Émile Zed"]),
        ("oyvind as", ["Øyvind Ås"]),
        ("ZAK", ["łukasz żak"]),
        ("Ädler", ["von Adler"]),
        ("PERSON0@", ["Zoe Adams"]),
    ],
)
def test_people_search_ignores_accents(cast, browser_of, people, q, expected) -> None:
    assert names_on_page(browser_of(cast.erin), f"/admin/people?q={q}", NAMES) == expected


def test_matrix_search_ignores_accents(cast, browser_of, people) -> None:
    assert names_on_page(browser_of(cast.bob), "/teams/ranking?q=lukasz", NAMES) == ["łukasz żak"]


@pytest.fixture
def alice(session, cast, now, browser_of) -> BrowserClient:
    for title in reversed(TITLES):
        add_evidence(
            session, cast, cast.alice, now, title=title,
            description=f"Geprüft: {title[0]}.", role="Ältester\nvon vielen",
        )  # fmt: skip
    return browser_of(cast.alice)


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("elan", ["ÉLAN vital"]),
        ("élan", ["ÉLAN vital"]),
        ("strasse", ["Straße und Maße"]),
        ("STRASSE masse", ["Straße und Maße"]),
        ("Straße", ["Straße und Maße"]),
        ("uberwachung", ["Überwachung"]),
        ("überwachung", ["Überwachung"]),
        ("öre", ["Øre og krone"]),
        ("geprueft", []),
        ("gepruft krone", ["Øre og krone"]),
        ("ALTESTER vielen öre", ["Øre og krone"]),
        ("100%", []),
    ],
)
def test_evidence_search_ignores_accents(alice, q, expected) -> None:
    assert names_on_page(alice, f"/evidence?q={q}", TITLES) == expected


def test_evidence_is_sorted_by_title_ignoring_accents(alice) -> None:
    assert names_on_page(alice, "/evidence?sort=title", TITLES) == TITLES


def test_team_list_allows_manager_name_without_letters(
    session: Session, cast: Cast, now, browser_of
) -> None:
    """Its sort key is empty, as for a team without a manager."""
    session.get_one(User, cast.dave).name = "\u0301"
    unmanaged = Team(slug="unmanaged", name="Unmanaged", created_at=now)
    session.add(unmanaged)
    session.flush()
    for team in (unmanaged.id, cast.other_team):
        session.add(Membership(team_id=team, user_id=cast.alice, role="member", created_at=now))
    session.commit()
    page = browser_of(cast.alice).get("/teams")
    assert page.status_code == 200
    assert "Unmanaged" in page.text


@pytest.mark.parametrize("typed", ["Wei Lin", "wei-lin", "Wei\u2010Lin", "lin wei", "wei-lin@exam"])
@pytest.mark.parametrize(("role", "path"), [("erin", "/admin/people"), ("bob", "/teams/ranking")])
def test_people_search_treats_hyphen_as_space(session, cast, browser_of, role, path, typed) -> None:
    if "@" in typed and role == "bob":
        typed = typed.partition("@")[0]  # the matrix searches names only
    names = ["Wei Lin", "Wei-Lin"]
    for person, name in ((cast.alice, "Wei-Lin"), (cast.carol, "Wei Lin")):
        user = session.get_one(User, person)
        user.name, user.email = name, f"wei-lin@example{name[3].strip()}.org"
    session.commit()
    found = names_on_page(
        browser_of(getattr(cast, role)), f"{path}?q={quote(typed)}", [*names, "Mallory"]
    )
    assert found == names
