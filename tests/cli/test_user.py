"""`flask user …`."""

from __future__ import annotations

import uuid

import pytest
import sqlalchemy as sa

from roadmap.auth import passwords
from roadmap.core.database import db
from roadmap.people.models import AuditEntry, User
from tests.notifications.scenario import queued_mails
from tests.support.login import OTHER_PASSWORD, PASSWORD, is_signed_in, sign_in


def test_create_prints_the_id_and_a_password_link(run, app, browser_of):
    result = run("user", "create", "Ada@example.org", "--name", "Ada", "--admin")
    assert result.exit_code == 0, result.output
    key, link = result.stdout.splitlines()
    path = "/" + link.split("/", 3)[3]
    browser = browser_of()
    assert browser.post(path, {"password": PASSWORD}).status_code == 303
    assert sign_in(browser, "ada@example.org").status_code == 303
    with app.app_context():
        ada = db.session.get(User, uuid.UUID(key))
        assert (ada.name, ada.is_admin) == ("Ada", True)


def test_create_reads_a_password_from_stdin(run, browser_of):
    result = run(
        "user",
        "create",
        "ada@example.org",
        "--name",
        "Ada",
        "--password-stdin",
        text=PASSWORD + "\n",
    )
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 1
    assert sign_in(browser_of(), "ada@example.org").status_code == 303


@pytest.mark.parametrize(
    ("arguments", "text", "message"),
    [
        (["ada"], None, "is not an e-mail address"),
        (["ALICE@example.org"], None, "there is already an account"),
        (["ada@example.org", "--password-stdin"], "short", "password is refused"),
        (["ada@example.org", "--password-stdin"], b"\xff" * 12, "not UTF-8"),
        (["ada@example.org", "--shoe-size", "9"], None, "No such option"),
        ([], None, "Missing argument"),
    ],
)
def test_create_rejects_invalid_input(run, cast, arguments, text, message):
    result = run("user", "create", *arguments, "--name", "Ada", text=text)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_create_needs_a_name(run, cast):
    assert run("user", "create", "ada@example.org", "--name", " ").exit_code == 1
    assert run("user", "create", "ada@example.org").exit_code == 1


def test_list_shows_all_users_and_administrators(run, cast):
    lines = run("user", "list").stdout.splitlines()
    assert len(lines) == 6
    erin = next(line for line in lines if "erin@example.org" in line)
    assert str(cast.erin) in erin
    assert "administrator" in erin


def test_list_without_users_is_empty(run, app):
    result = run("user", "list")
    assert (result.exit_code, result.stdout) == (0, "")


def test_deactivate_ends_the_sessions_and_is_audited(run, session, cast, browser_of):
    browser = browser_of(cast.alice)
    assert run("user", "deactivate", "Alice@example.org").exit_code == 0
    assert not is_signed_in(browser)
    assert session.scalars(sa.select(AuditEntry.action)).all() == ["account.deactivated"]
    session.rollback()
    assert "already" in run("user", "deactivate", "alice@example.org").stdout
    assert run("user", "reset-password", "alice@example.org").exit_code == 1
    assert "deactivated" in run("user", "list").stdout


def test_deactivating_the_only_manager_warns(run, session, cast):
    assert "No one else manages Ranking" in run("user", "deactivate", "bob@example.org").stderr
    assert "No one" not in run("user", "deactivate", "carol@example.org").stderr


def test_deactivate_reports_a_pending_deletion(run, cast):
    assert run("user", "delete", "alice@example.org").exit_code == 0
    message = run("user", "deactivate", "alice@example.org").stdout
    assert "will be deleted for good on" in message
    assert "run `user keep` first" in message


def test_last_administrator_cannot_be_deactivated(run, session, cast):
    result = run("user", "deactivate", "erin@example.org")
    assert result.exit_code == 1
    assert "last administrator" in result.stderr
    session.execute(sa.update(User).where(User.id == cast.dave).values(is_admin=True))
    session.commit()
    assert run("user", "deactivate", "erin@example.org").exit_code == 0
    assert run("user", "deactivate", "dave@example.org").exit_code == 1


def test_role_makes_administrators_but_never_removes_the_last(run, session, cast, browser_of):
    browser = browser_of(cast.alice)
    for arguments, message in [
        (("erin@example.org", "person"), "last administrator"),
        (("alice@example.org", "manager"), "is not one of 'person', 'administrator'"),
    ]:
        refused = run("user", "role", *arguments)
        assert (refused.exit_code, message in refused.stderr) == (1, True)
    done = run("user", "role", "alice@example.org", "administrator")
    assert done.stdout == "alice@example.org is now an administrator, and has to sign in again.\n"
    assert not is_signed_in(browser)
    assert "already" in run("user", "role", "alice@example.org", "administrator").stdout
    done = run("user", "role", "erin@example.org", "person")
    assert done.stdout == "erin@example.org is now a person, and has to sign in again.\n"
    actions = session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions == ["role.granted", "role.withdrawn"]


def test_reactivate_opens_an_account_which_can_then_get_a_role(run, session, cast, browser_of):
    assert run("user", "deactivate", "alice@example.org").exit_code == 0
    refused = run("user", "role", "alice@example.org", "administrator")
    assert (refused.exit_code, "is deactivated" in refused.stderr) == (1, True)
    assert run("user", "reactivate", "alice@example.org").stdout == (
        "alice@example.org is active again.\n"
    )
    assert is_signed_in(browser_of(cast.alice))
    assert "already active" in run("user", "reactivate", "alice@example.org").stdout
    actions = session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions == ["account.deactivated", "account.reactivated"]


def test_reset_password_notifies_the_user(run, session, cast, browser_of, with_mail):
    run("user", "reset-password", "alice@example.org")
    assert [to for to, _subject in queued_mails(session)] == ["alice@example.org"]
    page = browser_of(cast.alice).get("/notifications").text
    assert "was created on the command line. If you did not expect this," in page


def test_reset_password_prints_a_working_link(run, cast, browser_of):
    result = run("user", "reset-password", "alice@example.org")
    assert result.exit_code == 0
    path = "/" + result.stdout.strip().split("/", 3)[3]
    assert browser_of().post(path, {"password": OTHER_PASSWORD}).status_code == 303
    assert sign_in(browser_of(), "alice@example.org", OTHER_PASSWORD).status_code == 303


def test_unknown_user_is_an_error(run, app):
    for verb in ("deactivate", "reset-password"):
        result = run("user", verb, "nobody@example.org")
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr == "Error: there is no account for nobody@example.org\n"


def test_password_hash_verifies_its_password(app):
    with app.app_context():
        assert passwords.verify(passwords.hash_password(PASSWORD), PASSWORD)


def test_delete_schedules_a_deletion_that_keep_cancels(run, cast, browser_of):
    alice = browser_of(cast.alice)
    done = run("user", "delete", "alice@example.org")
    assert (done.exit_code, "will be deleted for good on" in done.stdout) == (0, True)
    assert not is_signed_in(alice)
    (line,) = (each for each in run("user", "list").stdout.splitlines() if "alice@" in each)
    assert "to delete 20" in line
    assert run("user", "keep", "alice@example.org").exit_code == 0
    assert "to delete" not in run("user", "list").stdout
    again = run("user", "keep", "alice@example.org")
    assert (again.exit_code, "is not waiting" in again.stderr) == (1, True)


def test_delete_now_deletes_all_but_the_last_administrator(run, cast, app):
    refused = run("user", "delete", "bob@example.org", "--now")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "no terminal" in refused.stderr
    assert "add --yes" in refused.stderr
    assert "bob@" in run("user", "list").stdout
    done = run("user", "delete", "bob@example.org", "--now", "--yes")
    assert done.exit_code == 0, done.output
    assert "deleted for good." in done.stdout
    assert "No one else manages" in done.stderr
    assert "bob@" not in run("user", "list").stdout
    assert run("user", "delete", "nobody@example.org").exit_code == 1
    last = run("user", "delete", "erin@example.org", "--now", "--yes")
    assert (last.exit_code, "last administrator" in last.stderr) == (1, True)
