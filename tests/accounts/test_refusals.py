"""What is refused is written down; loading the session takes one statement."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import event

from roadmap.accounts.limits import _place
from roadmap.accounts.rules import device
from roadmap.core.database import db
from roadmap.people.models import AuditEntry


def test_a_refusal_is_in_the_audit_log(session, cast, browser_of):
    browser = browser_of(cast.alice)
    assert browser.post("/signup").status_code == 403
    entry = session.scalars(sa.select(AuditEntry)).one()
    assert (entry.actor_id, entry.action, entry.target) == (
        cast.alice,
        "access.refused",
        "POST /signup",
    )
    assert entry.address == "127.0.0.1"


def test_the_session_is_loaded_in_one_statement(app, cast, browser_of):
    browser, seen = browser_of(cast.alice), []

    def note(_connection, _cursor, statement, *_more):
        seen.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        browser.get("/logout")
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert len([each for each in seen if "FROM login_session" in each]) == 1


def test_browsers_are_named():
    agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"
    assert device(agent) == ("Chrome", "Linux")
    assert device(agent + " Edg/140") == ("Edge", "Linux")
    assert device("curl/8") == ("", "")


def test_a_network_of_one_house_is_one_place():
    assert _place("2001:db8::1") == _place("2001:db8::ffff:2") == "2001:db8::/64"
    assert _place("192.0.2.1") == "192.0.2.1"
    assert _place("") == ""
