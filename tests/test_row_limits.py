"""Every form that adds a row has a maximum number of rows per person, and states it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask

from roadmap.auth import api_tokens
from roadmap.career import actions as career
from roadmap.career_plans import actions as career_plans
from roadmap.core.problems import is_api_path
from roadmap.endorsements import actions as endorsements
from roadmap.evidence import actions as evidence
from roadmap.evidence import review_actions
from roadmap.forecast import actions as forecast
from roadmap.invitations import actions as invitations
from roadmap.market import actions as market
from roadmap.people import actions as people
from roadmap.portfolio import actions as portfolios
from roadmap.portfolio import links
from roadmap.practice import actions as practice
from roadmap.skills import actions as skills
from roadmap.time_budget import actions as time_budget
from roadmap.work_log import actions as work_log
from tests.support.route_manifest import CHANGES, Change
from tests.support.snapshot import Snapshot, rows_by_owner

ASSESSMENT_BY_MANAGER = "/teams/<slug>/people/<uuid:person_id>/skills/<key>/assessments"
# By rule: the role, the constant of the maximum, and the status of a rejection.
LIMITED: dict[str, tuple[str, Any, str, int]] = {
    "/career/positions": ("alice", career, "MAX_ENTRIES", 409),
    "/career/degrees": ("alice", career, "MAX_ENTRIES", 409),
    "/career/challenges/<key>/reflections": ("alice", career_plans, "MAX_REFLECTIONS", 409),
    "/market/offers": ("alice", market, "MAX_OFFERS", 409),
    "/time/entries": ("alice", time_budget, "MAX_ENTRIES", 409),
    "/endorsements/new": ("alice", endorsements, "MAX_OPEN", 409),
    "/absences": ("alice", forecast, "MAX_ABSENCES", 409),
    "/work-log": ("alice", work_log, "MAX_ENTRIES", 409),
    "/practice/<key>/attempts": ("alice", practice, "MAX_ATTEMPTS", 409),
    "/practice/<key>/links": ("alice", practice, "MAX_OPEN_LINKS", 409),
    "/practice/mock/<kind>": ("alice", practice, "MAX_MOCKS", 409),
    "/practice/mock/<uuid:mock_id>/rounds": ("alice", practice, "MAX_ATTEMPTS", 409),
    "/evidence": ("alice", evidence, "MAX_PIECES", 409),
    "/evidence/<uuid:evidence_id>/comments": ("alice", review_actions, "MAX_COMMENTS", 409),
    "/skills/<key>/assessments": ("alice", skills, "MAX_ASSESSMENTS", 409),
    ASSESSMENT_BY_MANAGER: ("bob", skills, "MAX_ASSESSMENTS", 409),
    "/teams/<slug>/invitations": ("bob", invitations, "MAX_OPEN", 409),
    "/admin/invitations": ("erin", invitations, "MAX_OPEN", 409),
    "/admin/teams": ("erin", people, "MAX_TEAMS", 409),
    "/account/tokens": ("alice", api_tokens, "MAX_TOKENS", 422),
    "/portfolio/links": ("alice", links, "MAX_OPEN_LINKS", 422),
    "/portfolios": ("alice", portfolios, "MAX_PORTFOLIOS", 422),
}
# At most one row per roadmap, account or membership.
WITHOUT_LIMIT = {
    *("/login", "/signup", "/logout", "/password/forgot", "/password/<token>", "/account/confirm"),
    "/account/email/link",
    "/market/offers/calculation",
    *("/endorsements/by/<token>", "/practice/peer/<token>", "/practice/<key>/evidence"),
    *("/evidence/preview", "/evidence/impacts", "/evidence/milestones", "/evidence/capture"),
    # An upload is kept for a day and counts toward the file quota.
    *("/evidence/files", "/account/archive/imports"),
    *(
        "/portfolios/<uuid:portfolio_id>/introduction/preview",
        "/roadmaps/<slug>/enrollment",
        "/invitations/<token>",
    ),
    "/invitations/received/<uuid:invitation_id>",
    *("/teams/<slug>/members", "/admin/people/<uuid:user_id>/teams"),
    "/admin/people/<uuid:user_id>/password-link",
    # One per importer; imported rows have the limits of their own forms.
    *("/evidence/import/<key>", "/evidence/import/<key>/records"),
    # One per piece of evidence and stage; the badge tests cover the maximum per person.
    "/badges",
    # Verified badges are not stored.
    "/credentials/verify",
    # A new one replaces it.
    "/calendar/address",
    # A new one replaces one that waits, and sent ones are deleted.
    "/admin/test-mails",
    # Needs a signed file; its maximum is tested separately.
    *("/time/calendar/entries", "/time/calendar/preview", "/time/calendar/address/preview"),
}
ADDING_FORMS = {
    change.rule: change
    for change in reversed(CHANGES)
    if change.method == "POST" and not is_api_path(change.rule)
}


def test_every_adding_form_is_listed() -> None:
    assert ADDING_FORMS.keys() == LIMITED.keys() | WITHOUT_LIMIT


@pytest.mark.parametrize("fragment", [False, True], ids=["page", "fragment"])
@pytest.mark.parametrize("rule", LIMITED)
def test_row_above_maximum_is_rejected(
    rule: str, fragment: bool, app: Flask, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    role, module, name, status = LIMITED[rule]
    change: Change = ADDING_FORMS[rule]
    browser = snapshot.browsers(app)[role]
    body = change.body(snapshot.ids, role)
    before = rows_by_owner(app)
    monkeypatch.setattr(module, name, 0)
    rejected = browser.post(change.of(snapshot.ids), body, fragment=fragment)
    assert rejected.status_code == status
    assert any(word in rejected.text for word in ("maximum", "at most"))
    assert rows_by_owner(app) == before
    monkeypatch.undo()
    assert browser.post(change.of(snapshot.ids), body).status_code in (201, 303)
    assert rows_by_owner(app) != before


def test_rejected_form_shows_typed_texts(
    app: Flask, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence, "MAX_PIECES", 3)
    body = {
        **ADDING_FORMS["/evidence"].body(snapshot.ids, "alice"),
        "description": "Two quiet months.",
    }
    rejected = snapshot.browsers(app)["alice"].post("/evidence", body)
    assert "Two quiet months." in rejected.text
    assert "You already have 3 pieces of evidence" in " ".join(rejected.text.split())


def test_rejected_form_links_back_to_its_page(
    app: Flask, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The link leads to one of Cairn's pages, and not to the dashboard."""
    monkeypatch.setattr(evidence, "MAX_PIECES", 3)
    alice = snapshot.browsers(app)["alice"]
    body = ADDING_FORMS["/evidence"].body(snapshot.ids, "alice")
    for referrer, expected in (
        ("http://localhost/evidence/new?kind=talk", "/evidence/new?kind=talk"),
        ("http://evil.example/evidence/new", None),
        ("http://localhost//evil.example", None),
        (None, None),
    ):
        headers = {"X-CSRFToken": alice.csrf(), **({"Referer": referrer} if referrer else {})}
        rejected = alice.client.post("/evidence", data=body, headers=headers)
        found = re.search(r'href="([^"]*)">Back to the previous page<', rejected.text)
        assert (found and found.group(1)) == expected
        assert rejected.status_code in (400, 409)


def test_evidence_versions_have_a_maximum(
    app: Flask, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    [edit] = [
        change
        for change in CHANGES
        if change.method == "PUT" and change.url == "/evidence/{verified}"
    ]
    body = {**edit.body(snapshot.ids, "alice"), "url": "https://example.org/another"}
    alice = snapshot.browsers(app)["alice"]
    monkeypatch.setattr(evidence, "MAX_VERSIONS", 1)
    rejected = alice.put(edit.of(snapshot.ids), body)
    assert rejected.status_code == 409
    assert "versions, the maximum" in rejected.text
    monkeypatch.undo()
    assert alice.put(edit.of(snapshot.ids), body).status_code == 303
