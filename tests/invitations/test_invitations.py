"""Invitations: who may create and accept them, and that each is accepted once."""

from __future__ import annotations

import datetime as dt
import re
import uuid

import pytest
import sqlalchemy as sa

from roadmap.auth import actions as auth_actions
from roadmap.core.signals import invitation_ended, user_invited
from roadmap.invitations import emails
from roadmap.invitations.actions import (
    InvitationInvalid,
    InvitationRefused,
    WrongAddress,
    accept,
    invite,
    prune,
    revoke,
)
from roadmap.invitations.emails import MAIL_SOURCE
from roadmap.invitations.models import Invitation
from roadmap.invitations.queries import (
    find_by_token,
    find_invitation,
    invitation_state,
    list_open_invitations,
)
from roadmap.mail.models import OutgoingMail
from roadmap.people import actions as people
from roadmap.people.models import AuditEntry, HistoryEntry, Membership, Team
from roadmap.people.queries import find_role
from tests.support.concurrency import run_concurrently

DAY = dt.timedelta(days=1)
AT_ONCE = 50


@pytest.fixture
def team(session, cast) -> Team:
    return session.get_one(Team, cast.team)


@pytest.fixture
def make(session, cast, team, now):
    """`make(...)`: an invitation of Bob's to Ranking, and its token."""

    def made(**changes):
        values = {"team": team, "role": "member", "by": cast.bob, "now": now, **changes}
        return invite(session, **values)

    return made


def state_of(session, token: str, now: dt.datetime) -> str:
    return invitation_state(session, find_by_token(session, token), now)


def audited(session) -> list[str]:
    return list(session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id)))


# Making one


def test_the_link_is_all_that_knows_the_token(session, make, now):
    invitation, token = make()
    assert token not in str(vars(invitation))
    found = find_by_token(session, token)
    assert (found.team.slug, found.by_name) == ("ranking", "Bob")
    assert state_of(session, token, now) == "valid"
    assert audited(session) == ["invitation.created"]
    assert find_by_token(session, token + "x") is None


@pytest.mark.parametrize("who", ["alice", "dave", "mallory"])
def test_who_leads_nothing_there_invites_nobody(cast, make, who):
    with pytest.raises(InvitationRefused) as refused:
        make(by=getattr(cast, who))
    assert refused.value.reason == "inviter"


def test_a_manager_of_the_team_above_invites(session, cast, team, make, now):
    above = people.create_team(session, slug="search", name="Search", by=None, now=now)
    people.add_member(session, above, cast.mallory, "manager", by=None, now=now)
    team.parent_id = above.id
    session.flush()
    assert make(by=cast.mallory)[0].team_id == team.id


def test_only_an_administrator_invites_to_no_team(cast, make):
    with pytest.raises(InvitationRefused):
        make(team=None)
    assert make(team=None, by=cast.erin)[0].team_id is None


@pytest.mark.parametrize(
    ("email", "role", "reason"),
    [
        ("Carol@Example.org", "member", "member"),
        ("bob@example.org", "member", "member"),
        ("mallory@example.org", None, "account"),
    ],
)
def test_nobody_is_invited_to_what_they_have(cast, make, team, email, role, reason):
    with pytest.raises(InvitationRefused) as refused:
        make(email=email, role=role or "member", team=team if role else None, by=cast.erin)
    assert refused.value.reason == reason


def test_an_unknown_role_is_a_mistake_of_ours(make):
    with pytest.raises(KeyError):
        make(role="owner")


def test_the_newest_invitation_of_an_address_counts(session, make, now):
    _first, old = make(email="ada@example.org")
    _second, new = make(email="ADA@example.org", role="manager")
    assert state_of(session, old, now) == "revoked"
    assert state_of(session, new, now) == "valid"
    _third, other = make()
    assert state_of(session, new, now) == state_of(session, other, now) == "valid"


def test_the_mail_says_who_to_what_where_and_until_when(session, make, now, with_mail):
    invitation, token = make(email="ada@example.org", role="manager")
    mail = session.scalars(sa.select(OutgoingMail)).one()
    assert (mail.recipient, mail.user_id) == ("ada@example.org", None)
    assert mail.subject == "Bob invites you to Ranking on Cairn"
    until = invitation.expires_at
    for said in (
        "Bob (bob@example.org) invites you to manage the team Ranking",
        f"https://cairn.example.org/invitations/{token}",
        f"until {until.day} {until:%b %Y} (UTC)",
        "for ada@example.org",
    ):
        assert said in mail.body


def test_a_link_to_hand_over_sends_no_mail(session, make, with_mail):
    make()
    assert session.scalar(sa.select(sa.func.count()).select_from(OutgoingMail)) == 0


def test_the_link_without_a_configured_address_is_that_of_the_request(app):
    with app.test_request_context(base_url="http://cairn.local:8000/"):
        assert emails.invitation_url("abc") == "http://cairn.local:8000/invitations/abc"


def test_a_person_with_an_account_is_notified_by_a_signal(session, cast, make):
    told = []

    def listener(_session, **values):
        told.append(values)

    with user_invited.connected_to(listener):
        make(email="ada@example.org")
        _invitation, token = make(email="mallory@example.org")
    (only,) = told
    assert (only["user_id"], only["by_name"]) == (cast.mallory, "Bob")
    assert only["team"].slug == "ranking"
    assert token not in str(only), "what opens the team is for the mail alone"


# Accepting one


def test_accepting_makes_a_member(session, cast, team, make, now):
    invitation, token = make(role="manager")
    assert accept(session, invitation, cast.mallory, now=now) is True
    assert find_role(session, team.id, cast.mallory) == "manager"
    assert state_of(session, token, now) == "used"
    assert (invitation.accepted_by, invitation.accepted_at) == (cast.mallory, now)
    assert audited(session)[-2:] == ["invitation.accepted", "membership.added"]
    entry = session.scalars(sa.select(HistoryEntry)).one()
    assert (entry.user_id, entry.action, entry.data["role"]) == (
        cast.mallory, "membership.added", "manager",
    )  # fmt: skip


def test_it_works_once(session, cast, team, make, now):
    invitation, _token = make()
    accept(session, invitation, cast.mallory, now=now)
    with pytest.raises(InvitationInvalid) as dead:
        accept(session, invitation, cast.dave, now=now)
    assert dead.value.state == "used"
    assert find_role(session, team.id, cast.dave) is None


def test_the_person_who_joined_with_it_may_press_twice(session, cast, make, now):
    invitation, _token = make()
    accept(session, invitation, cast.mallory, now=now)
    assert accept(session, invitation, cast.mallory, now=now) is False


@pytest.mark.parametrize("role", ["member", "manager"])
def test_a_manager_stays_one_and_the_link_stays_good(session, cast, team, make, now, role):
    invitation, token = make(role=role, by=cast.erin)
    assert accept(session, invitation, cast.bob, now=now) is False
    assert find_role(session, team.id, cast.bob) == "manager"
    assert state_of(session, token, now) == "valid"


def test_a_member_becomes_a_manager(session, cast, team, make, now):
    invitation, _token = make(role="manager")
    assert accept(session, invitation, cast.alice, now=now) is True
    assert find_role(session, team.id, cast.alice) == "manager"


def test_one_of_an_address_that_joined_otherwise_meanwhile_is_used_up(
    session, cast, team, make, now
):
    invitation, token = make(email="mallory@example.org")
    people.add_member(session, team, cast.mallory, "manager", by=cast.erin, now=now)
    assert accept(session, invitation, cast.mallory, now=now) is False
    assert find_role(session, team.id, cast.mallory) == "manager"
    assert state_of(session, token, now) == "used"


def test_it_is_bound_to_the_address_that_it_names(session, cast, team, make, now):
    invitation, token = make(email="MALLORY@example.org")
    with pytest.raises(WrongAddress):
        accept(session, invitation, cast.dave, now=now)
    assert find_role(session, team.id, cast.dave) is None
    assert state_of(session, token, now) == "valid"
    assert accept(session, invitation, cast.mallory, now=now) is True


def test_it_expires(session, cast, team, make, now):
    invitation, token = make(lifetime=3 * DAY)
    assert state_of(session, token, now + 3 * DAY - dt.timedelta(seconds=1)) == "valid"
    later = now + 3 * DAY
    assert state_of(session, token, later) == "expired"
    with pytest.raises(InvitationInvalid) as dead:
        accept(session, invitation, cast.mallory, now=later)
    assert dead.value.state == "expired"


def test_it_is_taken_back(session, cast, team, make, now):
    invitation, token = make()
    assert revoke(session, invitation, by=cast.bob, now=now) is True
    assert revoke(session, invitation, by=cast.bob, now=now) is False
    assert state_of(session, token, now) == "revoked"
    with pytest.raises(InvitationInvalid) as dead:
        accept(session, invitation, cast.mallory, now=now)
    assert dead.value.state == "revoked"
    assert audited(session) == ["invitation.created", "invitation.revoked"]


def queued_mails(session) -> list[str]:
    """The links of invitations that wait to be mailed."""
    return re.findall(
        r"/invitations/(\S+)", " ".join(session.scalars(sa.select(OutgoingMail.body)))
    )


def test_its_mail_goes_with_it(session, cast, make, now, with_mail):
    invitation, _token = make(email="ada@example.org")
    _other, kept = make(email="max@example.org")
    revoke(session, invitation, by=cast.bob, now=now)
    assert queued_mails(session) == [kept]


def test_only_the_newest_of_an_address_is_mailed(session, make, with_mail):
    make(email="ada@example.org")
    _invitation, token = make(email="ada@example.org", role="manager")
    assert queued_mails(session) == [token]


def test_it_is_listed_for_three_months_after_its_time_and_then_goes(session, cast, make, now):
    make(lifetime=DAY)
    used, _token = make(lifetime=DAY)
    accept(session, used, cast.mallory, now=now)
    assert prune(session, now=now + 91 * DAY) == 0
    assert len(list_open_invitations(session, None)) == 1
    assert prune(session, now=now + 92 * DAY) == 2
    assert list_open_invitations(session, None) == []


def test_one_that_was_used_is_not_taken_back(session, cast, make, now):
    invitation, token = make()
    accept(session, invitation, cast.mallory, now=now)
    assert revoke(session, invitation, by=cast.bob, now=now) is False
    assert state_of(session, token, now) == "used"


def left(session, cast, team, now):
    people.remove_member(session, team, cast.bob, by=cast.bob, now=now)


def demoted(session, cast, team, now):
    people.add_member(session, team, cast.bob, "member", by=cast.erin, now=now)


def deactivated(session, cast, team, now):
    auth_actions.deactivate(session, cast.bob, by=cast.erin, now=now)


@pytest.mark.parametrize("lose", [left, demoted, deactivated])
def test_it_ends_with_the_right_of_its_creator(session, cast, team, make, now, lose):
    invitation, token = make()
    lose(session, cast, team, now)
    assert state_of(session, token, now) == "lapsed"
    with pytest.raises(InvitationInvalid) as dead:
        accept(session, invitation, cast.mallory, now=now)
    assert dead.value.state == "lapsed"
    assert find_role(session, team.id, cast.mallory) is None
    assert session.scalar(sa.select(Invitation.accepted_at)) is None


def test_one_of_a_former_administrator_is_dead(session, cast, make, now):
    _invitation, token = make(by=cast.erin, team=None)
    auth_actions.set_admin(session, cast.dave, True, by=cast.erin, now=now)
    auth_actions.set_admin(session, cast.erin, False, by=cast.dave, now=now)
    assert state_of(session, token, now) == "lapsed"


def test_it_goes_with_its_team(session, cast, team, make, now):
    invitation, token = make(by=cast.erin)
    people.delete_team(session, team, by=cast.erin, now=now)
    assert find_by_token(session, token) is None
    session.expunge(invitation)
    with pytest.raises(InvitationInvalid) as dead:
        accept(session, invitation, cast.mallory, now=now)
    assert dead.value.state == "unknown"


def test_a_team_that_goes_ends_its_invitations_first(session, cast, team, make, now, with_mail):
    """As if somebody had revoked them: no mail leaves whose link would open nothing."""
    ended = []
    listener = invitation_ended.connect(lambda _session, **what: ended.append(what), weak=False)
    try:
        make(email="mallory@example.org")
        make(by=cast.erin)
        used, _token = make()
        accept(session, used, cast.dave, now=now)
        people.delete_team(session, team, by=cast.erin, now=now)
    finally:
        invitation_ended.disconnect(listener)
    assert [what["accepted_by"] for what in ended] == [cast.dave, None, None]
    to_invited = sa.select(OutgoingMail).where(OutgoingMail.source_kind == MAIL_SOURCE)
    assert session.scalars(to_invited).all() == []
    revoked = sa.select(sa.func.count()).where(AuditEntry.action == "invitation.revoked")
    assert session.scalar(revoked) == 2


def test_a_list_of_what_is_open(session, cast, make, now):
    make(email="ada@example.org", lifetime=DAY)
    used, _token = make()
    accept(session, used, cast.mallory, now=now)
    gone, _token = make()
    revoke(session, gone, by=cast.bob, now=now)
    make(team=None, by=cast.erin, email="max@example.org", now=now + dt.timedelta(hours=1))
    (only,) = list_open_invitations(session, cast.team)
    assert (only.email, only.team.slug, only.by_name, only.expires_at) == (
        "ada@example.org", "ranking", "Bob", now + DAY,
    )  # fmt: skip
    everything = list_open_invitations(session, None)
    assert [(one.email, one.team and one.team.slug) for one in everything] == [
        ("max@example.org", None),
        ("ada@example.org", "ranking"),
    ]


# At once


def test_fifty_people_at_once_make_one_member(app, session, cast, make, now):
    invitation, _token = make()
    everybody = [
        auth_actions.create_user(
            session, name=f"N{n}", email=f"n{n}@example.org", by=None, now=now
        ).id
        for n in range(AT_ONCE)
    ]
    before = set(session.scalars(sa.select(Membership.user_id)))
    session.commit()

    answers = run_concurrently(
        app, lambda own, person: accept(own, invitation, person, now=now), everybody
    )

    assert answers.count(True) == 1
    assert [str(answer) for answer in answers if answer is not True] == ["used"] * (AT_ONCE - 1)
    (joined,) = set(session.scalars(sa.select(Membership.user_id))) - before
    assert session.scalar(sa.select(Invitation.accepted_by)) == joined
    assert audited(session).count("invitation.accepted") == 1


def test_one_person_fifty_times_at_once_is_one_member(app, session, cast, make, now):
    invitation, _token = make(email="mallory@example.org")
    session.commit()

    def join(own, person: uuid.UUID) -> bool:
        return accept(own, invitation, person, now=now)

    answers = run_concurrently(app, join, [cast.mallory] * AT_ONCE)

    assert sorted(map(bool, answers)) == [False] * (AT_ONCE - 1) + [True]
    mine = sa.select(sa.func.count()).where(Membership.user_id == cast.mallory)
    assert session.scalar(mine) == 1
    assert audited(session).count("membership.added") == 1


def test_taken_back_and_accepted_at_once_is_one_of_both(app, session, cast, make, now):
    invitation, token = make()
    session.commit()

    def either(own, accepts: bool) -> bool:
        if accepts:
            return accept(own, invitation, cast.mallory, now=now)
        return revoke(own, find_invitation(own, invitation.id), by=cast.bob, now=now)

    answers = run_concurrently(app, either, [True, False])
    assert answers.count(True) == 1
    state = state_of(session, token, now)
    is_in = find_role(session, cast.team, cast.mallory) is not None
    assert (state, is_in) in {("used", True), ("revoked", False)}
