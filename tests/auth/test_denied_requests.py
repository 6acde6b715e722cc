"""Rejected requests are logged, and loading the session takes one statement."""

from __future__ import annotations

import uuid

import pytest
import sqlalchemy as sa

from roadmap.account.user_agents import parse_user_agent
from roadmap.auth import rate_limits
from roadmap.people.models import AuditEntry, Membership


def test_denied_request_is_audited(session, cast, browser_of):
    browser = browser_of(cast.alice)
    assert browser.post("/admin/teams").status_code == 403
    entry = session.scalars(sa.select(AuditEntry)).one()
    assert (entry.actor_id, entry.action, entry.target) == (
        cast.alice,
        "access.refused",
        "POST /admin/teams",
    )
    assert entry.address == "127.0.0.1"


@pytest.mark.parametrize("path", ["/reviews", "/teams/ranking"])
def test_forbidden_page_points_to_accessible_pages(cast, browser_of, path):
    erin = browser_of(cast.erin)
    refused = erin.get(path)
    assert refused.status_code == 403
    assert "under “Administration” in your menu" in refused.text
    assert "Your teams and their managers are listed" not in refused.text
    assert erin.get("/admin").status_code == 200
    # People who are not administrators are sent to their teams.
    refused = browser_of(cast.alice).get("/admin")
    assert "Your teams and their managers are listed under “Teams” in your menu." in refused.text
    assert 'href="/teams"' in refused.text


def test_not_found_page_for_visitor_does_not_mention_dashboard(browser_of):
    missing = browser_of().get("/nowhere")
    assert "start again from the first page" in missing.text
    assert "dashboard" not in missing.text


def test_missing_review_links_the_queue_for_reviewers_only(session, cast, browser_of, now):
    session.execute(sa.update(Membership).filter_by(user_id=cast.dave).values(role="mentor"))
    session.commit()
    missing = f"/reviews/{uuid.uuid4()}"
    assert 'href="/reviews">See the review queue' in browser_of(cast.bob).get(missing).text
    page = browser_of(cast.dave).get(missing)
    assert (page.status_code, "See the review queue" in page.text) == (404, False)


def test_session_is_loaded_in_one_statement(cast, browser_of, statements):
    browser = browser_of(cast.alice)
    with statements() as seen:
        browser.get("/logout")
    assert len([each for each in seen if "FROM login_session" in each]) == 1


def refusals(session):
    return session.scalars(
        sa.select(AuditEntry.action).where(AuditEntry.action.endswith(".refused"))
    ).all()


def test_invalid_csrf_token_is_audited_once_a_minute(app, session, cast, browser_of):
    browser = browser_of(cast.alice)
    for _again in range(3):
        response = browser.client.post("/account?_method=PUT", data={"csrf_token": "wrong"})
        assert response.status_code == 400
    assert refusals(session) == ["seal.refused"]
    entry = session.scalars(sa.select(AuditEntry)).one()
    assert (entry.actor_id, entry.address) == (cast.alice, "127.0.0.1")


def test_rate_limited_wrong_tokens_are_audited(app, session):
    client = app.test_client()
    sent = {"Authorization": "Bearer wrong"}
    for _again in range(rate_limits.MAX_PER_ADDRESS):
        assert client.get("/api/v1/me", headers=sent).status_code == 401
    assert refusals(session) == []
    for _again in range(3):
        assert client.get("/api/v1/me", headers=sent).status_code == 429
    assert refusals(session) == ["token.refused"]


@pytest.mark.parametrize(
    ("path", "most", "action"),
    [
        (
            "/invitations/unknown",
            rate_limits.MAX_PER_ACCOUNT_AND_ADDRESS,
            "invitation.refused",
        ),
        ("/password/unknown", rate_limits.MAX_PER_ADDRESS, "link.refused"),
    ],
    ids=["invitation", "password"],
)
def test_rate_limited_links_are_audited_without_their_token(
    session, browser_of, path, most, action
):
    browser = browser_of()
    for _again in range(most):
        assert browser.post(path).status_code == 404
    assert refusals(session) == []
    for _again in range(2):
        assert browser.post(path).status_code == 429
    assert refusals(session) == [action]
    assert "unknown" not in str(session.scalars(sa.select(AuditEntry.target)).all())


def test_user_agent_is_parsed():
    agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"
    assert parse_user_agent(agent) == ("Chrome", "Linux")
    assert parse_user_agent(agent + " Edg/140") == ("Edge", "Linux")
    assert parse_user_agent("curl/8") == ("", "")


def test_ipv6_addresses_of_one_network_share_a_limit():
    def limits(address):
        return rate_limits.attempt_limits("sign_in", account="alice", address=address)

    assert limits("2001:db8::1") == limits("2001:db8::ffff:2")
    assert limits("2001:db8::1").keys() != limits("2001:db8:0:1::1").keys()
    assert limits("192.0.2.1").keys() != limits("192.0.2.2").keys()
