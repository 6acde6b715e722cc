"""/invitations/<token>: the page of an invitation."""

from __future__ import annotations

import datetime as dt
from html import unescape

import pytest
import sqlalchemy as sa
import time_machine

from roadmap.auth import actions, rate_limits
from roadmap.auth.models import Attempt, LoginSession
from roadmap.invitations.actions import accept, invite, revoke
from roadmap.invitations.models import Invitation
from roadmap.invitations.queries import find_by_token, invitation_state
from roadmap.notifications.models import Notification
from roadmap.people import actions as people
from roadmap.people.models import AuditEntry, Team, User
from roadmap.people.queries import find_role
from tests.evidence.form_data import form_fields
from tests.support.browser_client import csrf_field
from tests.support.login import OTHER_PASSWORD, PASSWORD, is_signed_in, set_password, sign_in

ADA = {"name": "Ada", "email": "ada@example.org", "password": PASSWORD}


@pytest.fixture
def team(session, cast) -> Team:
    return session.get_one(Team, cast.team)


@pytest.fixture
def make_invitation(session, cast, team, now):
    """`make_invitation(...)` stores an invitation by Bob to Ranking and returns its path."""

    def make(**changes) -> str:
        values = {"team": team, "role": "member", "by": cast.bob, "now": now, **changes}
        _invitation, token = invite(session, **values)
        session.commit()
        return f"/invitations/{token}"

    return make


def text_of(response) -> str:
    return unescape(response.text)


def find_user(session, email: str) -> User | None:
    session.rollback()
    return session.scalar(sa.select(User).where(sa.func.lower(User.email) == email))


# Without an account


def test_invitation_creates_account_and_membership(session, cast, browser_of, make_invitation):
    address, browser = make_invitation(), browser_of()
    page = browser.get(address)
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    # Other servers do not get the token as referrer.
    assert page.headers["Referrer-Policy"] == "same-origin"
    for text in (
        "Join Ranking",
        "Bob invites you",
        "The managers and mentors of Ranking see:",
        "never see notes",
        "in the audit log, that your evidence was reviewed and in which skill you were assessed",
    ):
        assert text in text_of(page)
    response = browser.post(address, ADA)
    assert (response.status_code, response.location) == (303, "/")
    welcome = text_of(browser.get("/"))
    assert "You are now in the team Ranking." in welcome
    assert "You are still in" not in welcome
    assert is_signed_in(browser)
    ada = find_user(session, "ada@example.org")
    assert (ada.is_admin, find_role(session, cast.team, ada.id)) == (False, "member")


@pytest.mark.parametrize("has_session", [True, False], ids=["same browser", "other browser"])
@pytest.mark.parametrize("email", ["", "ada@example.org"], ids=["unbound", "bound"])
@pytest.mark.parametrize("role", ["member", "manager", None], ids=["member", "manager", "no team"])
def test_double_submit_signs_the_same_person_in(
    cast, browser_of, make_invitation, email, role, has_session
):
    values = {"role": role} if role else {"team": None, "by": cast.erin}
    address = make_invitation(**values, **({"email": email} if email else {}))
    first = browser_of()
    sent = ADA | csrf_field(first, address)
    response = first.post(address, sent)
    assert response.status_code == 303
    again = first if has_session else browser_of()
    second = again.post(address, sent if has_session else ADA)
    # A signed-in browser is redirected to the page, which says that they have joined.
    place = address if has_session else response.location
    assert (second.status_code, second.location) == (303, place)
    assert again.get(place).status_code == 200
    assert is_signed_in(again)
    # Another person with the link but without the password is not signed in.
    other = browser_of()
    assert other.post(address, {**ADA, "password": OTHER_PASSWORD}).status_code in (409, 410)
    assert not is_signed_in(other)


def test_teams_page_lists_received_invitations(cast, browser_of, make_invitation):
    mallory = browser_of(cast.mallory)
    assert "You are not in a team yet" in text_of(mallory.get("/teams"))
    address = make_invitation(email="mallory@example.org")
    page = text_of(mallory.get("/teams"))
    assert "You are not in a team yet" not in page
    assert "Bob invites you to be a member" in page
    assert "Accept or decline" in page
    assert mallory.post(address).status_code == 303
    assert "Invitations to you" not in text_of(mallory.get("/teams"))
    assert "Invitations to you" not in text_of(browser_of(cast.dave).get("/teams"))


@pytest.mark.parametrize("reply", ["accept", "decline"])
def test_notification_links_to_page_for_accepting_or_declining(
    session, cast, browser_of, make_invitation, reply
):
    """The token is only in the mail."""
    link = make_invitation(email="mallory@example.org", role="manager")
    mallory = browser_of(cast.mallory)
    assert "Open it to accept or decline." in text_of(mallory.get("/notifications"))
    [notification] = session.scalars(
        sa.select(Notification.id).where(Notification.user_id == cast.mallory)
    )
    place = mallory.put(f"/notifications/{notification}/reading").location
    assert f'href="{place}"' in mallory.get("/teams").text
    page = text_of(mallory.get(place))
    for text in ("Manage Ranking", "Bob invites you", "What others see of you", "Decline"):
        assert text in page
    assert text_of(mallory.get(link)).count("Decline") == 1
    # Other people do not find the invitation.
    for person in (cast.bob, cast.dave, cast.erin):
        other = browser_of(person)
        assert other.get(place).status_code == 404
        assert other.post(place).status_code == other.delete(place).status_code == 404
    if reply == "accept":
        done, again = mallory.post(place), mallory.post(place)
        assert (done.status_code, again.status_code) == (303, 303)
        assert done.location == again.location == "/teams/ranking"
        assert find_role(session, cast.team, cast.mallory) == "manager"
        return
    done, again = mallory.delete(place), mallory.delete(place)
    assert (done.location, again.location) == ("/teams", "/teams")
    page = text_of(mallory.get("/teams"))
    assert page.count("You declined the invitation to Ranking.") == 1
    assert "Invitations to you" not in page
    assert (mallory.get(place).status_code, mallory.get(link).status_code) == (410, 410)
    assert find_role(session, cast.team, cast.mallory) is None
    assert "Open it to accept" not in mallory.get("/notifications").text
    bob = text_of(browser_of(cast.bob).get("/notifications"))
    assert bob.count("Mallory declined your invitation to") == 1
    audit = text_of(browser_of(cast.erin).get("/admin/audit"))
    assert "as a manager was declined (for mallory@example.org)." in audit


def test_account_with_unconfirmed_address_cannot_answer_invitation(
    session, cast, browser_of, make_invitation
):
    make_invitation(email="mallory@example.org")
    key = session.scalar(sa.select(Invitation.id))
    session.execute(sa.update(User).where(User.id == cast.mallory).values(email_key=None))
    session.commit()
    mallory = browser_of(cast.mallory)
    assert mallory.get(f"/invitations/received/{key}").status_code == 404
    assert mallory.post(f"/invitations/received/{key}").status_code == 404
    assert find_role(session, cast.team, cast.mallory) is None


def test_address_of_bound_invitation_cannot_be_changed(session, cast, browser_of, make_invitation):
    address, browser = make_invitation(email="Grace@example.org"), browser_of()
    page = browser.get(address)
    assert "Grace@example.org</dd>" in page.text
    assert 'name="email"' not in page.text
    browser.post(address, ADA)
    assert find_user(session, "ada@example.org") is None
    grace = find_user(session, "grace@example.org")
    assert find_role(session, cast.team, grace.id) == "member"


def test_new_account_gets_time_zone_of_browser(session, browser_of, make_invitation):
    """It is the 29th in Auckland, so evidence of that day can be recorded."""
    moment = dt.datetime(2026, 11, 28, 19, 30, tzinfo=dt.UTC)
    address, browser = make_invitation(now=moment), browser_of()
    with time_machine.travel(moment):
        assert 'name="timezone"' in browser.get(address).text
        browser.post(address, {**ADA, "timezone": "Pacific/Auckland"})
        browser._csrf = None  # the session changed
        piece = form_fields(occurred_on="2026-11-29")
        assert browser.post("/evidence", piece).status_code == 303
    assert find_user(session, "ada@example.org").timezone == "Pacific/Auckland"


def test_new_manager_is_redirected_to_the_team(session, cast, browser_of, make_invitation):
    address, browser = make_invitation(role="manager"), browser_of()
    assert "Manage Ranking" in text_of(browser.get(address))
    assert browser.post(address, ADA).location == "/teams/ranking"


def test_invitation_without_team_creates_account_once(session, cast, browser_of, make_invitation):
    address, browser = make_invitation(team=None, by=cast.erin), browser_of()
    page = text_of(browser.get(address))
    assert "Erin invites you to create an account" in page
    assert "managers and mentors of" not in page
    assert browser.post(address, ADA).status_code == 303
    assert find_user(session, "ada@example.org") is not None
    assert browser_of().get(address).status_code == 410


def test_invited_person_can_sign_up_while_sign_up_is_closed(
    app, session, browser_of, make_invitation
):
    app.config["SIGNUP"] = "invite"
    try:
        assert browser_of().post(make_invitation(), ADA).status_code == 303
    finally:
        app.config["SIGNUP"] = "open"
    page = text_of(browser_of().get("/signup"))
    assert "Ask your manager or administrator" in page


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"name": " "}, "Enter your name."),
        ({"email": "ada"}, "This is not an e-mail address."),
        ({"password": "short"}, "Use at least 10 characters"),
        ({"email": "countess@example.org", "password": "the countess 1815"}, "contains your name"),
        ({"email": "Alice@example.org"}, "An account with this address already exists."),
    ],
    ids=[
        "blank name",
        "malformed email",
        "short password",
        "email in password",
        "existing account",
    ],
)
def test_invalid_form_keeps_input_and_invitation(
    session, now, browser_of, make_invitation, change, text
):
    address = make_invitation()
    response = browser_of().post(address, {**ADA, **change})
    assert response.status_code == 422
    assert text in text_of(response)
    if "name" not in change:
        assert 'value="Ada"' in response.text
    session.rollback()
    assert session.scalar(sa.select(sa.func.count()).select_from(User)) == 6
    found = find_by_token(session, address.rpartition("/")[2])
    assert invitation_state(session, found, now) == "valid"


def test_password_must_not_contain_the_bound_address(browser_of, make_invitation):
    response = browser_of().post(
        make_invitation(email="countess@example.org"),
        {"name": "Ada", "password": "the countess 1815"},
    )
    assert response.status_code == 422
    assert "contains your name" in text_of(response)


# With an account


def test_signed_in_person_joins_without_password(session, cast, browser_of, make_invitation):
    address, browser = make_invitation(), browser_of(cast.mallory)
    page = text_of(browser.get(address))
    assert "Join Ranking" in page
    assert "Password" not in page
    response = browser.post(address)
    assert (response.status_code, response.location) == (303, "/")
    assert find_role(session, cast.team, cast.mallory) == "member"
    assert "You are in Ranking" in text_of(browser.get(address))


def test_person_with_account_signs_in_before_joining(session, cast, browser_of, make_invitation):
    set_password(session, cast.mallory)
    address, browser = make_invitation(email="mallory@example.org"), browser_of()
    page = text_of(browser.get(address))
    assert f"/login?next={address}" in page
    assert "There is an account for mallory@example.org" in page
    assert browser.post(address, ADA).status_code == 409
    assert sign_in(browser, "mallory@example.org", next=address).location == address
    assert browser.post(address).status_code == 303
    session.rollback()
    assert find_role(session, cast.team, cast.mallory) == "member"


def test_invitation_for_another_address_offers_to_switch_account(
    session, cast, browser_of, make_invitation
):
    address, browser = make_invitation(email="mallory@example.org"), browser_of(cast.dave)
    page = text_of(browser.get(address))
    assert "m…@example.org" in page
    assert "mallory@example.org" not in page
    assert "signed in as dave@example.org" in page
    assert browser.post(address).status_code == 409
    session.rollback()
    assert find_role(session, cast.team, cast.dave) is None
    response = browser.post("/logout", {"next": address})
    assert response.location == address
    assert "mallory@example.org" in text_of(browser.get(address))


def test_member_sees_that_they_are_in_the_team(session, cast, browser_of, make_invitation):
    address, browser = make_invitation(), browser_of(cast.alice)
    assert "You are in Ranking" in text_of(browser.get(address))
    assert browser.post(address).status_code == 303
    assert "Join Ranking" in text_of(browser_of().get(address))


def test_promotion_keeps_only_the_current_session(session, cast, browser_of, make_invitation):
    address, here, elsewhere = (
        make_invitation(role="manager"),
        browser_of(cast.alice),
        browser_of(cast.alice),
    )
    assert here.post(address).location == "/teams/ranking"
    assert is_signed_in(here)
    assert not is_signed_in(elsewhere)


def test_joining_does_not_renew_the_session(session, cast, browser_of, make_invitation, now):
    """Otherwise a token could be created without entering the password."""
    address, here = make_invitation(role="manager"), browser_of(cast.alice)
    long_ago = now - dt.timedelta(minutes=20)
    mine = LoginSession.user_id == cast.alice
    times = {"created_at": long_ago, "fresh_at": long_ago}
    session.execute(sa.update(LoginSession).where(mine).values(times))
    session.commit()
    assert here.post(address).location == "/teams/ranking"
    kept = session.execute(sa.select(LoginSession.created_at, LoginSession.fresh_at).where(mine))
    assert kept.one() == (long_ago, long_ago)
    assert here.get("/account/tokens/new").location == "/account/confirm?next=/account/tokens/new"


def test_deactivated_account_cannot_join(session, cast, browser_of, make_invitation, now):
    address = make_invitation(email="mallory@example.org")
    actions.deactivate(session, cast.mallory, by=cast.erin, now=now)
    session.commit()
    assert "is deactivated" in text_of(browser_of().get(address))
    assert browser_of().post(address, ADA).status_code == 409


# Without an open invitation


def test_unknown_invitation_is_not_found(cast, browser_of):
    for browser in (browser_of(), browser_of(cast.alice)):
        for response in (browser.get("/invitations/guessed"), browser.post("/invitations/guessed")):
            assert response.status_code == 404
            assert "no such invitation" in text_of(response)


def test_used_invitation_is_gone(session, cast, browser_of, make_invitation, now):
    address = make_invitation()
    found = find_by_token(session, address.rpartition("/")[2])
    accept(session, found, cast.mallory, now=now)
    session.commit()
    for browser in (browser_of(), browser_of(cast.dave)):
        assert browser.get(address).status_code == 410
        response = browser.post(address, ADA)
        assert response.status_code == 410
        assert "This invitation was used" in text_of(response)
    assert find_user(session, "ada@example.org") is None


def test_expired_invitation_is_gone(browser_of, make_invitation, now):
    address, browser = make_invitation(), browser_of()
    with time_machine.travel(now + dt.timedelta(days=14, minutes=1)):
        assert browser.get(address).status_code == 410
        response = browser.post(address, ADA)
        assert response.status_code == 410
        assert "has expired" in text_of(response)
        assert "Ask Bob for a new one." in text_of(response)


def test_revoked_invitation_is_gone(session, cast, browser_of, make_invitation, now):
    address = make_invitation()
    found = find_by_token(session, address.rpartition("/")[2])
    revoke(session, found, by=cast.bob, now=now)
    session.commit()
    assert "no longer open" in text_of(browser_of().get(address))
    assert browser_of().post(address, ADA).status_code == 410


def test_invitation_of_former_manager_is_gone(
    session, cast, team, browser_of, make_invitation, now
):
    address = make_invitation()
    people.remove_member(session, team, cast.bob, by=cast.erin, now=now)
    session.commit()
    page = browser_of().get(address)
    assert page.status_code == 410
    assert "Bob sent it, and no longer manages this team." in text_of(page)
    assert browser_of().post(address, ADA).status_code == 410
    assert browser_of(cast.mallory).post(address).status_code == 410
    assert find_role(session, cast.team, cast.mallory) is None


# Rate limits and the audit log


def test_failed_attempts_are_rate_limited_across_browsers(
    session, cast, browser_of, make_invitation
):
    address, browser = make_invitation(), browser_of()
    results = [browser.post(address, {**ADA, "password": "short"}) for _try in range(11)]
    assert [response.status_code for response in results] == [422] * 10 + [429]
    assert "Retry-After" in results[-1].headers
    session.rollback()
    assert session.scalar(sa.select(sa.func.count()).select_from(Attempt)) == 30
    # Another browser at the same address is blocked, too.
    assert browser_of().post(address, ADA).status_code == 429


def test_token_is_not_in_the_audit_log(session, cast, browser_of, make_invitation):
    address = make_invitation(email="mallory@example.org")
    token = address.rpartition("/")[2]
    browser_of(cast.dave).post(address)
    browser_of(cast.mallory).post(address)
    browser_of(cast.dave).get(address)
    session.rollback()
    lines = session.scalars(sa.select(AuditEntry)).all()
    assert "invitation.accepted" in {line.action for line in lines}
    assert not [line for line in lines if token in f"{line.target} {line.data}"]


def test_sign_out_redirects_only_to_own_paths(cast, browser_of):
    response = browser_of(cast.alice).post("/logout", {"next": "https://elsewhere.example"})
    assert response.location == "/login"


def test_accepted_invitations_are_not_rate_limited(cast, browser_of, make_invitation, monkeypatch):
    """Many people of an office have the same address."""
    monkeypatch.setattr(rate_limits, "MAX_PER_ADDRESS", 3)
    paths = [make_invitation() for _ in range(5)]
    mallory = browser_of(cast.mallory)
    assert [mallory.post(path).status_code for path in paths] == [303] * 5


def test_unknown_invitations_are_rate_limited(cast, browser_of, monkeypatch):
    monkeypatch.setattr(rate_limits, "MAX_PER_ADDRESS", 3)
    mallory = browser_of(cast.mallory)
    results = [mallory.post(f"/invitations/wrong-{number}").status_code for number in range(4)]
    assert results == [404] * 3 + [429]


def test_lapsed_invitation_without_team_does_not_mention_a_team(session, cast, browser_of, now):
    actions.set_admin(session, cast.dave, True, by=cast.erin, now=now)
    _made, token = invite(session, team=None, role="member", by=cast.dave, now=now)
    actions.set_admin(session, cast.dave, False, by=cast.erin, now=now)
    session.commit()
    page = browser_of().get(f"/invitations/{token}")
    assert page.status_code == 410
    assert "ask your administrator" in page.text
    assert "team" not in page.text.partition("<main")[2].partition("</main>")[0]
