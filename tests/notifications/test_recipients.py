"""Recipients of each notification, and deletion of unread ones."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from roadmap.account.actions import set_preference
from roadmap.auth import actions as accounts
from roadmap.auth import api_tokens
from roadmap.core.dates import PartialDate
from roadmap.evidence import actions as evidence
from roadmap.evidence import review_actions
from roadmap.evidence.models import Evidence
from roadmap.evidence.rules import EvidenceInput
from roadmap.invitations import actions
from roadmap.mail import outbox
from roadmap.mail.models import OutgoingMail
from roadmap.notifications.models import Notification
from roadmap.people import actions as people
from roadmap.people.models import AuditEntry, HistoryEntry, Team, User
from roadmap.skills import actions as skills
from tests.notifications.scenario import NOW, TITLE, Scenario, queued_bodies, queued_mails
from tests.support.cast import add_user


def test_draft_notifies_nobody(scenario: Scenario) -> None:
    piece = scenario.add_evidence(submitted=False)
    scenario.edit(piece, title="Another title")
    scenario.edit(piece, visibility="private")
    evidence.delete(scenario.session, piece, **scenario.by("alice"))
    assert scenario.session.scalar(sa.select(sa.func.count(Notification.id))) == 0


def test_submission_notifies_every_manager_of_the_author_once(scenario: Scenario) -> None:
    scenario.add_second_manager()
    piece = scenario.add_evidence()
    assert scenario.notifications("bob") == scenario.notifications("dave") == ["submitted"]
    for name in ("alice", "carol", "erin", "mallory"):
        assert scenario.notifications(name) == []
    evidence.submit(scenario.session, piece, **scenario.by("alice"))
    assert scenario.notifications("bob") == ["submitted"], "a second submit changes nothing"


def test_submission_notifies_managers_of_the_parent_team(scenario: Scenario) -> None:
    team = scenario.session.get_one(Team, scenario.cast.team)
    above = scenario.session.get_one(Team, scenario.cast.other_team)
    people.change_team(
        scenario.session, team, name="Ranking", parent_id=above.id, by=scenario.cast.erin, now=NOW
    )
    scenario.add_evidence()
    assert scenario.notifications("dave") == ["submitted"]
    people.change_team(
        scenario.session, team, name="Ranking", parent_id=None, by=scenario.cast.erin, now=NOW
    )
    assert scenario.notifications("dave") == ["moved_away"], "the review request is deleted"
    assert scenario.notifications("bob") == ["submitted"]


@pytest.mark.parametrize("decision", ["verified", "returned"])
def test_decision_notifies_the_author(scenario: Scenario, decision: str) -> None:
    piece = scenario.add_evidence()
    scenario.decide(piece, decision)
    assert scenario.notifications("alice") == [decision]
    assert scenario.notifications("bob") == [], "the reviewer's request is read"
    assert scenario.notifications("bob", unread=False) == ["submitted"]


def test_resubmission_notifies_the_reviewer(scenario: Scenario) -> None:
    piece = scenario.add_evidence()
    scenario.decide(piece, "returned")
    scenario.edit(piece, description="With the figures.")
    assert scenario.notifications("bob") == []
    evidence.submit(scenario.session, piece, **scenario.by("alice"))
    assert scenario.notifications("bob") == ["resubmitted"]


def test_substantial_edit_of_verified_evidence_requests_a_review(scenario: Scenario) -> None:
    piece = scenario.add_evidence()
    scenario.decide(piece, "verified")
    scenario.edit(piece, title="A better title")
    assert scenario.notifications("bob") == []
    scenario.edit(piece, description="With the figures.")
    assert scenario.notifications("bob") == ["resubmitted"]
    scenario.edit(piece, description="With more figures.")
    assert scenario.notifications("bob") == ["resubmitted"]


def test_comment_notifies_the_participants(scenario: Scenario) -> None:
    scenario.add_second_manager()
    piece = scenario.add_evidence()
    scenario.comment(piece, "alice")
    assert scenario.notifications("alice") == []
    assert scenario.notifications("bob") == ["submitted"], "Bob does not participate yet"
    scenario.comment(piece, "bob")
    assert scenario.notifications("alice") == ["comment"]
    scenario.comment(piece, "alice")
    assert scenario.notifications("bob") == ["submitted", "comment"]
    assert scenario.notifications("dave") == ["submitted"]
    scenario.decide(piece, "returned", by="dave")
    scenario.comment(piece, "bob")
    assert scenario.notifications("dave", unread=False) == ["submitted", "comment"]
    assert scenario.notifications("alice") == ["comment", "returned", "comment"]


def test_comment_does_not_notify_former_managers(scenario: Scenario) -> None:
    scenario.add_second_manager()
    piece = scenario.add_evidence()
    scenario.comment(piece, "dave")
    team = scenario.session.get_one(Team, scenario.cast.team)
    people.remove_member(
        scenario.session, team, scenario.cast.dave, by=scenario.cast.erin, now=scenario.step()
    )
    scenario.comment(piece, "alice")
    assert scenario.notifications("dave", unread=False) == ["removed"]


def test_unread_assessments_are_combined_in_one_notification(scenario: Scenario) -> None:
    alice = scenario.cast.alice
    skills.assess_self(scenario.session, alice, "mlops", 2, **scenario.by("alice"))
    assert scenario.notifications("alice") == []
    for key in ("mlops", "mentoring", "mlops"):
        skills.assess_other(scenario.session, alice, key, 3, **scenario.by("bob"))
    assert scenario.notifications("alice") == ["assessed"]
    [row] = scenario.session.scalars(sa.select(Notification))
    assert row.data["skills"] == ["mlops", "mentoring"]
    assert row.actor_name == "Bob"


def test_invited_user_gets_one_notification_and_one_mail(
    scenario: Scenario, with_mail: None
) -> None:
    team = scenario.session.get_one(Team, scenario.cast.team)
    _invitation, token = actions.invite(
        scenario.session, team=team, role="member", email="mallory@example.org",
        by=scenario.cast.bob, now=scenario.step(),
    )  # fmt: skip
    assert scenario.notifications("mallory") == ["invited"]
    [row] = scenario.session.scalars(sa.select(Notification))
    assert token not in str(row.data)
    assert [recipient for recipient, _subject in queued_mails(scenario.session)] == [
        "mallory@example.org"
    ]


def test_new_token_is_announced_to_a_user_without_password(
    scenario: Scenario, with_mail: None
) -> None:
    session, cast = scenario.session, scenario.cast
    session.get_one(User, cast.mallory).password_hash = None
    api_tokens.create(
        session, cast.mallory, name="Reports", scope="read", days=30, by=None, now=scenario.step()
    )  # fmt: skip
    assert scenario.notifications("mallory") == ["api_token"]
    [(_to, subject)] = queued_mails(session)
    assert subject == "An API token for your account on Cairn was created"


@pytest.mark.parametrize("by", ["erin", None])
@pytest.mark.parametrize("role", ["member", "manager"])
def test_added_person_is_told_what_the_role_means(
    scenario: Scenario, with_mail: None, by: str | None, role: str
) -> None:
    team = scenario.session.get_one(Team, scenario.cast.team)
    by_id = getattr(scenario.cast, by) if by else None
    people.add_member(
        scenario.session, team, scenario.cast.mallory, role, by=by_id, now=scenario.step()
    )  # fmt: skip
    assert scenario.notifications("mallory") == ["added"]
    [(to, subject)] = queued_mails(scenario.session)
    assert (to, subject) == ("mallory@example.org", "You are now in the team Ranking")
    [text] = queued_bodies(scenario.session)
    sentence = "Erin added you" if by else "You were added"
    meaning = (
        "You now manage it"
        if role == "manager"
        else "Its managers and mentors now see what you share"
    )
    assert f"{sentence} to the team Ranking. {meaning}" in text
    assert "https://cairn.example.org/teams\n" in text
    assert "because it is about who sees what you share" in text
    people.add_member(
        scenario.session, team, scenario.cast.mallory, role, by=by_id, now=scenario.step()
    )  # fmt: skip
    assert scenario.notifications("mallory") == ["added"], "Mallory was already in the team"


@pytest.mark.parametrize("by", ["bob", None])
@pytest.mark.parametrize(
    ("role", "meaning"),
    [("mentor", "You now mentor it."), ("manager", "You now manage it.")],
    ids=["mentor", "manager"],
)
def test_person_with_a_new_role_is_told_what_it_means(
    scenario: Scenario, with_mail: None, by: str | None, role: str, meaning: str
) -> None:
    session, cast = scenario.session, scenario.cast
    team = session.get_one(Team, cast.team)
    by_id = getattr(cast, by) if by else None
    change_role = partial(people.change_role, session, team, cast.carol, by=by_id)
    change_role(role=role, now=scenario.step())
    assert scenario.notifications("carol") == ["role_changed"]
    sentence = "Bob changed your role" if by else "Your role"
    [text] = (body for body in queued_bodies(session) if body.startswith("Hello Carol"))
    assert sentence in text
    assert f"{meaning} You see what its members share" in text
    assert "Its other managers and mentors see what you share." in text
    change_role(role="member", now=scenario.step())
    assert scenario.notifications("carol") == ["role_changed"] * 2
    assert "You are now a member" in queued_bodies(session)[-1]


def test_own_role_change_sends_no_notification(scenario: Scenario) -> None:
    team = scenario.session.get_one(Team, scenario.cast.team)
    people.change_role(
        scenario.session, team, scenario.cast.bob, "member", by=scenario.cast.bob, now=NOW
    )
    assert scenario.notifications("bob") == []


@pytest.mark.parametrize("by", ["alice", "erin", None])
def test_managers_are_notified_when_a_member_leaves(
    scenario: Scenario, with_mail: None, browser_of: Any, by: str | None
) -> None:
    scenario.add_second_manager()
    scenario.add_evidence()
    team = scenario.session.get_one(Team, scenario.cast.team)
    by_id = getattr(scenario.cast, by) if by else None
    people.remove_member(
        scenario.session, team, scenario.cast.alice, by=by_id, now=scenario.step()
    )  # fmt: skip
    assert scenario.notifications("bob") == scenario.notifications("dave") == ["left"]
    assert scenario.notifications("alice") == ([] if by == "alice" else ["removed"])
    assert {"alice", "carol"} & {to.split("@")[0] for to, _ in queued_mails(scenario.session)} == (
        set() if by == "alice" else {"alice"}
    )
    scenario.session.commit()
    bob = browser_of(scenario.cast.bob)
    assert "Alice is no longer in <" in bob.get("/notifications").text
    [key] = scenario.session.scalars(
        sa.select(Notification.id).where(Notification.user_id == scenario.cast.bob)
    )
    assert bob.put(f"/notifications/{key}/reading").location == "/teams/ranking/members"


def test_removed_manager_is_told_about_the_lost_access(scenario: Scenario, with_mail: None) -> None:
    session, cast = scenario.session, scenario.cast
    team = session.get_one(Team, cast.team)
    people.remove_member(session, team, cast.bob, by=cast.erin, now=scenario.step())
    [text] = queued_bodies(session)
    assert "Erin removed you from the team Ranking. You no longer see its members" in text


def test_removing_manager_is_not_notified_of_the_removal(scenario: Scenario) -> None:
    scenario.add_second_manager()
    team = scenario.session.get_one(Team, scenario.cast.team)
    people.remove_member(
        scenario.session, team, scenario.cast.alice, by=scenario.cast.bob, now=scenario.step()
    )
    assert scenario.notifications("bob") == []
    assert scenario.notifications("dave") == ["left"]


@pytest.mark.parametrize(
    "comment", ["", "The figures match."], ids=["without comment", "with comment"]
)
def test_partial_verification_states_the_number_of_milestones(
    scenario: Scenario, with_mail: None, browser_of: Any, comment: str
) -> None:
    piece = scenario.add_evidence(submitted=False)
    keys = ["design-doc-for-complex-system", "hold-ml-service-levels"]
    evidence.edit(
        scenario.session, piece, evidence.evidence_input(piece), milestones=keys,
        **scenario.by("alice"),
    )  # fmt: skip
    evidence.submit(scenario.session, piece, **scenario.by("alice"))
    review_actions.decide(
        scenario.session, piece, "verified", comment, keys[:1],
        version_id=piece.current.id, **scenario.by("bob"),
    )  # fmt: skip
    assert queued_mails(scenario.session)[-1] == (
        "alice@example.org", f"Bob verified “{TITLE}” for 1 of 2 milestones",
    )  # fmt: skip
    text = queued_bodies(scenario.session)[-1]
    assert "for 1 of the 2 milestones that it could prove." in text
    assert ("They left a comment" in text) == bool(comment)
    scenario.session.commit()
    alice = browser_of(scenario.cast.alice)
    page = " ".join(alice.get("/notifications").text.split())
    assert " for 1 of 2 milestones" in page
    page = " ".join(alice.get(f"/evidence/{piece.id}").text.split())
    assert "Bob confirmed this version for 1 of 2 milestones." in page
    assert "confirmed by Bob" in page
    # A second review verifies both milestones.
    review_actions.decide(
        scenario.session, piece, "verified", "", keys,
        version_id=piece.current.id, **scenario.by("bob"),
    )  # fmt: skip
    assert queued_mails(scenario.session)[-1][1] == f"Bob verified “{TITLE}”"


def test_removed_member_is_told_what_that_means(scenario: Scenario, with_mail: None) -> None:
    team = scenario.session.get_one(Team, scenario.cast.team)
    people.remove_member(
        scenario.session, team, scenario.cast.alice, by=scenario.cast.bob, now=scenario.step()
    )
    assert scenario.notifications("alice") == ["removed"]
    [(to, subject)] = queued_mails(scenario.session)
    assert (to, subject) == ("alice@example.org", "You are no longer in the team Ranking")
    [text] = queued_bodies(scenario.session)
    assert "Bob removed you from the team Ranking. Its managers and mentors no longer see" in text


@pytest.mark.parametrize("by", ["erin", None])
@pytest.mark.parametrize(
    ("key", "subject", "create"),
    [
        ("password_link", "A link to set your password on Cairn was created",
         accounts.create_password_link),
        ("api_token", "An API token for your account on Cairn was created",
         partial(api_tokens.create, name="Script", scope="read", days=30)),
    ], ids=["password link", "api token"],
)  # fmt: skip
def test_secret_created_by_someone_else_is_always_mailed(
    scenario: Scenario, with_mail: None, by: str | None, key: str, subject: str, create: Any
) -> None:
    alice = scenario.cast.alice
    set_preference(scenario.session, alice, "wants_mail", False, now=NOW)
    scenario.session.get_one(User, alice).password_hash = "x"
    by_id = getattr(scenario.cast, by) if by else None
    create(scenario.session, alice, by=by_id, now=scenario.step())
    assert scenario.notifications("alice") == [key]
    assert queued_mails(scenario.session) == [("alice@example.org", subject)]
    [text] = queued_bodies(scenario.session)
    assert ("Erin created a" in text) is (by is not None)
    assert ("created on the command line" in text) is (by is None)
    assert "https://cairn.example.org/account/" in text
    assert "turn off" not in text


def test_user_without_password_gets_a_welcome_mail(scenario: Scenario, with_mail: None) -> None:
    accounts.create_password_link(
        scenario.session, scenario.cast.alice, by=None, now=scenario.step()
    )
    subject = "Welcome to Cairn: you have an account"
    assert queued_mails(scenario.session) == [("alice@example.org", subject)]
    [text] = queued_bodies(scenario.session)
    assert "An account was created for you" in text
    assert "https://cairn.example.org/password/forgot" in text
    assert "If you do not expect it" not in text


@pytest.mark.parametrize(
    "create",
    [
        accounts.create_password_link,
        partial(api_tokens.create, name="Script", scope="read", days=30),
    ],
    ids=["password link", "api token"],
)
def test_own_secret_sends_no_notification(scenario: Scenario, with_mail: None, create: Any) -> None:
    alice = scenario.cast.alice
    create(scenario.session, alice, by=alice, now=scenario.step())
    assert scenario.notifications("alice") == []
    assert queued_mails(scenario.session) == []


def test_deleting_a_team_notifies_its_members(scenario: Scenario, with_mail: None) -> None:
    team = scenario.session.get_one(Team, scenario.cast.team)
    people.delete_team(scenario.session, team, by=scenario.cast.erin, now=scenario.step())
    for name in ("alice", "bob", "carol"):
        assert scenario.notifications(name) == ["team_deleted"]
    rows = scenario.session.scalars(sa.select(Notification)).all()
    assert {(row.actor_name, row.data["team"]) for row in rows} == {("Erin", "Ranking")}
    assert sorted(queued_mails(scenario.session)) == [
        (f"{name}@example.org", "The team Ranking was deleted")
        for name in ("alice", "bob", "carol")
    ]
    text = queued_bodies(scenario.session)[0]
    assert "Erin deleted the team Ranking, which you were in. Its managers and mentors no" in text


def test_accepting_an_invitation_does_not_notify_the_invitee(scenario: Scenario) -> None:
    team = scenario.session.get_one(Team, scenario.cast.team)
    made, _token = actions.invite(
        scenario.session, team=team, role="member", by=scenario.cast.bob, now=scenario.step()
    )
    actions.accept(scenario.session, made, scenario.cast.mallory, now=scenario.step())
    assert scenario.notifications("mallory") == []


# Deletion of unread notifications


def withdraw(scenario: Scenario, piece: Evidence) -> None:
    evidence.withdraw(scenario.session, piece, **scenario.by("alice"))


def make_private(scenario: Scenario, piece: Evidence) -> None:
    scenario.edit(piece, visibility="private")


def delete(scenario: Scenario, piece: Evidence) -> None:
    evidence.delete(scenario.session, piece, **scenario.by("alice"))


def leave(scenario: Scenario, _piece: Evidence) -> None:
    team = scenario.session.get_one(Team, scenario.cast.team)
    people.remove_member(
        scenario.session, team, scenario.cast.alice, by=scenario.cast.alice, now=scenario.step()
    )


def demote_manager(scenario: Scenario, _piece: Evidence) -> None:
    team = scenario.session.get_one(Team, scenario.cast.team)
    people.add_member(
        scenario.session,
        team,
        scenario.cast.bob,
        "member",
        by=scenario.cast.erin,
        now=scenario.step(),
    )


def delete_team(scenario: Scenario, _piece: Evidence) -> None:
    team = scenario.session.get_one(Team, scenario.cast.team)
    people.delete_team(scenario.session, team, by=scenario.cast.erin, now=scenario.step())


def deactivate_author(scenario: Scenario, _piece: Evidence) -> None:
    accounts.deactivate(
        scenario.session, scenario.cast.alice, by=scenario.cast.erin, now=scenario.step()
    )


ACCESS_ENDINGS = (
    withdraw, make_private, delete, leave, demote_manager, delete_team,
    deactivate_author,
)  # fmt: skip


@pytest.mark.parametrize("end_access", ACCESS_ENDINGS, ids=lambda end_access: end_access.__name__)
def test_notifications_are_deleted_when_the_manager_loses_access(
    scenario: Scenario, with_mail: None, end_access: Any
) -> None:
    piece, other = scenario.add_evidence(), scenario.add_evidence(author="carol")
    assert [subject for _to, subject in queued_mails(scenario.session)] == [
        f"Alice asks you to review “{TITLE}”",
        f"Carol asks you to review “{TITLE}”",
    ]
    end_access(scenario, piece)
    still_manages_carol = end_access not in (demote_manager, delete_team)
    left = [f"Carol asks you to review “{TITLE}”"] if still_manages_carol else []
    other_mails = {"The team Ranking was deleted", "You have a new role in the team Ranking"}
    mails = [subject for _to, subject in queued_mails(scenario.session)]
    assert [subject for subject in mails if subject not in other_mails] == left
    kinds = ["team_deleted"] if end_access is delete_team else []
    assert ("The team Ranking was deleted" in mails) is bool(kinds)
    kinds += ["left"] if end_access is leave else []
    kinds += ["role_changed"] if end_access is demote_manager else []
    assert scenario.notifications("bob") == ["submitted"] * still_manages_carol + kinds
    assert other.is_shared


def test_unread_comment_is_deleted_when_evidence_becomes_private(scenario: Scenario) -> None:
    piece = scenario.add_evidence()
    scenario.decide(piece, "returned")
    scenario.comment(piece, "alice")
    assert scenario.notifications("bob") == ["comment"]
    make_private(scenario, piece)
    assert scenario.notifications("bob") == []


# Mail


@pytest.mark.parametrize(
    "comment", ["", "The figures are of 2024."], ids=["without comment", "with comment"]
)
def test_mail_mentions_the_review_comment_if_there_is_one(
    scenario: Scenario, with_mail: None, comment: str
) -> None:
    piece = scenario.add_evidence()
    review_actions.decide(
        scenario.session, piece, "returned", comment,
        version_id=piece.current.id, **scenario.by("bob"),
    )  # fmt: skip
    text = queued_bodies(scenario.session)[-1]
    assert f"Bob returned your evidence “{TITLE}”" in text
    assert ("said what is missing" in text) is bool(comment)


def test_draft_edits_do_not_query_notifications_or_mail(
    scenario: Scenario, statements: Any
) -> None:
    """Nobody else could see the draft, so there is nothing to delete."""
    piece = scenario.add_evidence(submitted=False)
    scenario.session.flush()
    with statements() as seen:
        scenario.edit(piece, title="Another title")
    assert not [each for each in seen if "outgoing_mail" in each or "notification" in each]


def add_members_with_evidence(scenario: Scenario, team: Team, number: int) -> None:
    """Add members, each with evidence submitted for review."""
    for each in range(number):
        user = add_user(scenario.session, f"Author {number} {each}", team=team.id)
        content = EvidenceInput(
            kind="talk", title=f"Talk {number} {each}", occurred_on=PartialDate("2026-05-01"),
            visibility="team", description="What was said.",
        )  # fmt: skip
        by = scenario.cast.actor(scenario.session, user.id)
        made = evidence.create(
            scenario.session, user.id, content, milestones=["internal-tech-talks"],
            by=by, now=scenario.step(),
        )  # fmt: skip
        evidence.submit(scenario.session, made, by=by, now=scenario.step())


def test_team_deletion_statements_do_not_grow_with_members(
    scenario: Scenario, with_mail: None, statements: Any
) -> None:
    counts = []
    for number in (2, 8):
        made = people.create_team(
            scenario.session, slug=f"team-{number}", name="Some", by=None, now=scenario.step()
        )
        people.add_member(
            scenario.session,
            made,
            scenario.cast.bob,
            "manager",
            by=scenario.cast.bob,
            now=scenario.step(),
        )
        add_members_with_evidence(scenario, made, number)
        assert scenario.notifications("bob").count("submitted") == number
        assert len(queued_mails(scenario.session)) == number
        scenario.session.flush()
        with statements() as seen:
            people.delete_team(scenario.session, made, by=scenario.cast.erin, now=scenario.step())
        counts.append(len(seen))
        assert set(scenario.notifications("bob")) == {"team_deleted"}
        subjects = {subject for _to, subject in queued_mails(scenario.session)}
        assert subjects == {"The team Some was deleted"}
        scenario.session.execute(sa.delete(OutgoingMail))
        ends = sa.select(sa.func.count()).where(
            HistoryEntry.action == "membership.removed", HistoryEntry.subject == made.slug
        )
        assert scenario.session.scalar(ends) == number + 1
        lines = sa.select(AuditEntry.data).where(
            AuditEntry.action == "membership.removed", AuditEntry.target == made.slug
        )
        named = {line["person"] for line in scenario.session.scalars(lines)}
        assert len(named) == number + 1
    assert counts[0] == counts[1] <= 19


def test_renaming_a_team_does_not_query_notifications(scenario: Scenario, statements: Any) -> None:
    scenario.add_evidence()
    team = scenario.session.get_one(Team, scenario.cast.team)
    with statements() as seen:
        people.change_team(
            scenario.session, team, name="Ranks", parent_id=None, by=scenario.cast.erin, now=NOW
        )
    assert not [each for each in seen if "notification" in each]
    with statements() as seen:
        people.change_team(
            scenario.session, team, name="Ranks", parent_id=scenario.cast.other_team,
            by=scenario.cast.erin, now=NOW,
        )  # fmt: skip
    assert [each for each in seen if "notification" in each]
    assert "submitted" in scenario.notifications("bob"), "Bob still manages the team"


@pytest.mark.usefixtures("french", "with_mail")
def test_each_manager_gets_mail_in_their_own_language(scenario: Scenario) -> None:
    scenario.add_second_manager()
    scenario.session.get_one(User, scenario.cast.bob).locale = "fr"
    scenario.session.execute(sa.delete(OutgoingMail))
    scenario.add_evidence()
    assert dict(queued_mails(scenario.session)) == {
        "bob@example.org": "Alice vous demande une relecture",
        "dave@example.org": f"Alice asks you to review “{TITLE}”",
    }


def test_mails_have_a_link_and_a_reason(scenario: Scenario, with_mail: None) -> None:
    piece = scenario.add_evidence()
    scenario.comment(piece, "bob")
    scenario.comment(piece, "alice")
    request = ("bob@example.org", f"Alice asks you to review “{TITLE}”")
    assert queued_mails(scenario.session)[0] == request
    first = queued_bodies(scenario.session)[0]
    scenario.decide(piece, "returned")
    evidence.submit(scenario.session, piece, **scenario.by("alice"))
    assert queued_mails(scenario.session)[-1] == (request[0], f"{request[1]} again")
    scenario.decide(piece, "verified")
    skills.assess_other(scenario.session, scenario.cast.alice, "mlops", 3, **scenario.by("bob"))
    skills.assess_other(scenario.session, scenario.cast.alice, "mentoring", 3, **scenario.by("bob"))
    assert queued_mails(scenario.session) == [
        ("alice@example.org", f"Bob commented on “{TITLE}”"),
        ("bob@example.org", f"Alice commented on “{TITLE}”"),
        ("alice@example.org", f"Bob returned “{TITLE}”"),
        ("alice@example.org", f"Bob verified “{TITLE}”"),
        ("alice@example.org", "Bob assessed you in MLOps"),
    ]
    texts = [first, *queued_bodies(scenario.session)]
    assert f"https://cairn.example.org/reviews/{piece.id}\n" in texts[0]
    assert "because you manage or mentor a team that Alice is in" in texts[0]
    assert f"https://cairn.example.org/evidence/{piece.id}\n" in texts[1]
    assert "a review that you take part in" in texts[2], "Bob only commented"
    assert "https://cairn.example.org/skills\n" in texts[-1]
    for text in texts:
        assert text.endswith(" https://cairn.example.org/account#mail\n")
        assert text.startswith(("Hello Bob,", "Hello Alice,"))
        assert "The figures match" not in text


@pytest.mark.parametrize("decision", ["verified", "returned"])
def test_decision_deletes_the_review_requests_to_other_managers(
    scenario: Scenario, with_mail: None, decision: str
) -> None:
    scenario.add_second_manager()
    piece, other = scenario.add_evidence(), scenario.add_evidence(author="carol")
    assert scenario.notifications("dave") == ["submitted"] * 2
    scenario.decide(piece, decision)
    assert scenario.notifications("dave") == ["submitted"], "Carol's request remains"
    assert scenario.notifications("dave", unread=False) == ["submitted"] * 2
    assert other.is_shared
    requests = [each for each in queued_mails(scenario.session) if each[0] != "alice@example.org"]
    carols = f"Carol asks you to review “{TITLE}”"
    assert sorted(requests) == [("bob@example.org", carols), ("dave@example.org", carols)]


def test_repeated_review_request_sends_one_mail(scenario: Scenario, with_mail: None) -> None:
    piece = scenario.add_evidence()
    review_actions.begin_review(
        scenario.session, piece, version_id=piece.current.id, **scenario.by("bob")
    )
    scenario.edit(piece, description="With the figures.")
    assert scenario.notifications("bob") == ["submitted"]
    assert len(queued_mails(scenario.session)) == 1


def test_comment_notifies_the_manager_who_started_the_review(scenario: Scenario) -> None:
    scenario.add_second_manager()
    piece = scenario.add_evidence()
    review_actions.begin_review(
        scenario.session, piece, version_id=piece.current.id, **scenario.by("bob")
    )
    scenario.comment(piece, "alice")
    assert scenario.notifications("bob") == ["submitted", "comment"]
    assert scenario.notifications("dave") == ["submitted"]


def test_statement_count_does_not_grow_with_managers(
    scenario: Scenario, with_mail: None, statements: Any
) -> None:
    counts = []
    for number in (1, 4):
        for each in range(number):
            name = f"Manager {number} {each}"
            add_user(scenario.session, name, team=scenario.cast.team, role="manager")
        piece = scenario.add_evidence(submitted=False)
        scenario.session.flush()
        with statements() as submitting:
            evidence.submit(scenario.session, piece, **scenario.by("alice"))
        readers = scenario.session.scalars(
            sa.select(Notification.user_id).where(Notification.evidence_id == piece.id)
        ).all()
        assert len(readers) == len(queued_mails(scenario.session)) == (2 if number == 1 else 6)
        for reader in readers:
            by = scenario.cast.actor(scenario.session, reader)
            review_actions.add_comment(
                scenario.session, piece, "Which one?", by=by, now=scenario.step()
            )
        scenario.session.flush()
        with statements() as commenting:
            scenario.comment(piece, "alice")
        counts.append((len(submitting), len(commenting)))
        scenario.session.execute(sa.delete(OutgoingMail))
    assert counts[0] == counts[1]


def test_no_mail_is_queued_without_mail_configuration(scenario: Scenario) -> None:
    scenario.add_evidence()
    assert queued_mails(scenario.session) == []


def test_rolled_back_event_notifies_nobody(scenario: Scenario, with_mail: None) -> None:
    scenario.session.commit()
    scenario.add_evidence()
    scenario.session.rollback()
    assert queued_mails(scenario.session) == []
    assert scenario.notifications("bob") == []
    assert outbox.MAIL_ENQUEUED not in scenario.session.info


def test_mail_opt_out_leaves_only_the_notification(scenario: Scenario, with_mail: None) -> None:
    scenario.add_second_manager()
    set_preference(scenario.session, scenario.cast.bob, "wants_mail", False, now=NOW)
    scenario.session.expire_all()
    scenario.add_evidence()
    assert scenario.notifications("bob") == scenario.notifications("dave") == ["submitted"]
    assert [to for to, _subject in queued_mails(scenario.session)] == ["dave@example.org"]
