"""Lists of people, teams and titles share one sort order and one search, ignoring accents."""

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
    made = {}
    for place, name in enumerate(reversed(NAMES)):
        email = f"person{place}@example.org"
        user = User(name=name, email=email, email_key=email, created_at=now)
        session.add(user)
        session.flush()
        session.add(Membership(team_id=cast.team, user_id=user.id, role="member", created_at=now))
        made[name] = user.id
    session.commit()
    return made


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


def listed(browser: BrowserClient, path: str, known: list[str]) -> list[str]:
    """Return the known names in the order of their first occurrence on the page."""
    page = unescape(browser.get(path).text)
    main = page[page.index("<main") :]
    found = re.findall("|".join(map(re.escape, known)), main)
    return list(dict.fromkeys(found))


@pytest.mark.parametrize(
    ("who", "path"),
    [("erin", "/admin/people"), ("bob", "/teams/ranking/members"), ("bob", "/teams/ranking")],
)
def test_people_are_in_one_order(cast, browser_of, people, who, path) -> None:
    assert listed(browser_of(getattr(cast, who)), path, NAMES) == NAMES


@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("erin", "/admin/teams"),
        ("erin", "/admin/people/{mallory}"),
        ("bob", "/teams/ranking/members"),
        ("bob", "/teams"),
        ("mallory", "/teams"),
    ],
)
def test_teams_are_in_one_order(cast, browser_of, teams, who, path) -> None:
    browser = browser_of(getattr(cast, who))
    assert listed(browser, path.format(mallory=cast.mallory), NAMES) == NAMES


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("emile", ["Émile Zed"]),
        ("ÉMILE", ["Émile Zed"]),
        ("oyvind as", ["Øyvind Ås"]),
        ("ZAK", ["łukasz żak"]),
        ("Ädler", ["von Adler"]),
        ("PERSON0@", ["Zoe Adams"]),
    ],
)
def test_people_are_found_without_marks(cast, browser_of, people, q, found) -> None:
    assert listed(browser_of(cast.erin), f"/admin/people?q={q}", NAMES) == found


def test_the_matrix_finds_people_without_marks(cast, browser_of, people) -> None:
    assert listed(browser_of(cast.bob), "/teams/ranking?q=lukasz", NAMES) == ["łukasz żak"]


@pytest.fixture
def alice(session, cast, now, browser_of) -> BrowserClient:
    for title in reversed(TITLES):
        add_evidence(
            session, cast, cast.alice, now, title=title,
            description=f"Geprüft: {title[0]}.", role="Ältester\nvon vielen",
        )  # fmt: skip
    return browser_of(cast.alice)


@pytest.mark.parametrize(
    ("q", "found"),
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
def test_evidence_is_found_without_marks(alice, q, found) -> None:
    assert listed(alice, f"/evidence?q={q}", TITLES) == found


def test_evidence_is_sorted_by_folded_title(alice) -> None:
    assert listed(alice, "/evidence?sort=title", TITLES) == TITLES


def test_a_manager_whose_name_has_no_letter_is_listed(
    session: Session, cast: Cast, now, browser_of
) -> None:
    """Such a name sorts like the missing manager of a team without one."""
    session.get_one(User, cast.dave).name = "\u0301"
    alone = Team(slug="alone", name="Alone", created_at=now)
    session.add(alone)
    session.flush()
    for team in (alone.id, cast.other_team):
        session.add(Membership(team_id=team, user_id=cast.alice, role="member", created_at=now))
    session.commit()
    page = browser_of(cast.alice).get("/teams")
    assert page.status_code == 200
    assert "Alone" in page.text


@pytest.mark.parametrize("typed", ["Wei Lin", "wei-lin", "Wei\u2010Lin", "lin wei", "wei-lin@exam"])
@pytest.mark.parametrize(("who", "path"), [("erin", "/admin/people"), ("bob", "/teams/ranking")])
def test_a_hyphen_is_searched_as_a_space(session, cast, browser_of, who, path, typed) -> None:
    if "@" in typed and who == "bob":
        typed = typed.partition("@")[0]  # the matrix searches names only
    names = ["Wei Lin", "Wei-Lin"]
    for person, name in ((cast.alice, "Wei-Lin"), (cast.carol, "Wei Lin")):
        user = session.get_one(User, person)
        user.name, user.email = name, f"wei-lin@example{name[3].strip()}.org"
    session.commit()
    found = listed(browser_of(getattr(cast, who)), f"{path}?q={quote(typed)}", [*names, "Mallory"])
    assert found == names
