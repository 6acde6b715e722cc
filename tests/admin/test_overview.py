"""/admin: the users, and the state of security and backups."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa

from roadmap.admin import queries
from roadmap.auth import deletion
from roadmap.invitations.actions import invite
from roadmap.invitations.emails import MAIL_SOURCE
from roadmap.mail import outbox, transport
from roadmap.mail.models import OutgoingMail
from roadmap.people.actions import add_member
from roadmap.people.audit import record_audit
from roadmap.people.models import Team, User
from tests.support.catalog import enroll


def mail_section(browser):
    return browser.get("/admin").text.partition('id="mail"')[2].partition("</section>")[0]


def test_overview_shows_figures_and_warnings(session, cast, erin, now):
    session.get(User, cast.mallory).deactivated_at = now
    invite(session, team=None, role="member", email="new@example.org", by=cast.erin, now=now)
    session.commit()
    page = erin.get("/admin")
    assert page.status_code == 200
    for figure in ("<dd>5</dd>", "<dd>1</dd>", "<dd>2</dd>"):
        assert figure in page.text
    assert "open invitation<" in page.text
    assert "The schema is current" in page.text
    assert "Mail is not configured" in page.text
    assert "A second one can let you back in" in page.text
    assert "The job process uses its own settings" in page.text


def test_overview_shows_the_last_backup_or_how_to_create_one(session, erin, now):
    assert ".venv/bin/flask --app roadmap backup create FILE" in erin.get("/admin").text
    record_audit(session, by=None, action="backup.created", now=now - dt.timedelta(days=30))
    session.commit()
    page = erin.get("/admin").text
    assert "That was 30 days ago" in page
    record_audit(session, by=None, action="backup.created", now=now)
    session.commit()
    page = erin.get("/admin").text
    assert "Last backup on" in page
    assert "days ago" not in page


def test_overview_shows_pending_and_failed_mail(session, erin, now):
    assert "waiting to be sent" not in erin.get("/admin").text
    mail = {"recipient": "a@example.org", "subject": "x", "body": "y", "created_at": now}
    session.add(OutgoingMail(**mail, due_at=now))
    session.add(OutgoingMail(**mail, due_at=None, sent_at=now))
    session.add(OutgoingMail(**mail, due_at=None, error="450 <mailbox> is busy", failed_at=now))
    session.commit()
    page = erin.get("/admin").text
    assert "One mail is waiting to be sent" in page
    assert "One mail could not be sent" in page
    assert "450 &lt;mailbox&gt; is busy" in page
    assert re.search(r"The last one was given up at \d+ \w+ 20\d\d", page)


def test_overview_shows_the_error_of_mail_that_is_retried(app, session, erin, now, monkeypatch):
    monkeypatch.setitem(app.config, "SMTP_URL", "smtp://127.0.0.1:9")
    monkeypatch.setitem(app.config, "MAIL_FROM", "Cairn <cairn@example.org>")
    monkeypatch.setitem(app.config, "BASE_URL", "http://localhost")
    mail = {"recipient": "a@example.org", "subject": "x", "body": "y", "created_at": now}
    assert "Invitations, notifications and password links are mailed." in erin.get("/admin").text
    session.add(OutgoingMail(**mail, due_at=now, error="450 <mailbox> is busy", failed_at=now))
    session.commit()
    page = erin.get("/admin").text
    section = page.partition('id="mail"')[2].partition("</ul>")[0]
    assert "Mail is configured, but the last attempt to send failed" in section
    assert section.count("<li") == section.count('<li class="not-passed"') == 2, "no tick"
    assert "are mailed" not in section
    assert "450 &lt;mailbox&gt; is busy. The next attempt is at " in page
    assert re.search(r"The last attempt failed at \d+ \w+ 20\d\d", page)
    assert "The job process sends them" not in page, "the job process runs; the mail server refuses"
    assert "jobs run --once --now" in page
    assert "could not be sent" not in page
    first_page = erin.get("/").text
    assert "The mail server did not accept a mail" in first_page
    assert "450 &lt;mailbox&gt; is busy" in first_page


def test_test_message_shows_whether_mail_works(session, cast, erin, now, with_mail, monkeypatch):
    section = mail_section(erin)
    assert "Send a test message to me" in section
    assert "test message was" not in section
    answer = erin.post("/admin/test-mails")
    assert (answer.status_code, answer.location) == (303, "/admin#mail")
    section = mail_section(erin)
    assert "Your test message is waiting to be sent" in section
    assert 'hx-select="#mail-state"' in section
    assert '<a href="/admin#mail">Look again</a>' in section
    mail = session.scalars(sa.select(OutgoingMail)).one()
    assert (mail.user_id, mail.recipient) == (cast.erin, "erin@example.org")
    session.rollback()

    later = now + dt.timedelta(minutes=5)
    assert outbox.deliver_due(lambda: later).postponed == 1
    section = mail_section(erin)
    assert "Your test message could not be sent" in section
    assert "Connection refused" in section.partition("Your test message")[2]

    erin.post("/admin/test-mails")
    sent = []
    monkeypatch.setattr(transport, "send", lambda to, *_text, **_key: sent.append(to))
    outbox.deliver_due(lambda: later)
    assert sent == ["erin@example.org"], "the new message replaces the one that failed"
    section = mail_section(erin)
    assert "Your test message was sent" in section
    assert "accepted it for erin@example.org on" in section
    assert "could not be sent" not in section


def test_test_message_of_another_administrator_is_not_shown(
    session, cast, erin, browser_of, with_mail
):
    erin.post("/admin/test-mails")
    session.get_one(User, cast.dave).is_admin = True
    session.commit()
    assert "Your test message" not in mail_section(browser_of(cast.dave))


def test_test_message_needs_mail(session, erin):
    assert "Send a test message" not in mail_section(erin)
    assert erin.post("/admin/test-mails").status_code == 303
    assert "Mail is not configured, or your" in erin.get("/admin").text
    assert session.scalars(sa.select(OutgoingMail)).all() == []


def test_open_invitation_says_that_its_mail_was_not_sent(session, cast, erin, now):
    made, _token = invite(
        session, team=None, role="member", email="new@example.org", by=cast.erin, now=now
    )
    session.commit()
    page = erin.get("/admin/invitations").text
    assert "has not gone out" not in page
    assert '<a href="/admin/teams">Choose the team</a>' in page
    session.add(
        OutgoingMail(
            recipient="new@example.org", subject="x", body="y", created_at=now, due_at=now,
            source_kind=MAIL_SOURCE, source_id=made.id, error="refused", failed_at=now, tries=1,
        )
    )  # fmt: skip
    session.commit()
    assert "The mail has not gone out yet" in erin.get("/admin/invitations").text


def test_overview_requires_sign_in(app, browser_of):
    assert browser_of().get("/admin").location == "/login?next=/admin"


@pytest.mark.parametrize("who", ["alice", "bob", "mallory"])
def test_overview_is_for_administrators_only(cast, browser_of, who):
    assert browser_of(getattr(cast, who)).get("/admin").status_code == 403


def test_phone_navigation_of_an_administrator_contains_administration(session, cast, erin, now):
    """The other administration pages are in the account menu."""
    vision = session.get_one(Team, cast.other_team)
    for manages in (False, True):
        if manages:
            add_member(session, vision, cast.erin, "manager", by=None, now=now)
            session.commit()
        page = erin.get("/admin").text
        nav = page.partition('class="main-nav"')[2].partition("</nav>")[0]
        items = [item for item in nav.split("<li")[1:] if "wide-only" not in item.partition(">")[0]]
        assert len(items) == (5 if manages else 4)
        assert sum('href="/admin" aria-current="page"' in item for item in items) == 1


@pytest.mark.parametrize("manages", [False, True], ids=["no team", "manages a team"])
def test_phone_navigation_of_an_enrolled_administrator_omits_it(session, cast, erin, now, manages):
    """Administration is only in the account menu."""
    enroll(session, cast.erin, now, "senior-ml-engineer")
    if manages:
        vision = session.get_one(Team, cast.other_team)
        add_member(session, vision, cast.erin, "manager", by=None, now=now)
    session.commit()
    page = erin.get("/admin").text
    nav = page.partition('class="main-nav"')[2].partition("</nav>")[0]
    items = [item for item in nav.split("<li")[1:] if "wide-only" not in item.partition(">")[0]]
    own = ["/roadmaps", "/evidence", "/skills", "/readiness", "/portfolio"]
    expected = ["/roadmaps", "/evidence", "/readiness", "/teams", "/reviews"] if manages else own
    assert [re.search('href="([^"]+)"', item)[1] for item in items] == expected
    menu = page.partition("account-menu")[2]
    assert 'href="/admin"' in menu
    assert ('href="/skills"' in menu) is manages


def test_user_pending_deletion_is_not_counted_as_deactivated(session, cast, now):
    deletion.request_deletion(session, cast.alice, by=None, now=now)
    figures = queries.load_overview(session, now=now)
    assert (figures.leaving, figures.deactivated) == (1, 0)
