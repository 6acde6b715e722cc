"""GET, PUT and DELETE /reviews/people/<id>: review all submitted evidence of a person at once."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa
import time_machine

from roadmap.core.dates import PartialDate
from roadmap.evidence import actions
from roadmap.evidence.models import Evidence, Review
from roadmap.notifications.models import Notification
from roadmap.people.actions import add_member
from roadmap.people.models import AuditEntry, Team
from tests.evidence.builders import (
    DESIGN,
    LEVELS,
    MENTOR,
    add_evidence,
    evidence_input,
    review_evidence,
    submit_evidence,
)
from tests.notifications.scenario import queued_bodies, queued_mails
from tests.support.markup import flat
from tests.support.statements import statements_of


@pytest.fixture
def pieces(session, cast, now):
    """Return Alice's two submitted documents. She also has a draft and a reviewed document."""
    submitted = [
        add_evidence(
            session, cast, cast.alice, now, milestones=[DESIGN, LEVELS, MENTOR], title=title,
            occurred_on=PartialDate(day),
        )
        for title, day in (("Old design", "2024-03"), ("New design", "2025-06-01"))
    ]  # fmt: skip
    for piece in submitted:
        submit_evidence(session, cast, piece, now)
    add_evidence(session, cast, cast.alice, now, title="Unfinished design")
    reviewed = add_evidence(session, cast, cast.alice, now, title="Judged design")
    submit_evidence(session, cast, reviewed, now)
    review_evidence(session, cast, reviewed, now)
    return submitted


@pytest.fixture
def path(cast):
    return f"/reviews/people/{cast.alice}"


def review_form(*pieces, basis="first_hand", milestones=(DESIGN, LEVELS), **more):
    """Return the fields that the form submits for this evidence."""
    return {
        "pieces": [f"{each.id} {each.current_id} {each.title}" for each in pieces],
        "milestones": [f"{each.id} {key}" for each in pieces for key in milestones],
        "basis": basis,
        **more,
    }


def send_and_follow(browser, verb, path, data):
    """Send a form and return the response, or the page it redirects to."""
    answer = browser.send(verb.upper(), path, data)
    return browser.get(answer.location).text if answer.status_code == 303 else answer.text


def review_bases(session):
    session.rollback()
    session.expire_all()
    rows = session.execute(sa.select(Review.title, Review.basis).order_by(Review.title))
    return {title: basis for title, basis in rows if title != "Judged design"}


def test_manager_verifies_several_pieces_at_once(
    session, cast, browser_of, pieces, path, with_mail
):
    bob = browser_of(cast.bob)
    assert path in bob.get(f"/teams/ranking/people/{cast.alice}").text
    page = bob.get(path).text
    assert "Alice shares 2 pieces that no one here has reviewed yet." in flat(page)
    assert page.index("Old design") < page.index("New design")
    assert "Unfinished design" not in page
    assert (
        "Judged design" not in page.replace("You have just verified", "").split("<form class=")[-1]
    )
    assert len(re.findall(r'name="pieces"[^>]* checked', page)) == 2
    assert len(re.findall(r'name="milestones"[^>]* checked', page)) == 4
    assert "Done when:" in page

    old, new = pieces
    chosen = review_form(old, new, comment="I worked on both.", **{f"basis-{new.id}": "referee"})
    chosen["milestones"].remove(f"{new.id} {LEVELS}")
    page = send_and_follow(bob, "put", path, chosen)
    assert "2 pieces of Alice are verified." in flat(page)
    assert review_bases(session) == {"Old design": "first_hand", "New design": "referee"}
    links = {link.milestone_key: link for link in session.get(Evidence, new.id).links}
    assert links[LEVELS].left_out_review_id is not None
    assert "Nothing is left to verify in bulk" in page
    entries = sa.select(AuditEntry.target).where(AuditEntry.action == "evidence.verified")
    assert {str(old.id), str(new.id)} <= set(session.scalars(entries))


def test_form_sent_twice_gets_the_same_response(session, cast, browser_of, pieces, path):
    bob, form = browser_of(cast.bob), review_form(*pieces, comment="I worked on both.")
    for _ in range(2):
        page = flat(send_and_follow(bob, "put", path, form))
        assert "2 pieces of Alice are verified." in page
        assert "left out" not in page
    entries = sa.select(AuditEntry.target).where(AuditEntry.action == "evidence.verified")
    assert sorted(session.scalars(entries)).count(str(pieces[0].id)) == 1


def test_unselected_evidence_stays_submitted(session, cast, browser_of, pieces, path):
    old, new = pieces
    browser_of(cast.bob).put(path, review_form(old))
    assert list(review_bases(session)) == ["Old design"]
    assert session.get(Evidence, new.id).state == "submitted"


def test_evidence_without_selected_milestone_stays_submitted(
    session, cast, browser_of, pieces, path
):
    old, new = pieces
    more = {f"basis-{old.id}": "", f"basis-{new.id}": "referee", "comment": "I worked on both."}
    chosen = review_form(old, new, **more)
    chosen["milestones"] = [f"{old.id} {LEVELS}"]
    page = flat(browser_of(cast.bob).put(path, chosen).text)
    assert "One piece of Alice is verified." in page
    assert "New design</strong>: None of its milestones is ticked" in page
    assert not re.findall(r'name="(?:pieces|milestones)"[^>]* checked', page)
    assert "I worked on both.</textarea>" in page
    assert 'value="referee" selected' in page
    assert f'class="review-form history" method="post" action="{path}"' in page
    assert list(review_bases(session)) == ["Old design"]
    assert session.get(Evidence, new.id).links[0].left_out_review_id is None


def test_cleared_selection_stays_cleared(session, cast, browser_of, pieces, path):
    old, new = pieces
    page = send_and_follow(
        browser_of(cast.bob), "put", path, review_form(old, **{f"basis-{new.id}": ""})
    )
    assert "New design" in page
    assert not re.findall(r'name="pieces"[^>]* checked', page)
    assert "What you cleared stays cleared." in page


def test_form_keeps_input_after_withdrawal(session, cast, browser_of, pieces, path):
    bob, (old, new) = browser_of(cast.bob), pieces
    chosen = review_form(old, comment="I worked on it.", **{f"basis-{new.id}": ""})
    chosen["milestones"] = [f"{old.id} {LEVELS}"]
    page = send_and_follow(bob, "put", path, chosen)
    decided_at = re.search(r'name="decided_at" value="([^"]+)"', page).group(1)
    page = flat(bob.delete(path, {"decided_at": decided_at, "reason": "Not my call."}).text)
    assert "I worked on it.</textarea>" in page
    assert '<option selected value="first_hand">' in page
    (selected,) = re.findall(r'name="pieces" value="(\S+)[^>]* checked', page)
    assert selected == str(old.id)
    ticked = re.findall(r'name="milestones" value="([^"]+)"[^>]* checked', page)
    assert f"{old.id} {LEVELS}" in ticked
    assert f"{old.id} {DESIGN}" not in ticked


def test_author_gets_one_mail(session, cast, browser_of, pieces, path, with_mail):
    before = len(queued_mails(session))
    browser_of(cast.bob).put(path, review_form(*pieces, comment="Well done."))
    session.rollback()
    subjects = [subject for _to, subject in queued_mails(session)[before:]]
    assert subjects == ["Bob verified 2 pieces of your evidence"]
    assert "They left a comment" in queued_bodies(session)[-1]
    kinds = sa.select(Notification.kind).where(Notification.user_id == cast.alice)
    assert sorted(session.scalars(kinds)) == ["history_verified", "verified"]
    assert "2 pieces of your evidence" in browser_of(cast.alice).get("/notifications").text


def test_notification_counts_evidence_still_verified(session, cast, browser_of, pieces, path):
    bob, alice = browser_of(cast.bob), browser_of(cast.alice)
    bob.put(path, review_form(*pieces))
    session.rollback()
    reason = {"reason": "Not my call."}
    for piece in pieces:
        key = session.scalar(sa.select(Review.id).where(Review.evidence_id == piece.id))
        bob.delete(f"/reviews/{piece.id}", {**reason, "review_id": str(key)})
        session.rollback()
        session.expire_all()
        if piece is pieces[0]:
            notices = alice.get("/notifications").text
            assert re.search(r"one piece of your evidence</label>\s+\(1 more was undone", notices)
            alice.put("/notifications/reading")
            notices = alice.get("/notifications").text
            link = re.search(r'href="(/evidence\?verified_at=[^"]+)"', notices).group(1)
            found = alice.get(link).text.partition('id="pieces"')[2]
            assert "New design" in found
            assert "Old design" not in found
            assert "Judged design" not in found
    assert "pieces of your evidence" not in alice.get("/notifications").text
    kinds = sa.select(Notification.kind).where(Notification.user_id == cast.alice)
    assert "history_verified" not in list(session.scalars(kinds))


def test_reviews_can_be_withdrawn_for_ten_minutes(session, cast, browser_of, pieces, path, now):
    bob = browser_of(cast.bob)
    page = send_and_follow(bob, "put", path, review_form(*pieces))
    assert "You have just verified 2 pieces" in page
    decided_at = re.search(r'name="decided_at" value="([^"]+)"', page).group(1)
    page = send_and_follow(
        bob, "delete", path, {"decided_at": decided_at, "reason": "Not my call."}
    )
    assert "2 pieces of Alice are waiting again" in flat(page)
    assert review_bases(session) == {}
    notices = browser_of(cast.alice).get("/notifications").text
    assert "undid the verification of" in notices
    assert "“Not my call.”" in notices
    assert "Bob verified <" not in flat(notices)

    page = send_and_follow(bob, "put", path, review_form(*pieces))
    decided_at = re.search(r'name="decided_at" value="([^"]+)"', page).group(1)
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(minutes=11), tick=False):
        page = send_and_follow(
            bob, "delete", path, {"decided_at": decided_at, "reason": "Not my call."}
        )
    assert flat(page).count("A review can only be undone within ten minutes.") == 2
    assert len(review_bases(session)) == 2


def test_concurrently_edited_evidence_is_skipped_and_reported(
    session, cast, browser_of, pieces, path, now
):
    old, new = pieces
    chosen = review_form(old, new)
    actions.edit(
        session, new, evidence_input(title="New design", description="Another text."),
        by=cast.actor(session, cast.alice), now=now,
    )  # fmt: skip
    session.commit()
    page = flat(browser_of(cast.bob).put(path, chosen).text)
    assert "One piece of Alice is verified." in page
    assert "New design</strong>: A newer version was saved in the meantime." in page
    assert list(review_bases(session)) == ["Old design"]


def test_private_evidence_does_not_block_review_of_others(
    session, cast, browser_of, pieces, path, now
):
    old, new = pieces
    bob = browser_of(cast.bob)

    def hide(piece, title):
        values = evidence_input(title=title, visibility="private")
        actions.edit(session, piece, values, by=cast.actor(session, cast.alice), now=now)
        session.commit()

    more = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN], title="Third design")
    submit_evidence(session, cast, more, now)
    chosen = review_form(old, new)
    chosen["pieces"] += review_form(more)["pieces"]
    chosen["milestones"].append(f"{more.id} {DESIGN}")
    hide(new, "New design")
    page = flat(bob.put(path, chosen).text)
    assert "2 pieces of Alice are verified." in page
    assert "New design</strong>: It is no longer shared." in page
    assert sorted(review_bases(session)) == ["Old design", "Third design"]

    # Withdrawing the reviews skips evidence made private since, and does not reveal its new title.
    decided_at = re.search(r'name="decided_at" value="([^"]+)"', bob.get(path).text).group(1)
    hide(session.get(Evidence, more.id), "Nobody else's")
    assert "You have just verified one piece" in flat(bob.get(path).text)
    page = flat(bob.delete(path, {"decided_at": decided_at, "reason": "Not my call."}).text)
    assert "One piece of Alice is waiting again" in page
    assert "Third design</strong>: It is no longer shared." in page
    assert "Nobody else" not in page
    assert list(review_bases(session)) == ["Third design"]


def test_form_without_basis_or_selection_is_rejected(session, cast, browser_of, pieces, path):
    bob, (old, _new) = browser_of(cast.bob), pieces
    answer = bob.put(path, review_form(old, basis="", comment="Kept"))
    assert answer.status_code == 422
    assert "one of the three" in answer.text
    assert "Kept" in answer.text
    assert len(re.findall(r'name="pieces"[^>]* checked', answer.text)) == 1
    assert bob.put(path, review_form()).status_code == 422
    assert bob.put(path, review_form(old, **{f"basis-{old.id}": "hearsay"})).status_code == 200
    assert review_bases(session) == {}


def test_evidence_of_another_author_is_not_reviewed(session, cast, browser_of, pieces, now):
    browser_of(cast.bob).put(f"/reviews/people/{cast.carol}", review_form(*pieces))
    assert review_bases(session) == {}


def test_mentor_and_author_cannot_bulk_review(session, cast, browser_of, pieces, path, now):
    team = session.get_one(Team, cast.team)
    add_member(session, team, cast.mallory, "mentor", by=cast.mallory, now=now)
    session.commit()
    for person in (cast.mallory, cast.alice):
        browser = browser_of(person)
        assert browser.get(path).status_code == 403
        assert browser.put(path, review_form(*pieces)).status_code == 403
        assert path not in browser.get(f"/teams/ranking/people/{cast.alice}").text
    assert review_bases(session) == {}


def test_statement_count_does_not_grow_with_rows(session, cast, browser_of, pieces, path, now, app):
    bob = browser_of(cast.bob)
    before = statements_of(app, lambda: bob.get(path))
    for number in range(3):
        more = add_evidence(
            session, cast, cast.alice, now, milestones=[DESIGN], title=f"More {number}"
        )
        submit_evidence(session, cast, more, now)
    assert len(statements_of(app, lambda: bob.get(path))) == len(before)
