"""/account: the profile and the active sessions."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
import time_machine

from roadmap.account.forms import LOCALE_EXAMPLES, locale_example
from roadmap.auth.models import LoginSession
from roadmap.people.models import AuditEntry, HistoryEntry, User
from tests.support.login import is_signed_in

PROFILE = {"name": "Alice Liddell", "timezone": "Europe/Berlin", "theme": "dark"}


def test_profile_is_shown_changed_and_recorded(session, cast, browser_of):
    browser = browser_of(cast.alice)
    page = browser.get("/account")
    assert "alice@example.org" in page.text
    assert "/career" in page.text
    assert "This browser" in page.text
    response = browser.put("/account", PROFILE)
    assert (response.status_code, response.location) == (303, "/account")
    page = browser.get("/account")
    assert 'value="Alice Liddell"' in page.text
    assert '<option selected value="Europe/Berlin">' in page.text
    alice = session.get(User, cast.alice)
    assert (alice.name, alice.timezone, alice.theme) == tuple(PROFILE.values())
    entry = session.scalars(sa.select(HistoryEntry)).one()
    assert (entry.action, entry.data) == ("account.changed", {"fields": sorted(PROFILE)})


def test_profile_is_changed_by_plain_form(session, cast, browser_of):
    browser = browser_of(cast.alice)
    assert browser.post("/account?_method=PUT", PROFILE).status_code == 303
    assert session.get(User, cast.alice).name == "Alice Liddell"


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": "\x00 \u200b".strip("\u200b")},
        {"name": "x" * 201},
        {"timezone": "Europe/Atlantis"},
        {"timezone": "../../etc/passwd"},
        {"theme": "blinding"},
    ],
    ids=[
        "empty name",
        "nul as name",
        "long name",
        "unknown time zone",
        "path as time zone",
        "unknown theme",
    ],
)
def test_invalid_profile_is_rejected(session, cast, browser_of, change):
    response = browser_of(cast.alice).put("/account", {**PROFILE, **change})
    assert response.status_code == 422
    assert "Please fix" in response.text
    assert session.get(User, cast.alice).name == "Alice"


def test_control_characters_are_removed_from_name(session, cast, browser_of):
    data = {**PROFILE, "name": "  Al\x00ice\r\n Liddell\x07 "}
    assert browser_of(cast.alice).put("/account", data).status_code == 303
    assert session.get(User, cast.alice).name == "Alice Liddell"


def test_active_sessions_are_listed(session, cast, browser_of, now):
    browser_of(cast.alice)
    with time_machine.travel(now - dt.timedelta(hours=9)):
        browser_of(cast.alice)
    page = browser_of(cast.alice).get("/account").text
    assert page.count("Signed in ") == 2
    assert "Sign out everywhere else" in page


def test_another_own_session_is_ended(session, cast, browser_of):
    other, here = browser_of(cast.alice), browser_of(cast.alice)
    key = session.scalar(sa.select(LoginSession.id).order_by(LoginSession.created_at))
    response = here.delete(f"/account/sessions/{key}")
    assert (response.status_code, response.location) == (303, "/account#sessions")
    assert is_signed_in(here)
    assert not is_signed_in(other)
    assert session.scalar(sa.select(AuditEntry.action)) == "session.revoked"
    assert here.delete(f"/account/sessions/{key}").status_code == 404


def test_ending_current_session_signs_out(session, cast, browser_of):
    here = browser_of(cast.alice)
    key = session.scalar(sa.select(LoginSession.id))
    assert here.delete(f"/account/sessions/{key}").location == "/login"
    assert not is_signed_in(here)


def test_all_other_sessions_are_ended(cast, browser_of):
    other, here, bob = browser_of(cast.alice), browser_of(cast.alice), browser_of(cast.bob)
    assert here.delete("/account/sessions").status_code == 303
    assert is_signed_in(here)
    assert is_signed_in(bob)
    assert not is_signed_in(other)


def test_sessions_of_other_people_cannot_be_ended(session, cast, browser_of):
    bob = browser_of(cast.bob)
    key = session.scalar(sa.select(LoginSession.id))
    for person in (cast.alice, cast.erin, cast.mallory):
        assert browser_of(person).delete(f"/account/sessions/{key}").status_code == 404
    assert browser_of(cast.alice).delete("/account/sessions/not-a-key").status_code == 404
    assert is_signed_in(bob)


@pytest.mark.parametrize(
    ("idle", "age", "lives"),
    [(7.9, 0, True), (8.1, 0, False), (0, 7 * 24 - 0.1, True), (0, 7 * 24 + 0.1, False)],
    ids=["before idle limit", "after idle limit", "before maximum age", "after maximum age"],
)
def test_session_expires_after_idle_time_and_maximum_age(
    session, cast, browser_of, now, idle, age, lives
):
    browser = browser_of(cast.alice)
    session.execute(
        sa.update(LoginSession).values(
            last_seen_at=now - dt.timedelta(hours=idle), created_at=now - dt.timedelta(hours=age)
        )
    )
    session.commit()
    assert is_signed_in(browser) == lives


def test_session_last_seen_is_updated_every_ten_minutes(session, cast, browser_of, now):
    browser = browser_of(cast.alice)
    seen = sa.select(LoginSession.last_seen_at)
    first = session.scalar(seen)
    browser.get("/account")
    assert session.scalar(seen) == first
    with time_machine.travel(now + dt.timedelta(minutes=11)):
        browser.get("/account")
    assert session.scalar(seen) > first + dt.timedelta(minutes=10)


def test_deactivation_ends_sessions_at_once(session, cast, browser_of, now):
    browser = browser_of(cast.alice)
    assert is_signed_in(browser)
    session.execute(sa.update(User).where(User.id == cast.alice).values(deactivated_at=now))
    session.commit()
    assert not is_signed_in(browser)


def test_change_in_another_tab_is_kept_or_conflicts(session, cast, browser_of):
    alice = browser_of(cast.alice)
    was = {"name": "Alice", "timezone": "UTC", "theme": "system"}
    opened = {**was, **{f"{name}_read": value for name, value in was.items()}}
    page = alice.get("/account").text
    for name, value in was.items():
        assert f'name="{name}_read" type="hidden" value="{value}"' in page
    assert alice.put("/account", {**opened, "name": "Alice Liddell"}).status_code == 303
    assert alice.put("/account", {**opened, "theme": "dark"}).status_code == 303
    saved = session.get(User, cast.alice)
    assert (saved.name, saved.theme) == ("Alice Liddell", "dark")
    session.rollback()
    late = alice.put("/account", {**opened, "theme": "light", "name": "Al"})
    assert late.status_code == 409
    assert 'value="Al"' in late.text
    assert "Alice Liddell" in late.text
    assert session.get(User, cast.alice).name == "Alice Liddell"


@pytest.mark.parametrize("name", LOCALE_EXAMPLES)
def test_locale_examples_match_babel(name):
    assert LOCALE_EXAMPLES[name] == locale_example(name)
