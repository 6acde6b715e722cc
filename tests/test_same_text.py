"""The same text is stored as the same characters, whichever interface receives it.

An accented letter as one code point (most keyboards) and as two (file names on macOS) looks the
same, and must be equal for search, comparison and character counts.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from jsonschema import Draft202012Validator
from sqlalchemy.orm import InstrumentedAttribute, Session

from roadmap.auth.models import ApiToken
from roadmap.evidence.models import Evidence, EvidenceVersion, Impact, Review
from roadmap.invitations.actions import invite
from roadmap.invitations.models import Invitation
from roadmap.people.models import Team, User
from roadmap.portfolio.models import PortfolioLink
from roadmap.progress.models import MilestonePlan
from roadmap.skills.models import Assessment
from tests.api.conftest import MILESTONE, SLUG
from tests.evidence import builders
from tests.evidence.form_data import form_fields, impact_fields
from tests.support.api_client import ApiClient
from tests.support.browser_client import BrowserClient
from tests.support.cast import Cast
from tests.support.login import PASSWORD

KEPT = "Caf\u00e9 no. 2"
TYPED = {
    "composed": "Caf\u00e9 no. 2",
    "apart": "Cafe\u0301 no. 2",
    "untidy": " Cafe\x07\u0301\u00a0 no.\t2\r\n",
}
either = pytest.mark.parametrize("typed", TYPED.values(), ids=TYPED)

# Writes a text through one of the interfaces.
Write = Callable[["Doors", str], Any]


class Doors:
    """The interfaces for one person: pages, the API and the commands."""

    def __init__(self, app: Flask, cast: Cast, session: Session) -> None:
        self.app, self.cast, self.session = app, cast, session

    def page(self, who: str, method: str, path: str, **data: str) -> None:
        answer = BrowserClient.of(self.app, getattr(self.cast, who, None)).send(method, path, data)
        assert answer.status_code in (200, 201, 303), answer.text

    def api(self, who: str, method: str, path: str, **body: Any) -> None:
        answer = ApiClient.of(self.app, getattr(self.cast, who)).call(method, path, body)
        assert answer.status_code in (200, 201), answer.text

    def run(self, *arguments: str) -> None:
        result = self.app.test_cli_runner().invoke(args=[*arguments])
        assert result.exit_code == 0, result.output

    def stored(self, column: InstrumentedAttribute[Any]) -> Any:
        """Return the column's value in the newest row of its table."""
        self.session.rollback()
        rows = self.session.scalars(sa.select(column)).all()
        return rows[-1] if len(rows) == 1 else [row for row in rows if "Caf" in row][-1]


@pytest.fixture
def doors(app: Flask, cast: Cast, session: Session) -> Doors:
    return Doors(app, cast, session)


PIECE = {"kind": "design_doc", "occurred_on": "2026-03-31", "url": "https://example.org/a"}


def by_api(name: str) -> Write:
    """Return a function that writes this field of new evidence."""
    return lambda doors, typed: doors.api(
        "alice", "POST", "/me/evidence", **{**PIECE, "title": "A design", name: typed}
    )


def invited(doors: Doors, typed: str) -> None:
    """Create an account by an invitation."""
    _invitation, token = invite(
        doors.session, team=None, role="member", by=doors.cast.erin, now=dt.datetime.now(dt.UTC)
    )
    doors.session.commit()
    account = {"name": typed, "email": "ada@example.org", "password": PASSWORD}
    doors.page("nobody", "POST", f"/invitations/{token}", **account)


ONE_LINE: dict[str, tuple[InstrumentedAttribute[Any], Write]] = {
    "title of a piece, page": (
        Evidence.title,
        lambda doors, typed: doors.page("alice", "POST", "/evidence", **form_fields(title=typed)),
    ),
    "title of a piece, API": (Evidence.title, by_api("title")),
    "unit of an impact, page": (
        Impact.unit,
        lambda doors, typed: doors.page(
            "alice", "POST", "/evidence", **form_fields(), **impact_fields(0, unit=typed)
        ),
    ),
    "unit of an impact, API": (
        Impact.unit,
        lambda doors, typed: doors.api(
            "alice", "POST", "/me/evidence", **PIECE, title="A design",
            impacts=[{"type": "scale", "metric": "p99", "result": "45", "unit": typed}],
        ),
    ),
    "name of a team, page": (
        Team.name,
        lambda doors, typed: doors.page("erin", "POST", "/admin/teams", name=typed, parent=""),
    ),
    "name of a team, command": (
        Team.name,
        lambda doors, typed: doors.run("team", "create", "cafe", "--name", typed),
    ),
    "name of a team, changed": (
        Team.name,
        lambda doors, typed: doors.page(
            "erin", "PUT", "/admin/teams/ranking", name=typed, parent=""
        ),
    ),
    "name of a person, account": (
        User.name,
        lambda doors, typed: doors.page(
            "alice", "PUT", "/account", name=typed, timezone="UTC", theme="system", locale="en"
        ),
    ),
    "name of a person, invited": (User.name, invited),
    "name of a person, command": (
        User.name,
        lambda doors, typed: doors.run("user", "create", "ada@example.org", "--name", typed),
    ),
    "label of a public link": (
        PortfolioLink.label,
        lambda doors, typed: doors.page(
            "alice", "POST", "/portfolio/links", label=typed, lives="30"
        ),
    ),
    "name of a token, page": (
        ApiToken.name,
        lambda doors, typed: doors.page(
            "alice", "POST", "/account/tokens", name=typed, scope="read", days="30"
        ),
    ),
    "name of a token, command": (
        ApiToken.name,
        lambda doors, typed: doors.run("token", "create", "alice@example.org", "--name", typed),
    ),
}  # fmt: skip


@either
@pytest.mark.parametrize("door", ONE_LINE)
def test_a_line(door: str, typed: str, doors: Doors) -> None:
    column, write = ONE_LINE[door]
    write(doors, typed)
    assert doors.stored(column) == KEPT


MANY = "Caf\u00e9\n\n- na\u00efve"
MANY_TYPED = {
    "composed": MANY,
    "apart": "Cafe\u0301\n\n- nai\u0308ve",
    "of a browser": "Cafe\u0301\r\n\r\n- nai\u0308ve\r\n",
}


def on_the_way(doors: Doors) -> str:
    doors.api("alice", "PUT", f"/me/roadmaps/{SLUG}")
    return MILESTONE


def waiting(doors: Doors) -> Evidence:
    """Evidence of Alice, submitted to Bob."""
    session, cast, now = doors.session, doors.cast, dt.datetime.now(dt.UTC)
    piece = builders.add_evidence(session, cast, cast.alice, now)
    builders.submit_evidence(session, cast, piece, now)
    return piece


def judged_on_a_page(doors: Doors, typed: str) -> None:
    piece = waiting(doors)
    doors.page(
        "bob", "PUT", f"/reviews/{piece.id}",
        comment=typed, decision="returned", version_id=str(piece.current_id),
    )  # fmt: skip


MANY_LINES: dict[str, tuple[InstrumentedAttribute[Any], Write]] = {
    "description, page": (
        EvidenceVersion.description,
        lambda doors, typed: doors.page(
            "alice", "POST", "/evidence", **form_fields(description=typed)
        ),
    ),
    "description, API": (EvidenceVersion.description, by_api("description")),
    "assessment, page": (
        Assessment.comment,
        lambda doors, typed: doors.page(
            "alice", "POST", "/skills/mlops/assessments", level="2", comment=typed
        ),
    ),
    "assessment, API": (
        Assessment.comment,
        lambda doors, typed: doors.api("alice", "PUT", "/me/skills/mlops", level=2, comment=typed),
    ),
    "note, page": (
        MilestonePlan.note,
        lambda doors, typed: doors.page(
            "alice", "PUT", f"/roadmaps/{SLUG}/milestones/{on_the_way(doors)}/plan", note=typed
        ),
    ),
    "note, API": (
        MilestonePlan.note,
        lambda doors, typed: doors.api(
            "alice", "PUT", f"/me/roadmaps/{SLUG}/milestones/{on_the_way(doors)}", note=typed
        ),
    ),
    "judgement, page": (Review.comment, judged_on_a_page),
    "judgement, API": (
        Review.comment,
        lambda doors, typed: doors.api(
            "bob", "PUT", f"/reviews/{waiting(doors).id}", decision="returned", comment=typed
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("typed", MANY_TYPED.values(), ids=MANY_TYPED)
@pytest.mark.parametrize("door", MANY_LINES)
def test_many_lines(door: str, typed: str, doors: Doors) -> None:
    column, write = MANY_LINES[door]
    write(doors, typed)
    assert doors.stored(column) == MANY


@either
def test_an_invitation_is_for_one_address(typed: str, doors: Doors) -> None:
    """With each form of the accent. Addresses have no space and no trailing full stop."""
    local = typed.strip().split()[0]
    doors.page("erin", "POST", "/admin/invitations", email=f"{local}@example.org", days="14")
    assert doors.stored(Invitation.email) == "caf\u00e9@example.org".replace("c", "C", 1)
    assert doors.stored(Invitation.email_key) == "caf\u00e9@example.org"


@pytest.mark.parametrize("name", ["url", "source_url"])
def test_an_address_leads_where_it_led(name: str, doors: Doors) -> None:
    """Mail servers distinguish the forms of an accent."""
    there = "https://example.org/Cafe\u0301"
    column = EvidenceVersion.url if name == "url" else Impact.source_url
    measured = {"type": "scale", "metric": "p99"}
    if name == "url":
        doors.page("alice", "POST", "/evidence", **form_fields(url=f" {there}\r\n"))
    else:
        doors.page(
            "alice", "POST", "/evidence", **form_fields(), **impact_fields(0, source_url=there)
        )
    assert doors.stored(column) == there
    body = {**PIECE, "title": "A", "impacts": [{**measured, "source_url": there}], "url": there}
    doors.api("alice", "POST", "/me/evidence", **body)
    assert set(doors.session.scalars(sa.select(column))) == {there}


LONGEST = {"apart": "e\u0301" * 200, "with space around": f" {'x' * 200}\r\n", "plain": "x" * 200}
TOO_LONG = {"apart": "e\u0301" * 201, "plain": "x" * 201, "grows": "\u0958" * 101}


@pytest.mark.parametrize("title", LONGEST.values(), ids=LONGEST)
def test_a_text_is_measured_as_it_is_kept(title: str, doors: Doors) -> None:
    doors.page("alice", "POST", "/evidence", **form_fields(title=title))
    doors.api(
        "alice", "POST", "/me/evidence", **PIECE, title=unicodedata.normalize("NFC", title.strip())
    )
    kept = doors.session.scalars(sa.select(Evidence.title)).all()
    assert [len(each) for each in kept] == [200, 200]
    assert kept[0] == kept[1]


@pytest.mark.parametrize("more", ["\x80", " ", "\u0301", "x"])
def test_the_api_takes_no_more_than_its_description_says(
    more: str, app: Flask, cast: Cast, session: Session
) -> None:
    """Invalid text is rejected, not stripped."""
    alice = ApiClient.of(app, cast.alice)
    description = alice.get("/openapi.json").get_json()
    schema = {**description["components"]["schemas"]["NewEvidence"], **description}
    body = {**PIECE, "title": "e" * 200}
    assert not list(Draft202012Validator(schema).iter_errors(body))
    assert alice.post("/me/evidence", body).status_code == 201
    body["title"] += more
    assert list(Draft202012Validator(schema).iter_errors(body))
    answer = alice.post("/me/evidence", body)
    assert answer.status_code == 422
    assert answer.get_json()["errors"] == {"title": ["String should have at most 200 characters"]}


@pytest.mark.parametrize("title", TOO_LONG.values(), ids=TOO_LONG)
def test_what_would_be_too_long_is_refused_at_every_door(
    title: str, app: Flask, cast: Cast, session: Session
) -> None:
    page = BrowserClient.of(app, cast.alice).post("/evidence", form_fields(title=title))
    answer = ApiClient.of(app, cast.alice).post("/me/evidence", {**PIECE, "title": title})
    assert (page.status_code, answer.status_code) == (422, 422)
    assert [*answer.get_json()["errors"]] == ["title"]
    assert session.scalars(sa.select(Evidence.title)).all() == []


@pytest.mark.parametrize("title", ["", " \u2003", "\u0000\u0007"])
def test_a_title_of_nothing_is_refused(title: str, app: Flask, cast: Cast) -> None:
    page = BrowserClient.of(app, cast.alice).post("/evidence", form_fields(title=title))
    answer = ApiClient.of(app, cast.alice).post("/me/evidence", {**PIECE, "title": title})
    assert (page.status_code, answer.status_code) == (422, 422)
    assert answer.get_json()["errors"] == {"title": ["This cannot be empty."]}


def test_what_was_stored_before_stays(doors: Doors) -> None:
    """Resubmitting the form of verified evidence with decomposed text is not an edit."""
    session, cast, now = doors.session, doors.cast, dt.datetime.now(dt.UTC)
    words = {"title": "Cafe\u0301", "description": "nai\u0308ve", "role": "Autho\u0308r"}
    measured = replace(builders.LATENCY, metric="de\u0301lai")
    piece = builders.add_evidence(session, cast, cast.alice, now, impacts=(measured,), **words)
    builders.submit_evidence(session, cast, piece, now)
    builders.review_evidence(session, cast, piece, now)
    row = impact_fields(0, metric=measured.metric, source_url=measured.source_url)
    links = piece.milestone_keys
    again = {**form_fields(**words, revision="1", milestones=links), **row}
    doors.page("alice", "PUT", f"/evidence/{piece.id}", **again)
    session.expire_all()
    assert (piece.state, piece.revision, piece.title) == ("verified", 1, "Cafe\u0301")
    doors.page("alice", "PUT", f"/evidence/{piece.id}", **{**again, "visibility": "team"})
    doors.api("alice", "PATCH", f"/me/evidence/{piece.id}", visibility="portfolio")
    session.expire_all()
    assert (piece.state, piece.revision, piece.current.number) == ("verified", 3, 1)
    assert (piece.current.description, piece.current.role) == (words["description"], words["role"])
    assert piece.current.impacts[0].metric == measured.metric


@pytest.mark.parametrize("words", ["nai\u0308ve", "it\x92s here", " so\u2003it was "])
def test_what_an_older_release_stored_and_is_sent_back_stays(doors: Doors, words: str) -> None:
    """Resubmitting unchanged values, by page or API, is not an edit of verified evidence."""
    session, cast, now = doors.session, doors.cast, dt.datetime.now(dt.UTC)
    piece = builders.add_evidence(session, cast, cast.alice, now)
    builders.submit_evidence(session, cast, piece, now)
    builders.review_evidence(session, cast, piece, now)
    session.execute(sa.update(EvidenceVersion).values(description=words, role=words))
    session.execute(sa.update(Evidence).values(title=words))
    session.commit()
    said = {"title": words, "description": words, "role": words}
    sent = form_fields(**said, revision="1", milestones=piece.milestone_keys)
    doors.page("alice", "PUT", f"/evidence/{piece.id}", **sent)
    doors.api("alice", "PATCH", f"/me/evidence/{piece.id}", **said)
    session.expire_all()
    assert (piece.state, piece.revision, piece.current.number) == ("verified", 1, 1)
    doors.api("alice", "PATCH", f"/me/evidence/{piece.id}", **said, visibility="team")
    session.expire_all()
    assert (piece.state, piece.revision, piece.current.number) == ("verified", 2, 1)
    assert (piece.title, piece.current.description, piece.current.role) == (words, words, words)
    doors.api("alice", "PATCH", f"/me/evidence/{piece.id}", description="Something else")
    session.expire_all()
    assert piece.current.description == "Something else"
    assert (piece.state, piece.current.number) == ("submitted", 2)


@pytest.mark.parametrize("words", ["nai\u0308ve", "it\x92s here"])
def test_a_word_said_in_an_older_release_is_the_same_said_again(doors: Doors, words: str) -> None:
    session, cast, now = doors.session, doors.cast, dt.datetime.now(dt.UTC)
    piece = builders.add_evidence(session, cast, cast.alice, now)
    builders.submit_evidence(session, cast, piece, now)
    judged = {"decision": "verified", "comment": words}
    assessed = {"level": 2, "comment": words}
    doors.api("bob", "PUT", f"/reviews/{piece.id}", **judged)
    doors.api("alice", "PUT", "/me/skills/mlops", **assessed)
    for row in (Review, Assessment):
        session.execute(sa.update(row).values(comment=words))
    session.commit()
    doors.api("bob", "PUT", f"/reviews/{piece.id}", **judged)
    doors.api("alice", "PUT", "/me/skills/mlops", **assessed)
    assert len(session.scalars(sa.select(Review.id)).all()) == 1
    assert len(session.scalars(sa.select(Assessment.id)).all()) == 1


def test_a_search_finds_it_however_it_is_typed(doors: Doors, app: Flask, cast: Cast) -> None:
    doors.api("alice", "POST", "/me/evidence", **PIECE, title="Caf\u00e9 menu")
    alice, erin = BrowserClient.of(app, cast.alice), BrowserClient.of(app, cast.erin)
    doors.page("alice", "PUT", "/account", name=KEPT, timezone="UTC", theme="system", locale="en")
    for typed in ("Caf\u00e9", "Cafe\u0301"):
        assert "Caf\u00e9 menu" in alice.get("/evidence", query_string={"q": typed}).text
        assert KEPT in erin.get("/admin/people", query_string={"q": typed}).text
