"""The same text is stored as the same characters, whichever interface receives it.

An accented letter may be one code point (most keyboards) or two (file names on macOS). Both look
the same, and must be equal for search, comparison and character counts.
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

NORMALIZED = "Caf\u00e9 no. 2"
TYPED = {
    "composed": "Caf\u00e9 no. 2",
    "decomposed": "Cafe\u0301 no. 2",
    "untidy": " Cafe\x07\u0301\u00a0 no.\t2\r\n",
}
each_form = pytest.mark.parametrize("typed", TYPED.values(), ids=TYPED)

# Writes a text through one of the interfaces.
Write = Callable[["Clients", str], Any]


class Clients:
    """Write as a person through pages, the API and the commands."""

    def __init__(self, app: Flask, cast: Cast, session: Session) -> None:
        self.app, self.cast, self.session = app, cast, session

    def page(self, user: str, method: str, path: str, /, **data: str) -> None:
        answer = BrowserClient.of(self.app, getattr(self.cast, user, None)).send(method, path, data)
        assert answer.status_code in (200, 201, 303), answer.text

    def api(self, user: str, method: str, path: str, /, **body: Any) -> None:
        answer = ApiClient.of(self.app, getattr(self.cast, user)).call(method, path, body)
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
def clients(app: Flask, cast: Cast, session: Session) -> Clients:
    return Clients(app, cast, session)


PIECE = {"kind": "design_doc", "occurred_on": "2026-03-31", "url": "https://example.org/a"}


def by_api(name: str) -> Write:
    """Return a function that writes this field of new evidence."""
    return lambda clients, typed: clients.api(
        "alice", "POST", "/me/evidence", **{**PIECE, "title": "A design", name: typed}
    )


def sign_up_by_invitation(clients: Clients, typed: str) -> None:
    """Create an account by an invitation."""
    _invitation, token = invite(
        clients.session,
        team=None,
        role="member",
        by=clients.cast.erin,
        now=dt.datetime.now(dt.UTC),
    )
    clients.session.commit()
    account = {"name": typed, "email": "ada@example.org", "password": PASSWORD}
    clients.page("nobody", "POST", f"/invitations/{token}", **account)


LINE_FIELDS: dict[str, tuple[InstrumentedAttribute[Any], Write]] = {
    "evidence title, page": (
        Evidence.title,
        lambda clients, typed: clients.page(
            "alice", "POST", "/evidence", **form_fields(title=typed)
        ),
    ),
    "evidence title, API": (Evidence.title, by_api("title")),
    "impact unit, page": (
        Impact.unit,
        lambda clients, typed: clients.page(
            "alice", "POST", "/evidence", **form_fields(), **impact_fields(0, unit=typed)
        ),
    ),
    "impact unit, API": (
        Impact.unit,
        lambda clients, typed: clients.api(
            "alice",
            "POST",
            "/me/evidence",
            **PIECE,
            title="A design",
            impacts=[{"type": "scale", "metric": "p99", "result": "45", "unit": typed}],
        ),
    ),
    "team name, page": (
        Team.name,
        lambda clients, typed: clients.page("erin", "POST", "/admin/teams", name=typed, parent=""),
    ),
    "team name, command": (
        Team.name,
        lambda clients, typed: clients.run("team", "create", "cafe", "--name", typed),
    ),
    "team name, edit page": (
        Team.name,
        lambda clients, typed: clients.page(
            "erin", "PUT", "/admin/teams/ranking", name=typed, parent=""
        ),
    ),
    "user name, account page": (
        User.name,
        lambda clients, typed: clients.page(
            "alice", "PUT", "/account", name=typed, timezone="UTC", theme="system", locale="en"
        ),
    ),
    "user name, invitation": (User.name, sign_up_by_invitation),
    "user name, command": (
        User.name,
        lambda clients, typed: clients.run("user", "create", "ada@example.org", "--name", typed),
    ),
    "public link label": (
        PortfolioLink.label,
        lambda clients, typed: clients.page(
            "alice", "POST", "/portfolio/links", label=typed, lives="30"
        ),
    ),
    "token name, page": (
        ApiToken.name,
        lambda clients, typed: clients.page(
            "alice", "POST", "/account/tokens", name=typed, scope="read", days="30"
        ),
    ),
    "token name, command": (
        ApiToken.name,
        lambda clients, typed: clients.run("token", "create", "alice@example.org", "--name", typed),
    ),
}


@each_form
@pytest.mark.parametrize("case", LINE_FIELDS)
def test_line_is_stored_normalized(case: str, typed: str, clients: Clients) -> None:
    column, write = LINE_FIELDS[case]
    write(clients, typed)
    assert clients.stored(column) == NORMALIZED


MULTILINE = "Caf\u00e9\n\n- na\u00efve"
MULTILINE_TYPED = {
    "composed": MULTILINE,
    "decomposed": "Cafe\u0301\n\n- nai\u0308ve",
    "browser newlines": "Cafe\u0301\r\n\r\n- nai\u0308ve\r\n",
}


def enroll(clients: Clients) -> str:
    clients.api("alice", "PUT", f"/me/roadmaps/{SLUG}")
    return MILESTONE


def submitted_evidence(clients: Clients) -> Evidence:
    """Create evidence of Alice, submitted to Bob."""
    session, cast, now = clients.session, clients.cast, dt.datetime.now(dt.UTC)
    piece = builders.add_evidence(session, cast, cast.alice, now)
    builders.submit_evidence(session, cast, piece, now)
    return piece


def review_on_page(clients: Clients, typed: str) -> None:
    piece = submitted_evidence(clients)
    clients.page(
        "bob", "PUT", f"/reviews/{piece.id}",
        comment=typed, decision="returned", version_id=str(piece.current_id),
    )  # fmt: skip


MULTILINE_FIELDS: dict[str, tuple[InstrumentedAttribute[Any], Write]] = {
    "description, page": (
        EvidenceVersion.description,
        lambda clients, typed: clients.page(
            "alice", "POST", "/evidence", **form_fields(description=typed)
        ),
    ),
    "description, API": (EvidenceVersion.description, by_api("description")),
    "assessment, page": (
        Assessment.comment,
        lambda clients, typed: clients.page(
            "alice", "POST", "/skills/mlops/assessments", level="2", comment=typed
        ),
    ),
    "assessment, API": (
        Assessment.comment,
        lambda clients, typed: clients.api(
            "alice", "PUT", "/me/skills/mlops", level=2, comment=typed
        ),
    ),
    "note, page": (
        MilestonePlan.note,
        lambda clients, typed: clients.page(
            "alice", "PUT", f"/roadmaps/{SLUG}/milestones/{enroll(clients)}/plan", note=typed
        ),
    ),
    "note, API": (
        MilestonePlan.note,
        lambda clients, typed: clients.api(
            "alice", "PUT", f"/me/roadmaps/{SLUG}/milestones/{enroll(clients)}", note=typed
        ),
    ),
    "review comment, page": (Review.comment, review_on_page),
    "review comment, API": (
        Review.comment,
        lambda clients, typed: clients.api(
            "bob",
            "PUT",
            f"/reviews/{submitted_evidence(clients).id}",
            decision="returned",
            comment=typed,
        ),
    ),
}


@pytest.mark.parametrize("typed", MULTILINE_TYPED.values(), ids=MULTILINE_TYPED)
@pytest.mark.parametrize("case", MULTILINE_FIELDS)
def test_multiline_text_is_stored_normalized(case: str, typed: str, clients: Clients) -> None:
    column, write = MULTILINE_FIELDS[case]
    write(clients, typed)
    assert clients.stored(column) == MULTILINE


@each_form
def test_invitation_address_is_stored_normalized(typed: str, clients: Clients) -> None:
    """Addresses have no space and no trailing full stop."""
    local = typed.strip().split()[0]
    clients.page("erin", "POST", "/admin/invitations", email=f"{local}@example.org", days="14")
    assert clients.stored(Invitation.email) == "caf\u00e9@example.org".replace("c", "C", 1)
    assert clients.stored(Invitation.email_key) == "caf\u00e9@example.org"


@pytest.mark.parametrize("name", ["url", "source_url"])
def test_url_is_stored_unchanged(name: str, clients: Clients) -> None:
    """Mail servers distinguish the forms of an accent."""
    url = "https://example.org/Cafe\u0301"
    column = EvidenceVersion.url if name == "url" else Impact.source_url
    measured = {"type": "scale", "metric": "p99"}
    if name == "url":
        clients.page("alice", "POST", "/evidence", **form_fields(url=f" {url}\r\n"))
    else:
        clients.page(
            "alice", "POST", "/evidence", **form_fields(), **impact_fields(0, source_url=url)
        )
    assert clients.stored(column) == url
    body = {**PIECE, "title": "A", "impacts": [{**measured, "source_url": url}], "url": url}
    clients.api("alice", "POST", "/me/evidence", **body)
    assert set(clients.session.scalars(sa.select(column))) == {url}


LONGEST = {
    "decomposed": "e\u0301" * 200,
    "surrounding space": f" {'x' * 200}\r\n",
    "plain": "x" * 200,
}
TOO_LONG = {
    "decomposed": "e\u0301" * 201,
    "plain": "x" * 201,
    "grows when normalized": "\u0958" * 101,
}


@pytest.mark.parametrize("title", LONGEST.values(), ids=LONGEST)
def test_maximum_length_applies_to_normalized_text(title: str, clients: Clients) -> None:
    clients.page("alice", "POST", "/evidence", **form_fields(title=title))
    clients.api(
        "alice", "POST", "/me/evidence", **PIECE, title=unicodedata.normalize("NFC", title.strip())
    )
    kept = clients.session.scalars(sa.select(Evidence.title)).all()
    assert [len(each) for each in kept] == [200, 200]
    assert kept[0] == kept[1]


@pytest.mark.parametrize("more", ["\x80", " ", "\u0301", "x"])
def test_api_rejects_titles_over_the_maximum_of_its_schema(
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
def test_too_long_title_is_rejected_by_page_and_api(
    title: str, app: Flask, cast: Cast, session: Session
) -> None:
    page = BrowserClient.of(app, cast.alice).post("/evidence", form_fields(title=title))
    answer = ApiClient.of(app, cast.alice).post("/me/evidence", {**PIECE, "title": title})
    assert (page.status_code, answer.status_code) == (422, 422)
    assert [*answer.get_json()["errors"]] == ["title"]
    assert session.scalars(sa.select(Evidence.title)).all() == []


@pytest.mark.parametrize("title", ["", " \u2003", "\u0000\u0007"])
def test_blank_title_is_rejected_by_page_and_api(title: str, app: Flask, cast: Cast) -> None:
    page = BrowserClient.of(app, cast.alice).post("/evidence", form_fields(title=title))
    answer = ApiClient.of(app, cast.alice).post("/me/evidence", {**PIECE, "title": title})
    assert (page.status_code, answer.status_code) == (422, 422)
    assert answer.get_json()["errors"] == {"title": ["This cannot be empty."]}


def test_resubmitting_decomposed_text_is_not_an_edit(clients: Clients) -> None:
    """Resubmitting the form of verified evidence with decomposed text is not an edit."""
    session, cast, now = clients.session, clients.cast, dt.datetime.now(dt.UTC)
    texts = {"title": "Cafe\u0301", "description": "nai\u0308ve", "role": "Autho\u0308r"}
    measured = replace(builders.LATENCY, metric="de\u0301lai")
    piece = builders.add_evidence(session, cast, cast.alice, now, impacts=(measured,), **texts)
    builders.submit_evidence(session, cast, piece, now)
    builders.review_evidence(session, cast, piece, now)
    row = impact_fields(0, metric=measured.metric, source_url=measured.source_url)
    links = piece.milestone_keys
    form = {**form_fields(**texts, revision="1", milestones=links), **row}
    clients.page("alice", "PUT", f"/evidence/{piece.id}", **form)
    session.expire_all()
    assert (piece.state, piece.revision, piece.title) == ("verified", 1, "Cafe\u0301")
    clients.page("alice", "PUT", f"/evidence/{piece.id}", **{**form, "visibility": "team"})
    clients.api("alice", "PATCH", f"/me/evidence/{piece.id}", visibility="portfolio")
    session.expire_all()
    assert (piece.state, piece.revision, piece.current.number) == ("verified", 3, 1)
    assert (piece.current.description, piece.current.role) == (texts["description"], texts["role"])
    assert piece.current.impacts[0].metric == measured.metric


@pytest.mark.parametrize("text", ["nai\u0308ve", "it\x92s here", " so\u2003it was "])
def test_resubmitting_text_of_older_release_is_not_an_edit(clients: Clients, text: str) -> None:
    """Resubmitting unchanged values, by page or API, is not an edit of verified evidence."""
    session, cast, now = clients.session, clients.cast, dt.datetime.now(dt.UTC)
    piece = builders.add_evidence(session, cast, cast.alice, now)
    builders.submit_evidence(session, cast, piece, now)
    builders.review_evidence(session, cast, piece, now)
    session.execute(sa.update(EvidenceVersion).values(description=text, role=text))
    session.execute(sa.update(Evidence).values(title=text))
    session.commit()
    fields = {"title": text, "description": text, "role": text}
    sent = form_fields(**fields, revision="1", milestones=piece.milestone_keys)
    clients.page("alice", "PUT", f"/evidence/{piece.id}", **sent)
    clients.api("alice", "PATCH", f"/me/evidence/{piece.id}", **fields)
    session.expire_all()
    assert (piece.state, piece.revision, piece.current.number) == ("verified", 1, 1)
    clients.api("alice", "PATCH", f"/me/evidence/{piece.id}", **fields, visibility="team")
    session.expire_all()
    assert (piece.state, piece.revision, piece.current.number) == ("verified", 2, 1)
    assert (piece.title, piece.current.description, piece.current.role) == (text, text, text)
    clients.api("alice", "PATCH", f"/me/evidence/{piece.id}", description="Something else")
    session.expire_all()
    assert piece.current.description == "Something else"
    assert (piece.state, piece.current.number) == ("submitted", 2)


@pytest.mark.parametrize("text", ["nai\u0308ve", "it\x92s here"])
def test_repeating_comment_of_older_release_creates_no_row(clients: Clients, text: str) -> None:
    session, cast, now = clients.session, clients.cast, dt.datetime.now(dt.UTC)
    piece = builders.add_evidence(session, cast, cast.alice, now)
    builders.submit_evidence(session, cast, piece, now)
    review = {"decision": "verified", "comment": text}
    assessment = {"level": 2, "comment": text}
    clients.api("bob", "PUT", f"/reviews/{piece.id}", **review)
    clients.api("alice", "PUT", "/me/skills/mlops", **assessment)
    for row in (Review, Assessment):
        session.execute(sa.update(row).values(comment=text))
    session.commit()
    clients.api("bob", "PUT", f"/reviews/{piece.id}", **review)
    clients.api("alice", "PUT", "/me/skills/mlops", **assessment)
    assert len(session.scalars(sa.select(Review.id)).all()) == 1
    assert len(session.scalars(sa.select(Assessment.id)).all()) == 1


def test_search_finds_both_forms_of_an_accent(clients: Clients, app: Flask, cast: Cast) -> None:
    clients.api("alice", "POST", "/me/evidence", **PIECE, title="Caf\u00e9 menu")
    alice, erin = BrowserClient.of(app, cast.alice), BrowserClient.of(app, cast.erin)
    clients.page(
        "alice", "PUT", "/account", name=NORMALIZED, timezone="UTC", theme="system", locale="en"
    )
    for typed in ("Caf\u00e9", "Cafe\u0301"):
        assert "Caf\u00e9 menu" in alice.get("/evidence", query_string={"q": typed}).text
        assert NORMALIZED in erin.get("/admin/people", query_string={"q": typed}).text
