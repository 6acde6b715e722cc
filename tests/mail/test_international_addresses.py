"""Non-ASCII addresses, against real mail servers with and without SMTPUTF8."""

from __future__ import annotations

import datetime as dt

import pytest

from roadmap.invitations.actions import invite
from roadmap.mail import outbox
from tests.support.login import set_password, sign_in
from tests.support.smtp import FreePortController, Mailbox

BY_DOMAIN = "info@bücher.example"
BY_LOCAL_PART = "ünfo@bücher.example"
# As sent: the domain is an A-label for every server.
ENVELOPE_ADDRESSES = {
    BY_DOMAIN: "info@xn--bcher-kva.example",
    BY_LOCAL_PART: "ünfo@xn--bcher-kva.example",
}
UNSUPPORTED = "it announces no SMTPUTF8"


@pytest.fixture(params=[True, False], ids=["with SMTPUTF8", "without SMTPUTF8"])
def box(request, app, with_mail):
    """The mailbox of a server with or without SMTPUTF8."""
    box = Mailbox()
    box.takes_all = request.param
    server = FreePortController(
        box, hostname="127.0.0.1", port=0, enable_SMTPUTF8=box.takes_all, decode_data=False
    )
    server.start()
    app.config["SMTP_URL"] = f"smtp://127.0.0.1:{server.port}"
    yield box
    server.stop()


def deliver() -> outbox.DeliveryResult:
    return outbox.deliver_due(lambda: dt.datetime.now(dt.UTC))


def recipients(box: Mailbox) -> list[str]:
    return [str(mail["X-RcptTo"]) for mail in box.mails]


@pytest.mark.parametrize("email", ENVELOPE_ADDRESSES, ids=["domain", "local part"])
def test_undeliverable_invitation_is_reported_to_the_inviter(
    app, session, cast, browser_of, box, email
):
    bob, erin = browser_of(cast.bob), browser_of(cast.erin)
    page = "/teams/ranking/members"
    fields = {"email": email, "role": "member", "days": "14"}
    answer = bob.post("/teams/ranking/invitations", fields)
    assert answer.status_code == 303
    result = deliver()
    arrives = box.takes_all or email == BY_DOMAIN
    assert (result.sent, result.postponed, result.given_up) == (int(arrives), 0, int(not arrives))
    assert recipients(box) == ([ENVELOPE_ADDRESSES[email]] if arrives else [])
    for text in (bob.get(page).text, erin.get("/admin/invitations").text, erin.get("/admin").text):
        assert (UNSUPPORTED in text) is (not arrives)


def test_address_entered_via_an_open_link_is_hidden_from_the_inviter(
    session, cast, browser_of, box, now
):
    _made, token = invite(session, team=None, role="member", by=cast.erin, now=now)
    session.commit()
    assert browser_of().post(f"/invitations/{token}", {"email": BY_LOCAL_PART}).status_code == 303
    deliver()
    page = browser_of(cast.erin).get("/admin/invitations").text
    assert "Anyone who has the link" in page
    assert "ünfo" not in page


@pytest.mark.parametrize("email", ENVELOPE_ADDRESSES, ids=["domain", "local part"])
def test_new_address_is_confirmed_by_link_or_by_an_administrator(
    app, session, cast, browser_of, box, email
):
    set_password(session, cast.alice)
    set_password(session, cast.erin)
    alice, erin = browser_of(cast.alice), browser_of(cast.erin)
    assert alice.put("/account/email", {"email": email}).status_code == 303
    deliver()
    person = f"/admin/people/{cast.alice}"
    if box.takes_all or email == BY_DOMAIN:
        assert recipients(box) == [ENVELOPE_ADDRESSES[email]]
        assert UNSUPPORTED not in alice.get("/account").text
        return
    assert recipients(box) == []
    assert UNSUPPORTED in alice.get("/account").text
    assert UNSUPPORTED in erin.get(person).text
    form = erin.get(f"{person}/email")
    pending = form.text.partition('name="pending" value="')[2].partition('"')[0]
    assert erin.put(f"{person}/email", {"pending": pending}).status_code == 303
    assert UNSUPPORTED not in alice.get("/account").text


@pytest.mark.parametrize(
    "spelling", [BY_DOMAIN, ENVELOPE_ADDRESSES[BY_DOMAIN]], ids=["unicode", "a-label"]
)
def test_both_spellings_of_a_domain_sign_in_and_are_found(
    app, session, cast, browser_of, box, spelling
):
    set_password(session, cast.alice)
    alice, erin = browser_of(cast.alice), browser_of(cast.erin)
    alice.put("/account/email", {"email": BY_DOMAIN})
    deliver()
    [mail] = box.mails
    link = mail.get_payload(decode=True).decode().partition("/account/email/")[2].split()[0]
    assert alice.put(f"/account/email/{link}").status_code == 303
    assert sign_in(browser_of(), spelling).status_code == 303
    assert "Alice" in erin.get(f"/admin/people?q={spelling}").text
