"""Every form that creates something creates it once, even when submitted twice.

Users submit a form twice after a lost response, by a double click, or by reloading the next page.
The second response is the same success as the first.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa
from flask import Flask
from itsdangerous import TimestampSigner
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from roadmap.auth.models import ApiToken, PasswordLink
from roadmap.calendar.models import CalendarFeed
from roadmap.career.models import Degree, Position
from roadmap.career_plans.models import Reflection
from roadmap.endorsements.models import Endorsement
from roadmap.evidence.models import Comment, Evidence
from roadmap.forecast.models import Absence
from roadmap.invitations.models import Invitation
from roadmap.market.models import Offer
from roadmap.people.models import AuditEntry, Team
from roadmap.portfolio.models import Portfolio, PortfolioLink
from roadmap.practice.actions import save_answer
from roadmap.practice.models import MockInterview, PeerLink
from roadmap.skills.models import Assessment
from roadmap.time_budget.models import TimeEntry
from roadmap.work_log.models import WorkLogEntry
from tests.evidence.builders import add_evidence, submit_evidence
from tests.evidence.form_data import form_fields
from tests.portfolio import evidence_rows
from tests.support.browser_client import BrowserClient, IsolatedClient, csrf_field
from tests.support.cast import Cast
from tests.support.catalog import enroll

ENDORSEMENTS = "/endorsements/new?milestone=experiment-on-second-machine"


class Form(NamedTuple):
    """A form: the role that submits it, its page, its URL, the model it creates, and the input."""

    role: str
    page: str
    action: str
    model: type[Any]
    fields: dict[str, str]


FORMS = {
    "position": Form("alice", "/career/positions/new", "/career/positions", Position,
                     {"title": "Engineer", "started_on": "2021-03-01"}),
    "degree": Form("alice", "/career/degrees/new", "/career/degrees", Degree, {"level": "master"}),
    "reflection": Form("alice", "/career/challenges/scope-creep",
                       "/career/challenges/scope-creep/reflections", Reflection, {"text": "No."}),
    "offer": Form("alice", "/market/offers", "/market/offers", Offer,
                  {"name": "Example", "currency": "USD", "base": "1", "vesting_years": "4",
                   "cliff_months": "12"}),
    "time entry": Form("alice", "/time", "/time/entries", TimeEntry,
                  {"category": "mentoring", "minutes": "1:30", "day": "2026-03-02"}),
    "endorsement request": Form("alice", ENDORSEMENTS, ENDORSEMENTS, Endorsement,
                                {"asked": "Frank"}),
    "absence": Form("alice", "/absences", "/absences", Absence,
                     {"starts_on": "2026-07-06", "ends_on": "2026-07-24", "note": "Summer"}),
    "work log entry": Form("alice", "/work-log", "/work-log", WorkLogEntry,
                                 {"text": "Shipped it", "day": "2026-03-02"}),
    "mock interview": Form("alice", "/practice/mock", "/practice/mock/full_loop", MockInterview,
                           {}),
    "peer link": Form("alice", "/practice/stopping-a-project",
                            "/practice/stopping-a-project/links", PeerLink, {}),
    "evidence": Form("alice", "/evidence/new", "/evidence", Evidence, form_fields()),
    "comment": Form("alice", "/evidence/{piece}", "/evidence/{piece}/comments", Comment,
                    {"text": "The one of March."}),
    "review comment": Form("bob", "/reviews/{piece}", "/evidence/{piece}/comments", Comment,
                           {"text": "Which baseline?"}),
    "public link": Form("alice", "/portfolio/links", "/portfolio/links", PortfolioLink,
                        {"label": "Panel", "lives": "30"}),
    "portfolio": Form("alice", "/portfolios", "/portfolios", Portfolio,
                      {"name": "Recruiters", "copy_of": ""}),
    "permanent public link": Form("alice", "/portfolio/links", "/portfolio/links",
                                        PortfolioLink, {"label": "Panel", "lives": "never"}),
    "calendar address": Form("alice", "/calendar", "/calendar/address", CalendarFeed, {}),
    "token": Form("alice", "/account/tokens/new", "/account/tokens", ApiToken,
                  {"name": "Script", "scope": "read", "days": "9"}),
    "assessment": Form("alice", "/skills/mlops", "/skills/mlops/assessments", Assessment,
                       {"level": "2"}),
    "assessment by manager": Form("bob", "/teams/ranking/people/{alice}/skills/mlops",
                                 "/teams/ranking/people/{alice}/skills/mlops/assessments",
                                 Assessment, {"level": "2", "comment": "Two launches."}),
    "team invitation link": Form("bob", "/teams/ranking/members", "/teams/ranking/invitations",
                           Invitation, {"role": "member", "days": "14"}),
    "team invitation": Form("bob", "/teams/ranking/members", "/teams/ranking/invitations",
                                 Invitation, {"email": "frank@example.org", "role": "member",
                                              "days": "14"}),
    "invitation": Form("erin", "/admin/invitations", "/admin/invitations", Invitation,
                       {"email": "frank@example.org", "days": "14"}),
    "team": Form("erin", "/admin/teams/new", "/admin/teams", Team,
                 {"name": "Search", "parent": ""}),
    "password link": Form("erin", "/admin/people/{alice}/password-link",
                          "/admin/people/{alice}/password-link", PasswordLink, {}),
}  # fmt: skip


@pytest.fixture
def sample(session: Session, cast: Cast, now) -> dict[str, str]:
    """Return the values of the URL placeholders."""
    enroll(session, cast.alice, now, "senior-ml-engineer")
    piece = add_evidence(session, cast, cast.alice, now)
    submit_evidence(session, cast, piece, now)
    save_answer(
        session, cast.alice, "stopping-a-project", "star", {"result": "None."}, [], revision=0,
        now=now,
    )  # fmt: skip
    evidence_rows.portfolio(session, cast.alice)
    session.commit()
    return {"piece": str(piece.id), "alice": str(cast.alice)}


@pytest.fixture(params=FORMS)
def form(request: pytest.FixtureRequest, sample) -> Form:
    sent = FORMS[request.param]
    return sent._replace(page=sent.page.format(**sample), action=sent.action.format(**sample))


def count(session: Session, model: type[Any]) -> int:
    session.rollback()
    return session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


def visible_result(response: TestResponse) -> tuple[int, str | None, list[str]]:
    """Return a response's status and location, and the token or link it shows."""
    return (
        response.status_code,
        response.location,
        re.findall(r"<input [^>]*readonly[^>]*>", response.text),
    )


def test_resubmitted_form_creates_one_row(session, cast, browser_of, form: Form) -> None:
    browser, before = browser_of(getattr(cast, form.role)), count(session, form.model)
    fields = {**form.fields, **csrf_field(browser, form.page)}
    first, second = (browser.post(form.action, fields) for _ in range(2))
    assert first.status_code in (200, 201, 303), first.text
    assert visible_result(first) == visible_result(second)
    assert count(session, form.model) == before + 1


def test_concurrent_double_submit_creates_one_row(
    app: Flask, session, cast, browser_of, form: Form
) -> None:
    browser, before = browser_of(getattr(cast, form.role)), count(session, form.model)
    fields = {**form.fields, **csrf_field(browser, form.page)}
    responses = submit_twice(app, browser, lambda tab: tab.post(form.action, data=fields))
    assert responses[0].status_code in (200, 201, 303), responses[0].text
    assert visible_result(responses[0]) == visible_result(responses[1])
    assert count(session, form.model) == before + 1


def submit_twice(
    app: Flask, browser: BrowserClient, send: Callable[[IsolatedClient], TestResponse]
) -> list[TestResponse]:
    """Submit a browser's form on two connections at the same time."""
    barrier, responses = threading.Barrier(2), []

    def submit() -> None:
        tab = IsolatedClient(app, app.response_class, use_cookies=True)
        tab._cookies = dict(browser.client._cookies)
        barrier.wait(20)
        responses.append(send(tab))

    threads = [threading.Thread(target=submit) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert len(responses) == 2
    return responses


def test_form_requested_later_creates_another_row(
    monkeypatch, session, cast, browser_of, form: Form
) -> None:
    browser, before = browser_of(getattr(cast, form.role)), count(session, form.model)
    tokens = [csrf_field(browser, form.page)]
    # The token is signed with the time in seconds.
    later = time.time() + 5
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _signer: int(later))
    tokens.append(csrf_field(browser, form.page))
    first, second = (browser.post(form.action, {**form.fields, **token}) for token in tokens)
    if form.model is Team:
        assert (first.status_code, second.status_code) == (303, 422)
        return
    assert first.status_code == second.status_code
    assert visible_result(first) != visible_result(second) or not visible_result(first)[2]
    # A new one replaces the previous one.
    is_replaced = form.model in (PasswordLink, CalendarFeed)
    assert count(session, form.model) == before + (1 if is_replaced else 2)


def test_resubmitting_after_revocation_creates_another_token(session, cast, browser_of) -> None:
    """Going back and submitting the form again creates a different token."""
    alice, form = browser_of(cast.alice), FORMS["token"]
    fields = {**form.fields, **csrf_field(alice, form.page)}
    first = alice.post(form.action, fields)
    alice.delete(f"/account/tokens/{session.scalar(sa.select(ApiToken.id))}")
    second = alice.post(form.action, fields)
    assert second.status_code == 201
    assert visible_result(first) != visible_result(second)


def test_resubmitting_after_revocation_creates_another_public_link(
    session, cast, browser_of
) -> None:
    alice, form = browser_of(cast.alice), FORMS["public link"]
    fields = {**form.fields, **csrf_field(alice, form.page)}
    alice.post(form.action, fields)
    alice.delete(f"/portfolio/links/{session.scalar(sa.select(PortfolioLink.id))}")
    alice.post(form.action, fields)
    session.rollback()
    links = session.scalars(sa.select(PortfolioLink).order_by(PortfolioLink.created_at)).all()
    assert [link.revoked_at is None for link in links] == [False, True]


def test_resubmitted_invitation_keeps_its_link(session, cast, browser_of) -> None:
    bob, form = browser_of(cast.bob), FORMS["team invitation"]
    fields = {**form.fields, **csrf_field(bob, form.page)}
    links = []
    for _ in range(2):
        bob.post(form.action, fields)
        page = bob.get(form.page).text
        links += re.findall(r"/invitations/[\w-]{43}", page)[:1]
        assert "earlier" not in page
    assert len(links) == 2
    assert links[0] == links[1]
    made = sa.select(AuditEntry).where(AuditEntry.action == "invitation.created")
    assert len(session.scalars(made).all()) == 1


def test_resubmitted_list_of_invitations_keeps_its_links(session, cast, browser_of) -> None:
    bob, form = browser_of(cast.bob), FORMS["team invitation"]
    several = {"email": "frank@example.org, grace@example.org"}
    fields = {**form.fields, **several, **csrf_field(bob, form.page)}
    links = []
    for _ in range(2):
        bob.post(form.action, fields)
        links.append(re.findall(r"/invitations/[\w-]{43}", bob.get(form.page).text))
    assert links[0] == links[1]
    assert len(set(links[0])) == count(session, Invitation) == 2


def test_repeated_assessment_after_another_is_stored(session, cast, browser_of) -> None:
    """Levels 2, 3 and 2 from one page are three different assessments."""
    alice, form = browser_of(cast.alice), FORMS["assessment"]
    csrf_token = csrf_field(alice, form.page)
    for level in "232":
        alice.post(form.action, {"level": level, **csrf_token})
    session.rollback()
    rows = session.scalars(sa.select(Assessment).order_by(Assessment.assessed_at))
    assert [row.level for row in rows] == [2, 3, 2]


def test_same_form_of_two_users_creates_a_row_each(session, cast, browser_of) -> None:
    form = FORMS["position"]
    for person in (cast.alice, cast.mallory):
        browser = browser_of(person)
        browser.post(form.action, {**form.fields, **csrf_field(browser, form.page)})
    session.rollback()
    assert set(session.scalars(sa.select(Position.user_id))) == {cast.alice, cast.mallory}
