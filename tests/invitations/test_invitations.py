"""Creating, accepting, revoking and pruning invitations."""

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
CONCURRENT = 50


@pytest.fixture
def team(session, cast) -> Team:
    return session.get_one(Team, cast.team)


@pytest.fixture
def make_invitation(session, cast, team, now):
    """`make_invitation(...)` returns an invitation by Bob to Ranking and its token."""

    def make(**changes):
        values = {"team": team, "role": "member", "by": cast.bob, "now": now, **changes}
        return invite(session, **values)

    return make


def state_of(session, token: str, now: dt.datetime) -> str:
    return invitation_state(session, find_by_token(session, token), now)


def audit_actions(session) -> list[str]:
    return list(session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id)))


# Creation


def test_token_is_not_stored(session, make_invitation, now):
    invitation, token = make_invitation()
    assert token not in str(vars(invitation))
    found = find_by_token(session, token)
    assert (found.team.slug, found.inviter_name) == ("ranking", "Bob")
    assert state_of(session, token, now) == "valid"
    assert audit_actions(session) == ["invitation.created"]
    assert find_by_token(session, token + "x") is None


@pytest.mark.parametrize("who", ["alice", "dave", "mallory"])
def test_only_managers_of_the_team_invite(cast, make_invitation, who):
    with pytest.raises(InvitationRefused) as refused:
        make_invitation(by=getattr(cast, who))
    assert refused.value.reason == "inviter"


def test_manager_of_parent_team_invites(session, cast, team, make_invitation, now):
    above = people.create_team(session, slug="search", name="Search", by=None, now=now)
    people.add_member(session, above, cast.mallory, "manager", by=None, now=now)
    team.parent_id = above.id
    session.flush()
    assert make_invitation(by=cast.mallory)[0].team_id == team.id


def test_only_administrator_invites_without_team(cast, make_invitation):
    with pytest.raises(InvitationRefused):
        make_invitation(team=None)
    assert make_invitation(team=None, by=cast.erin)[0].team_id is None


@pytest.mark.parametrize(
    ("email", "role", "reason"),
    [
        ("Carol@Example.org", "member", "member"),
        ("bob@example.org", "member", "member"),
        ("mallory@example.org", None, "account"),
    ],
    ids=["member", "manager", "account"],
)
def test_invitation_of_member_or_existing_account_is_rejected(
    cast, make_invitation, team, email, role, reason
):
    with pytest.raises(InvitationRefused) as refused:
        make_invitation(
            email=email, role=role or "member", team=team if role else None, by=cast.erin
        )
    assert refused.value.reason == reason


def test_unknown_role_raises_key_error(make_invitation):
    with pytest.raises(KeyError):
        make_invitation(role="owner")


def test_newer_invitation_revokes_older_one_of_same_address(session, make_invitation, now):
    _first, old = make_invitation(email="ada@example.org")
    _second, new = make_invitation(email="ADA@example.org", role="manager")
    assert state_of(session, old, now) == "revoked"
    assert state_of(session, new, now) == "valid"
    _third, other = make_invitation()
    assert state_of(session, new, now) == state_of(session, other, now) == "valid"


def test_mail_names_inviter_team_link_and_expiry(session, make_invitation, now, with_mail):
    invitation, token = make_invitation(email="ada@example.org", role="manager")
    mail = session.scalars(sa.select(OutgoingMail)).one()
    assert (mail.recipient, mail.user_id) == ("ada@example.org", None)
    assert mail.subject == "Bob invites you to Ranking on Cairn"
    until = invitation.expires_at
    for text in (
        "Bob (bob@example.org) invites you to manage the team Ranking",
        f"https://cairn.example.org/invitations/{token}",
        f"until {until.day} {until:%b %Y} (UTC)",
        "for ada@example.org",
    ):
        assert text in mail.body


def test_unbound_invitation_sends_no_mail(session, make_invitation, with_mail):
    make_invitation()
    assert session.scalar(sa.select(sa.func.count()).select_from(OutgoingMail)) == 0


def test_link_uses_address_of_request_if_none_is_configured(app):
    with app.test_request_context(base_url="http://cairn.local:8000/"):
        assert emails.invitation_url("abc") == "http://cairn.local:8000/invitations/abc"


def test_signal_is_sent_only_for_person_with_account(session, cast, make_invitation):
    received = []

    def listener(_session, **values):
        received.append(values)

    with user_invited.connected_to(listener):
        make_invitation(email="ada@example.org")
        _invitation, token = make_invitation(email="mallory@example.org")
    (only,) = received
    invitation = only["invitation"]
    assert (only["user_id"], invitation.inviter_name) == (cast.mallory, "Bob")
    assert invitation.team.slug == "ranking"
    assert token not in str(only), "the token is only in the mail"


# Acceptance


def test_accepting_adds_member_and_is_audited(session, cast, team, make_invitation, now):
    invitation, token = make_invitation(role="manager")
    assert accept(session, invitation, cast.mallory, now=now) is True
    assert find_role(session, team.id, cast.mallory) == "manager"
    assert state_of(session, token, now) == "used"
    assert (invitation.accepted_by, invitation.accepted_at) == (cast.mallory, now)
    assert audit_actions(session)[-2:] == ["invitation.accepted", "membership.added"]
    entry = session.scalars(sa.select(HistoryEntry)).one()
    assert (entry.user_id, entry.action, entry.data["role"]) == (
        cast.mallory, "membership.added", "manager",
    )  # fmt: skip


def test_invitation_is_accepted_by_one_person_only(session, cast, team, make_invitation, now):
    invitation, _token = make_invitation()
    accept(session, invitation, cast.mallory, now=now)
    with pytest.raises(InvitationInvalid) as error:
        accept(session, invitation, cast.dave, now=now)
    assert error.value.state == "used"
    assert find_role(session, team.id, cast.dave) is None


def test_accepting_twice_changes_nothing(session, cast, make_invitation, now):
    invitation, _token = make_invitation()
    accept(session, invitation, cast.mallory, now=now)
    assert accept(session, invitation, cast.mallory, now=now) is False


@pytest.mark.parametrize("role", ["member", "manager"])
def test_accepting_as_manager_leaves_invitation_open(
    session, cast, team, make_invitation, now, role
):
    invitation, token = make_invitation(role=role, by=cast.erin)
    assert accept(session, invitation, cast.bob, now=now) is False
    assert find_role(session, team.id, cast.bob) == "manager"
    assert state_of(session, token, now) == "valid"


def test_member_accepting_manager_invitation_is_promoted(session, cast, team, make_invitation, now):
    invitation, _token = make_invitation(role="manager")
    assert accept(session, invitation, cast.alice, now=now) is True
    assert find_role(session, team.id, cast.alice) == "manager"


def test_bound_invitation_is_used_up_if_person_joined_otherwise(
    session, cast, team, make_invitation, now
):
    invitation, token = make_invitation(email="mallory@example.org")
    people.add_member(session, team, cast.mallory, "manager", by=cast.erin, now=now)
    assert accept(session, invitation, cast.mallory, now=now) is False
    assert find_role(session, team.id, cast.mallory) == "manager"
    assert state_of(session, token, now) == "used"


def test_bound_invitation_rejects_other_address(session, cast, team, make_invitation, now):
    invitation, token = make_invitation(email="MALLORY@example.org")
    with pytest.raises(WrongAddress):
        accept(session, invitation, cast.dave, now=now)
    assert find_role(session, team.id, cast.dave) is None
    assert state_of(session, token, now) == "valid"
    assert accept(session, invitation, cast.mallory, now=now) is True


def test_invitation_expires(session, cast, team, make_invitation, now):
    invitation, token = make_invitation(lifetime=3 * DAY)
    assert state_of(session, token, now + 3 * DAY - dt.timedelta(seconds=1)) == "valid"
    later = now + 3 * DAY
    assert state_of(session, token, later) == "expired"
    with pytest.raises(InvitationInvalid) as error:
        accept(session, invitation, cast.mallory, now=later)
    assert error.value.state == "expired"


def test_invitation_is_revoked_once(session, cast, team, make_invitation, now):
    invitation, token = make_invitation()
    assert revoke(session, invitation, by=cast.bob, now=now) is True
    assert revoke(session, invitation, by=cast.bob, now=now) is False
    assert state_of(session, token, now) == "revoked"
    with pytest.raises(InvitationInvalid) as error:
        accept(session, invitation, cast.mallory, now=now)
    assert error.value.state == "revoked"
    assert audit_actions(session) == ["invitation.created", "invitation.revoked"]


def queued_tokens(session) -> list[str]:
    """Return the tokens in queued mails."""
    return re.findall(
        r"/invitations/(\S+)", " ".join(session.scalars(sa.select(OutgoingMail.body)))
    )


def test_revocation_deletes_queued_mail(session, cast, make_invitation, now, with_mail):
    invitation, _token = make_invitation(email="ada@example.org")
    _other, kept = make_invitation(email="max@example.org")
    revoke(session, invitation, by=cast.bob, now=now)
    assert queued_tokens(session) == [kept]


def test_only_newest_invitation_of_an_address_is_mailed(session, make_invitation, with_mail):
    make_invitation(email="ada@example.org")
    _invitation, token = make_invitation(email="ada@example.org", role="manager")
    assert queued_tokens(session) == [token]


def test_invitations_are_pruned_three_months_after_expiry(session, cast, make_invitation, now):
    make_invitation(lifetime=DAY)
    used, _token = make_invitation(lifetime=DAY)
    accept(session, used, cast.mallory, now=now)
    assert prune(session, now=now + 91 * DAY) == 0
    assert len(list_open_invitations(session, None)) == 1
    assert prune(session, now=now + 92 * DAY) == 2
    assert list_open_invitations(session, None) == []


def test_used_invitation_cannot_be_revoked(session, cast, make_invitation, now):
    invitation, token = make_invitation()
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
def test_invitation_lapses_when_inviter_loses_their_role(
    session, cast, team, make_invitation, now, lose
):
    invitation, token = make_invitation()
    lose(session, cast, team, now)
    assert state_of(session, token, now) == "lapsed"
    with pytest.raises(InvitationInvalid) as error:
        accept(session, invitation, cast.mallory, now=now)
    assert error.value.state == "lapsed"
    assert find_role(session, team.id, cast.mallory) is None
    assert session.scalar(sa.select(Invitation.accepted_at)) is None


def test_invitation_of_former_administrator_lapses(session, cast, make_invitation, now):
    _invitation, token = make_invitation(by=cast.erin, team=None)
    auth_actions.set_admin(session, cast.dave, True, by=cast.erin, now=now)
    auth_actions.set_admin(session, cast.erin, False, by=cast.dave, now=now)
    assert state_of(session, token, now) == "lapsed"


def test_invitation_is_deleted_with_its_team(session, cast, team, make_invitation, now):
    invitation, token = make_invitation(by=cast.erin)
    people.delete_team(session, team, by=cast.erin, now=now)
    assert find_by_token(session, token) is None
    session.expunge(invitation)
    with pytest.raises(InvitationInvalid) as error:
        accept(session, invitation, cast.mallory, now=now)
    assert error.value.state == "unknown"


def test_team_deletion_revokes_open_invitations(
    session, cast, team, make_invitation, now, with_mail
):
    """Queued mails with links that would not work are deleted."""
    ended = []
    listener = invitation_ended.connect(lambda _session, **what: ended.append(what), weak=False)
    try:
        make_invitation(email="mallory@example.org")
        make_invitation(by=cast.erin)
        used, _token = make_invitation()
        accept(session, used, cast.dave, now=now)
        people.delete_team(session, team, by=cast.erin, now=now)
    finally:
        invitation_ended.disconnect(listener)
    assert [what.get("accepted_by") for what in ended] == [cast.dave, None, None]
    to_invited = sa.select(OutgoingMail).where(OutgoingMail.source_kind == MAIL_SOURCE)
    assert session.scalars(to_invited).all() == []
    revoked = sa.select(sa.func.count()).where(AuditEntry.action == "invitation.revoked")
    assert session.scalar(revoked) == 2


def test_open_invitations_are_listed(session, cast, make_invitation, now):
    make_invitation(email="ada@example.org", lifetime=DAY)
    used, _token = make_invitation()
    accept(session, used, cast.mallory, now=now)
    gone, _token = make_invitation()
    revoke(session, gone, by=cast.bob, now=now)
    make_invitation(
        team=None, by=cast.erin, email="max@example.org", now=now + dt.timedelta(hours=1)
    )
    (only,) = list_open_invitations(session, cast.team)
    assert (only.email, only.team.slug, only.inviter_name, only.expires_at) == (
        "ada@example.org", "ranking", "Bob", now + DAY,
    )  # fmt: skip
    everything = list_open_invitations(session, None)
    assert [(one.email, one.team and one.team.slug) for one in everything] == [
        ("max@example.org", None),
        ("ada@example.org", "ranking"),
    ]


# Concurrency


def test_concurrent_acceptance_by_many_people_adds_one_member(
    app, session, cast, make_invitation, now
):
    invitation, _token = make_invitation()
    people_ids = [
        auth_actions.create_user(
            session, name=f"N{n}", email=f"n{n}@example.org", by=None, now=now
        ).id
        for n in range(CONCURRENT)
    ]
    before = set(session.scalars(sa.select(Membership.user_id)))
    session.commit()

    results = run_concurrently(
        app, lambda own, person: accept(own, invitation, person, now=now), people_ids
    )

    assert results.count(True) == 1
    assert [str(response) for response in results if response is not True] == ["used"] * (
        CONCURRENT - 1
    )
    (joined,) = set(session.scalars(sa.select(Membership.user_id))) - before
    assert session.scalar(sa.select(Invitation.accepted_by)) == joined
    assert audit_actions(session).count("invitation.accepted") == 1


def test_concurrent_acceptance_by_one_person_adds_one_membership(
    app, session, cast, make_invitation, now
):
    invitation, _token = make_invitation(email="mallory@example.org")
    session.commit()

    def join(own, person: uuid.UUID) -> bool:
        return accept(own, invitation, person, now=now)

    results = run_concurrently(app, join, [cast.mallory] * CONCURRENT)

    assert sorted(map(bool, results)) == [False] * (CONCURRENT - 1) + [True]
    mine = sa.select(sa.func.count()).where(Membership.user_id == cast.mallory)
    assert session.scalar(mine) == 1
    assert audit_actions(session).count("membership.added") == 1


def test_concurrent_revocation_and_acceptance_do_not_both_succeed(
    app, session, cast, make_invitation, now
):
    invitation, token = make_invitation()
    session.commit()

    def either(own, accepts: bool) -> bool:
        if accepts:
            return accept(own, invitation, cast.mallory, now=now)
        return revoke(own, find_invitation(own, invitation.id), by=cast.bob, now=now)

    results = run_concurrently(app, either, [True, False])
    assert results.count(True) == 1
    state = state_of(session, token, now)
    is_in = find_role(session, cast.team, cast.mallory) is not None
    assert (state, is_in) in {("used", True), ("revoked", False)}
