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


def refused(session) -> list[tuple[str, str, int]]:
    """The lines of refusals: action, target, and how often it was repeated."""
    session.rollback()
    lines = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id))
    return [
        (line.action, line.target, line.data.get("times", 0))
        for line in lines
        if line.action.endswith((".refused", ".failed"))
    ]


def test_refused_pages_are_one_line_and_a_count(session, cast, browser_of, now):
    alice = browser_of(cast.alice)
    for number in range(200):
        assert alice.get(f"/admin/teams?n={number}").status_code == 403
    assert refused(session) == [("access.refused", "GET /admin/teams", 0)]
    with time_machine.travel(now + INTERVAL + dt.timedelta(seconds=5)):
        # The next page that anybody asks for writes what was counted.
        assert browser_of(cast.erin).get("/admin/audit").status_code == 200
        assert refused(session)[1:] == [("access.refused", "GET /admin/teams", 199)]
        page = browser_of(cast.erin).get("/admin/audit?kind=refusal").text
    assert "Refused: GET /admin/teams Repeated 199 times." in page


def test_a_refusal_after_a_quiet_minute_is_no_repetition(session, cast, browser_of, now):
    set_password(session, cast.alice)
    browser, who = browser_of(), "alice@example.org"
    with time_machine.travel(now, tick=False) as clock:
        for tries in (1, 2):
            for _try in range(tries):
                sign_in(browser, who, "wrong wrong wrong")
            clock.shift(INTERVAL)
        page = browser_of(cast.erin).get("/admin/audit").text
    assert refused(session) == [("session.failed", who, times) for times in (0, 0, 1)]
    assert f"Signing in as {who} failed. Repeated once." in page


def test_a_flood_that_goes_on_is_one_line_a_minute(session, cast, browser_of, now):
    alice, minutes = browser_of(cast.alice), 5
    with time_machine.travel(now, tick=False) as clock:
        for _minute in range(minutes):
            for _second in range(30):
                alice.get("/admin")
                clock.shift(2)
    lines = refused(session)
    assert len(lines) == minutes
    assert sum(times for _action, _target, times in lines) + 1 >= 30 * (minutes - 1)


def test_a_token_that_reads_and_writes_again_and_again(app, session, cast):
    client, token = app.test_client(), make_token(app, cast.alice, scope="read")
    for _again in range(50):
        answer = client.put(
            "/api/v1/me/skills/mlops", json={}, headers={"Authorization": f"Bearer {token}"}
        )
        assert answer.status_code == 403
    assert [line[0] for line in refused(session)] == ["access.refused"]


def test_wrong_and_refused_sign_ins(session, cast, browser_of):
    set_password(session, cast.alice)
    browser = browser_of()
    for _again in range(rate_limits.MAX_PER_ACCOUNT_AND_ADDRESS + 20):
        sign_in(browser, "alice@example.org", "wrong wrong wrong")
    assert [line[:2] for line in refused(session)] == [
        ("session.failed", "alice@example.org"),
        ("session.refused", "alice@example.org"),
    ]


def test_refused_resets(session, cast, browser_of, with_mail):
    browser = browser_of()
    for _again in range(rate_limits.MAX_PER_ACCOUNT_AND_ADDRESS + 30):
        browser.post("/password/forgot", {"email": "nobody@example.org"})
    assert refused(session) == [("reset.refused", "nobody@example.org", 0)]


def test_many_addresses_share_a_line(app, session, cast, browser_of, now):
    """Somebody who owns a network of addresses writes no more lines than ten senders would."""
    for number in range(60):
        browser = browser_of()
        address = {"REMOTE_ADDR": f"192.0.2.{number}"}
        answer = browser.client.post(
            "/login",
            data={
                "email": f"person{number}@example.org",
                "password": "wrong wrong wrong",
                "csrf_token": browser.csrf(),
            },
            environ_overrides=address,
        )
        assert answer.status_code == 422
    lines = refused(session)
    assert len(lines) == MAX_SENDERS + 1
    with time_machine.travel(now + INTERVAL + dt.timedelta(seconds=30)):
        page = browser_of(cast.erin).get("/admin/audit").text
    left = 60 - MAX_SENDERS - 1
    assert refused(session)[-1] == ("session.failed", f"person{MAX_SENDERS}@example.org", left)
    assert f"Repeated {left} times, from several addresses." in page


def test_the_health_check_writes_no_counts(session, cast, browser_of, now):
    """It must not wait for a database."""
    alice = browser_of(cast.alice)
    for _again in range(3):
        alice.get("/admin")
    with time_machine.travel(now + 2 * INTERVAL):
        browser_of().get("/healthz")
        assert len(refused(session)) == 1


@pytest.mark.parametrize(
    ("days", "left"), [(30, ["new"]), (365, ["old", "new"]), (0, ["ancient", "old", "new"])]
)
def test_the_log_is_kept_as_long_as_the_setting_says(app, session, now, monkeypatch, days, left):
    for target, age in (("ancient", 900), ("old", 300), ("new", 10)):
        at = now - dt.timedelta(days=age)
        record_audit(session, by=None, action="backup.created", target=target, now=at)
    session.commit()
    monkeypatch.setitem(app.config, "AUDIT_DAYS", days)
    prune()
    session.rollback()
    kept = sa.select(AuditEntry.target).where(AuditEntry.action == "backup.created")
    assert session.scalars(kept.order_by(AuditEntry.id)).all() == left


def test_a_long_log_is_deleted_in_parts(app, session, now, monkeypatch):
    monkeypatch.setattr(audit, "PRUNE_BATCH", 3)
    for _number in range(7):
        at = now - dt.timedelta(days=400)
        record_audit(session, by=None, action="backup.created", now=at)
    session.commit()
    assert prune().total() == 7
