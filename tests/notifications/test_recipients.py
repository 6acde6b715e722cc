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


def test_a_draft_is_told_to_nobody(scenario: Scenario) -> None:
    piece = scenario.piece(submitted=False)
    scenario.change(piece, title="Another title")
    scenario.change(piece, visibility="private")
    evidence.delete(scenario.session, piece, **scenario.by("alice"))
    assert scenario.session.scalar(sa.select(sa.func.count(Notification.id))) == 0


def test_every_manager_of_the_author_is_told_of_a_submission(scenario: Scenario) -> None:
    scenario.second_manager()
    piece = scenario.piece()
    assert scenario.told("bob") == scenario.told("dave") == ["submitted"]
    for name in ("alice", "carol", "erin", "mallory"):
        assert scenario.told(name) == []
    evidence.submit(scenario.session, piece, **scenario.by("alice"))
    assert scenario.told("bob") == ["submitted"], "asking twice is the same as once"


def test_a_manager_of_a_team_above_is_told_as_well(scenario: Scenario) -> None:
    team = scenario.session.get_one(Team, scenario.cast.team)
    above = scenario.session.get_one(Team, scenario.cast.other_team)
    people.change_team(
        scenario.session, team, name="Ranking", parent_id=above.id, by=scenario.cast.erin, now=NOW
    )
    scenario.piece()
    assert scenario.told("dave") == ["submitted"]
    people.change_team(
        scenario.session, team, name="Ranking", parent_id=None, by=scenario.cast.erin, now=NOW
    )
    assert scenario.told("dave") == ["moved_away"], "nothing else is left to read"
    assert scenario.told("bob") == ["submitted"]


@pytest.mark.parametrize("decision", ["verified", "returned"])
def test_the_author_is_told_of_a_judgement(scenario: Scenario, decision: str) -> None:
    piece = scenario.piece()
    scenario.judge(piece, decision)
    assert scenario.told("alice") == [decision]
    assert scenario.told("bob") == [], "the reviewer has nothing left to read"
    assert scenario.told("bob", unread=False) == ["submitted"]


def test_what_was_returned_comes_again(scenario: Scenario) -> None:
    piece = scenario.piece()
    scenario.judge(piece, "returned")
    scenario.change(piece, description="With the figures.")
    assert scenario.told("bob") == []
    evidence.submit(scenario.session, piece, **scenario.by("alice"))
    assert scenario.told("bob") == ["resubmitted"]


def test_an_edit_of_substance_of_a_verified_piece_asks_again_by_itself(scenario: Scenario) -> None:
    piece = scenario.piece()
    scenario.judge(piece, "verified")
    scenario.change(piece, title="A better title")
    assert scenario.told("bob") == []
    scenario.change(piece, description="With the figures.")
    assert scenario.told("bob") == ["resubmitted"]
    scenario.change(piece, description="With more figures.")
    assert scenario.told("bob") == ["resubmitted"]


def test_a_comment_is_told_to_those_who_take_part(scenario: Scenario) -> None:
    scenario.second_manager()
    piece = scenario.piece()
    scenario.comment(piece, "alice")
    assert scenario.told("alice") == []
    assert scenario.told("bob") == ["submitted"], "he has not taken part yet"
    scenario.comment(piece, "bob")
    assert scenario.told("alice") == ["comment"]
    scenario.comment(piece, "alice")
    assert scenario.told("bob") == ["submitted", "comment"]
    assert scenario.told("dave") == ["submitted"]
    scenario.judge(piece, "returned", by="dave")
    scenario.comment(piece, "bob")
    assert scenario.told("dave", unread=False) == ["submitted", "comment"]
    assert scenario.told("alice") == ["comment", "returned", "comment"]


def test_who_took_part_and_manages_no_more_is_not_told(scenario: Scenario) -> None:
    scenario.second_manager()
    piece = scenario.piece()
    scenario.comment(piece, "dave")
    team = scenario.session.get_one(Team, scenario.cast.team)
    people.remove_member(
        scenario.session, team, scenario.cast.dave, by=scenario.cast.erin, now=scenario.step()
    )
    scenario.comment(piece, "alice")
    assert scenario.told("dave", unread=False) == ["removed"]


def test_a_managers_assessments_are_one_line_until_they_are_read(scenario: Scenario) -> None:
    alice = scenario.cast.alice
    skills.assess_self(scenario.session, alice, "mlops", 2, **scenario.by("alice"))
    assert scenario.told("alice") == []
    for key in ("mlops", "mentoring", "mlops"):
        skills.assess_other(scenario.session, alice, key, 3, **scenario.by("bob"))
    assert scenario.told("alice") == ["assessed"]
    [row] = scenario.session.scalars(sa.select(Notification))
    assert row.data["skills"] == ["mlops", "mentoring"]
    assert row.actor_name == "Bob"


def test_who_has_an_account_is_told_of_an_invitation_and_mailed_once(
    scenario: Scenario, with_mail: None
) -> None:
    team = scenario.session.get_one(Team, scenario.cast.team)
    _invitation, token = actions.invite(
        scenario.session, team=team, role="member", email="mallory@example.org",
        by=scenario.cast.bob, now=scenario.step(),
    )  # fmt: skip
    assert scenario.told("mallory") == ["invited"]
    [row] = scenario.session.scalars(sa.select(Notification))
    assert token not in str(row.data)
    assert [recipient for recipient, _subject in queued_mails(scenario.session)] == [
        "mallory@example.org"
    ]


def test_a_token_is_told_of_also_to_a_person_without_a_password(
    scenario: Scenario, with_mail: None
) -> None:
    session, cast = scenario.session, scenario.cast
    session.get_one(User, cast.mallory).password_hash = None
    api_tokens.create(
        session, cast.mallory, name="Reports", scope="read", days=30, by=None, now=scenario.step()
    )  # fmt: skip
    assert scenario.told("mallory") == ["api_token"]
    [(_to, subject)] = queued_mails(session)
    assert subject == "An API token for your account on Cairn was created"


@pytest.mark.parametrize("by", ["erin", None])
@pytest.mark.parametrize("role", ["member", "manager"])
def test_who_is_put_into_a_team_is_told_what_that_means(
    scenario: Scenario, with_mail: None, by: str | None, role: str
) -> None:
    team = scenario.session.get_one(Team, scenario.cast.team)
    by_id = getattr(scenario.cast, by) if by else None
    people.add_member(
        scenario.session, team, scenario.cast.mallory, role, by=by_id, now=scenario.step()
    )  # fmt: skip
    assert scenario.told("mallory") == ["added"]
    [(to, subject)] = queued_mails(scenario.session)
    assert (to, subject) == ("mallory@example.org", "You are now in the team Ranking")
    [text] = queued_bodies(scenario.session)
    who = "Erin added you" if by else "You were added"
    means = (
        "You now manage it"
        if role == "manager"
        else "Its managers and mentors now see what you share"
    )
    assert f"{who} to the team Ranking. {means}" in text
    assert "https://cairn.example.org/teams\n" in text
    assert "because it is about who sees what you share" in text
    people.add_member(
        scenario.session, team, scenario.cast.mallory, role, by=by_id, now=scenario.step()
    )  # fmt: skip
    assert scenario.told("mallory") == ["added"], "they were in it already"


@pytest.mark.parametrize("by", ["bob", None])
@pytest.mark.parametrize(
    ("role", "means"),
    [("mentor", "You now mentor it."), ("manager", "You now manage it.")],
)
def test_who_gets_another_role_learns_what_it_means(
    scenario: Scenario, with_mail: None, by: str | None, role: str, means: str
) -> None:
    session, cast = scenario.session, scenario.cast
    team = session.get_one(Team, cast.team)
    by_id = getattr(cast, by) if by else None
    give = partial(people.change_role, session, team, cast.carol, by=by_id)
    give(role=role, now=scenario.step())
    assert scenario.told("carol") == ["role_changed"]
    who = "Bob changed your role" if by else "Your role"
    [text] = (body for body in queued_bodies(session) if body.startswith("Hello Carol"))
    assert who in text
    assert f"{means} You see what its members share" in text
    assert "Its other managers and mentors see what you share." in text
    give(role="member", now=scenario.step())
    assert scenario.told("carol") == ["role_changed"] * 2
    assert "You are now a member" in queued_bodies(session)[-1]


def test_who_gives_up_their_own_role_is_told_nothing(scenario: Scenario) -> None:
    team = scenario.session.get_one(Team, scenario.cast.team)
    people.change_role(
        scenario.session, team, scenario.cast.bob, "member", by=scenario.cast.bob, now=NOW
    )
    assert scenario.told("bob") == []


@pytest.mark.parametrize("by", ["alice", "erin", None])
def test_the_managers_learn_that_somebody_left_their_team(
    scenario: Scenario, with_mail: None, browser_of: Any, by: str | None
) -> None:
    scenario.second_manager()
    scenario.piece()
    team = scenario.session.get_one(Team, scenario.cast.team)
    by_id = getattr(scenario.cast, by) if by else None
    people.remove_member(
        scenario.session, team, scenario.cast.alice, by=by_id, now=scenario.step()
    )  # fmt: skip
    assert scenario.told("bob") == scenario.told("dave") == ["left"]
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


def test_a_removed_manager_learns_that_they_lost_the_team(
    scenario: Scenario, with_mail: None
) -> None:
    session, cast = scenario.session, scenario.cast
    team = session.get_one(Team, cast.team)
    people.remove_member(session, team, cast.bob, by=cast.erin, now=scenario.step())
    [text] = queued_bodies(session)
    assert "Erin removed you from the team Ranking. You no longer see its members" in text


def test_who_removes_somebody_is_not_told_that_they_are_gone(scenario: Scenario) -> None:
    scenario.second_manager()
    team = scenario.session.get_one(Team, scenario.cast.team)
    people.remove_member(
        scenario.session, team, scenario.cast.alice, by=scenario.cast.bob, now=scenario.step()
    )
    assert scenario.told("bob") == []
    assert scenario.told("dave") == ["left"]


@pytest.mark.parametrize("comment", ["", "The figures match."])
def test_a_verification_in_part_says_so(
    scenario: Scenario, with_mail: None, browser_of: Any, comment: str
) -> None:
    piece = scenario.piece(submitted=False)
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
    # The rest is verified, too.
    review_actions.decide(
        scenario.session, piece, "verified", "", keys,
        version_id=piece.current.id, **scenario.by("bob"),
    )  # fmt: skip
    assert queued_mails(scenario.session)[-1][1] == f"Bob verified “{TITLE}”"


def test_who_is_removed_from_a_team_is_told_what_that_means(
    scenario: Scenario, with_mail: None
) -> None:
    team = scenario.session.get_one(Team, scenario.cast.team)
    people.remove_member(
        scenario.session, team, scenario.cast.alice, by=scenario.cast.bob, now=scenario.step()
    )
    assert scenario.told("alice") == ["removed"]
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
    ],
)  # fmt: skip
def test_a_secret_that_somebody_else_made_is_told_and_always_mailed(
    scenario: Scenario, with_mail: None, by: str | None, key: str, subject: str, create: Any
) -> None:
    alice = scenario.cast.alice
    set_preference(scenario.session, alice, "wants_mail", False, by=alice, now=NOW)
    scenario.session.get_one(User, alice).password_hash = "x"
    by_id = getattr(scenario.cast, by) if by else None
    create(scenario.session, alice, by=by_id, now=scenario.step())
    assert scenario.told("alice") == [key]
    assert queued_mails(scenario.session) == [("alice@example.org", subject)]
    [text] = queued_bodies(scenario.session)
    assert ("Erin created a" in text) is (by is not None)
    assert ("created on the command line" in text) is (by is None)
    assert "https://cairn.example.org/account/" in text
    assert "turn off" not in text


def test_who_never_had_a_password_is_welcomed(scenario: Scenario, with_mail: None) -> None:
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
)
def test_ones_own_secret_need_not_be_told(scenario: Scenario, with_mail: None, create: Any) -> None:
    alice = scenario.cast.alice
    create(scenario.session, alice, by=alice, now=scenario.step())
    assert scenario.told("alice") == []
    assert queued_mails(scenario.session) == []


def test_who_leaves_a_team_need_not_be_told(scenario: Scenario) -> None:
    team = scenario.session.get_one(Team, scenario.cast.team)
    alice = scenario.cast.alice
    people.remove_member(scenario.session, team, alice, by=alice, now=scenario.step())
    assert scenario.told("alice") == []


def test_the_members_of_a_deleted_team_are_told(scenario: Scenario, with_mail: None) -> None:
    team = scenario.session.get_one(Team, scenario.cast.team)
    people.delete_team(scenario.session, team, by=scenario.cast.erin, now=scenario.step())
    for name in ("alice", "bob", "carol"):
        assert scenario.told(name) == ["team_deleted"]
    rows = scenario.session.scalars(sa.select(Notification)).all()
    assert {(row.actor_name, row.data["team"]) for row in rows} == {("Erin", "Ranking")}
    assert sorted(queued_mails(scenario.session)) == [
        (f"{name}@example.org", "The team Ranking was deleted")
        for name in ("alice", "bob", "carol")
    ]
    text = queued_bodies(scenario.session)[0]
    assert "Erin deleted the team Ranking, which you were in. Its managers and mentors no" in text


def test_who_accepts_an_invitation_need_not_be_told(scenario: Scenario) -> None:
    team = scenario.session.get_one(Team, scenario.cast.team)
    made, _token = actions.invite(
        scenario.session, team=team, role="member", by=scenario.cast.bob, now=scenario.step()
    )
    actions.accept(scenario.session, made, scenario.cast.mallory, now=scenario.step())
    assert scenario.told("mallory") == []


# What is taken back


def withdraw(scenario: Scenario, piece: Evidence) -> None:
    evidence.withdraw(scenario.session, piece, **scenario.by("alice"))


def make_private(scenario: Scenario, piece: Evidence) -> None:
    scenario.change(piece, visibility="private")


def delete(scenario: Scenario, piece: Evidence) -> None:
    evidence.delete(scenario.session, piece, **scenario.by("alice"))


def leave(scenario: Scenario, _piece: Evidence) -> None:
    team = scenario.session.get_one(Team, scenario.cast.team)
    people.remove_member(
        scenario.session, team, scenario.cast.alice, by=scenario.cast.alice, now=scenario.step()
    )


def lose_the_team(scenario: Scenario, _piece: Evidence) -> None:
    team = scenario.session.get_one(Team, scenario.cast.team)
    people.add_member(
        scenario.session,
        team,
        scenario.cast.bob,
        "member",
        by=scenario.cast.erin,
        now=scenario.step(),
    )


def close_the_team(scenario: Scenario, _piece: Evidence) -> None:
    team = scenario.session.get_one(Team, scenario.cast.team)
    people.delete_team(scenario.session, team, by=scenario.cast.erin, now=scenario.step())


def close_the_authors_account(scenario: Scenario, _piece: Evidence) -> None:
    accounts.deactivate(
        scenario.session, scenario.cast.alice, by=scenario.cast.erin, now=scenario.step()
    )


PARTINGS = (
    withdraw, make_private, delete, leave, lose_the_team, close_the_team,
    close_the_authors_account,
)  # fmt: skip


@pytest.mark.parametrize("part", PARTINGS, ids=lambda part: part.__name__)
def test_what_a_manager_may_see_no_more_is_unread_no_more(
    scenario: Scenario, with_mail: None, part: Any
) -> None:
    piece, other = scenario.piece(), scenario.piece(author="carol")
    assert [subject for _to, subject in queued_mails(scenario.session)] == [
        f"Alice asks you to review “{TITLE}”",
        f"Carol asks you to review “{TITLE}”",
    ]
    part(scenario, piece)
    leads_carol_still = part not in (lose_the_team, close_the_team)
    left = [f"Carol asks you to review “{TITLE}”"] if leads_carol_still else []
    told = {"The team Ranking was deleted", "You have another role in the team Ranking"}
    mails = [subject for _to, subject in queued_mails(scenario.session)]
    assert [subject for subject in mails if subject not in told] == left
    said = ["team_deleted"] if part is close_the_team else []
    assert ("The team Ranking was deleted" in mails) is bool(said)
    said += ["left"] if part is leave else []
    said += ["role_changed"] if part is lose_the_team else []
    assert scenario.told("bob") == ["submitted"] * leads_carol_still + said
    assert other.is_shared


def test_an_unread_comment_goes_when_the_piece_becomes_private(scenario: Scenario) -> None:
    piece = scenario.piece()
    scenario.judge(piece, "returned")
    scenario.comment(piece, "alice")
    assert scenario.told("bob") == ["comment"]
    make_private(scenario, piece)
    assert scenario.told("bob") == []


# Mail


@pytest.mark.parametrize("comment", ["", "The figures are of 2024."])
def test_what_a_reviewer_said_is_mentioned_where_they_said_anything(
    scenario: Scenario, with_mail: None, comment: str
) -> None:
    piece = scenario.piece()
    review_actions.decide(
        scenario.session, piece, "returned", comment,
        version_id=piece.current.id, **scenario.by("bob"),
    )  # fmt: skip
    text = queued_bodies(scenario.session)[-1]
    assert f"Bob returned your evidence “{TITLE}”" in text
    assert ("said what is missing" in text) is bool(comment)


def test_edits_of_a_draft_look_for_no_mails(scenario: Scenario, statements: Any) -> None:
    """Only what somebody could see before an edit can have been told to anybody."""
    piece = scenario.piece(submitted=False)
    scenario.session.flush()
    with statements() as seen:
        scenario.change(piece, title="Another title")
    assert not [each for each in seen if "outgoing_mail" in each or "notification" in each]


def crowd(scenario: Scenario, team: Team, number: int) -> None:
    """So many more people in the team, each with a piece that waits for Bob."""
    for each in range(number):
        email = f"more{number}-{each}@example.org"
        user = User(name=f"More {each}", email=email, email_key=email, created_at=NOW)
        scenario.session.add(user)
        scenario.session.flush()
        people.add_member(
            scenario.session, team, user.id, "member", by=user.id, now=scenario.step()
        )  # fmt: skip
        said = EvidenceInput(
            kind="talk", title=f"Talk {number} {each}", occurred_on=PartialDate("2026-05-01"),
            visibility="team", description="What was said.",
        )  # fmt: skip
        by = scenario.cast.actor(scenario.session, user.id)
        made = evidence.create(
            scenario.session, user.id, said, milestones=["internal-tech-talks"],
            by=by, now=scenario.step(),
        )  # fmt: skip
        evidence.submit(scenario.session, made, by=by, now=scenario.step())


def test_a_team_goes_in_as_many_statements_however_many_are_in_it(
    scenario: Scenario, with_mail: None, statements: Any
) -> None:
    counts = []
    for number in (2, 20):
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
        crowd(scenario, made, number)
        assert scenario.told("bob").count("submitted") == number
        assert len(queued_mails(scenario.session)) == number
        scenario.session.flush()
        with statements() as seen:
            people.delete_team(scenario.session, made, by=scenario.cast.erin, now=scenario.step())
        counts.append(len(seen))
        assert set(scenario.told("bob")) == {"team_deleted"}
        told = {subject for _to, subject in queued_mails(scenario.session)}
        assert told == {"The team Some was deleted"}
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


def test_a_team_that_is_only_renamed_looks_for_no_readers(
    scenario: Scenario, statements: Any
) -> None:
    scenario.piece()
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
    assert "submitted" in scenario.told("bob"), "he leads it still"


def test_each_event_is_mailed_with_its_link_and_why(scenario: Scenario, with_mail: None) -> None:
    piece = scenario.piece()
    scenario.comment(piece, "bob")
    scenario.comment(piece, "alice")
    asked = ("bob@example.org", f"Alice asks you to review “{TITLE}”")
    assert queued_mails(scenario.session)[0] == asked
    first = queued_bodies(scenario.session)[0]
    scenario.judge(piece, "returned")
    evidence.submit(scenario.session, piece, **scenario.by("alice"))
    assert queued_mails(scenario.session)[-1] == (asked[0], f"{asked[1]} again")
    scenario.judge(piece, "verified")
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
    assert "a review that you take part in" in texts[2], "he wrote a comment and judged nothing"
    assert "https://cairn.example.org/skills\n" in texts[-1]
    for text in texts:
        assert text.endswith(" https://cairn.example.org/account#mail\n")
        assert text.startswith(("Hello Bob,", "Hello Alice,"))
        assert "The figures match" not in text


@pytest.mark.parametrize("decision", ["verified", "returned"])
def test_what_one_manager_judged_the_others_are_not_asked_any_more(
    scenario: Scenario, with_mail: None, decision: str
) -> None:
    scenario.second_manager()
    piece, other = scenario.piece(), scenario.piece(author="carol")
    assert scenario.told("dave") == ["submitted"] * 2
    scenario.judge(piece, decision)
    assert scenario.told("dave") == ["submitted"], "Carol's waits still"
    assert scenario.told("dave", unread=False) == ["submitted"] * 2
    assert other.is_shared
    told = [each for each in queued_mails(scenario.session) if each[0] != "alice@example.org"]
    carols = f"Carol asks you to review “{TITLE}”"
    assert sorted(told) == [("bob@example.org", carols), ("dave@example.org", carols)]


def test_who_is_asked_anew_gets_one_mail_of_it(scenario: Scenario, with_mail: None) -> None:
    piece = scenario.piece()
    review_actions.begin_review(
        scenario.session, piece, version_id=piece.current.id, **scenario.by("bob")
    )
    scenario.change(piece, description="With the figures.")
    assert scenario.told("bob") == ["submitted"]
    assert len(queued_mails(scenario.session)) == 1


def test_who_took_a_piece_up_hears_of_a_comment(scenario: Scenario) -> None:
    scenario.second_manager()
    piece = scenario.piece()
    review_actions.begin_review(
        scenario.session, piece, version_id=piece.current.id, **scenario.by("bob")
    )
    scenario.comment(piece, "alice")
    assert scenario.told("bob") == ["submitted", "comment"]
    assert scenario.told("dave") == ["submitted"]


def test_it_takes_the_same_statements_however_many_manage(
    scenario: Scenario, with_mail: None, statements: Any
) -> None:
    counts = []
    team = scenario.session.get_one(Team, scenario.cast.team)
    for number in (1, 10):
        for each in range(number):
            email = f"boss{number}-{each}@example.org"
            boss = User(name=f"Boss {each}", email=email, email_key=email, created_at=NOW)
            scenario.session.add(boss)
            scenario.session.flush()
            people.add_member(
                scenario.session, team, boss.id, "manager", by=boss.id, now=scenario.step()
            )  # fmt: skip
        piece = scenario.piece(submitted=False)
        scenario.session.flush()
        with statements() as submitting:
            evidence.submit(scenario.session, piece, **scenario.by("alice"))
        readers = scenario.session.scalars(
            sa.select(Notification.user_id).where(Notification.evidence_id == piece.id)
        ).all()
        assert len(readers) == len(queued_mails(scenario.session)) == (2 if number == 1 else 12)
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


def test_without_mail_there_is_none(scenario: Scenario) -> None:
    scenario.piece()
    assert queued_mails(scenario.session) == []


def test_nothing_is_told_of_what_was_rolled_back(scenario: Scenario, with_mail: None) -> None:
    scenario.session.commit()
    scenario.piece()
    scenario.session.rollback()
    assert queued_mails(scenario.session) == []
    assert scenario.told("bob") == []
    assert outbox.MAIL_ENQUEUED not in scenario.session.info


def test_who_wants_no_mail_is_told_on_the_page_alone(scenario: Scenario, with_mail: None) -> None:
    scenario.second_manager()
    set_preference(
        scenario.session, scenario.cast.bob, "wants_mail", False, by=scenario.cast.bob, now=NOW
    )
    scenario.session.expire_all()
    scenario.piece()
    assert scenario.told("bob") == scenario.told("dave") == ["submitted"]
    assert [to for to, _subject in queued_mails(scenario.session)] == ["dave@example.org"]
