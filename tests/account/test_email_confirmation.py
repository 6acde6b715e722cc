"""A new e-mail address takes effect only after its confirmation.

Mallory enters the address of Frank, who has no account yet, and of Bob, who has one.
"""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa
import time_machine

from roadmap.auth import actions, email_confirmation
from roadmap.auth.models import PendingEmail
from roadmap.auth.queries import find_pending_email, find_user_by_email
from roadmap.invitations import emails
from roadmap.invitations.actions import invite
from roadmap.invitations.models import Invitation
from roadmap.jobs.tasks import prune
from roadmap.mail.models import OutgoingMail
from roadmap.people.locks import lock_user
from roadmap.people.models import AuditEntry, Team, User
from roadmap.people.queries import find_role
from roadmap.portfolio.queries import load_document
from tests.portfolio import evidence_rows
from tests.support.login import PASSWORD, is_signed_in, set_password, sign_in
from tests.teams.test_concurrent_changes import request_during_change

FRANK = "frank@example.org"
SIGN_UP_FORM = {"name": "Frank", "email": FRANK, "password": PASSWORD}


@pytest.fixture
def mallory(session, cast, browser_of):
    """Return a browser of Mallory, who has the password PASSWORD."""
    set_password(session, cast.mallory)
    return browser_of(cast.mallory)


@pytest.fixture
def mails(session, with_mail):
    """Return a function that returns queued mails by recipient."""

    def queued() -> dict[str, str]:
        session.rollback()
        rows = session.scalars(sa.select(OutgoingMail).order_by(OutgoingMail.id))
        return {mail.recipient: mail.body for mail in rows}

    return queued


def link_in(body: str) -> str:
    found = re.search(r"https?://[^/\s]+(/\S+)", body)
    assert found, body
    return found[1]


def mark_as_sent(session) -> None:
    mails = sa.update(OutgoingMail).where(OutgoingMail.due_at.is_not(None))
    session.execute(mails.values(due_at=None, sent_at=OutgoingMail.created_at))
    session.commit()


def email_of(session, person) -> tuple[str, str | None]:
    session.rollback()
    return tuple(
        session.execute(sa.select(User.email, User.email_key).where(User.id == person)).one()
    )


def shown_text(browser, path: str) -> str:
    return browser.get(path).text


# Attacks


@pytest.mark.parametrize(
    "has_mail",
    [True, False],
    ids=["mail", "no mail"],
)
def test_unconfirmed_address_identifies_no_account(
    request, session, cast, mallory, browser_of, now, has_mail
):
    """Neither for sign-in, adding a member, an invitation nor a new account."""
    if has_mail:
        request.getfixturevalue("with_mail")
    assert mallory.put("/account/email", {"email": FRANK}).status_code == 303
    assert sign_in(browser_of(), FRANK).status_code == 422
    assert sign_in(browser_of(), "mallory@example.org").status_code == 303
    erin = browser_of(cast.erin)
    added = erin.post("/teams/ranking/members", {"add-email": FRANK, "add-role": "manager"})
    assert added.status_code == 422
    assert "There is no account with this address" in added.text
    team = session.get_one(Team, cast.team)
    _made, token = invite(session, team=team, role="manager", email=FRANK, by=cast.bob, now=now)
    session.commit()
    assert mallory.post(f"/invitations/{token}").status_code == 409
    assert find_role(session, cast.team, cast.mallory) is None
    assert find_user_by_email(session, FRANK) is None
    # Frank can still get an account with it.
    frank = actions.create_user(session, name="Frank", email=FRANK, by=None, now=now)
    session.commit()
    assert find_user_by_email(session, FRANK).id == frank.id


def test_link_works_only_for_the_account_that_requested_it(
    session, cast, mallory, browser_of, mails
):
    mallory.put("/account/email", {"email": FRANK})
    path = link_in(mails()[FRANK])
    assert path.startswith("/account/email/")
    dave = browser_of(cast.dave)
    assert dave.get(path).status_code == 404
    assert dave.put(path).status_code == 404
    assert browser_of().get(path).location == f"/login?next={path}"
    # A GET, as by link scanners, confirms nothing.
    assert mallory.get(path).status_code == 200
    assert email_of(session, cast.mallory)[0] == "mallory@example.org"
    assert mallory.put(path).status_code == 303
    assert email_of(session, cast.mallory) == (FRANK, FRANK)
    assert mallory.put(path).status_code == 404


@pytest.mark.parametrize(
    "email",
    ["bob@example.org", "BOB@example.org", FRANK],
    ids=["existing", "other spelling", "unknown"],
)
def test_response_does_not_reveal_whether_address_has_an_account(
    session, cast, mallory, email, with_mail
):
    response = mallory.put("/account/email", {"email": email})
    assert (response.status_code, response.location) == (303, "/account")
    page = shown_text(mallory, "/account")
    assert f"A link is being mailed to {email}." in page
    assert f"{email} is not confirmed yet." in page


def test_link_for_address_of_another_account_is_rejected(session, cast, mallory, mails):
    mallory.put("/account/email", {"email": "bob@example.org"})
    response = mallory.put(link_in(mails()["bob@example.org"]))
    assert response.status_code == 409
    assert "Another account has this e-mail address" in response.text
    assert email_of(session, cast.mallory)[0] == "mallory@example.org"
    assert email_of(session, cast.bob)[0] == "bob@example.org"


@pytest.mark.parametrize(
    "email",
    ["bob@example.org", FRANK],
    ids=["existing account", "no account"],
)
def test_unbound_invitation_mails_a_link_to_the_entered_address(
    session, cast, browser_of, mails, now, email
):
    """With or without an account for it, only the mailed link continues."""
    _made, token = invite(session, team=None, role="member", by=cast.erin, now=now)
    session.commit()
    address, browser = f"/invitations/{token}", browser_of()
    assert 'name="password"' not in shown_text(browser, address)
    response = browser.post(address, {**SIGN_UP_FORM, "email": email})
    assert (response.status_code, response.location) == (303, address)
    assert f"A link is being mailed to {email}." in shown_text(browser, address)
    assert not is_signed_in(browser)
    path = link_in(mails()[email])
    assert path.startswith(f"{address}?address=")
    page = shown_text(browser_of(), path)
    if email != FRANK:
        assert "There is an account for bob@example.org" in page
        return
    proof = path.partition("?address=")[2]
    opened = browser_of()
    forged = opened.post(address, {**SIGN_UP_FORM, "address": f"x{proof}"})
    assert not is_signed_in(opened)
    assert forged.location == address
    response = opened.post(address, {"name": "Frank", "password": PASSWORD, "address": proof})
    assert (response.status_code, response.location) == (303, "/")
    session.rollback()
    assert find_user_by_email(session, FRANK).name == "Frank"


def test_proof_of_address_is_valid_for_one_invitation_and_one_day(
    session, cast, browser_of, mails, now
):
    first, second = (
        invite(session, team=None, role="member", by=cast.erin, now=now)[1] for _ in range(2)
    )
    session.commit()
    browser = browser_of()
    browser.post(f"/invitations/{first}", {"email": FRANK})
    proof = link_in(mails()[FRANK]).partition("?address=")[2]
    assert 'name="password"' in shown_text(browser, f"/invitations/{first}?address={proof}")
    assert 'name="password"' not in shown_text(browser, f"/invitations/{second}?address={proof}")
    with time_machine.travel(now + dt.timedelta(hours=25)):
        late = shown_text(browser_of(), f"/invitations/{first}?address={proof}")
        assert 'name="password"' not in late


def test_link_of_mailed_invitation_is_hidden_from_inviter(session, cast, browser_of, mails):
    bob, erin = browser_of(cast.bob), browser_of(cast.erin)
    data = {"email": FRANK, "days": "14", "role": "manager"}
    assert bob.post("/teams/ranking/invitations", data).status_code == 303
    page = shown_text(bob, "/teams/ranking/members")
    assert f"The invitation is being mailed to {FRANK}." in page
    assert "/invitations/" in mails()[FRANK]
    assert f"{link_in(mails()[FRANK])}" not in page
    assert "readonly" not in page
    erin.post("/admin/invitations", {"email": "gina@example.org", "days": "14"})
    assert "readonly" not in shown_text(erin, "/admin/invitations")
    # The link of an unbound invitation is shown, because nobody is mailed.
    bob.post("/teams/ranking/invitations", {"days": "14", "role": "member"})
    assert "readonly" in shown_text(bob, "/teams/ranking/members")


def test_without_mail_only_invitation_by_administrator_confirms_address(
    session, cast, browser_of, now
):
    """Managers see links of bound invitations; administrators may confirm addresses anyway."""
    team = session.get_one(Team, cast.team)
    for name, inviter, counts in (("gina", cast.bob, False), ("hugo", cast.erin, True)):
        email = f"{name}@example.org"
        _made, token = invite(session, team=team, role="member", email=email, by=inviter, now=now)
        session.commit()
        opened = browser_of()
        data = {"name": name, "password": PASSWORD}
        assert opened.post(f"/invitations/{token}", data).status_code == 303
        session.rollback()
        assert (find_user_by_email(session, email) is not None) == counts
        assert ("is not confirmed yet" in shown_text(opened, "/account")) == (not counts)
        assert sign_in(browser_of(), email).status_code == 303


def test_link_shown_before_mail_was_configured_confirms_nothing(
    request, session, cast, browser_of, now
):
    """Once mail is configured, the address gets a confirmation mail instead."""
    team = session.get_one(Team, cast.team)
    _made, token = invite(session, team=team, role="member", email=FRANK, by=cast.bob, now=now)
    session.commit()
    mails = request.getfixturevalue("mails")
    opened = browser_of()
    data = {"name": "Frank", "password": PASSWORD}
    assert opened.post(f"/invitations/{token}", data).status_code == 303
    assert find_user_by_email(session, FRANK) is None
    opened._csrf = None  # the session changed
    assert opened.put(link_in(mails()[FRANK])).status_code == 303
    session.rollback()
    assert find_user_by_email(session, FRANK).name == "Frank"


def test_administrator_sees_addresses_to_confirm_without_mail(
    session, cast, mallory, browser_of, request
):
    mallory.put("/account/email", {"email": FRANK})
    erin = browser_of(cast.erin)
    assert "1 e-mail address to confirm" in shown_text(erin, "/")
    assert "/admin/people?show=unconfirmed" in shown_text(erin, "/admin")
    page = shown_text(erin, "/admin/people?show=unconfirmed")
    assert "Mallory" in page
    assert "Dave" not in page
    request.getfixturevalue("with_mail")
    assert "to confirm" not in shown_text(erin, "/")


def test_unconfirmed_address_does_not_block_its_owner(session, cast, browser_of, now):
    """An impostor signs up as Frank by an unbound invitation; Frank is then invited himself."""
    _made, token = invite(session, team=None, role="member", by=cast.erin, now=now)
    session.commit()
    impostor = browser_of()
    impostor.post(f"/invitations/{token}", SIGN_UP_FORM)
    assert sign_in(browser_of(), FRANK).status_code == 303
    _made, token = invite(session, team=None, role="member", email=FRANK, by=cast.erin, now=now)
    session.commit()
    frank = {"name": "Frank himself", "password": "basalt under a thin frost"}
    assert browser_of().post(f"/invitations/{token}", frank).status_code == 303
    session.rollback()
    assert find_user_by_email(session, FRANK).name == "Frank himself"
    assert sign_in(browser_of(), FRANK, frank["password"]).status_code == 303
    assert sign_in(browser_of(), FRANK).status_code == 422


@pytest.fixture
def sign_up_unconfirmed(session, cast, browser_of, now):
    """`sign_up_unconfirmed(name)` returns a browser of a new manager with unconfirmed address."""

    def sign_up(name: str):
        team = session.get_one(Team, cast.team)
        email = f"{name.lower()}@example.org"
        _made, token = invite(session, team=team, role="manager", email=email, by=cast.bob, now=now)
        session.commit()
        browser = browser_of()
        browser.post(f"/invitations/{token}", {"name": name, "password": PASSWORD})
        browser._csrf = None  # the session changed
        return browser

    return sign_up


def test_unconfirmed_address_is_not_shown_as_contact(
    session, cast, browser_of, sign_up_unconfirmed, now
):
    """Neither in a portfolio nor in invitation mails."""
    gina = sign_up_unconfirmed("Gina")
    ginas = session.scalars(sa.select(User).where(User.name == "Gina")).one()
    evidence_rows.portfolio(session, ginas.id, shows_email=True)
    session.commit()

    def shown() -> list[bool]:
        session.rollback()
        made, token = invite(session, team=None, role="member", email=FRANK, by=cast.erin, now=now)
        made.inviter = ginas
        mail = emails.render_invitation_mail(made, token, None)
        return [
            load_document(session, ginas.id, now.date()).email == "gina@example.org",
            "gina@example.org" in mail.body,
            "Address not confirmed" not in shown_text(gina, f"/teams/ranking/members/{ginas.id}"),
        ]

    assert shown() == [False] * 3
    assert "gina@example.org, once it is confirmed." in shown_text(gina, "/portfolio")
    pending = find_pending_email(session, ginas.id)
    email_confirmation.confirm_email(session, ginas.id, pending.id, by=None, now=now)
    session.commit()
    session.refresh(ginas)
    assert shown() == [True] * 3


def test_first_account_that_entered_an_address_signs_in_with_it(
    session, browser_of, sign_up_unconfirmed, now
):
    """An impostor with an older account cannot block Hugo by entering his address later."""
    with time_machine.travel(now):
        impostor = sign_up_unconfirmed("Gina")
    with time_machine.travel(now + dt.timedelta(minutes=1)):
        hugo = sign_up_unconfirmed("Hugo")
    with time_machine.travel(now + dt.timedelta(minutes=2)):
        impostor.put("/account/email", {"email": "hugo@example.org"})
        hugo.put("/account/email", {"email": "Hugo@example.org"})
        browser = browser_of()
        assert sign_in(browser, "hugo@example.org").status_code == 303
        assert 'value="Hugo"' in shown_text(browser, "/account")


def test_known_browser_is_bound_to_account_not_to_address(
    session, browser_of, sign_up_unconfirmed, now
):
    """An impostor who once entered the address gets no additional attempts."""
    impostor = sign_up_unconfirmed("Frank")
    frank = actions.create_user(session, name="Frank himself", email=FRANK, by=None, now=now)
    session.commit()
    set_password(session, frank.id)
    impostor.post("/logout")
    impostor._csrf = None
    wrong = [sign_in(impostor, FRANK, "wrong wrong wrong").status_code for _again in range(11)]
    assert wrong == [422] * 10 + [429]
    assert sign_in(browser_of(), FRANK).status_code == 429


def test_unconfirmed_address_gets_no_mail(request, session, cast, browser_of, sign_up_unconfirmed):
    sign_up_unconfirmed("Gina")
    ginas = session.scalars(sa.select(User).where(User.name == "Gina")).one()
    mails = request.getfixturevalue("mails")
    added = {"team": "vision", "role": "member"}
    response = browser_of(cast.erin).post(f"/admin/people/{ginas.id}/teams", added)
    assert response.status_code == 303
    assert mails() == {}
    assert "Vision" in shown_text(browser_of(ginas.id), "/notifications")


def test_invitation_to_unconfirmed_address_explains_what_to_do(
    request, session, cast, sign_up_unconfirmed, now
):
    gina = sign_up_unconfirmed("Gina")
    email = "gina@example.org"
    team = session.get_one(Team, cast.other_team)
    _made, token = invite(session, team=team, role="member", email=email, by=cast.erin, now=now)
    session.commit()
    assert "Ask your administrator to confirm it" in shown_text(gina, f"/invitations/{token}")
    request.getfixturevalue("with_mail")
    page = shown_text(gina, f"/invitations/{token}")
    assert "Have a link mailed to it from your account page and open it, then use this one." in page
    assert "Ask your administrator" not in page
    gina.post("/account/email/link")
    page = shown_text(gina, f"/invitations/{token}")
    assert "Open the link that is being mailed to it, then use this one." in page
    mark_as_sent(session)
    page = shown_text(gina, f"/invitations/{token}")
    assert "Open the link that was mailed to it, then use this one." in page


def test_invitation_appears_once_its_address_is_confirmed(
    session, cast, browser_of, sign_up_unconfirmed, now
):
    """Until then, the inviter sees that it is pending."""
    gina = sign_up_unconfirmed("Gina")
    ginas = session.scalars(sa.select(User).where(User.name == "Gina")).one()
    dave = browser_of(cast.dave)
    dave.post(
        "/teams/vision/invitations",
        {"email": SIGN_UP_FORM["email"], "role": "member", "days": "14"},
    )
    page = shown_text(dave, "/teams/vision/members")
    assert "once an administrator confirms that address" not in page
    data = {"email": "gina@example.org", "role": "member", "days": "14"}
    dave.post("/teams/vision/invitations", data)
    page = shown_text(dave, "/teams/vision/members")
    assert "once an administrator confirms that address" in page
    assert "Vision" not in shown_text(gina, "/notifications")
    pending = find_pending_email(session, ginas.id)
    email_confirmation.confirm_email(session, ginas.id, pending.id, by=None, now=now)
    session.commit()
    assert "Dave invited you to" in shown_text(gina, "/notifications")
    made = session.scalars(sa.select(Invitation).where(Invitation.email == data["email"]))
    [waiting] = [each for each in made if each.accepted_at is None]
    assert gina.post(f"/invitations/received/{waiting.id}").status_code == 303
    assert find_role(session, cast.other_team, ginas.id) == "member"


def test_administrator_cannot_confirm_taken_address(session, cast, mallory, browser_of):
    mallory.put("/account/email", {"email": "bob@example.org"})
    pending = find_pending_email(session, cast.mallory).id
    session.rollback()
    path, erin = f"/admin/people/{cast.mallory}/email", browser_of(cast.erin)
    response = erin.put(path, {"pending": str(pending)})
    assert response.status_code == 409
    assert "Another account has this e-mail address." in response.text
    assert "Mallory entered bob@example.org." in response.text
    assert email_of(session, cast.mallory)[0] == "mallory@example.org"


def test_mails_to_one_address_are_rate_limited(session, cast, mallory, mails):
    statuses = [mallory.put("/account/email", {"email": FRANK}).status_code for _ in range(5)] + [
        mallory.post("/account/email/link").status_code
    ]
    assert statuses == [303] * 5 + [429]


# The account page


def test_pending_address_is_shown_sent_again_and_discarded(
    session, cast, mallory, browser_of, mails
):
    mallory.put("/account/email", {"email": FRANK})
    page = shown_text(mallory, "/account")
    assert "mallory@example.org stays your address" in page
    first = link_in(mails()[FRANK])
    assert mallory.post("/account/email/link").status_code == 303
    second = link_in(mails()[FRANK])
    assert first != second
    # Only the newest mail is queued, and only its link works.
    assert session.scalar(sa.select(sa.func.count()).select_from(OutgoingMail)) == 1
    assert mallory.get(first).status_code == 404
    assert mallory.delete("/account/email").status_code == 303
    page = shown_text(mallory, "/account")
    assert "Your e-mail address stays mallory@example.org." in page
    assert "is not confirmed yet" not in page
    assert mallory.get(second).status_code == 404
    assert mails() == {}


def test_pages_say_whether_a_valid_link_was_mailed(
    request, session, cast, browser_of, sign_up_unconfirmed, now
):
    """Gina signs up before mail is configured, so she gets her first link later."""
    gina = sign_up_unconfirmed("Gina")
    ginas = session.scalars(sa.select(User.id).where(User.name == "Gina")).one()
    erin, admin_page = browser_of(cast.erin), f"/admin/people/{ginas}"
    request.getfixturevalue("with_mail")

    def check(for_gina: str, for_erin: str, *, erin_confirms: bool) -> None:
        page = shown_text(gina, "/account")
        assert for_gina in page
        assert ("that was mailed to it" in page) == ("was mailed" in for_gina)
        page = shown_text(erin, admin_page)
        assert for_erin in page
        assert ("Confirm it" in page) == erin_confirms
        page = shown_text(erin, f"{admin_page}/email")
        assert ('name="pending"' in page) == erin_confirms

    none = "No valid link has been mailed to it."
    check(f"{none} Have one sent", f"{none} Gina can have one sent", erin_confirms=True)
    assert "Send a link</button>" in shown_text(gina, "/account")
    assert gina.post("/account/email/link").status_code == 303
    check("the link that is being mailed", "the link that is being mailed", erin_confirms=False)
    assert "Send the link again" in shown_text(gina, "/account")
    session.execute(sa.update(OutgoingMail).values(error="Connection <refused>", failed_at=now))
    session.commit()
    check("answer: Connection &lt;refused&gt;", "is being mailed", erin_confirms=False)
    mark_as_sent(session)
    check("the link that was mailed to it", "the link that was mailed to it", erin_confirms=False)
    session.execute(sa.update(PendingEmail).values(expires_at=now - dt.timedelta(minutes=1)))
    session.commit()
    check(none, none, erin_confirms=True)
    pending = find_pending_email(session, ginas)
    assert erin.put(f"{admin_page}/email", {"pending": str(pending.id)}).status_code == 303
    assert email_of(session, ginas)[1] == "gina@example.org"


def test_concurrently_confirmed_address_is_not_discarded(
    app, session, cast, mallory, browser_of, now
):
    mallory.put("/account/email", {"email": FRANK})
    waiting = find_pending_email(session, cast.mallory).id
    session.rollback()
    response = request_during_change(
        app,
        mallory,
        ("DELETE", "/account/email"),
        lambda other: email_confirmation.confirm_email(
            other, cast.mallory, waiting, by=cast.mallory, now=now
        ),
        lock=lambda other: lock_user(other, cast.mallory),
    )
    assert response.status_code == 303
    assert email_of(session, cast.mallory)[0] == FRANK
    assert "stays" not in shown_text(browser_of(cast.mallory), "/account")


def test_confirmed_address_replaces_old_one_for_sign_in(
    session, cast, mallory, browser_of, mails, now
):
    link = actions.create_password_link(session, cast.mallory, by=None, now=now)
    session.commit()
    mallory.put("/account/email", {"email": "Mallory@Elsewhere.org"})
    assert mallory.put(link_in(mails()["Mallory@elsewhere.org"])).status_code == 303
    assert sign_in(browser_of(), "mallory@elsewhere.org").status_code == 303
    assert sign_in(browser_of(), "mallory@example.org").status_code == 422
    # A password link mailed to the old address no longer works.
    assert browser_of().get(f"/password/{link}").status_code == 404
    assert "is now Mallory@elsewhere.org" in mails()["mallory@example.org"]


def test_link_expires_after_a_day(session, cast, mallory, mails, now):
    mallory.put("/account/email", {"email": FRANK})
    path = link_in(mails()[FRANK])
    with time_machine.travel(now + dt.timedelta(hours=24, minutes=2)):
        sign_in(mallory, "mallory@example.org")
        assert mallory.get(path).status_code == 404
        assert mallory.put(path).status_code == 404


def test_other_spelling_of_own_address_needs_no_link(session, cast, mallory, mails):
    mallory.put("/account/email", {"email": "Mallory@Example.org"})
    assert email_of(session, cast.mallory) == ("Mallory@example.org", "mallory@example.org")
    assert mails() == {}


def test_unconfirmed_addresses_are_pruned(session, cast, mallory, browser_of, now):
    mallory.put("/account/email", {"email": FRANK})
    _made, token = invite(session, team=None, role="member", by=cast.erin, now=now)
    session.commit()
    browser_of().post(f"/invitations/{token}", {**SIGN_UP_FORM, "email": "gina@example.org"})
    with time_machine.travel(now + email_confirmation.RETENTION + dt.timedelta(days=1)):
        prune()
    session.rollback()
    assert find_pending_email(session, cast.mallory) is None
    # The only address of an account is kept.
    assert sign_in(browser_of(), "gina@example.org").status_code == 303


# Without mail


def test_administrator_confirms_only_the_address_shown(session, cast, mallory, browser_of):
    mallory.put("/account/email", {"email": "bob.b@example.org"})
    assert "ask your administrator to confirm it" in shown_text(mallory, "/account")
    erin, page = browser_of(cast.erin), f"/admin/people/{cast.mallory}/email"
    assert "The e-mail address bob.b@example.org is not confirmed" in shown_text(
        erin, f"/admin/people/{cast.mallory}"
    )
    [shown] = re.findall(r'name="pending" value="([^"]+)"', shown_text(erin, page))
    # Mallory changes the address while Erin has the page open.
    mallory.put("/account/email", {"email": FRANK})
    late = erin.put(page, {"pending": shown})
    assert late.status_code == 409
    assert FRANK in late.text
    [shown] = re.findall(r'name="pending" value="([^"]+)"', late.text)
    assert erin.put(page, {"pending": shown}).status_code == 303
    assert email_of(session, cast.mallory) == (FRANK, FRANK)
    assert "account.email_changed" in session.scalars(sa.select(AuditEntry.action)).all()


def test_administrator_cannot_confirm_with_mail(session, cast, mallory, browser_of, with_mail):
    mallory.put("/account/email", {"email": FRANK})
    erin, page = browser_of(cast.erin), f"/admin/people/{cast.mallory}/email"
    assert 'name="pending"' not in shown_text(erin, page)
    pending = str(find_pending_email(session, cast.mallory).id)
    assert erin.put(page, {"pending": pending}).status_code == 409
    assert email_of(session, cast.mallory)[0] == "mallory@example.org"


def test_command_confirms_address(app, session, cast, mallory, browser_of):
    def run(*arguments: str):
        session.rollback()
        return app.test_cli_runner().invoke(args=["user", *arguments])

    assert "is not waiting" in run("confirm-email", FRANK).stderr
    browser_of(cast.dave).put("/account/email", {"email": FRANK})
    mallory.put("/account/email", {"email": FRANK})
    assert "is not confirmed" in run("reset-password", FRANK).stderr
    both = run("confirm-email", FRANK)
    assert both.exit_code == 1
    assert f"Mallory ({cast.mallory})" in both.stderr
    done = run("confirm-email", FRANK, "--id", str(cast.dave))
    assert done.stdout == f"{FRANK} is now the address of Dave.\n"
    assert email_of(session, cast.dave) == (FRANK, FRANK)
    assert "there is already an account" in run("confirm-email", FRANK).stderr
    # An account without confirmed address is identified by its id.
    assert run("deactivate", str(cast.mallory)).exit_code == 0
