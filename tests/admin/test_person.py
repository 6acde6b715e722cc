"""/admin/people/<id>: role, account, password link and teams of one person."""

from __future__ import annotations

import datetime as dt
import re
import uuid

import pytest
import sqlalchemy as sa

from roadmap.auth.models import LoginSession, PasswordLink
from roadmap.people.actions import add_member
from roadmap.people.audit import record_audit
from roadmap.people.models import Membership, Team, User
from tests.evidence.builders import add_evidence, submit_evidence
from tests.notifications.scenario import queued_mails
from tests.support.login import (
    OTHER_PASSWORD,
    PASSWORD,
    hidden_inputs,
    is_signed_in,
    set_password,
    sign_in,
)
from tests.support.markup import flat

CONFIRMED = {"sure": "yes"}
CONFIRMATION_PAGES = ("administrator", "deactivation", "password-link")


def person_url(person, rest=""):
    return f"/admin/people/{person}{rest}"


def test_page_shows_account_and_teams(cast, erin):
    page = erin.get(person_url(cast.bob))
    assert page.status_code == 200
    for text in ("bob@example.org", "Ranking", "Manager", "5 Jan 2026", "not set yet"):
        assert text in page.text


def test_pages_warn_before_a_team_loses_its_only_manager(session, cast, erin, browser_of, now):
    from_member = "/teams/ranking/members/{}"
    warning = "No one else manages"
    pages = (
        person_url(cast.bob),
        person_url(cast.bob, "/deactivation"),
        from_member.format(cast.bob),
    )
    assert all(warning in erin.get(page).text for page in pages)
    assert "No one else manages Ranking" in erin.get(pages[1]).text
    for page in (person_url(cast.carol), from_member.format(cast.carol)):
        assert warning not in erin.get(page).text
    assert "team without a manager" not in erin.get("/admin").text
    # The manager of the parent team counts, too.
    session.get(Team, cast.team).parent_id = cast.other_team
    session.commit()
    assert all(warning not in erin.get(page).text for page in pages)
    session.get(Team, cast.team).parent_id = None
    session.get(User, cast.bob).deactivated_at = now
    session.commit()
    assert "team without a manager" in erin.get("/admin").text
    assert "1 team without a manager" in erin.get("/").text
    assert "No manager" in erin.get("/admin/teams").text


def test_deactivation_page_counts_evidence_in_the_review_queue(session, cast, erin, now):
    page = person_url(cast.bob, "/deactivation")
    queue_text = "in their review queue"
    assert queue_text not in erin.get(page).text
    for _number in range(2):
        submit_evidence(session, cast, add_evidence(session, cast, cast.alice, now), now)
    session.commit()
    text = flat(erin.get(page).text)
    assert (
        "2 pieces of evidence are waiting in their review queue. No one else can review them."
        in text
    )
    assert queue_text not in erin.get(person_url(cast.dave, "/deactivation")).text
    # The manager of the parent team can review it, too.
    session.get(Team, cast.team).parent_id = cast.other_team
    session.commit()
    assert "Other managers can review what is waiting." in flat(erin.get(page).text)


def test_unknown_person_returns_404(erin):
    assert erin.get(person_url(uuid.uuid4())).status_code == 404
    assert erin.get(person_url("nobody")).status_code == 404


@pytest.mark.parametrize("what", CONFIRMATION_PAGES)
def test_account_changes_have_a_confirmation_page(cast, erin, what):
    page = erin.get(person_url(cast.bob, f"/{what}"))
    assert page.status_code == 200
    assert f'action="/admin/people/{cast.bob}/{what}' in page.text


@pytest.mark.parametrize("what", CONFIRMATION_PAGES)
def test_confirmation_page_requires_a_recent_password(cast, stale, what):
    address = person_url(cast.bob, f"/{what}")
    answer = stale.get(address)
    assert (answer.status_code, answer.location) == (303, f"/account/confirm?next={address}")


@pytest.mark.parametrize(
    ("method", "what"),
    [
        ("PUT", "administrator"),
        ("DELETE", "administrator"),
        ("PUT", "deactivation"),
        ("DELETE", "deactivation"),
        ("POST", "password-link"),
    ],
)
def test_account_change_without_a_recent_password_is_refused(
    session, cast, stale, audited, method, what
):
    answer = stale.send(method, person_url(cast.bob, f"/{what}"), CONFIRMED)
    assert answer.status_code == 401
    assert audited() == []
    assert session.scalars(sa.select(PasswordLink)).all() == []


def test_submitted_form_survives_the_password_confirmation(session, cast, stale):
    set_password(session, cast.erin)
    page = stale.put(person_url(cast.bob, "/administrator"), CONFIRMED)
    page = stale.post("/account/confirm", {"password": PASSWORD, **hidden_inputs(page, "kept.")})
    assert f'action="/admin/people/{cast.bob}/administrator"' in page.text
    answer = stale.post(person_url(cast.bob, "/administrator"), hidden_inputs(page, ""))
    assert answer.status_code == 303
    assert session.get(User, cast.bob).is_admin


def test_administrator_role_is_granted_and_withdrawn(session, cast, erin, browser_of, audited):
    answer = erin.put(person_url(cast.bob, "/administrator"), CONFIRMED)
    assert (answer.status_code, answer.location) == (303, person_url(cast.bob))
    bob = browser_of(cast.bob)
    assert bob.get("/admin").status_code == 200
    assert erin.delete(person_url(cast.bob, "/administrator"), CONFIRMED).status_code == 303
    assert not is_signed_in(bob)
    assert browser_of(cast.bob).get("/admin").status_code == 403
    assert audited()[:2] == [("role.granted", str(cast.bob)), ("role.withdrawn", str(cast.bob))]


def test_last_administrator_cannot_be_demoted_or_deactivated(session, cast, erin):
    for method, what in (("DELETE", "administrator"), ("PUT", "deactivation")):
        answer = erin.send(method, person_url(cast.erin, f"/{what}"), CONFIRMED)
        assert answer.status_code == 409
        assert "Erin is the only administrator" in answer.text
        assert "Make someone else an administrator first" in answer.text
    assert session.get(User, cast.erin).is_admin
    assert is_signed_in(erin)


@pytest.mark.parametrize("what", ["administrator", "deactivation"])
def test_confirmation_page_of_the_last_administrator_has_no_button(cast, erin, what):
    page = erin.get(person_url(cast.erin, f"/{what}"))
    assert page.status_code == 200
    assert "Erin is the only administrator" in page.text
    assert f'/{what}"' not in page.text
    erin.put(person_url(cast.bob, "/administrator"), CONFIRMED)
    page = erin.get(person_url(cast.erin, f"/{what}")).text
    assert "only administrator" not in page
    assert f'/{what}"' in page


def test_administrator_can_demote_themselves_if_another_remains(session, cast, erin):
    erin.put(person_url(cast.bob, "/administrator"), CONFIRMED)
    assert "This is you" in erin.get(person_url(cast.erin, "/administrator")).text
    answer = erin.delete(person_url(cast.erin, "/administrator"), CONFIRMED)
    assert (answer.status_code, answer.location) == (303, "/")
    assert not is_signed_in(erin)


def test_deactivated_user_cannot_become_administrator(session, cast, erin, now):
    session.get(User, cast.bob).deactivated_at = now
    session.commit()
    answer = erin.put(person_url(cast.bob, "/administrator"), CONFIRMED)
    assert answer.status_code == 409
    assert "Reactivate it first" in answer.text
    session.expire_all()
    assert not session.get(User, cast.bob).is_admin


def test_user_is_deactivated_and_reactivated(session, cast, erin, browser_of):
    set_password(session, cast.alice)
    alice = browser_of(cast.alice)
    asked = flat(erin.get(person_url(cast.alice, "/deactivation")).text)
    assert "Their public links and calendar feeds stop working" in asked
    assert erin.put(person_url(cast.alice, "/deactivation"), CONFIRMED).status_code == 303
    assert not is_signed_in(alice)
    assert sign_in(browser_of(), "alice@example.org").status_code == 422
    assert "Deactivated on" in erin.get(person_url(cast.alice)).text
    asked = flat(erin.get(person_url(cast.alice, "/deactivation")).text)
    assert "their public links work again" in asked
    assert erin.delete(person_url(cast.alice, "/deactivation"), CONFIRMED).status_code == 303
    assert sign_in(browser_of(), "alice@example.org").status_code == 303


def test_password_link_is_shown_once_and_works_once(session, cast, erin, browser_of):
    page = erin.post(person_url(cast.mallory, "/password-link"), CONFIRMED)
    assert page.status_code == 200
    found = re.search(r'value="http://localhost(/password/[^"]+)"', page.text)
    assert found is not None
    assert "/password/" not in erin.get(person_url(cast.mallory)).text
    assert "/password/" not in erin.get("/admin/audit").text
    mallory = browser_of()
    assert mallory.post(found[1], {"password": OTHER_PASSWORD}).status_code == 303
    assert mallory.get(found[1]).status_code == 404
    assert sign_in(mallory, "mallory@example.org", OTHER_PASSWORD).status_code == 303


def test_person_is_notified_of_a_password_link(session, cast, erin, browser_of, with_mail):
    page = erin.get(person_url(cast.alice, "/password-link")).text
    assert "Alice is notified that you created it" in page
    assert erin.post(person_url(cast.alice, "/password-link"), CONFIRMED).status_code == 200
    assert [to for to, _subject in queued_mails(session)] == ["alice@example.org"]
    notices = browser_of(cast.alice).get("/notifications").text
    assert "Erin created a link to set a new password for your account." in notices
    assert notices.count("change your password</label>") == 1


def test_deactivated_user_gets_no_password_link(session, cast, erin, now):
    session.get(User, cast.bob).deactivated_at = now
    session.commit()
    answer = erin.post(person_url(cast.bob, "/password-link"), CONFIRMED)
    assert answer.status_code == 409
    assert session.scalars(sa.select(PasswordLink)).all() == []


def test_person_is_added_to_a_team_and_removed(session, cast, erin, browser_of):
    url = person_url(cast.mallory, "/teams")
    answer = erin.post(url, {"team": "vision", "role": "member"})
    assert (answer.status_code, answer.location) == (303, person_url(cast.mallory) + "#teams")
    assert "Mallory" in browser_of(cast.dave).get("/teams/vision/members").text
    erin.post(url, {"team": "vision", "role": "manager"})
    assert session.get(Membership, (cast.other_team, cast.mallory)).role == "manager"
    assert browser_of(cast.mallory).get("/teams/vision/members").status_code == 200
    assert erin.delete(url + "/vision", CONFIRMED).status_code == 303
    assert browser_of(cast.mallory).get("/teams/vision/members").status_code == 403
    # A second removal changes nothing.
    assert erin.delete(url + "/vision", CONFIRMED).status_code == 303


def test_added_message_names_the_other_teams(cast, erin):
    erin.post(person_url(cast.alice, "/teams"), {"team": "vision", "role": "member"})
    assert "Alice is now in Vision, and still in Ranking." in erin.get(person_url(cast.alice)).text
    erin.post("/teams/vision/members", {"add-email": "carol@example.org", "add-role": "member"})
    page = erin.get("/teams/vision/members").text
    assert "Carol is now in Vision, and still in Ranking." in page
    assert f'<a href="{person_url(cast.carol)}#teams">Change Carol&#39;s teams</a>' in page


def test_person_is_moved_to_another_team(session, cast, erin, audited):
    page = erin.get(person_url(cast.alice, "?move=ranking")).text
    assert '<option selected value="ranking">Ranking</option>' in page
    url = person_url(cast.alice, "/teams")
    erin.post(url, {"team": "vision", "role": "member", "moved_from": "ranking"})
    assert session.get(Membership, (cast.team, cast.alice)) is None
    assert session.get(Membership, (cast.other_team, cast.alice)).role == "member"
    assert audited() == [("membership.added", "vision"), ("membership.removed", "ranking")]
    page = erin.get(person_url(cast.alice)).text
    assert "Alice was moved from Ranking to Vision." in page


@pytest.mark.parametrize("both", [True, False], ids=["both teams", "old team"])
def test_only_a_manager_of_both_teams_is_told_the_new_team(
    session, cast, erin, browser_of, now, both
):
    if both:
        vision = session.get(Team, cast.other_team)
        add_member(session, vision, cast.bob, "manager", by=cast.erin, now=now)
        session.commit()
    moved = {"team": "vision", "role": "member", "moved_from": "ranking"}
    erin.post(person_url(cast.alice, "/teams"), moved)
    page = browser_of(cast.bob).get("/notifications").text
    assert page.count("Alice is no longer in") == 1
    assert (">, but in Vision" in page) is both


@pytest.mark.parametrize("left", ["vision", "ranking"], ids=["not in the team", "same team"])
def test_move_requires_a_different_team_that_the_person_is_in(session, cast, erin, left):
    data = {"team": left, "role": "manager", "moved_from": left}
    assert erin.post(person_url(cast.alice, "/teams"), data).status_code == 422
    assert session.get(Membership, (cast.team, cast.alice)).role == "member"
    assert session.get(Membership, (cast.other_team, cast.alice)) is None


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"team": "", "role": "member"},
        {"team": "nowhere", "role": "member"},
        {"team": "vision", "role": "owner"},
    ],
    ids=["nothing", "no team", "unknown team", "unknown role"],
)
def test_invalid_team_or_role_is_rejected(session, cast, erin, data):
    answer = erin.post(person_url(cast.mallory, "/teams"), data)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert session.get(Membership, (cast.other_team, cast.mallory)) is None


def test_removing_from_an_unknown_team_returns_404(cast, erin):
    assert erin.delete(person_url(cast.mallory, "/teams/nowhere"), CONFIRMED).status_code == 404


def test_session_is_shown_with_the_day_only(session, cast, erin, browser_of):
    browser_of(cast.alice)
    row = session.scalars(sa.select(LoginSession).where(LoginSession.user_id == cast.alice)).one()
    page = erin.get(person_url(cast.alice)).text
    assert f"{row.last_seen_at:%H:%M}" not in page.partition("<main")[2]


def test_person_without_a_session_shows_the_last_audited_day(session, cast, erin):
    url = person_url(cast.mallory)
    assert "no active session, and the audit log records no use" in flat(erin.get(url).text)
    at = dt.datetime(2026, 3, 5, 12, tzinfo=dt.UTC)
    record_audit(session, by=cast.mallory, action="session.ended", now=at)
    session.commit()
    for page in (url, "/admin/people?q=mallory"):
        assert "no active session, last used 5 Mar 2026" in flat(erin.get(page).text)


def test_deactivated_user_cannot_be_added_to_a_team(session, cast, erin, now):
    session.get(User, cast.mallory).deactivated_at = now
    session.commit()
    assert "cannot be added to a team" in erin.get(person_url(cast.mallory)).text
    answer = erin.post(person_url(cast.mallory, "/teams"), {"team": "vision", "role": "member"})
    assert answer.status_code == 422
    assert "This account is deactivated" in answer.text
    assert session.get(Membership, (cast.other_team, cast.mallory)) is None
