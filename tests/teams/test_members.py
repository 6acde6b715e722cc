"""/teams/<slug>/members: members, invitations, roles, removal and leaving."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa

from roadmap.auth import actions as accounts
from roadmap.auth import deletion, rate_limits
from roadmap.auth.models import Attempt
from roadmap.invitations.actions import invite
from roadmap.invitations.models import Invitation
from roadmap.mail.models import OutgoingMail
from roadmap.people.models import AuditEntry, HistoryEntry, Membership, Team, User
from tests.evidence.builders import add_evidence, submit_evidence
from tests.support.cast import add_user
from tests.support.markup import flat
from tests.support.statements import statements_of

MEMBERS = "/teams/ranking/members"
CONFIRMED = {"sure": "yes"}


@pytest.fixture
def bob(cast, browser_of):
    return browser_of(cast.bob)


@pytest.fixture
def erin(cast, browser_of):
    return browser_of(cast.erin)


def test_deactivated_member_is_named_unless_the_account_will_be_deleted(session, cast, bob, now):
    assert "Deactivated by an administrator" not in bob.get(MEMBERS).text
    accounts.deactivate(session, cast.alice, by=cast.erin, now=now)
    deletion.request_deletion(session, cast.carol, by=cast.carol, now=now)
    session.commit()
    page = flat(bob.get(MEMBERS).text)
    assert "Deactivated by an administrator, who can reactivate them: Alice." in page
    assert "Carol" not in page


def role(session, team, person):
    session.expire_all()
    found = session.get(Membership, (team, person))
    return found.role if found else None


def link_of(page):
    found = re.search(r'value="http://localhost(/invitations/[^"]+)"', page.text)
    assert found is not None
    return found[1]


def test_page_lists_members_and_invitations(session, cast, bob, now):
    team = session.get(Team, cast.team)
    invite(session, team=team, role="member", email="new@example.org", by=cast.bob, now=now)
    session.commit()
    page = bob.get(MEMBERS)
    assert page.status_code == 200
    for message in ("Alice", "carol@example.org", "Manager", "new@example.org", "valid until"):
        assert message in page.text
    assert "Dave" not in page.text
    assert "Add someone to the team" not in page.text


def test_administrator_can_add_themselves(session, cast, bob, erin):
    assert "Add me as a member" not in bob.get(MEMBERS).text
    section = erin.get(MEMBERS).text.partition("You are not in this team.")[2]
    as_member, _mentor, as_manager = section.split("</form>")[:3]
    assert "Add me as a member</button>" in as_member
    assert "Add me as a manager</button>" in as_manager
    fields = dict(re.findall(r'name="(add-[a-z]+)" value="([^"]+)"', as_member))
    assert erin.post(MEMBERS, fields).status_code == 303
    assert role(session, cast.team, cast.erin) == "member"
    page = erin.get(MEMBERS).text
    assert "You are now in Ranking." in page
    assert f'href="{MEMBERS}"' in erin.get("/teams").text
    assert "Add me as a member" not in page


def test_page_requires_sign_in(cast, browser_of):
    assert browser_of().get(MEMBERS).location == f"/login?next={MEMBERS}"


@pytest.mark.parametrize(("who", "status"), [("alice", 403), ("dave", 404), ("mallory", 403)])
def test_page_is_denied_to_members_and_other_managers(cast, browser_of, who, status):
    assert browser_of(getattr(cast, who)).get(MEMBERS).status_code == status


def test_unknown_team_returns_404(bob, erin):
    assert bob.get("/teams/nowhere/members").status_code == 404
    assert erin.get("/teams/nowhere/members").status_code == 404


def test_deactivated_member_is_not_listed_and_keeps_the_role(session, cast, bob, now):
    session.get(User, cast.carol).deactivated_at = now
    session.commit()
    assert "carol@example.org" not in bob.get(MEMBERS).text
    assert bob.get(f"{MEMBERS}/{cast.carol}").status_code == 404
    assert bob.put(f"{MEMBERS}/{cast.carol}", {"role": "manager"}).status_code == 404
    assert role(session, cast.team, cast.carol) == "member"


def test_role_change_takes_effect_at_the_next_request(session, cast, bob, browser_of):
    page = bob.get(f"{MEMBERS}/{cast.carol}")
    assert "Only members have a row in the matrix and count in its figures." in flat(page.text)
    assert '<option selected value="member">' in page.text
    answer = bob.put(f"{MEMBERS}/{cast.carol}", {"role": "manager"})
    assert (answer.status_code, answer.location) == (303, MEMBERS)
    assert role(session, cast.team, cast.carol) == "manager"
    carol = browser_of(cast.carol)
    assert carol.get(MEMBERS).status_code == 200
    bob.put(f"{MEMBERS}/{cast.carol}", {"role": "member"})
    assert carol.get(MEMBERS).status_code != 200, "the change takes effect at the next request"
    assert browser_of(cast.carol).get(MEMBERS).status_code == 403


@pytest.mark.parametrize(
    "value", ["", "owner", "\x00"], ids=["empty", "unknown", "control character"]
)
def test_unknown_role_is_rejected(session, cast, bob, value):
    answer = bob.put(f"{MEMBERS}/{cast.carol}", {"role": value})
    assert answer.status_code == 422
    assert role(session, cast.team, cast.carol) == "member"


@pytest.mark.parametrize("who", ["dave", "mallory", "erin"])
def test_manager_cannot_add_users(session, cast, bob, who):
    """Neither by a role change nor through the administrators' form."""
    person = getattr(cast, who)
    before = session.get(User, person).version
    for name in ("member", "manager"):
        assert bob.put(f"{MEMBERS}/{person}", {"role": name}).status_code == 404
    answer = bob.post(MEMBERS, {"add-email": f"{who}@example.org", "add-role": "member"})
    assert answer.status_code == 403
    assert bob.delete(f"{MEMBERS}/{person}", CONFIRMED).status_code == 303
    assert role(session, cast.team, person) is None
    assert session.get(User, person).version == before


def test_administrator_adds_a_user_by_email(session, cast, erin):
    page = erin.get(MEMBERS)
    assert "Add someone to the team" in page.text
    answer = erin.post(MEMBERS, {"add-email": "MALLORY@example.org", "add-role": "member"})
    assert (answer.status_code, answer.location) == (303, MEMBERS)
    assert role(session, cast.team, cast.mallory) == "member"
    entry = session.scalars(
        sa.select(HistoryEntry).where(HistoryEntry.user_id == cast.mallory)
    ).one()
    assert (entry.action, entry.actor_id) == ("membership.added", cast.erin)


@pytest.mark.parametrize(
    ("email", "message"),
    [
        ("", "Enter the e-mail address"),
        ("nobody@example.org", "There is no account with this address"),
        ("not an address", "This is not an e-mail address"),
        ("mallory@example.org", "This account is deactivated"),
    ],
    ids=["empty", "unknown", "invalid", "deactivated"],
)
def test_add_member_rejects_invalid_unknown_and_deactivated_users(
    session, cast, erin, now, email, message
):
    session.get(User, cast.mallory).deactivated_at = now
    session.commit()
    answer = erin.post(MEMBERS, {"add-email": email, "add-role": "manager"})
    assert answer.status_code == 422
    assert message in answer.text
    assert f'value="{email}"' in answer.text
    assert role(session, cast.team, cast.mallory) is None


def test_invitation_is_bound_to_its_address(session, cast, bob, browser_of):
    data = {"email": "mallory@example.org", "role": "manager", "days": "2"}
    answer = bob.post("/teams/ranking/invitations", data)
    assert (answer.status_code, answer.location) == (303, MEMBERS)
    link = link_of(bob.get(MEMBERS))
    assert link not in bob.get(MEMBERS).text, "the link is shown once"
    invitation = session.scalars(sa.select(Invitation)).one()
    assert (invitation.email_key, invitation.role, invitation.team_id) == (
        data["email"],
        "manager",
        cast.team,
    )
    assert invitation.expires_at - invitation.created_at == dt.timedelta(days=2)
    assert role(session, cast.team, cast.mallory) is None, "they join by accepting"
    assert browser_of(cast.dave).post(link).status_code >= 400
    assert browser_of(cast.mallory).post(link).status_code == 303
    assert role(session, cast.team, cast.mallory) == "manager"


def test_invitation_without_address_can_be_accepted_by_anyone(session, cast, bob, browser_of):
    bob.post("/teams/ranking/invitations", {"email": "", "role": "member", "days": "14"})
    assert "Invitation link" not in bob.get("/teams").text
    page = bob.get(MEMBERS)
    assert "Anyone who has it can join" in page.text
    assert browser_of(cast.mallory).post(link_of(page)).status_code == 303
    assert role(session, cast.team, cast.mallory) == "member"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"email": "not an address"}, "This is not an e-mail address"),
        ({"email": "alice@example.org"}, "They are already in the team"),
        ({"role": "owner"}, "Role"),
        ({"days": "100000"}, "Valid for"),
    ],
    ids=["invalid address", "already a member", "unknown role", "lifetime too long"],
)
def test_invalid_invitation_is_rejected_and_the_input_kept(session, cast, bob, data, message):
    sent = {"email": "new@example.org", "role": "member", "days": "14", **data}
    answer = bob.post("/teams/ranking/invitations", sent)
    assert answer.status_code == 422
    assert message in answer.text
    assert f"{sent['email']}</textarea>" in answer.text
    assert session.scalars(sa.select(Invitation)).all() == []


def test_invitations_per_address_are_limited_across_inviters(session, cast, bob, browser_of):
    """Each invitation sends a mail; the limit keeps a mailbox from being flooded."""
    data = {"email": "New@example.org", "role": "member", "days": "14"}
    for _ in range(rate_limits.MAX_PER_INVITED_ADDRESS):
        assert bob.post("/teams/ranking/invitations", data).status_code == 303
    for client, team in ((bob, "ranking"), (browser_of(cast.dave), "vision")):
        answer = client.post(f"/teams/{team}/invitations", {**data, "email": "new@EXAMPLE.org"})
        assert answer.status_code == 429
        assert 0 < int(answer.headers["Retry-After"]) <= 900
        assert "Too many invitations in a short time. Wait 15 minutes" in answer.text
        assert "new@EXAMPLE.org</textarea>" in answer.text
    other = {**data, "email": "other@example.org"}
    assert bob.post("/teams/ranking/invitations", other).status_code == 303
    invitation = session.scalar(sa.select(sa.func.count()).select_from(Invitation))
    assert invitation == rate_limits.MAX_PER_INVITED_ADDRESS + 1


def test_invitations_per_inviter_are_limited(session, cast, bob, erin, now):
    inviting = rate_limits.invitation_limits(cast.bob, "")
    for _ in range(rate_limits.MAX_PER_INVITER):
        rate_limits.record_attempt(session, inviting, now=now)
    session.commit()
    data = {"email": "", "role": "member", "days": "14"}
    assert bob.post("/teams/ranking/invitations", data).status_code == 429
    assert erin.post("/teams/ranking/invitations", data).status_code == 303
    assert session.scalar(sa.select(Invitation.created_by)) == cast.erin


TEAM = ["Ada Lovelace <ada@example.org>", "grace@example.org; Edsger <edsger@example.org>,"]


def invite_several(client, *lines, role="member"):
    data = {"email": "\r\n".join(lines), "role": role, "days": "2"}
    return client.post("/teams/ranking/invitations", data)


def test_each_address_of_a_list_gets_its_own_invitation(session, cast, bob, browser_of):
    answer = invite_several(bob, *TEAM, role="mentor")
    assert (answer.status_code, answer.location) == (303, MEMBERS)
    page = bob.get(MEMBERS).text
    assert "3 invitations are created" in page
    links = re.findall(r'value="http://localhost(/invitations/[^"]+)"', page)
    assert len(set(links)) == 3
    together = page.partition('<textarea id="once-all"')[2].partition("</textarea>")[0]
    assert re.findall(r"(\S+@example.org) http://localhost(\S+)", together) == [
        (f"{name}@example.org", link)
        for name, link in zip(["ada", "grace", "edsger"], links, strict=True)
    ]
    listed = bob.get(MEMBERS).text.partition("Open invitations")[2]
    assert re.findall(r'wrap-any">(\w+)@', listed) == ["ada", "edsger", "grace"]
    assert links[0] not in bob.get(MEMBERS).text, "the links are shown once"
    made = session.scalars(sa.select(Invitation).order_by(Invitation.email)).all()
    assert [each.email.partition("@")[0] for each in made] == ["ada", "edsger", "grace"]
    assert {each.role for each in made} == {"mentor"}
    assert "a…@example.org" not in browser_of().get(links[0]).text
    for link, email in zip(links, ["ada", "grace", "edsger"], strict=True):
        assert f"{email}@example.org" in browser_of().get(link).text
    audited = sa.select(AuditEntry).where(AuditEntry.action == "invitation.created")
    assert len(session.scalars(audited).all()) == 3


def test_list_of_addresses_is_mailed_and_replaces_earlier_invitations(
    session, cast, bob, with_mail
):
    invite_several(bob, "grace@example.org")
    bob.get(MEMBERS)
    invite_several(bob, *TEAM)
    page = bob.get(MEMBERS).text.partition("3 invitations are created")[2].partition("</section>")
    assert "/invitations/" not in page[0]
    grace = page[0].partition("grace@example.org")[2].partition("</li>")[0]
    assert "The earlier link for this address no longer works." in grace
    assert page[0].count("The earlier link") == 1
    mails = session.scalars(sa.select(OutgoingMail.recipient).order_by(OutgoingMail.recipient))
    assert [mail.partition("@")[0] for mail in mails] == ["ada", "edsger", "grace"]


def test_every_fault_of_a_list_is_named_and_nobody_is_invited(session, cast, bob):
    lines = ["ada@example.org", "", "grace.example.org; <b>", "Carol <carol@example.org>"]
    answer = invite_several(bob, *lines, "ADA@example.org")
    assert answer.status_code == 422
    assert flat(answer.text).count("Please fix one thing") == 1
    for fault in (
        "Line 3, grace.example.org: This is not an e-mail address.",
        "Line 3, b: This is not an e-mail address.",
        "Line 5, ADA@example.org: This address is already on line 1.",
    ):
        assert fault in flat(answer.text)
    answer = invite_several(bob, "ada@example.org", *lines[3:], "bob@example.org")
    assert answer.status_code == 422
    for fault in ("Line 2, carol@example.org: They are", "Line 3, bob@example.org: They are"):
        assert fault in flat(answer.text)
    assert "Carol &lt;carol@example.org&gt;\nbob@example.org</textarea>" in answer.text
    assert session.scalars(sa.select(Invitation)).all() == []
    counted = session.scalar(sa.select(sa.func.count()).select_from(Attempt))
    assert counted == 0, "a corrected list must not meet the rate limit"


def test_length_and_rate_of_a_list_are_limited(session, cast, bob):
    most = rate_limits.MAX_PER_INVITER
    addresses = [f"new{number}@example.org" for number in range(most + 1)]
    answer = invite_several(bob, *addresses)
    assert answer.status_code == 422
    assert "These are 51 addresses, and the maximum is 50 at a time." in answer.text
    assert f"{addresses[-1]}</textarea>" in answer.text
    answer = invite_several(bob, *addresses[:-2])
    assert answer.status_code == 303
    assert all(len(cookie) < 3500 for cookie in answer.headers.getlist("Set-Cookie"))
    assert "49 invitations are created" in bob.get(MEMBERS).text
    assert invite_several(bob, *addresses[-2:]).status_code == 429
    assert invite_several(bob, addresses[-1]).status_code == 303
    assert session.scalar(sa.select(sa.func.count()).select_from(Invitation)) == most


def test_rate_limit_of_one_address_in_a_list_is_named(session, cast, bob):
    for _ in range(rate_limits.MAX_PER_INVITED_ADDRESS):
        invite_several(bob, "grace@example.org")
    answer = invite_several(bob, "ada@example.org", "grace@example.org")
    assert answer.status_code == 429
    assert "Line 2, grace@example.org: Too many invitations in a short time." in answer.text
    assert "Line 1" not in answer.text


def test_denied_invitation_is_not_counted_as_an_attempt(session, cast, browser_of):
    data = {"email": "new@example.org", "role": "member", "days": "14"}
    for name in ("alice", "mallory"):
        browser_of(getattr(cast, name)).post("/teams/ranking/invitations", data)
    assert session.scalar(sa.select(sa.func.count()).select_from(Attempt)) == 0


def test_revoked_invitation_cannot_be_accepted(session, cast, bob, browser_of, now):
    team = session.get(Team, cast.team)
    invitation, token = invite(session, team=team, role="member", by=cast.bob, now=now)
    session.commit()
    answer = bob.delete(f"/teams/ranking/invitations/{invitation.id}", CONFIRMED)
    assert (answer.status_code, answer.location) == (303, MEMBERS)
    assert browser_of(cast.mallory).post(f"/invitations/{token}").status_code >= 400
    assert role(session, cast.team, cast.mallory) is None


def test_revoking_an_invitation_of_another_team_returns_404(session, cast, bob, now):
    other = session.get(Team, cast.other_team)
    invitation, _token = invite(session, team=other, role="member", by=cast.dave, now=now)
    session.commit()
    assert bob.delete(f"/teams/ranking/invitations/{invitation.id}", CONFIRMED).status_code == 404
    assert bob.delete(f"/teams/vision/invitations/{invitation.id}", CONFIRMED).status_code == 404
    session.expire_all()
    assert session.get(Invitation, invitation.id).revoked_at is None


def test_removal_ends_access_at_the_next_request(session, cast, bob, erin, browser_of):
    assert bob.get(f"/teams/ranking/people/{cast.carol}").status_code == 200
    assert bob.delete(f"{MEMBERS}/{cast.carol}", CONFIRMED).status_code == 303
    assert bob.get(f"/teams/ranking/people/{cast.carol}").status_code == 404
    assert bob.get(f"/teams/ranking/people/{cast.alice}").status_code == 200
    assert erin.delete(f"{MEMBERS}/{cast.bob}", CONFIRMED).status_code == 303
    assert bob.get(f"/teams/ranking/people/{cast.alice}").status_code in (403, 404)
    assert bob.get(MEMBERS).status_code == 403


def test_leaving_asks_for_confirmation_and_ends_access_at_the_next_request(
    session, cast, bob, browser_of
):
    alice = browser_of(cast.alice)
    page = alice.get("/teams/ranking/membership")
    assert page.status_code == 200
    assert "Leave Ranking?" in page.text
    assert "No one else manages" not in page.text
    answer = alice.delete("/teams/ranking/membership", CONFIRMED)
    assert (answer.status_code, answer.location) == (303, "/teams")
    assert role(session, cast.team, cast.alice) is None
    assert bob.get(f"/teams/ranking/people/{cast.alice}").status_code == 404
    assert alice.get("/teams/ranking/membership").status_code == 404
    last = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert (last.action, last.target) == ("membership.left", "ranking")


def test_leave_page_warns_about_submitted_evidence(session, cast, now, browser_of):
    alice = browser_of(cast.alice)
    assert "waiting for a review" not in alice.get("/teams/ranking/membership").text
    piece = add_evidence(session, cast, cast.alice, now)
    submit_evidence(session, cast, piece, now)
    page = flat(alice.get("/teams/ranking/membership").text)
    assert "1 piece of your evidence is waiting for a review." in page
    assert "only a manager of another team that you are in can review it" in page
    assert piece.title in alice.get("/evidence?state=submitted").text


def test_leave_page_warns_the_last_manager(session, cast, bob):
    assert "No one else manages Ranking" in flat(bob.get("/teams/ranking/membership").text)
    assert bob.delete("/teams/ranking/membership", CONFIRMED).status_code == 303
    assert bob.get(MEMBERS).status_code == 403


def test_leave_page_names_all_teams_left_without_a_manager(session, cast, erin, bob, now):
    above, here = session.get_one(Team, cast.other_team), session.get_one(Team, cast.team)
    nested = Team(slug="eval", name="Evaluation", parent_id=here.id, created_at=now)
    session.add(nested)
    session.commit()
    for client, path in ((bob, "/teams/ranking/membership"), (erin, f"{MEMBERS}/{cast.bob}")):
        assert "No one else manages Evaluation and Ranking:" in flat(client.get(path).text)
    # Bob also manages the team above, and therefore keeps managing both.
    here.parent_id = above.id
    session.add(Membership(team_id=above.id, user_id=cast.bob, role="manager", created_at=now))
    session.execute(sa.delete(Membership).where(Membership.user_id == cast.dave))
    session.commit()
    assert "No one else manages" not in bob.get("/teams/ranking/membership").text
    assert "No one else manages" not in erin.get(f"{MEMBERS}/{cast.bob}").text
    page = flat(bob.get(f"/teams/{above.slug}/membership").text)
    assert f"No one else manages {above.name}:" in page


def test_manager_who_steps_down_is_redirected_to_the_list_of_teams(session, cast, bob):
    answer = bob.put(f"{MEMBERS}/{cast.bob}", {"role": "member"})
    assert (answer.status_code, answer.location) == (303, "/teams")
    assert role(session, cast.team, cast.bob) == "member"


def test_statement_count_does_not_grow_with_members(app, session, cast, bob, now):
    few = statements_of(app, lambda: bob.get(MEMBERS))
    for number in range(10):
        add_user(session, f"Person {number}", team=cast.team)
    session.commit()
    many = statements_of(app, lambda: bob.get(MEMBERS))
    assert len(many) == len(few) <= 5


def test_second_invitation_says_that_the_earlier_link_stops_working(cast, bob):
    data = {"email": "new@example.org", "role": "member", "days": "14"}
    message = "The earlier link for this address no longer works."

    def page_after(sent):
        assert bob.post("/teams/ranking/invitations", sent).status_code == 303
        return bob.get(MEMBERS).text

    assert message not in page_after(data)
    assert message in page_after(data)
    assert message not in page_after({**data, "email": ""})


def test_reloading_the_page_creates_no_second_invitation(session, cast, bob):
    bob.post("/teams/ranking/invitations", {"email": "", "role": "member", "days": "14"})
    for _ in range(3):
        bob.get(MEMBERS)
    assert session.scalar(sa.select(sa.func.count()).select_from(Invitation)) == 1


def test_member_invitation_does_not_replace_a_manager_invitation(session, cast, bob, now):
    team = session.get(Team, cast.team)
    address = "new@example.org"
    invitation, _token = invite(
        session, team=team, role="manager", email=address, by=cast.erin, now=now
    )
    session.commit()
    data = {"email": address, "role": "member", "days": "14"}
    answer = bob.post("/teams/ranking/invitations", data)
    assert answer.status_code == 422
    assert "They are already invited as a manager." in answer.text
    bob.delete(f"/teams/ranking/invitations/{invitation.id}", CONFIRMED)
    assert bob.post("/teams/ranking/invitations", data).status_code == 303
