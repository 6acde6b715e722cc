"""The role matrix of the API: every route, with each kind of token, on own and others' data.

The tests compare stored rows as well as statuses: rejected requests change nothing, and accepted
ones change other people's rows only where a manager may.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from roadmap.api.route_table import ROUTES
from roadmap.auth import api_tokens
from roadmap.auth.models import SCOPES, ApiToken
from roadmap.core.database import db
from roadmap.people.models import User
from tests.support.api_client import ApiClient, make_token
from tests.support.snapshot import Snapshot, clear_attempts, rows_by_owner

PEOPLE = ("alice", "carol", "bob", "dave", "erin", "mallory")
SLUG = "senior-ml-engineer"
INVALID_TOKENS = ("none", "wrong", "expired", "revoked", "deactivated")


def statuses(others: int, **exceptions: int) -> dict[str, int]:
    return {name: exceptions.get(name, others) for name in PEOPLE}


MANAGERS = statuses(403, bob=200, dave=200)
ENROLLED = statuses(404, alice=200, carol=200)
ALICE, CAROL = statuses(404, alice=200), statuses(404, carol=200)


@dataclass(frozen=True)
class Row:
    """A request, and the expected status for each of the cast with a write token."""

    method: str
    rule: str
    path: str
    expected: Mapping[str, int]
    body: Any = None
    affects: tuple[str, ...] = field(default=())
    # The status with a draft token; None if always 403.
    expected_draft: Mapping[str, int] | None = None
    # A GET that requires a write token.
    needs_write: bool = False

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


PIECE = {
    "kind": "talk",
    "title": "A talk",
    "url": "https://example.org",
    "occurred_on": "2026-02-01",
}
OWN_ROADMAP, EVIDENCE = "/me/roadmaps/<slug>", "/me/evidence/<uuid:evidence_id>"
MILESTONE, SKILL = "/me/roadmaps/<slug>/milestones/<key>", "/me/skills/<key>"
MEMBER = "/teams/<slug>/people/<uuid:person_id>/skills/<key>"
BADGE = "/me/badges/<uuid:badge_id>"
FILES, FILE = f"{EVIDENCE}/files", f"{EVIDENCE}/files/<sha256>"
PORTFOLIO = "/me/portfolios/<uuid:portfolio_id>"
LINKS = f"{PORTFOLIO}/links"
ABSENCE = "/me/absences/<uuid:absence_id>"
REVIEW, MATRIX = "/reviews/<uuid:evidence_id>", "/teams/<slug>/matrix"
ASSESSED, VERIFIED = {"level": 3, "comment": "Seen."}, {"decision": "verified", "comment": "Yes."}

ROWS = (
    Row("GET", "/me", "/me", statuses(200)),
    Row("GET", "/roadmaps", "/roadmaps", statuses(200), expected_draft=statuses(200)),
    Row(
        "GET", "/roadmaps/<slug>", f"/roadmaps/{SLUG}", statuses(200), expected_draft=statuses(200)
    ),
    Row("GET", OWN_ROADMAP, f"/me/roadmaps/{SLUG}", ENROLLED, expected_draft=ENROLLED),
    Row(
        "PUT",
        OWN_ROADMAP,
        f"/me/roadmaps/{SLUG}",
        statuses(201, alice=200, carol=200),
        {"hours_per_week": 3},
    ),
    Row("DELETE", OWN_ROADMAP, f"/me/roadmaps/{SLUG}", statuses(404, alice=204, carol=204)),
    Row("GET", f"{OWN_ROADMAP}/history", f"/me/roadmaps/{SLUG}/history", ENROLLED),
    Row("GET", f"{OWN_ROADMAP}/forecast", f"/me/roadmaps/{SLUG}/forecast", ENROLLED),
    Row(
        "PUT",
        MILESTONE,
        f"/me/roadmaps/{SLUG}/milestones/{{open}}",
        ENROLLED,
        {"status": "done", "note": "Mine"},
    ),
    Row("GET", "/me/evidence", "/me/evidence", statuses(200), expected_draft=statuses(200)),
    Row("POST", "/me/evidence", "/me/evidence", statuses(201), PIECE, expected_draft=statuses(201)),
    # A manager reads submitted evidence under /reviews and may not change it.
    Row("GET", EVIDENCE, "/me/evidence/{draft}", ALICE, expected_draft=ALICE),
    Row("GET", EVIDENCE, "/me/evidence/{submitted}", ALICE, expected_draft=ALICE),
    Row("GET", EVIDENCE, "/me/evidence/{foreign}", CAROL, expected_draft=CAROL),
    Row("PATCH", EVIDENCE, "/me/evidence/{draft}", ALICE, {"title": "New"}, expected_draft=ALICE),
    Row(
        "PATCH",
        EVIDENCE,
        "/me/evidence/{verified}",
        statuses(404, alice=200, bob=403),
        {"title": "New"},
        # It is not a draft.
        expected_draft=statuses(404, alice=409, bob=403),
    ),
    Row("DELETE", EVIDENCE, "/me/evidence/{draft}", statuses(404, alice=204)),
    # Bob's notification is deleted with the evidence or its submission.
    Row(
        "DELETE",
        EVIDENCE,
        "/me/evidence/{verified}",
        statuses(404, alice=204, bob=403),
        affects=("bob",),
    ),
    Row(
        "PUT",
        f"{EVIDENCE}/submission",
        "/me/evidence/{returned}/submission",
        statuses(404, alice=200, bob=403),
        affects=("bob",),
    ),
    Row(
        "DELETE",
        f"{EVIDENCE}/submission",
        "/me/evidence/{submitted}/submission",
        statuses(404, alice=204, bob=403),
        affects=("bob",),
    ),
    Row("GET", FILES, "/me/evidence/{draft}/files", ALICE, expected_draft=ALICE),
    # The media type is checked before the evidence is looked up.
    Row("POST", FILES, "/me/evidence/{draft}/files", statuses(415)),
    Row("GET", FILE, "/me/evidence/{verified}/files/{file}", ALICE, expected_draft=ALICE),
    Row(
        "DELETE",
        FILE,
        "/me/evidence/{verified}/files/{file}",
        statuses(404, alice=204, bob=403),
        affects=("bob",),
    ),
    Row("GET", "/me/readiness", "/me/readiness", ENROLLED),
    Row("GET", "/me/activity", "/me/activity", statuses(200)),
    Row("GET", "/me/skills", "/me/skills", statuses(200)),
    Row("PUT", SKILL, "/me/skills/mlops", statuses(200), ASSESSED),
    Row("GET", "/me/absences", "/me/absences", statuses(200)),
    Row("POST", "/me/absences", "/me/absences", statuses(201), {"starts_on": "2026-12-24"}),
    Row("PATCH", ABSENCE, "/me/absences/{absence}", ALICE, {"note": "Mine"}),
    Row("DELETE", ABSENCE, "/me/absences/{absence}", statuses(404, alice=204)),
    Row("GET", "/me/archive", "/me/archive", statuses(200), needs_write=True),
    Row("GET", "/me/portfolio", "/me/portfolio?format=markdown", statuses(200)),
    Row("GET", "/me/badges", "/me/badges", statuses(200)),
    # None of the cast has completed the stage.
    Row("POST", "/me/badges", "/me/badges", statuses(422), {"subject": f"{SLUG}/foundations"}),
    Row("GET", BADGE, "/me/badges/{badge}", ALICE),
    Row("DELETE", BADGE, "/me/badges/{badge}", statuses(404, alice=204), affects=("nobody",)),
    Row("GET", "/me/portfolios", "/me/portfolios", statuses(200)),
    Row("POST", "/me/portfolios", "/me/portfolios", statuses(201), {"name": "Recruiters"}),
    Row("GET", PORTFOLIO, "/me/portfolios/{cv}", ALICE),
    Row("PUT", PORTFOLIO, "/me/portfolios/{cv}", ALICE, {"headline": "New"}),
    Row("DELETE", PORTFOLIO, "/me/portfolios/{cv}", statuses(404, alice=204)),
    Row("GET", LINKS, "/me/portfolios/{cv}/links", ALICE),
    Row("POST", LINKS, "/me/portfolios/{cv}/links", statuses(404, alice=201), {"ends_on": None}),
    Row(
        "DELETE",
        f"{LINKS}/<uuid:link_id>",
        "/me/portfolios/{cv}/links/{public_link}",
        statuses(404, alice=204),
    ),
    Row("GET", "/me/profiles", "/me/profiles", statuses(200)),
    Row("PUT", "/me/profiles", "/me/profiles", statuses(200), {"github": "octocat"}),
    Row("GET", "/teams", "/teams", statuses(200)),
    Row("GET", MATRIX, "/teams/ranking/matrix", statuses(403, bob=200, dave=404)),
    Row("GET", MATRIX, "/teams/vision/matrix", statuses(403, bob=404, dave=200)),
    Row("GET", MATRIX, "/teams/none/matrix", statuses(403, bob=404, dave=404)),
    Row(
        "PUT",
        MEMBER,
        "/teams/ranking/people/{alice}/skills/mlops",
        statuses(403, bob=200, dave=404),
        ASSESSED,
        ("alice",),
    ),
    # Managers assess only members of their own team, and not themselves.
    Row(
        "PUT",
        MEMBER,
        "/teams/vision/people/{alice}/skills/mlops",
        statuses(403, bob=404, dave=404),
        ASSESSED,
    ),
    Row(
        "PUT",
        MEMBER,
        "/teams/ranking/people/{bob}/skills/mlops",
        statuses(403, dave=404),
        ASSESSED,
    ),
    Row("GET", "/reviews", "/reviews", MANAGERS),
    Row(
        "PUT",
        REVIEW,
        "/reviews/{submitted}",
        statuses(403, bob=200, dave=404),
        VERIFIED,
        ("alice",),
    ),
    Row(
        "DELETE",
        f"{REVIEW}/judgements/<uuid:judgement_id>",
        "/reviews/{just_verified}/judgements/{judgement}",
        statuses(403, bob=204, dave=404),
        {"reason": "The wrong piece."},
        affects=("carol",),
    ),
    Row("PUT", REVIEW, "/reviews/{draft}", statuses(403, bob=404, dave=404), VERIFIED),
)


@pytest.fixture
def tokens(app: Flask, snapshot: Snapshot) -> dict[str, str | None]:
    """Return tokens by name: one for each person and scope, and five invalid ones."""
    cast = snapshot.cast
    made: dict[str, str | None] = {"none": None, "wrong": "cairn_" + "w" * 43}
    for name in PEOPLE:
        for scope in SCOPES:
            made[f"{name} {scope}"] = make_token(app, getattr(cast, name), scope)
    made["expired"] = make_token(app, cast.alice, days=-1)
    made["revoked"] = make_revoked_token(app, snapshot)
    made["deactivated"] = make_token_of_deactivated_account(app)
    return made


def make_revoked_token(app: Flask, snapshot: Snapshot) -> str:
    token = make_token(app, snapshot.cast.alice)
    with app.app_context():
        row = api_tokens.list_tokens(db.session, snapshot.cast.alice)[0]
        db.session.delete(row)
        db.session.commit()
    return token


def make_token_of_deactivated_account(app: Flask) -> str:
    """Create a token that is still stored although its account is deactivated."""
    moment = dt.datetime.now(dt.UTC)
    with app.app_context():
        gone = User(
            email="gone@example.org", email_key="gone@example.org", name="Gone", created_at=moment
        )
        db.session.add(gone)
        db.session.commit()
        person = gone.id
    token = make_token(app, person)
    with app.app_context():
        db.session.execute(sa.update(User).where(User.id == person).values(deactivated_at=moment))
        db.session.commit()
    return token


def test_every_route_has_a_row() -> None:
    assert {(row.method, row.rule) for row in ROWS} == {(each.method, each.rule) for each in ROUTES}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_access_by_role_and_token_scope(
    row: Row, app: Flask, snapshot: Snapshot, tokens: dict[str, str | None]
) -> None:
    path = row.path.format_map(snapshot.ids)
    statuses_seen, expected = {}, dict.fromkeys(INVALID_TOKENS, 401)
    for name in PEOPLE:
        safe = row.method == "GET" and not row.needs_write
        expected[f"{name} read"] = row.expected[name] if safe else 403
        expected[f"{name} write"] = row.expected[name]
        expected[f"{name} draft"] = row.expected_draft[name] if row.expected_draft else 403
    reset_token_use(app)
    before = rows_by_owner(app)
    changing: list[str] = []
    # Requests that change nothing come first, while the requested rows still exist.
    for who in expected:
        if row.method == "GET" or expected[who] >= 400:
            response = ApiClient(app, tokens[who]).call(row.method, path, row.body)
            statuses_seen[who] = response.status_code
            if response.status_code >= 400:
                assert response.mimetype == "application/problem+json"
            clear_attempts(app)
        else:
            changing.append(who)
    reset_token_use(app)
    assert rows_by_owner(app) == before, "a read or rejected request changed something"
    for who in changing:
        statuses_seen[who] = (
            ApiClient(app, tokens[who]).call(row.method, path, row.body).status_code
        )
        reset_token_use(app)
        after = rows_by_owner(app)
        actor = who.partition(" ")[0]
        mine = {str(getattr(snapshot.cast, name, "")) for name in (actor, *row.affects)}
        for owner in (before.keys() | after.keys()) - mine:
            assert after.get(owner) == before.get(owner), f"{who} changed rows of {owner}"
        clear_attempts(app)
        before = after  # without counted attempts
    assert statuses_seen == expected


def reset_token_use(app: Flask) -> None:
    """Clear the last use of tokens, which every request records."""
    with app.app_context(), db.own_transaction() as own:
        own.execute(sa.update(ApiToken).values(last_used_at=None))


def test_foreign_evidence_looks_like_missing_evidence(
    app: Flask, snapshot: Snapshot, tokens: dict[str, str | None]
) -> None:
    caller = ApiClient(app, tokens["alice write"])
    foreign = caller.get(f"/me/evidence/{snapshot.ids['foreign']}")
    none = caller.get("/me/evidence/018f0000-0000-7000-8000-000000000000")
    assert foreign.status_code == none.status_code == 404
    assert foreign.data == none.data
