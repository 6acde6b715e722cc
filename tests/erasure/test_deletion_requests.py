"""Request the deletion of an account, and cancel it in time."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa
import time_machine

from roadmap.auth import deletion
from roadmap.auth.models import AccountDeletion, ApiToken
from roadmap.auth.tokens import new_token
from roadmap.calendar.models import CalendarFeed
from roadmap.mail.models import OutgoingMail
from roadmap.people.models import AuditEntry, User
from roadmap.portfolio import links
from roadmap.portfolio.actions import lock_portfolio
from tests.support.login import PASSWORD, is_signed_in, set_password, sign_in

ALICE = "alice@example.org"


def audited_actions(session) -> list[str]:
    session.rollback()
    return list(session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id)))


def request_deletion(browser, email: str = ALICE):
    return browser.put("/account/deletion", {"email": email})


@pytest.fixture
def alice(session, cast, browser_of):
    """Return the browser of Alice, who has a password."""
    set_password(session, cast.alice)
    return browser_of(cast.alice)


@pytest.fixture
def access_statuses(session, cast, now, browser_of):
    """Return a function that requests Alice's API, calendar feed and public link."""
    bearer, feed = new_token(), new_token()
    own = {"user_id": cast.alice, "created_at": now}
    session.add(ApiToken(token_hash=bearer[1], name="a script", scope="read", **own))
    session.add(CalendarFeed(token_hash=feed[1], **own))
    alice = cast.actor(session, cast.alice)
    mine = lock_portfolio(session, alice.id, by=alice, now=now)
    public = links.sign_token(links.create_link(session, mine, label="", expires_at=None, now=now))
    session.commit()

    def request_all() -> tuple[int, int, int]:
        client = browser_of().client
        headers = {"Authorization": f"Bearer {bearer[0]}"}
        me = client.get("/api/v1/me", headers=headers)
        calendar = client.get(f"/calendar/{feed[0]}.ics")
        return me.status_code, calendar.status_code, client.get(f"/p/{public}").status_code

    return request_all


def test_deletion_page_lists_deleted_and_kept_records(session, cast, browser_of, snapshot):
    """Alice has evidence and gave no reviews; Bob reviewed her."""
    page = browser_of(cast.alice).get("/account/deletion").text
    assert re.search(r"<li>[2-9]\d* pieces of evidence</li>", page)
    assert "because others rely on it" not in page
    assert "14 days" in page
    assert 'href="/account/archive"' in page
    page = browser_of(cast.bob).get("/account/deletion").text
    assert "pieces of evidence</li>" not in page
    assert re.search(r"<li>\d+ reviews? that you gave</li>", page)
    assert "No one else manages" in page


def test_wrong_email_is_rejected_and_kept_in_the_form(alice, session, cast):
    answer = request_deletion(alice, "bob@example.org")
    assert answer.status_code == 422
    assert "This is not the address of this account." in answer.text
    assert "bob@example.org" in answer.text
    assert deletion.find_deletion(session, cast.alice) is None


def test_deletion_needs_a_fresh_sign_in(alice, now):
    with time_machine.travel(now + dt.timedelta(minutes=20), tick=False):
        assert alice.get("/account/deletion").status_code == 303
        assert request_deletion(alice).status_code == 401


def test_deletion_ends_all_access_and_cancelling_restores_it(
    alice, cast, session, browser_of, access_statuses, with_mail
):
    bob, elsewhere = browser_of(cast.bob), browser_of(cast.alice)
    assert access_statuses() == (200, 200, 200)
    assert "Alice" in bob.get("/teams/ranking").text
    gone = request_deletion(alice)
    assert gone.status_code == 303
    assert not is_signed_in(alice)
    assert not is_signed_in(elsewhere)
    assert access_statuses() == (401, 404, 404)
    assert "Alice" not in bob.get("/teams/ranking").text
    mail = session.scalars(sa.select(OutgoingMail).where(OutgoingMail.recipient == ALICE)).one()
    assert "will be deleted" in mail.subject
    assert "/login" in mail.body

    home = browser_of()
    answer = sign_in(home, ALICE)
    assert answer.location == "/account/return"
    # Every other page redirects there.
    assert home.get("/evidence").status_code == 303
    assert home.get("/login").location == "/account/return"
    assert home.get("/").location == "/account/return"
    page = home.get("/account/return")
    assert "Keep my account" in page.text
    assert "/evidence" not in page.text
    assert home.put("/account/return").status_code == 303
    assert is_signed_in(home)
    assert access_statuses() == (200, 200, 200)
    assert "Alice" in bob.get("/teams/ranking").text
    assert audited_actions(session)[-3:] == [
        "account.deletion_requested",
        "session.begun",
        "account.deletion_cancelled",
    ]
    activity = home.get("/activity?kind=account").text
    assert "Account deletion requested" in activity
    assert "Account deletion cancelled" in activity


def test_returning_user_can_sign_out_without_cancelling(alice, session, cast, browser_of):
    request_deletion(alice)
    home = browser_of()
    sign_in(home, ALICE)
    assert home.post("/logout").status_code == 303
    home._csrf = None
    assert home.get("/account/return").location == "/login"
    assert deletion.find_deletion(session, cast.alice)


def test_deletion_cannot_be_cancelled_after_the_grace_period(alice, session, cast, browser_of, now):
    request_deletion(alice)
    home = browser_of()
    with time_machine.travel(now + dt.timedelta(days=13, hours=20), tick=False):
        sign_in(home, ALICE)
    with time_machine.travel(now + dt.timedelta(days=14, minutes=1), tick=False):
        assert home.put("/account/return").status_code == 303
        assert not is_signed_in(home)
    session.rollback()
    assert session.get_one(User, cast.alice).deactivated_at


def test_only_administrators_can_cancel_their_deletion_of_a_user(
    alice, session, cast, browser_of, with_mail
):
    erin = browser_of(cast.erin)
    asked = erin.get(f"/admin/people/{cast.alice}/deletion").text
    assert "visible to administrators only" in asked
    assert erin.put(f"/admin/people/{cast.alice}/deletion").status_code == 303
    assert f'href="/admin/people/{cast.alice}"' in erin.get("/search?q=alice").text
    assert not is_signed_in(alice)
    assert sign_in(browser_of(), ALICE).status_code == 422
    mail = session.scalars(sa.select(OutgoingMail).where(OutgoingMail.recipient == ALICE)).one()
    assert "an administrator can restore the account" in mail.body
    page = erin.get(f"/admin/people/{cast.alice}").text
    assert "will be deleted for good" in page
    assert "Will be deleted on" in erin.get("/admin/people?show=leaving").text
    assert "waiting for deletion" in erin.get("/admin").text
    assert erin.delete(f"/admin/people/{cast.alice}/deletion").status_code == 303
    assert sign_in(browser_of(), ALICE).location == "/"


def test_cancelled_deletion_leaves_a_deactivated_account_deactivated(session, cast, browser_of):
    erin = browser_of(cast.erin)
    erin.put(f"/admin/people/{cast.alice}/deactivation")
    erin.put(f"/admin/people/{cast.alice}/deletion")
    erin.delete(f"/admin/people/{cast.alice}/deletion")
    session.rollback()
    assert session.get_one(User, cast.alice).deactivated_at
    assert deletion.find_deletion(session, cast.alice) is None


def test_reactivation_cancels_the_deletion(alice, session, cast, browser_of):
    request_deletion(alice)
    browser_of(cast.erin).delete(f"/admin/people/{cast.alice}/deactivation")
    session.rollback()
    assert session.scalars(sa.select(AccountDeletion)).all() == []
    assert sign_in(browser_of(), ALICE).location == "/"


def test_last_administrator_must_appoint_another_before_deletion(session, cast, browser_of):
    set_password(session, cast.bob)
    erin = browser_of(cast.erin)
    page = erin.get("/account/deletion").text
    assert "You are the only administrator" in page
    assert re.search(rf'href="/admin/people/{cast.bob}/administrator"', page)
    assert request_deletion(erin, "erin@example.org").status_code == 409
    assert is_signed_in(erin)
    erin.put(f"/admin/people/{cast.bob}/administrator")
    assert request_deletion(erin, "erin@example.org").status_code == 303
    assert not is_signed_in(erin)


def test_second_request_keeps_the_due_date(alice, session, cast, now):
    request_deletion(alice)
    first = deletion.find_deletion(session, cast.alice)
    assert first is not None
    due_at = first.due_at
    again = deletion.request_deletion(
        session, cast.alice, by=cast.alice, now=now + dt.timedelta(days=3)
    )
    assert again is not None
    assert again.due_at == due_at


def test_wrong_password_does_not_reveal_the_deletion(alice, browser_of):
    request_deletion(alice)
    assert sign_in(browser_of(), ALICE, PASSWORD + "x").status_code == 422
