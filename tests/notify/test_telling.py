"""Who is told of what, and what is taken back before they learn of it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa

from roadmap.accounts import actions as accounts
from roadmap.accounts import invitations, outbox
from roadmap.accounts.models import OutgoingMail
from roadmap.accounts.profile import want_mail
from roadmap.evidence import actions as evidence
from roadmap.evidence import comments, judging
from roadmap.evidence.models import Evidence
from roadmap.evidence.rules import Particulars
from roadmap.notify.models import Notification
from roadmap.people import actions as people
from roadmap.people.models import AuditEntry, HistoryEntry, Team, User
from roadmap.skills import actions as skills
from tests.notify.house import NOW, TITLE, House, bodies, waiting


def test_a_draft_is_told_to_nobody(house: House) -> None:
    piece = house.piece(submitted=False)
    house.change(piece, title="Another title")
    house.change(piece, visibility="private")
    evidence.delete(house.session, piece, **house.by("alice"))
    assert house.session.scalar(sa.select(sa.func.count(Notification.id))) == 0


def test_every_manager_of_the_author_is_told_of_a_submission(house: House) -> None:
    house.second_manager()
    piece = house.piece()
    assert house.told("bob") == house.told("dave") == ["submitted"]
    for name in ("alice", "carol", "erin", "mallory"):
        assert house.told(name) == []
    evidence.submit(house.session, piece, **house.by("alice"))
    assert house.told("bob") == ["submitted"], "asking twice is the same as once"


def test_a_manager_of_a_team_above_is_told_as_well(house: House) -> None:
    team = house.session.get_one(Team, house.cast.team)
    above = house.session.get_one(Team, house.cast.other_team)
    people.change_team(
        house.session, team, name="Ranking", parent_id=above.id, by=house.cast.erin, now=NOW
    )
    house.piece()
    assert house.told("dave") == ["submitted"]
    people.change_team(
        house.session, team, name="Ranking", parent_id=None, by=house.cast.erin, now=NOW
    )
    assert house.told("dave") == [], "who leads the team no more has nothing left to read"
    assert house.told("bob") == ["submitted"]


@pytest.mark.parametrize("decision", ["verified", "returned"])
def test_the_author_is_told_of_a_judgement(house: House, decision: str) -> None:
    piece = house.piece()
    house.judge(piece, decision)
    assert house.told("alice") == [decision]
    assert house.told("bob") == [], "the reviewer has nothing left to read"
    assert house.told("bob", unread=False) == ["submitted"]


def test_what_was_returned_comes_again(house: House) -> None:
    piece = house.piece()
    house.judge(piece, "returned")
    house.change(piece, description="With the figures.")
    assert house.told("bob") == []
    evidence.submit(house.session, piece, **house.by("alice"))
    assert house.told("bob") == ["resubmitted"]


def test_an_edit_of_substance_of_a_verified_piece_asks_again_by_itself(house: House) -> None:
    piece = house.piece()
    house.judge(piece, "verified")
    house.change(piece, title="A better title")
    assert house.told("bob") == []
    house.change(piece, description="With the figures.")
    assert house.told("bob") == ["resubmitted"]
    house.change(piece, description="With more figures.")
    assert house.told("bob") == ["resubmitted"]


def test_a_comment_is_told_to_those_who_take_part(house: House) -> None:
    house.second_manager()
    piece = house.piece()
    house.comment(piece, "alice")
    assert house.told("alice") == []
    assert house.told("bob") == ["submitted"], "he has not taken part yet"
    house.comment(piece, "bob")
    assert house.told("alice") == ["comment"]
    house.comment(piece, "alice")
    assert house.told("bob") == ["submitted", "comment"]
    assert house.told("dave") == ["submitted"]
    house.judge(piece, "returned", by="dave")
    house.comment(piece, "bob")
    assert house.told("dave", unread=False) == ["submitted", "comment"]
    assert house.told("alice") == ["comment", "returned", "comment"]


def test_who_took_part_and_manages_no_more_is_not_told(house: House) -> None:
    house.second_manager()
    piece = house.piece()
    house.comment(piece, "dave")
    team = house.session.get_one(Team, house.cast.team)
    people.remove_member(house.session, team, house.cast.dave, by=house.cast.erin, now=house.step())
    house.comment(piece, "alice")
    assert house.told("dave", unread=False) == []


def test_a_managers_assessments_are_one_line_until_they_are_read(house: House) -> None:
    alice = house.cast.alice
    skills.assess_self(house.session, alice, "mlops", 2, **house.by("alice"))
    assert house.told("alice") == []
    for key in ("mlops", "mentoring", "mlops"):
        skills.assess_other(house.session, alice, key, 3, **house.by("bob"))
    assert house.told("alice") == ["assessed"]
    [row] = house.session.scalars(sa.select(Notification))
    assert row.data["skills"] == ["mlops", "mentoring"]
    assert row.by_name == "Bob"


def test_who_has_an_account_is_told_of_an_invitation_and_mailed_once(
    house: House, with_mail: None
) -> None:
    team = house.session.get_one(Team, house.cast.team)
    _invitation, token = invitations.invite(
        house.session, team=team, role="member", email="mallory@example.org",
        by=house.cast.bob, now=house.step(),
    )  # fmt: skip
    assert house.told("mallory") == ["invited"]
    [row] = house.session.scalars(sa.select(Notification))
    assert token not in str(row.data)
    assert [recipient for recipient, _subject in waiting(house.session)] == ["mallory@example.org"]


@pytest.mark.parametrize("by", ["erin", None])
@pytest.mark.parametrize("role", ["member", "manager"])
def test_who_is_put_into_a_team_is_told_what_that_means(
    house: House, with_mail: None, by: str | None, role: str
) -> None:
    team = house.session.get_one(Team, house.cast.team)
    by_id = getattr(house.cast, by) if by else None
    people.add_member(
        house.session, team, house.cast.mallory, role, by=by_id, now=house.step()
    )  # fmt: skip
    assert house.told("mallory") == ["added"]
    [(to, subject)] = waiting(house.session)
    assert (to, subject) == ("mallory@example.org", "You are in the team Ranking now")
    [text] = bodies(house.session)
    who = "Erin put you" if by else "You were put"
    means = "You manage it from now on" if role == "manager" else "Its managers see what you share"
    assert f"{who} into the team Ranking. {means}" in text
    assert "https://cairn.example.org/teams\n" in text
    assert "because it is about who sees what you share" in text
    people.add_member(
        house.session, team, house.cast.mallory, role, by=by_id, now=house.step()
    )  # fmt: skip
    assert house.told("mallory") == ["added"], "they were in it already"


def test_who_accepts_an_invitation_need_not_be_told(house: House) -> None:
    team = house.session.get_one(Team, house.cast.team)
    made, _token = invitations.invite(
        house.session, team=team, role="member", by=house.cast.bob, now=house.step()
    )
    invitations.accept(house.session, made, house.cast.mallory, now=house.step())
    assert house.told("mallory") == []


# What is taken back


def withdraw(house: House, piece: Evidence) -> None:
    evidence.withdraw(house.session, piece, **house.by("alice"))


def make_private(house: House, piece: Evidence) -> None:
    house.change(piece, visibility="private")


def delete(house: House, piece: Evidence) -> None:
    evidence.delete(house.session, piece, **house.by("alice"))


def leave(house: House, _piece: Evidence) -> None:
    team = house.session.get_one(Team, house.cast.team)
    people.remove_member(
        house.session, team, house.cast.alice, by=house.cast.alice, now=house.step()
    )


def lose_the_team(house: House, _piece: Evidence) -> None:
    team = house.session.get_one(Team, house.cast.team)
    people.add_member(
        house.session, team, house.cast.bob, "member", by=house.cast.erin, now=house.step()
    )


def close_the_team(house: House, _piece: Evidence) -> None:
    team = house.session.get_one(Team, house.cast.team)
    people.delete_team(house.session, team, by=house.cast.erin, now=house.step())


def close_the_authors_account(house: House, _piece: Evidence) -> None:
    accounts.deactivate(house.session, house.cast.alice, by=house.cast.erin, now=house.step())


PARTINGS = (
    withdraw, make_private, delete, leave, lose_the_team, close_the_team,
    close_the_authors_account,
)  # fmt: skip


@pytest.mark.parametrize("part", PARTINGS, ids=lambda part: part.__name__)
def test_what_a_manager_may_see_no_more_is_unread_no_more(
    house: House, with_mail: None, part: Any
) -> None:
    piece, other = house.piece(), house.piece(author="carol")
    assert [subject for _to, subject in waiting(house.session)] == [
        f"Alice asks you to review “{TITLE}”",
        f"Carol asks you to review “{TITLE}”",
    ]
    part(house, piece)
    leads_carol_still = part not in (lose_the_team, close_the_team)
    left = [f"Carol asks you to review “{TITLE}”"] if leads_carol_still else []
    assert [subject for _to, subject in waiting(house.session)] == left
    assert house.told("bob") == ["submitted"] * leads_carol_still
    assert other.is_shared


def test_an_unread_comment_goes_when_the_piece_becomes_private(house: House) -> None:
    piece = house.piece()
    house.judge(piece, "returned")
    house.comment(piece, "alice")
    assert house.told("bob") == ["comment"]
    make_private(house, piece)
    assert house.told("bob") == []


# Mail


@pytest.mark.parametrize("comment", ["", "The figures are of 2024."])
def test_what_a_reviewer_said_is_mentioned_where_they_said_anything(
    house: House, with_mail: None, comment: str
) -> None:
    piece = house.piece()
    judging.decide(
        house.session, piece, "returned", comment,
        version_id=piece.current.id, **house.by("bob"),
    )  # fmt: skip
    text = bodies(house.session)[-1]
    assert f"Bob returned your evidence “{TITLE}”" in text
    assert ("said what is missing" in text) is bool(comment)


def test_edits_of_a_draft_look_for_no_mails(house: House, statements: Any) -> None:
    """Only what somebody could see before an edit can have been told to anybody."""
    piece = house.piece(submitted=False)
    house.session.flush()
    with statements() as seen:
        house.change(piece, title="Another title")
    assert not [each for each in seen if "outgoing_mail" in each or "notification" in each]


def crowd(house: House, team: Team, number: int) -> None:
    """So many more people in the team, each with a piece that waits for Bob."""
    for each in range(number):
        email = f"more{number}-{each}@example.org"
        user = User(name=f"More {each}", email=email, email_key=email, created_at=NOW)
        house.session.add(user)
        house.session.flush()
        people.add_member(
            house.session, team, user.id, "member", by=user.id, now=house.step()
        )  # fmt: skip
        said = Particulars(
            kind="talk", title=f"Talk {number} {each}", occurred_on=dt.date(2026, 5, 1),
            visibility="team", description="What was said.",
        )  # fmt: skip
        by = house.cast.actor(house.session, user.id)
        made = evidence.create(house.session, user.id, said, by=by, now=house.step())
        evidence.submit(house.session, made, by=by, now=house.step())


def test_a_team_goes_in_as_many_statements_however_many_are_in_it(
    house: House, with_mail: None, statements: Any
) -> None:
    counts = []
    for number in (2, 20):
        made = people.create_team(
            house.session, slug=f"team-{number}", name="Some", by=None, now=house.step()
        )
        people.add_member(
            house.session, made, house.cast.bob, "manager", by=house.cast.bob, now=house.step()
        )
        crowd(house, made, number)
        assert len(house.told("bob")) == number
        assert len(waiting(house.session)) == number
        house.session.flush()
        with statements() as seen:
            people.delete_team(house.session, made, by=house.cast.erin, now=house.step())
        counts.append(len(seen))
        assert house.told("bob") == []
        assert waiting(house.session) == []
        ends = sa.select(sa.func.count()).where(
            HistoryEntry.action == "membership.removed", HistoryEntry.subject == made.slug
        )
        assert house.session.scalar(ends) == number + 1
        lines = sa.select(AuditEntry.data).where(
            AuditEntry.action == "membership.removed", AuditEntry.target == made.slug
        )
        named = {line["person"] for line in house.session.scalars(lines)}
        assert len(named) == number + 1
    assert counts[0] == counts[1] <= 14


def test_a_team_that_is_only_renamed_looks_for_no_readers(house: House, statements: Any) -> None:
    house.piece()
    team = house.session.get_one(Team, house.cast.team)
    with statements() as seen:
        people.change_team(
            house.session, team, name="Ranks", parent_id=None, by=house.cast.erin, now=NOW
        )
    assert not [each for each in seen if "notification" in each]
    with statements() as seen:
        people.change_team(
            house.session, team, name="Ranks", parent_id=house.cast.other_team,
            by=house.cast.erin, now=NOW,
        )  # fmt: skip
    assert [each for each in seen if "notification" in each]
    assert "submitted" in house.told("bob"), "he leads it still"


def test_each_event_is_mailed_with_its_link_and_why(house: House, with_mail: None) -> None:
    piece = house.piece()
    house.comment(piece, "bob")
    house.comment(piece, "alice")
    asked = ("bob@example.org", f"Alice asks you to review “{TITLE}”")
    assert waiting(house.session)[0] == asked
    first = bodies(house.session)[0]
    house.judge(piece, "returned")
    evidence.submit(house.session, piece, **house.by("alice"))
    assert waiting(house.session)[-1] == (asked[0], f"{asked[1]} again")
    house.judge(piece, "verified")
    skills.assess_other(house.session, house.cast.alice, "mlops", 3, **house.by("bob"))
    skills.assess_other(house.session, house.cast.alice, "mentoring", 3, **house.by("bob"))
    assert waiting(house.session) == [
        ("alice@example.org", f"Bob commented on “{TITLE}”"),
        ("bob@example.org", f"Alice commented on “{TITLE}”"),
        ("alice@example.org", f"Bob returned “{TITLE}”"),
        ("alice@example.org", f"Bob verified “{TITLE}”"),
        ("alice@example.org", "Bob assessed your skills"),
    ]
    texts = [first, *bodies(house.session)]
    assert f"https://cairn.example.org/reviews/{piece.id}\n" in texts[0]
    assert "because you manage a team of Alice" in texts[0]
    assert f"https://cairn.example.org/evidence/{piece.id}\n" in texts[1]
    assert "whose review you take part in" in texts[2], "he wrote a comment and judged nothing"
    assert "https://cairn.example.org/skills\n" in texts[-1]
    for text in texts:
        assert text.endswith(" https://cairn.example.org/account#mail\n")
        assert text.startswith(("Hello Bob,", "Hello Alice,"))
        assert "The figures match" not in text


@pytest.mark.parametrize("decision", ["verified", "returned"])
def test_what_one_manager_judged_the_others_are_not_asked_any_more(
    house: House, with_mail: None, decision: str
) -> None:
    house.second_manager()
    piece, other = house.piece(), house.piece(author="carol")
    assert house.told("dave") == ["submitted"] * 2
    house.judge(piece, decision)
    assert house.told("dave") == ["submitted"], "Carol's waits still"
    assert house.told("dave", unread=False) == ["submitted"] * 2
    assert other.is_shared
    told = [each for each in waiting(house.session) if each[0] != "alice@example.org"]
    carols = f"Carol asks you to review “{TITLE}”"
    assert sorted(told) == [("bob@example.org", carols), ("dave@example.org", carols)]


def test_who_is_asked_anew_gets_one_mail_of_it(house: House, with_mail: None) -> None:
    piece = house.piece()
    judging.begin_review(house.session, piece, version_id=piece.current.id, **house.by("bob"))
    house.change(piece, description="With the figures.")
    assert house.told("bob") == ["submitted"]
    assert len(waiting(house.session)) == 1


def test_who_took_a_piece_up_hears_of_a_comment(house: House) -> None:
    house.second_manager()
    piece = house.piece()
    judging.begin_review(house.session, piece, version_id=piece.current.id, **house.by("bob"))
    house.comment(piece, "alice")
    assert house.told("bob") == ["submitted", "comment"]
    assert house.told("dave") == ["submitted"]


def test_it_takes_the_same_statements_however_many_manage(
    house: House, with_mail: None, statements: Any
) -> None:
    counts = []
    team = house.session.get_one(Team, house.cast.team)
    for number in (1, 10):
        for each in range(number):
            email = f"boss{number}-{each}@example.org"
            boss = User(name=f"Boss {each}", email=email, email_key=email, created_at=NOW)
            house.session.add(boss)
            house.session.flush()
            people.add_member(
                house.session, team, boss.id, "manager", by=boss.id, now=house.step()
            )  # fmt: skip
        piece = house.piece(submitted=False)
        house.session.flush()
        with statements() as submitting:
            evidence.submit(house.session, piece, **house.by("alice"))
        readers = house.session.scalars(
            sa.select(Notification.user_id).where(Notification.evidence_id == piece.id)
        ).all()
        assert len(readers) == len(waiting(house.session)) == (2 if number == 1 else 12)
        for reader in readers:
            by = house.cast.actor(house.session, reader)
            comments.add(house.session, piece, "Which one?", by=by, now=house.step())
        house.session.flush()
        with statements() as commenting:
            house.comment(piece, "alice")
        counts.append((len(submitting), len(commenting)))
        house.session.execute(sa.delete(OutgoingMail))
    assert counts[0] == counts[1]


def test_without_mail_there_is_none(house: House) -> None:
    house.piece()
    assert waiting(house.session) == []


def test_nothing_is_told_of_what_was_rolled_back(house: House, with_mail: None) -> None:
    house.session.commit()
    house.piece()
    house.session.rollback()
    assert waiting(house.session) == []
    assert house.told("bob") == []
    assert outbox.PUT not in house.session.info


def test_who_wants_no_mail_is_told_on_the_page_alone(house: House, with_mail: None) -> None:
    house.second_manager()
    want_mail(house.session, house.cast.bob, False, by=house.cast.bob, now=NOW)
    house.session.expire_all()
    house.piece()
    assert house.told("bob") == house.told("dave") == ["submitted"]
    assert [to for to, _subject in waiting(house.session)] == ["dave@example.org"]
