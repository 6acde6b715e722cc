"""Every form that creates something creates it once, even when submitted twice.

Forms are submitted twice after a lost response, by a double click, or by reloading the next page.
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
from tests.support.browser_client import BrowserClient, IsolatedClient
from tests.support.cast import Cast
from tests.support.catalog import enroll

WITNESSES = "/endorsements/new?milestone=experiment-on-second-machine"


class Sent(NamedTuple):
    """A form: the role, its page, its URL, the model it creates, and the input."""

    who: str
    page: str
    action: str
    makes: type[Any]
    typed: dict[str, str]


FORMS = {
    "position": Sent("alice", "/career/positions/new", "/career/positions", Position,
                     {"title": "Engineer", "started_on": "2021-03-01"}),
    "degree": Sent("alice", "/career/degrees/new", "/career/degrees", Degree, {"level": "master"}),
    "reflection": Sent("alice", "/career/challenges/scope-creep",
                       "/career/challenges/scope-creep/reflections", Reflection, {"text": "No."}),
    "offer": Sent("alice", "/market/offers", "/market/offers", Offer,
                  {"name": "Example", "currency": "USD", "base": "1", "vesting_years": "4",
                   "cliff_months": "12"}),
    "hours": Sent("alice", "/time", "/time/entries", TimeEntry,
                  {"category": "mentoring", "minutes": "1:30", "day": "2026-03-02"}),
    "witness": Sent("alice", WITNESSES, WITNESSES, Endorsement, {"asked": "Frank"}),
    "time off": Sent("alice", "/absences", "/absences", Absence,
                     {"starts_on": "2026-07-06", "ends_on": "2026-07-24", "note": "Summer"}),
    "line of the work log": Sent("alice", "/work-log", "/work-log", WorkLogEntry,
                                 {"text": "Shipped it", "day": "2026-03-02"}),
    "mock interview": Sent("alice", "/practice/mock", "/practice/mock/full_loop", MockInterview,
                           {}),
    "link for a peer": Sent("alice", "/practice/stopping-a-project",
                            "/practice/stopping-a-project/links", PeerLink, {}),
    "evidence": Sent("alice", "/evidence/new", "/evidence", Evidence, form_fields()),
    "comment": Sent("alice", "/evidence/{piece}", "/evidence/{piece}/comments", Comment,
                    {"text": "The one of March."}),
    "review comment": Sent("bob", "/reviews/{piece}", "/evidence/{piece}/comments", Comment,
                           {"text": "Which baseline?"}),
    "public link": Sent("alice", "/portfolio/links", "/portfolio/links", PortfolioLink,
                        {"label": "Panel", "lives": "30"}),
    "portfolio": Sent("alice", "/portfolios", "/portfolios", Portfolio,
                      {"name": "Recruiters", "copy_of": ""}),
    "public link that never ends": Sent("alice", "/portfolio/links", "/portfolio/links",
                                        PortfolioLink, {"label": "Panel", "lives": "never"}),
    "address of a calendar": Sent("alice", "/calendar", "/calendar/address", CalendarFeed, {}),
    "token": Sent("alice", "/account/tokens/new", "/account/tokens", ApiToken,
                  {"name": "Script", "scope": "read", "days": "9"}),
    "assessment": Sent("alice", "/skills/mlops", "/skills/mlops/assessments", Assessment,
                       {"level": "2"}),
    "manager's assessment": Sent("bob", "/teams/ranking/people/{alice}/skills/mlops",
                                 "/teams/ranking/people/{alice}/skills/mlops/assessments",
                                 Assessment, {"level": "2", "comment": "Two launches."}),
    "link to a team": Sent("bob", "/teams/ranking/members", "/teams/ranking/invitations",
                           Invitation, {"role": "member", "days": "14"}),
    "invitation to a team": Sent("bob", "/teams/ranking/members", "/teams/ranking/invitations",
                                 Invitation, {"email": "frank@example.org", "role": "member",
                                              "days": "14"}),
    "invitation": Sent("erin", "/admin/invitations", "/admin/invitations", Invitation,
                       {"email": "frank@example.org", "days": "14"}),
    "team": Sent("erin", "/admin/teams/new", "/admin/teams", Team,
                 {"name": "Search", "parent": ""}),
    "password link": Sent("erin", "/admin/people/{alice}/password-link",
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
def form(request: pytest.FixtureRequest, sample) -> Sent:
    sent = FORMS[request.param]
    return sent._replace(page=sent.page.format(**sample), action=sent.action.format(**sample))


def csrf_field(browser: BrowserClient, page: str) -> dict[str, str]:
    """Return the form's CSRF token, which identifies this copy of the form."""
    found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', browser.get(page).text)
    assert found, "the form has no CSRF token"
    return {"csrf_token": found[1]}


def count(session: Session, model: type[Any]) -> int:
    session.rollback()
    return session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


def shown(answer: TestResponse) -> tuple[int, str | None, list[str]]:
    """Return a response's status and location, and the token or link it shows."""
    return (
        answer.status_code,
        answer.location,
        re.findall(r"<input [^>]*readonly[^>]*>", answer.text),
    )


def test_a_form_that_is_sent_twice_makes_one(session, cast, browser_of, form: Sent) -> None:
    browser, before = browser_of(getattr(cast, form.who)), count(session, form.makes)
    fields = {**form.typed, **csrf_field(browser, form.page)}
    first, second = (browser.post(form.action, fields) for _ in range(2))
    assert first.status_code in (200, 201, 303), first.text
    assert shown(first) == shown(second)
    assert count(session, form.makes) == before + 1


def test_two_clicks_make_one(app: Flask, session, cast, browser_of, form: Sent) -> None:
    browser, before = browser_of(getattr(cast, form.who)), count(session, form.makes)
    fields = {**form.typed, **csrf_field(browser, form.page)}
    answers = click_twice(app, browser, lambda tab: tab.post(form.action, data=fields))
    assert answers[0].status_code in (200, 201, 303), answers[0].text
    assert shown(answers[0]) == shown(answers[1])
    assert count(session, form.makes) == before + 1


def click_twice(
    app: Flask, browser: BrowserClient, click: Callable[[IsolatedClient], TestResponse]
) -> list[TestResponse]:
    """Submit a browser's form on two connections at the same time."""
    together, answers = threading.Barrier(2), []

    def go() -> None:
        tab = IsolatedClient(app, app.response_class, use_cookies=True)
        tab._cookies = dict(browser.client._cookies)
        together.wait(20)
        answers.append(click(tab))

    clicks = [threading.Thread(target=go) for _ in range(2)]
    for each in clicks:
        each.start()
    for each in clicks:
        each.join(60)
    assert len(answers) == 2
    return answers


def test_a_form_that_was_handed_out_later_makes_another(
    monkeypatch, session, cast, browser_of, form: Sent
) -> None:
    browser, before = browser_of(getattr(cast, form.who)), count(session, form.makes)
    seals = [csrf_field(browser, form.page)]
    # Seconds later, because the token is signed with the time.
    later = time.time() + 5
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _signer: int(later))
    seals.append(csrf_field(browser, form.page))
    first, second = (browser.post(form.action, {**form.typed, **seal}) for seal in seals)
    if form.makes is Team:
        assert (first.status_code, second.status_code) == (303, 422)
        return
    assert first.status_code == second.status_code
    assert shown(first) != shown(second) or not shown(first)[2]
    # Of these, only the newest is valid.
    is_replaced = form.makes in (PasswordLink, CalendarFeed)
    assert count(session, form.makes) == before + (1 if is_replaced else 2)


def test_a_token_that_was_revoked_never_comes_back(session, cast, browser_of) -> None:
    """Going back and submitting the form again creates a different token."""
    alice, form = browser_of(cast.alice), FORMS["token"]
    fields = {**form.typed, **csrf_field(alice, form.page)}
    first = alice.post(form.action, fields)
    alice.delete(f"/account/tokens/{session.scalar(sa.select(ApiToken.id))}")
    second = alice.post(form.action, fields)
    assert second.status_code == 201
    assert shown(first) != shown(second)


def test_a_public_link_that_was_revoked_stays_so(session, cast, browser_of) -> None:
    alice, form = browser_of(cast.alice), FORMS["public link"]
    fields = {**form.typed, **csrf_field(alice, form.page)}
    alice.post(form.action, fields)
    alice.delete(f"/portfolio/links/{session.scalar(sa.select(PortfolioLink.id))}")
    alice.post(form.action, fields)
    session.rollback()
    links = session.scalars(sa.select(PortfolioLink).order_by(PortfolioLink.created_at)).all()
    assert [link.revoked_at is None for link in links] == [False, True]


def test_an_invitation_that_is_sent_twice_keeps_its_link(session, cast, browser_of) -> None:
    bob, form = browser_of(cast.bob), FORMS["invitation to a team"]
    fields = {**form.typed, **csrf_field(bob, form.page)}
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


def test_an_assessment_between_two_of_one_form_is_not_the_last_word(
    session, cast, browser_of
) -> None:
    """Two, three and again two from one page: each is intended."""
    alice, form = browser_of(cast.alice), FORMS["assessment"]
    seal = csrf_field(alice, form.page)
    for level in "232":
        alice.post(form.action, {"level": level, **seal})
    session.rollback()
    rows = session.scalars(sa.select(Assessment).order_by(Assessment.assessed_at))
    assert [row.level for row in rows] == [2, 3, 2]


def test_a_form_of_somebody_else_makes_ones_own(session, cast, browser_of) -> None:
    form = FORMS["position"]
    for who in (cast.alice, cast.mallory):
        browser = browser_of(who)
        browser.post(form.action, {**form.typed, **csrf_field(browser, form.page)})
    session.rollback()
    assert set(session.scalars(sa.select(Position.user_id))) == {cast.alice, cast.mallory}
