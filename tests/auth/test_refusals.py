"""Repeated rejections are logged rarely, with a count, so they cannot flood the audit log."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
import time_machine

from roadmap.auth import rate_limits
from roadmap.auth.refusals import INTERVAL, MAX_SENDERS
from roadmap.jobs.tasks import prune
from roadmap.people import audit
from roadmap.people.audit import record_audit
from roadmap.people.models import AuditEntry
from tests.support.api_client import make_token
from tests.support.login import set_password, sign_in


def refusals(session) -> list[tuple[str, str, int]]:
    """Return action, target and number of repetitions of each refusal in the audit log."""
    session.rollback()
    lines = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id))
    return [
        (line.action, line.target, line.data.get("times", 0))
        for line in lines
        if line.action.endswith((".refused", ".failed"))
    ]


def test_repeated_denied_requests_are_one_entry_and_a_count(session, cast, browser_of, now):
    alice = browser_of(cast.alice)
    for number in range(20):
        assert alice.get(f"/admin/teams?n={number}").status_code == 403
    assert refusals(session) == [("access.refused", "GET /admin/teams", 0)]
    with time_machine.travel(now + INTERVAL + dt.timedelta(seconds=5)):
        # The next request of anyone writes the count.
        assert browser_of(cast.erin).get("/admin/audit").status_code == 200
        assert refusals(session)[1:] == [("access.refused", "GET /admin/teams", 19)]
        page = browser_of(cast.erin).get("/admin/audit?kind=refusal").text
    assert "Refused: GET /admin/teams Repeated 19 times." in page


def test_refusal_after_the_interval_is_a_new_entry(session, cast, browser_of, now):
    set_password(session, cast.alice)
    browser, who = browser_of(), "alice@example.org"
    with time_machine.travel(now, tick=False) as clock:
        for tries in (1, 2):
            for _try in range(tries):
                sign_in(browser, who, "wrong wrong wrong")
            clock.shift(INTERVAL)
        page = browser_of(cast.erin).get("/admin/audit").text
    assert refusals(session) == [("session.failed", who, times) for times in (0, 0, 1)]
    assert f"A sign-in as {who} failed. Repeated once." in page


def test_continued_refusals_are_one_entry_per_minute(session, cast, browser_of, now):
    alice, minutes = browser_of(cast.alice), 5
    with time_machine.travel(now, tick=False) as clock:
        for _minute in range(minutes):
            for _second in range(30):
                alice.get("/admin")
                clock.shift(2)
    lines = refusals(session)
    assert len(lines) == minutes
    assert sum(times for _action, _target, times in lines) + 1 >= 30 * (minutes - 1)


def test_repeated_denied_api_writes_are_one_entry(app, session, cast):
    client, token = app.test_client(), make_token(app, cast.alice, scope="read")
    for _again in range(10):
        response = client.put(
            "/api/v1/me/skills/mlops", json={}, headers={"Authorization": f"Bearer {token}"}
        )
        assert response.status_code == 403
    assert [line[0] for line in refusals(session)] == ["access.refused"]


def test_failed_and_blocked_sign_ins_are_one_entry_each(session, cast, browser_of):
    set_password(session, cast.alice)
    browser = browser_of()
    for _again in range(rate_limits.MAX_PER_ACCOUNT_AND_ADDRESS + 3):
        sign_in(browser, "alice@example.org", "wrong wrong wrong")
    assert [line[:2] for line in refusals(session)] == [
        ("session.failed", "alice@example.org"),
        ("session.refused", "alice@example.org"),
    ]


def test_blocked_password_resets_are_one_entry_without_actor(session, cast, browser_of, with_mail):
    browser = browser_of()
    statuses = [
        browser.post("/password/forgot", {"email": "nobody@example.org"}).status_code
        for _again in range(rate_limits.MAX_PER_ACCOUNT_AND_ADDRESS + 3)
    ]
    assert statuses == [303] * rate_limits.MAX_PER_ACCOUNT_AND_ADDRESS + [429] * 3
    assert refusals(session) == [("reset.refused", "nobody@example.org", 0)]
    assert session.scalars(sa.select(AuditEntry.actor_id)).all() == [None]


def test_failed_sign_ins_from_many_addresses_share_an_entry(app, session, cast, browser_of, now):
    """An attacker with many addresses writes only as many entries as MAX_SENDERS allows."""
    for number in range(MAX_SENDERS + 5):
        browser = browser_of()
        address = {"REMOTE_ADDR": f"192.0.2.{number}"}
        response = browser.client.post(
            "/login",
            data={
                "email": f"person{number}@example.org",
                "password": "wrong wrong wrong",
                "csrf_token": browser.csrf(),
            },
            environ_overrides=address,
        )
        assert response.status_code == 422
    lines = refusals(session)
    assert len(lines) == MAX_SENDERS + 1
    with time_machine.travel(now + INTERVAL + dt.timedelta(seconds=30)):
        page = browser_of(cast.erin).get("/admin/audit").text
    left = 4
    assert refusals(session)[-1] == ("session.failed", f"person{MAX_SENDERS}@example.org", left)
    assert f"Repeated {left} times, from several addresses." in page


def test_health_check_does_not_write_counts(session, cast, browser_of, now):
    """The health check must not wait for the database."""
    alice = browser_of(cast.alice)
    for _again in range(3):
        alice.get("/admin")
    with time_machine.travel(now + 2 * INTERVAL):
        browser_of().get("/healthz")
        assert len(refusals(session)) == 1


@pytest.mark.parametrize(
    ("days", "left"),
    [(30, ["new"]), (365, ["old", "new"]), (0, ["ancient", "old", "new"])],
    ids=["30 days", "a year", "never"],
)
def test_audit_log_is_pruned_after_the_configured_days(app, session, now, monkeypatch, days, left):
    for target, age in (("ancient", 900), ("old", 300), ("new", 10)):
        at = now - dt.timedelta(days=age)
        record_audit(session, by=None, action="backup.created", target=target, now=at)
    session.commit()
    monkeypatch.setitem(app.config, "AUDIT_DAYS", days)
    prune()
    session.rollback()
    kept = sa.select(AuditEntry.target).where(AuditEntry.action == "backup.created")
    assert session.scalars(kept.order_by(AuditEntry.id)).all() == left


def test_audit_log_is_pruned_in_batches(app, session, now, monkeypatch):
    monkeypatch.setattr(audit, "PRUNE_BATCH", 3)
    for _number in range(7):
        at = now - dt.timedelta(days=400)
        record_audit(session, by=None, action="backup.created", now=at)
    session.commit()
    assert prune().total() == 7
