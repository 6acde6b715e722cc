"""GET and PUT /reviews/<id>, PUT /reviews/<id>/taking"""

from __future__ import annotations

import datetime as dt
import re
import uuid

import pytest
import sqlalchemy as sa

from roadmap.evidence import actions
from roadmap.evidence.item import Impact
from roadmap.evidence.models import Confirmation, Evidence, Review
from roadmap.people.models import AuditEntry, HistoryEntry, Membership, Team
from roadmap.progress import actions as progress
from tests.evidence.builders import (
    DESIGN,
    LATENCY,
    LEVELS,
    MENTOR,
    PIPELINE,
    add_evidence,
    evidence_input,
    review_evidence,
    submit_evidence,
)
from tests.support.markup import flat, without_csrf_token
from tests.support.statements import statements_of


@pytest.fixture
def piece(session, cast, now):
    """Return Alice's submitted design document, which can prove two of its three milestones."""
    evidence = add_evidence(
        session, cast, cast.alice, now, milestones=[DESIGN, LEVELS, MENTOR], impacts=(LATENCY,)
    )
    submit_evidence(session, cast, evidence, now)
    return evidence


@pytest.fixture
def bob(cast, browser_of):
    return browser_of(cast.bob)


def review_form(piece, decision="verified", **more):
    """Return the fields that the review form submits."""
    return {
        "decision": decision,
        "basis": "artefact" if decision == "verified" else "",
        "version_id": str(piece.current_id),
        "milestones": [DESIGN, LEVELS],
        **more,
    }


def state_and_confirmed(session, piece):
    """Return the state of the evidence and its confirmed milestones."""
    session.rollback()
    keys = set(session.scalars(sa.select(Confirmation.milestone_key)))
    return session.scalar(sa.select(Evidence.state).where(Evidence.id == piece.id)), keys


def edit_evidence(session, cast, piece, now, **changes):
    values = {"impacts": (LATENCY,), **changes}
    actions.edit(
        session, piece, evidence_input(**values), by=cast.actor(session, cast.alice), now=now
    )
    session.commit()


def find_checkbox(page, key):
    found = re.search(rf'<input type="checkbox" id="m-{key}"[^>]*>', page)
    return found.group() if found else ""


def test_page_shows_content_and_provable_milestones(session, cast, now, bob, piece):
    progress.set_status(session, cast.alice, DESIGN, "done", now=now)
    session.commit()
    page = bob.get(f"/reviews/{piece.id}").text
    person = f"/teams/ranking/people/{cast.alice}"
    assert f'Design document by <a href="{person}">Alice</a>, 2 Mar 2026' in " ".join(page.split())
    assert bob.get(person).status_code == 200
    assert "<em>training</em>" in page
    assert "https://example.org/dashboard" in page
    assert page.count("Done when:") == 3
    assert "checked" in find_checkbox(page, DESIGN)
    assert "checked" in find_checkbox(page, LEVELS)
    assert "disabled" in find_checkbox(page, MENTOR)
    assert page.count("Evidence of this kind does not prove it") == 1
    # A milestone that the evidence cannot prove has no such note.
    assert page.count("has not marked it as done") == 1
    assert ">Verify: judged from the artefact</button>" in page


def test_verification_confirms_provable_milestones(session, cast, now, bob, piece):
    answer = bob.put(f"/reviews/{piece.id}", review_form(piece))
    assert (answer.status_code, answer.location) == (303, "/reviews#main")
    assert state_and_confirmed(session, piece) == ("verified", {DESIGN, LEVELS})
    page = bob.get("/reviews").text
    assert "“Feature store design” is verified: 2 of 2 milestones confirmed." in page
    assert f'<a href="/reviews/{piece.id}">Look at it again or undo it</a>' in page


@pytest.mark.parametrize(
    ("basis", "shown"),
    [
        ("artefact", "Bob (judged from the artefact)"),
        ("first_hand", "Bob (seen first-hand)"),
        ("referee", "Bob (on a referee&#39;s word)"),
    ],
)
def test_basis_is_shown_with_reviewer_name(
    session, cast, now, bob, browser_of, piece, basis, shown
):
    for key in (DESIGN, LEVELS):
        progress.set_status(session, cast.alice, key, "done", now=now)
    session.commit()
    page = bob.get(f"/reviews/{piece.id}").text
    assert f'<button name="basis" value="{basis}">Verify: ' in page
    # No basis is preselected, and Enter in a field submits none.
    refused = bob.put(f"/reviews/{piece.id}", review_form(piece, basis=""))
    assert refused.status_code == 422
    assert "Choose the basis for your decision, one of the three." in refused.text
    # The button for a basis is the decision.
    bob.put(f"/reviews/{piece.id}", {**review_form(piece, basis=basis), "decision": ""})
    alice = browser_of(cast.alice)
    assert f"{shown} confirmed this version." in flat(alice.get(f"/evidence/{piece.id}").text)
    alice.put(f"/portfolios/{cast.alice}/items/{piece.id}")
    assert f"Verified by {shown}" in flat(alice.get("/portfolio/preview").text)


def test_unknown_basis_is_rejected_and_input_is_kept(session, bob, piece):
    answer = bob.put(f"/reviews/{piece.id}", review_form(piece, basis="hearsay", comment="Good."))
    assert answer.status_code == 422
    assert "Choose the basis for your decision, one of the three." in answer.text
    assert "Good.</textarea>" in answer.text
    assert state_and_confirmed(session, piece) == ("submitted", set())


def test_return_stores_no_basis(session, bob, piece):
    sent = review_form(piece, "returned", basis="first_hand", comment="Say what was rejected.")
    bob.put(f"/reviews/{piece.id}", sent)
    assert session.scalar(sa.select(Review.basis)) == ""


def test_milestone_can_be_left_out(session, cast, browser_of, bob, piece):
    bob.put(f"/reviews/{piece.id}", review_form(piece, milestones=[LEVELS]))
    assert state_and_confirmed(session, piece) == ("verified", {LEVELS})
    assert "is verified: 1 of 2 milestones confirmed." in bob.get("/reviews").text
    page = browser_of(cast.alice).get(f"/evidence/{piece.id}").text
    assert page.count("left out by Bob") == 1
    assert "linked later" not in page


def test_left_out_milestone_stays_unselected_until_reviewer_selects_it(
    session, cast, now, browser_of, bob, piece
):
    bob.put(f"/reviews/{piece.id}", review_form(piece, milestones=[LEVELS]))
    page = bob.get(f"/reviews/{piece.id}").text
    assert "checked" not in find_checkbox(page, DESIGN)
    assert "disabled" not in find_checkbox(page, DESIGN)
    assert page.count("Left out by you.") == 1
    assert "linked later" not in page
    assert '<button name="basis" value="artefact" class="secondary">Confirm selected:' in page
    session.add(Membership(team_id=cast.team, user_id=cast.dave, role="manager", created_at=now))
    session.commit()
    assert "Left out by Bob." in browser_of(cast.dave).get(f"/reviews/{piece.id}").text
    # A milestone linked later is preselected.
    actions.link(session, piece, PIPELINE, by=cast.actor(session, cast.alice), now=now)
    session.commit()
    page = bob.get(f"/reviews/{piece.id}").text
    assert " checked" in find_checkbox(page, PIPELINE)
    assert " checked" not in find_checkbox(page, DESIGN)
    assert "linked later" in page
    bob.put(f"/reviews/{piece.id}", review_form(piece, milestones=[PIPELINE]))
    # A new version does not preselect the left-out milestone either.
    edit_evidence(session, cast, piece, now, role="Lead")
    page = bob.get(f"/reviews/{piece.id}").text
    assert " checked" in find_checkbox(page, LEVELS)
    assert " checked" not in find_checkbox(page, DESIGN)
    bob.put(f"/reviews/{piece.id}", review_form(piece, milestones=[DESIGN, LEVELS]))
    page = bob.get(f"/reviews/{piece.id}").text
    assert "disabled" in find_checkbox(page, DESIGN)
    assert page.count("Left out by") == 1  # PIPELINE, in the new version


def withdrawal_form(page):
    """Return the fields that withdraw the review, or None if the page offers no withdrawal."""
    found = re.search(r'name="review_id" value="([^"]+)"', page)
    return {"review_id": found.group(1), "reason": "Not my call."} if found else None


def test_verification_is_withdrawn(session, cast, now, browser_of, bob, piece):
    """The timeline keeps both events, and the reviewer's selection of milestones is kept."""
    progress.set_status(session, cast.alice, DESIGN, "done", now=now)
    session.commit()
    alice = browser_of(cast.alice)
    before = alice.get("/readiness").text
    bob.put(
        f"/reviews/{piece.id}", review_form(piece, milestones=[DESIGN], comment="The wrong piece.")
    )
    assert "Bob verified" in alice.get("/notifications").text
    sent = withdrawal_form(bob.get(f"/reviews/{piece.id}").text)
    # A reason for the author is required.
    unexplained = bob.post(f"/reviews/{piece.id}?_method=DELETE", {**sent, "reason": " "})
    assert unexplained.status_code == 422
    assert "Say in one line why you undo it" in unexplained.text
    withdrawn = bob.post(f"/reviews/{piece.id}?_method=DELETE", sent)
    assert withdrawn.status_code == 200
    assert "“Feature store design” is no longer verified." in withdrawn.text
    # The form shows what the reviewer had entered.
    assert "The wrong piece.</textarea>" in withdrawn.text.replace("\r\n", "")
    assert " checked" in find_checkbox(withdrawn.text, DESIGN)
    assert " checked" not in find_checkbox(withdrawn.text, LEVELS)
    assert state_and_confirmed(session, piece) == ("submitted", set())
    assert session.scalar(sa.select(sa.func.count(Review.id))) == 0
    notifications = alice.get("/notifications").text
    assert "Bob verified" not in notifications
    assert "Bob undid a verification of" in flat(notifications)
    assert "“Not my call.”" in notifications
    assert alice.get("/readiness").text.split("<main")[1] == before.split("<main")[1]
    page = flat(alice.get(f"/evidence/{piece.id}").text)
    assert "No one has reviewed it yet." not in page
    assert re.search(r"Bob verified version 1 on [^.]+ and undid it\.", page)
    for browser, page in ((alice, f"/evidence/{piece.id}"), (bob, f"/reviews/{piece.id}")):
        thread = browser.get(page).text.split('id="thread"')[1]
        assert flat(thread).count("Bob verified version 1, and undid it") == 1
        assert "undid the verification" not in flat(thread)
        assert "The wrong piece." not in thread
        assert "Not my call." in thread
    # The selection does not depend on the history.
    session.execute(sa.delete(HistoryEntry))
    session.commit()
    page = bob.get(f"/reviews/{piece.id}").text
    assert " checked" in find_checkbox(page, DESIGN)
    assert " checked" not in find_checkbox(page, LEVELS)
    assert "You had left it out of the verification that you undid." in page
    assert "Left out by you." not in page
    actions_seen = set(session.scalars(sa.select(AuditEntry.action)))
    assert {"evidence.verified", "evidence.verification_withdrawn"} <= actions_seen
    assert "Feature store design" in bob.get("/reviews").text
    again = bob.post(f"/reviews/{piece.id}?_method=DELETE", sent)
    assert again.status_code == 409
    assert "This review has already been undone." in again.text
    assert bob.put(f"/reviews/{piece.id}", review_form(piece)).status_code == 303
    assert state_and_confirmed(session, piece) == ("verified", {DESIGN, LEVELS})
    page = bob.get(f"/reviews/{piece.id}").text
    assert "Left out by" not in page
    assert "left it out" not in page


def test_return_is_withdrawn_until_resubmission(session, cast, now, browser_of, bob, piece):
    """The previously verified version counts again."""
    alice = browser_of(cast.alice)
    bob.put(f"/reviews/{piece.id}", review_form(piece))
    verified = session.get(Evidence, piece.id, populate_existing=True).verified_version_id
    edit_evidence(session, cast, piece, now, role="Lead")
    sent = review_form(piece, decision="returned", comment="The wrong piece.")
    assert bob.put(f"/reviews/{piece.id}", sent).status_code == 303
    assert "Bob returned" in alice.get("/notifications").text
    withdrawal = withdrawal_form(bob.get(f"/reviews/{piece.id}").text)
    withdrawn = bob.post(f"/reviews/{piece.id}?_method=DELETE", withdrawal)
    assert withdrawn.status_code == 200
    assert "is no longer returned" in withdrawn.text
    assert "The wrong piece.</textarea>" in withdrawn.text.replace("\r\n", "")
    assert state_and_confirmed(session, piece) == ("submitted", {DESIGN, LEVELS})
    session.refresh(piece)
    assert piece.verified_version_id == verified
    notifications = flat(alice.get("/notifications").text)
    assert "Bob returned" not in notifications
    assert "Bob undid the return of" in notifications
    thread = flat(alice.get(f"/evidence/{piece.id}").text.split('id="thread"')[1])
    assert "Bob returned version 2, and undid it" in thread
    page = flat(alice.get(f"/evidence/{piece.id}").text)
    assert re.search(r"Bob returned version 2 on [^.]+ and undid it\.", page)
    assert bob.put(f"/reviews/{piece.id}", review_form(piece, decision="returned", comment="More."))
    withdrawal = withdrawal_form(bob.get(f"/reviews/{piece.id}").text)
    alice.put(f"/evidence/{piece.id}/submission")
    assert withdrawal_form(bob.get(f"/reviews/{piece.id}").text) is None
    refused = bob.delete(f"/reviews/{piece.id}", withdrawal)
    assert refused.status_code == 409
    assert "Its author has changed it since" in refused.text


@pytest.mark.parametrize("started", [True, False])
def test_started_review_continues_after_withdrawal(session, cast, browser_of, bob, piece, started):
    if started:
        bob.put(f"/reviews/{piece.id}/taking", review_form(piece))
    bob.put(f"/reviews/{piece.id}", review_form(piece))
    bob.delete(f"/reviews/{piece.id}", withdrawal_form(bob.get(f"/reviews/{piece.id}").text))
    assert state_and_confirmed(session, piece)[0] == ("in_review" if started else "submitted")
    assert ("In review by you" in bob.get(f"/reviews/{piece.id}").text) is started
    page = browser_of(cast.alice).get(f"/evidence/{piece.id}").text
    assert ("It cannot be withdrawn during a review." in page) is started
    # Starting a review does not carry over to the next submission.
    bob.put(f"/reviews/{piece.id}", review_form(piece, decision="returned", comment="More."))
    browser_of(cast.alice).put(f"/evidence/{piece.id}/submission")
    bob.put(f"/reviews/{piece.id}", review_form(piece))
    bob.delete(f"/reviews/{piece.id}", withdrawal_form(bob.get(f"/reviews/{piece.id}").text))
    assert state_and_confirmed(session, piece)[0] == "submitted"


def test_only_the_reviewer_can_withdraw_within_ten_minutes(
    session, cast, now, browser_of, bob, piece
):
    session.add(Membership(team_id=cast.team, user_id=cast.dave, role="manager", created_at=now))
    session.commit()
    bob.put(f"/reviews/{piece.id}", review_form(piece))
    sent = withdrawal_form(bob.get(f"/reviews/{piece.id}").text)
    dave = browser_of(cast.dave)
    assert withdrawal_form(dave.get(f"/reviews/{piece.id}").text) is None
    refused = dave.delete(f"/reviews/{piece.id}", sent)
    assert refused.status_code == 409
    assert "Only the reviewer who made this decision can undo it." in refused.text
    review = session.scalars(sa.select(Review)).one()
    review.decided_at -= dt.timedelta(minutes=11)
    session.commit()
    assert withdrawal_form(bob.get(f"/reviews/{piece.id}").text) is None
    refused = bob.delete(f"/reviews/{piece.id}", sent)
    assert refused.status_code == 409
    assert "only be undone within ten minutes" in refused.text
    assert state_and_confirmed(session, piece)[0] == "verified"


def test_withdrawal_removes_only_confirmations_of_that_review(session, cast, now, bob, piece):
    """This applies to two reviews of one version, and to reviews of two versions."""
    bob.put(f"/reviews/{piece.id}", review_form(piece, milestones=[LEVELS]))
    earlier = withdrawal_form(bob.get(f"/reviews/{piece.id}").text)
    bob.put(f"/reviews/{piece.id}", review_form(piece, milestones=[DESIGN]))
    assert "reviewed again since" in bob.delete(f"/reviews/{piece.id}", earlier).text
    sent = withdrawal_form(bob.get(f"/reviews/{piece.id}").text)
    withdrawn = bob.delete(f"/reviews/{piece.id}", sent)
    assert "is still verified as before" in withdrawn.text
    assert state_and_confirmed(session, piece) == ("verified", {LEVELS})
    page = bob.get(f"/reviews/{piece.id}").text
    assert "Left out by you." in page
    assert " checked" not in find_checkbox(page, DESIGN)
    edit_evidence(session, cast, piece, now, role="Lead")
    verified = piece.verified_version_id
    bob.put(f"/reviews/{piece.id}", review_form(piece))
    bob.delete(f"/reviews/{piece.id}", withdrawal_form(bob.get(f"/reviews/{piece.id}").text))
    assert state_and_confirmed(session, piece) == ("submitted", {LEVELS})
    session.refresh(piece)
    assert piece.verified_version_id == verified


def test_plain_form_verifies_evidence(session, bob, piece):
    bob.post(f"/reviews/{piece.id}?_method=PUT", review_form(piece, milestones=[LEVELS]))
    assert state_and_confirmed(session, piece) == ("verified", {LEVELS})


def test_verification_requires_a_selected_milestone(session, bob, piece):
    answer = bob.put(f"/reviews/{piece.id}", review_form(piece, milestones=[], comment="Hm"))
    assert answer.status_code == 422
    sentence = "Keep at least one milestone, or return it and say what is missing."
    assert answer.text.count(sentence) == 2, "in the summary, and above the milestones"
    assert ">\r\nHm</textarea>" in answer.text
    assert state_and_confirmed(session, piece) == ("submitted", set())


@pytest.mark.parametrize("links", [[], [MENTOR]], ids=["no milestone", "unprovable milestone"])
def test_evidence_without_provable_milestone_can_only_be_returned(
    session, cast, now, browser_of, bob, piece, links
):
    """The author removed the other links while the evidence was waiting."""
    values = actions.evidence_input(piece)
    alice = cast.actor(session, cast.alice)
    actions.edit(session, piece, values, milestones=links, by=alice, now=now)
    session.commit()
    address = f"/reviews/{piece.id}"
    page = flat(bob.get(address).text)
    assert (
        "not linked to a milestone that evidence of this kind proves, so there is nothing" in page
    )
    assert "Return with comment" in page
    assert ">Verify: " not in page
    for milestones in ([], links, [DESIGN]):
        answer = bob.put(address, review_form(piece, milestones=milestones))
        assert answer.status_code == 422
        assert "Return it, and say which milestone it could prove" in flat(answer.text)
    assert state_and_confirmed(session, piece) == ("submitted", set())
    answer = bob.put(address, review_form(piece, "returned", comment="Link the review of it."))
    assert answer.status_code == 303
    assert state_and_confirmed(session, piece) == ("returned", set())


def test_return_requires_comment(session, bob, piece):
    answer = bob.put(f"/reviews/{piece.id}", review_form(piece, "returned", milestones=[LEVELS]))
    assert answer.status_code == 422
    assert "Say what is missing" in answer.text
    assert " checked" in find_checkbox(answer.text, LEVELS)
    assert " checked" not in find_checkbox(answer.text, DESIGN)
    assert state_and_confirmed(session, piece) == ("submitted", set())
    answer = bob.put(
        f"/reviews/{piece.id}", review_form(piece, "returned", comment="Where is the cost?")
    )
    assert answer.status_code == 303
    assert state_and_confirmed(session, piece) == ("returned", set())
    page = bob.get(f"/reviews/{piece.id}").text
    assert "Bob returned version 1" in page
    assert "Where is the cost?" in page
    assert ">Verify: " not in page


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"decision": "praised"}, "whether to verify or return it"),
        ({"comment": "x" * 5001}, "at most 5,000"),
        ({"milestones": [MENTOR]}, "evidence of this kind cannot prove it"),
        ({"milestones": ["no-such-milestone"]}, "is not linked"),
    ],
    ids=["decision", "long comment", "unprovable milestone", "unknown milestone"],
)
def test_invalid_review_is_rejected(session, bob, piece, fields, message):
    answer = bob.put(f"/reviews/{piece.id}", review_form(piece, **fields))
    assert answer.status_code == 422
    assert message in answer.text
    assert state_and_confirmed(session, piece) == ("submitted", set())


def test_review_of_outdated_version_shows_newer_version(session, cast, now, bob, piece):
    read = piece.current_id
    edit_evidence(session, cast, piece, now, role="Lead of the newer version")
    answer = bob.put(
        f"/reviews/{piece.id}",
        review_form(piece, version_id=str(read), comment="Typed before.", milestones=[LEVELS]),
    )
    assert answer.status_code == 409
    assert "saved a newer version while you read" in answer.text
    assert "Lead of the newer version" in answer.text
    assert "Typed before." in answer.text
    assert " checked" not in find_checkbox(answer.text, DESIGN)
    assert f'value="{piece.current_id}"' in answer.text
    assert state_and_confirmed(session, piece) == ("submitted", set())


def test_conflict_shows_changes_since_version_read(session, cast, now, bob, piece):
    """Changes since the return that the reviewer already read are not repeated."""
    review_evidence(session, cast, piece, now, decision="returned")
    edit_evidence(session, cast, piece, now, role="Lead since the return")
    submit_evidence(session, cast, piece, now)
    read = str(piece.current_id)
    edit_evidence(
        session, cast, piece, now, role="Lead since the return", url="https://example.org/newer",
        title="New title",
    )  # fmt: skip
    sent = review_form(piece, version_id=read, read_title="Feature store design")
    for path, body in (("", sent), ("/taking", {"version_id": read})):
        answer = bob.put(f"/reviews/{piece.id}{path}", body)
        assert answer.status_code == 409
        assert "Changes since version 2, which you were reading" in answer.text
        changed = answer.text.split("Changes since")[1].split("</table>")[0]
        assert "https://example.org/newer" in changed
        assert "Lead since the return" not in changed
        assert ("It was called “Feature store design” before." in answer.text) == (body is sent)
    assert "which was reviewed" in bob.get(f"/reviews/{piece.id}").text


def test_review_of_outdated_title_is_refused(session, cast, now, bob, piece):
    page = bob.get(f"/reviews/{piece.id}").text
    assert 'name="read_title" type="hidden" value="Feature store design"' in page
    edit_evidence(session, cast, piece, now, title="I led the platform")
    sent = review_form(piece, read_title="Feature store design", comment="Typed before.")
    answer = bob.put(f"/reviews/{piece.id}", sent)
    assert answer.status_code == 409
    assert "changed the title while you read: it was “Feature store design”" in answer.text
    assert "Typed before." in answer.text
    assert 'value="I led the platform"' in answer.text
    assert state_and_confirmed(session, piece) == ("submitted", set())
    sent["read_title"] = "I led the platform"
    assert bob.put(f"/reviews/{piece.id}", sent).status_code == 303


def test_text_is_returned_to_reviewer_who_lost_access(session, cast, browser_of, bob, piece):
    """The response does not reveal whether the evidence exists."""
    session.execute(sa.delete(Membership).where(Membership.user_id == cast.alice))
    session.commit()
    assert bob.get(f"/reviews/{piece.id}").status_code == 404
    sent = review_form(piece, "returned", comment="Half a page about <the load test>.\nAnd more.")
    for path in (f"/reviews/{piece.id}", f"/reviews/{uuid.uuid4()}"):
        gone = bob.put(path, sent)
        assert gone.status_code == 404
        assert "Half a page about &lt;the load test&gt;.\nAnd more.</textarea>" in gone.text
        assert "Feature store design" not in gone.text
    gone = bob.post(f"/evidence/{piece.id}/comments", {"text": "A question of mine"})
    assert gone.status_code == 404
    assert "A question of mine</textarea>" in gone.text
    assert "What you wrote" not in bob.get("/reviews/none").text


def test_title_with_line_break_can_be_reviewed(session, bob, piece):
    """Older releases allowed line breaks in titles, and browsers submit them as CRLF."""
    session.execute(sa.update(Evidence).values(title="Feature store\ndesign"))
    session.commit()
    sent = review_form(piece, read_title="Feature store\r\ndesign")
    assert bob.put(f"/reviews/{piece.id}", sent).status_code == 303
    assert state_and_confirmed(session, piece) == ("verified", {DESIGN, LEVELS})


def test_verified_title_is_shown_after_rename(session, cast, now, browser_of, bob, piece):
    review_evidence(session, cast, piece, now)
    alice = browser_of(cast.alice)
    addresses = ((alice, f"/evidence/{piece.id}"), (bob, f"/reviews/{piece.id}"))
    for browser, address in addresses:
        assert "verified it on" not in browser.get(address).text
    edit_evidence(session, cast, piece, now, title="I led the platform")
    for browser, address in addresses:
        page = browser.get(address).text
        assert '<h1 dir="auto">I led the platform</h1>' in page
        assert "Bob verified it on" in page
        assert "as “Feature store design”." in page


@pytest.mark.parametrize(
    "version",
    ["", "nonsense", "0192f0c1-2a3b-7c4d-8e5f-60718293a4b5"],
    ids=["missing", "malformed", "unknown"],
)
def test_review_requires_id_of_current_version(session, bob, piece, version):
    assert (
        bob.put(f"/reviews/{piece.id}", review_form(piece, version_id=version)).status_code == 409
    )
    assert state_and_confirmed(session, piece) == ("submitted", set())


def test_second_of_two_reviewers_is_refused_and_text_is_kept(
    session, cast, now, browser_of, bob, piece
):
    session.add(Membership(team_id=cast.team, user_id=cast.dave, role="manager", created_at=now))
    session.commit()
    sent = review_form(piece, "returned", comment="Not yet.")
    assert browser_of(cast.dave).put(f"/reviews/{piece.id}", sent).status_code == 303
    answer = bob.put(f"/reviews/{piece.id}", review_form(piece, comment="Well done."))
    assert answer.status_code == 409
    assert "Someone reviewed it in the meantime" in answer.text
    box = re.search(r'<textarea[^>]*name="text"[^>]*>\s*([^<]*)<', answer.text)
    assert box.group(1).strip() == "Well done."
    assert answer.text.count("Well done.") == 1
    assert state_and_confirmed(session, piece) == ("returned", set())


@pytest.mark.parametrize("decision", ["verified", "returned"])
def test_review_sent_twice_gets_the_same_response(session, cast, now, bob, piece, decision):
    later = now + dt.timedelta(hours=1)
    other = add_evidence(session, cast, cast.carol, later, title="Talk on embeddings")
    submit_evidence(session, cast, other, later)
    fields = review_form(piece, decision, comment="See below.")
    answers = [bob.put(f"/reviews/{piece.id}", fields) for _ in range(2)]
    assert [each.status_code for each in answers] == [303, 303]
    assert answers[0].location == answers[1].location == f"/reviews/{other.id}#main"
    page = bob.get(answers[1].location).text
    assert ("is verified: 2 of 2" if decision == "verified" else "is returned") in page
    assert len(session.scalars(sa.select(Review)).all()) == 1
    # A different review is still refused.
    fields["comment"] = "See above."
    assert bob.put(f"/reviews/{piece.id}", fields).status_code in (409, 422)


def test_comment_on_already_verified_evidence_is_kept(session, cast, now, bob, piece):
    review_evidence(session, cast, piece, now)
    answer = bob.put(f"/reviews/{piece.id}", review_form(piece, "returned", comment="Not yet."))
    assert answer.status_code == 409
    assert "Not yet.</textarea>" in answer.text.replace("\r\n", "")
    answer = bob.put(f"/reviews/{piece.id}", review_form(piece, comment="Well done."))
    assert answer.status_code == 422
    assert "Well done.</textarea>" in answer.text
    assert "it is in the comment box below" in answer.text


def test_review_redirects_to_next_evidence_in_filtered_queue(session, cast, now, bob, piece):
    later = now + dt.timedelta(hours=1)
    other = add_evidence(session, cast, cast.carol, later, kind="talk", title="Talk on embeddings")
    submit_evidence(session, cast, other, later)
    third = add_evidence(session, cast, cast.alice, later, title="Third")
    submit_evidence(session, cast, third, later + dt.timedelta(hours=1))
    page = bob.get(f"/reviews/{piece.id}").text
    assert f'rel="next" href="/reviews/{other.id}"' in page
    # The next evidence is one that matches the filter.
    query = f"?person={cast.alice}"
    page = bob.get(f"/reviews/{piece.id}{query}").text
    assert f'rel="next" href="/reviews/{third.id}{query}"' in page
    answer = bob.put(f"/reviews/{piece.id}{query}", review_form(piece))
    assert answer.location == f"/reviews/{third.id}{query}#main"


def test_queue_filters_are_kept_in_links_and_redirects(session, cast, now, bob, piece):
    address = f"/reviews/{piece.id}?person={cast.alice}"
    bob.put(address, review_form(piece, milestones=[LEVELS]))
    assert f'href="{address}">Look at it again' in bob.get("/reviews").text
    answer = bob.put(address, review_form(piece, milestones=[DESIGN]))
    assert answer.location == f"{address}#main"


def test_author_link_uses_team_visible_to_reviewer(session, cast, now, browser_of, bob, piece):
    """A manager of the parent team gets a link to the author's team."""
    session.get_one(Team, cast.team).parent_id = cast.other_team
    session.commit()
    person = f"/teams/ranking/people/{cast.alice}"
    dave = browser_of(cast.dave)
    assert f'href="{person}"' in dave.get(f"/reviews/{piece.id}").text
    assert dave.get(person).status_code == 200


def test_started_review_is_shown_to_author(session, cast, browser_of, bob, piece):
    answer = bob.put(f"/reviews/{piece.id}/taking", {"version_id": str(piece.current_id)})
    assert (answer.status_code, answer.location) == (303, f"/reviews/{piece.id}")
    assert state_and_confirmed(session, piece)[0] == "in_review"
    assert "In review by you" in bob.get(f"/reviews/{piece.id}").text
    assert "Bob started the review" in browser_of(cast.alice).get(f"/evidence/{piece.id}").text
    again = bob.put(f"/reviews/{piece.id}/taking", {"version_id": str(piece.current_id)})
    assert again.status_code == 303
    assert bob.put(f"/reviews/{piece.id}", review_form(piece)).status_code == 303


def test_only_its_reviewer_can_stop_a_review(session, cast, now, browser_of, bob, piece):
    session.add(Membership(team_id=cast.team, user_id=cast.dave, role="manager", created_at=now))
    session.commit()
    alice, path = browser_of(cast.alice), f"/reviews/{piece.id}"
    dave = browser_of(cast.dave)
    assert "Stop review" not in bob.get(path).text
    bob.put(f"{path}/taking", {"version_id": str(piece.current_id)})
    assert "Bob is reading it." in alice.get(f"/evidence/{piece.id}").text
    warning = "Bob is reviewing it. If you decide first, their decision will not be recorded."
    assert "Stop review" in bob.get(path).text
    assert warning not in bob.get(path).text
    assert "Stop review" not in dave.get(path).text
    assert warning in dave.get(path).text
    dave.delete(f"{path}/taking")
    assert state_and_confirmed(session, piece)[0] == "in_review"
    answer = bob.delete(f"{path}/taking")
    assert (answer.status_code, answer.location) == (303, path)
    assert state_and_confirmed(session, piece)[0] == "submitted"
    page = alice.get(f"/evidence/{piece.id}").text
    assert "Bob stopped the review" in page
    assert ">Withdraw<" in page.replace("\n", "").replace(" ", "")
    assert bob.delete(f"{path}/taking").status_code == 303


def test_review_of_outdated_version_cannot_be_started(session, cast, now, bob, piece):
    read = str(piece.current_id)
    edit_evidence(session, cast, piece, now, role="Lead")
    assert bob.put(f"/reviews/{piece.id}/taking", {"version_id": read}).status_code == 409
    assert state_and_confirmed(session, piece)[0] == "submitted"


def test_page_shows_changes_since_verified_version(session, cast, now, bob, piece):
    review_evidence(session, cast, piece, now)
    edit_evidence(
        session,
        cast,
        piece,
        now,
        role="Lead",
        description="How features reach *training* and serving alike.\nAnd what it costs.",
        impacts=(LATENCY, Impact("team", "teams served", "1", "6", "teams")),
    )
    page = flat(bob.get(f"/reviews/{piece.id}").text)
    assert "Version 1 is verified and counts until you review this one" in page
    assert "Changes since version 1, which is verified" in page
    changed = page.split("Changes since")[1].split("</details>")[0]
    columns, text = changed.split("</table>")
    assert "Author</td>" in columns
    assert "Lead</td>" in columns
    assert "teams served" in columns
    assert "https://example.org/feature-store" not in changed  # unchanged
    # The description is shown below the table, with insertions and deletions marked.
    assert "colspan" not in columns
    assert "And what it costs.</ins>" in text
    assert "<del>Struck through: only in version 1</del>" in text
    assert "<ins>Underlined: only in version 2</ins>" in text


def test_change_of_description_alone_shows_no_table(session, cast, now, bob, piece):
    review_evidence(session, cast, piece, now)
    edit_evidence(session, cast, piece, now, description="Something else.")
    page = bob.get(f"/reviews/{piece.id}").text
    changed = page.split("Changes since")[1].split("</details>")[0]
    assert "<table" not in changed
    assert "Something else.</ins>" in changed


def test_value_and_unit_are_joined_by_no_break_space(bob, piece):
    page = bob.get(f"/reviews/{piece.id}").text
    assert ">180\N{NO-BREAK SPACE}ms</td>" in page
    assert ">45\N{NO-BREAK SPACE}ms</td>" in page


def test_page_shows_changes_since_returned_version(session, cast, now, bob, piece):
    review_evidence(session, cast, piece, now, decision="returned")
    edit_evidence(session, cast, piece, now, role="Lead")
    submit_evidence(session, cast, piece, now)
    page = bob.get(f"/reviews/{piece.id}").text
    assert "Changes since version 1, which was reviewed" in page
    assert "Read twice." in page


def test_unsubmitted_edit_of_returned_evidence_is_hidden(session, cast, now, bob, piece):
    review_evidence(session, cast, piece, now, decision="returned")
    before = bob.get(f"/reviews/{piece.id}", fragment=True).text
    edit_evidence(session, cast, piece, now, role="Only saved, a canary", description="A canary.")
    after = bob.get(f"/reviews/{piece.id}", fragment=True).text
    assert without_csrf_token(after) == without_csrf_token(before)
    assert "canary" not in bob.get("/reviews?show=judged").text


def test_milestone_linked_later_can_be_confirmed(session, cast, now, bob):
    piece = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN])
    submit_evidence(session, cast, piece, now)
    review_evidence(session, cast, piece, now)
    actions.link(session, piece, LEVELS, by=cast.actor(session, cast.alice), now=now)
    session.commit()
    page = bob.get(f"/reviews/{piece.id}").text
    assert "disabled" in find_checkbox(page, DESIGN)
    assert " checked" in find_checkbox(page, LEVELS)
    assert "Confirm selected" in page
    assert "Return with comment" not in page
    empty = bob.put(f"/reviews/{piece.id}", review_form(piece, milestones=[]))
    assert empty.status_code == 422
    assert "Select at least one milestone to confirm." in empty.text
    answer = bob.put(f"/reviews/{piece.id}", review_form(piece, milestones=[LEVELS]))
    assert (answer.status_code, answer.location) == (303, f"/reviews/{piece.id}#main")
    assert state_and_confirmed(session, piece) == ("verified", {DESIGN, LEVELS})
    assert session.scalar(sa.select(sa.func.count(Review.id))) == 2
    assert "Everything it can prove is confirmed." in bob.get(f"/reviews/{piece.id}").text


def test_manager_cannot_review_own_evidence(session, cast, now, bob):
    own = add_evidence(session, cast, cast.bob, now)
    submit_evidence(session, cast, own, now)
    for answer in (
        bob.get(f"/reviews/{own.id}"),
        bob.put(f"/reviews/{own.id}", review_form(own, milestones=[])),
        bob.put(f"/reviews/{own.id}/taking", {"version_id": str(own.current_id)}),
    ):
        assert answer.status_code == 403
        assert "You cannot review your own evidence." in answer.text
    assert state_and_confirmed(session, own) == ("submitted", set())


def test_former_manager_has_no_access(session, cast, now, bob, piece):
    """A manager of another team gets "not found". A user who manages no team is refused."""
    session.add(
        Membership(team_id=cast.other_team, user_id=cast.bob, role="manager", created_at=now)
    )
    session.execute(
        sa.delete(Membership).where(Membership.user_id == cast.bob, Membership.team_id == cast.team)
    )
    session.commit()
    assert bob.get(f"/reviews/{piece.id}").status_code == 404
    assert bob.put(f"/reviews/{piece.id}", review_form(piece)).status_code == 404
    session.execute(sa.delete(Membership).where(Membership.user_id == cast.bob))
    session.commit()
    assert bob.get(f"/reviews/{piece.id}").status_code == 403
    assert state_and_confirmed(session, piece) == ("submitted", set())


@pytest.mark.parametrize("state", ["draft", "withdrawn", "private", "created private"])
def test_unshared_evidence_looks_like_unknown_id(session, cast, now, bob, state):
    alice = cast.actor(session, cast.alice)
    piece = add_evidence(
        session, cast, cast.alice, now, visibility="private" if state == "private" else "team"
    )
    if state in ("withdrawn", "created private"):
        actions.submit(session, piece, by=alice, now=now)
    if state == "withdrawn":
        actions.withdraw(session, piece, by=alice, now=now)
    if state == "created private":
        actions.edit(session, piece, evidence_input(visibility="private"), by=alice, now=now)
    session.commit()
    missing = uuid.uuid4()
    answers = {without_csrf_token(bob.get(f"/reviews/{one}").text) for one in (piece.id, missing)}
    assert len(answers) == 1
    assert "It is not waiting for your review, or is no longer waiting." in next(iter(answers))
    assert '<a href="/reviews">See the review queue</a>' in next(iter(answers))
    for one in (piece.id, missing):
        assert bob.get(f"/reviews/{one}").status_code == 404
        assert bob.put(f"/reviews/{one}", review_form(piece)).status_code == 404
        sent = {"version_id": str(piece.current_id)}
        assert bob.put(f"/reviews/{one}/taking", sent).status_code == 404


def test_statement_count_does_not_grow_with_versions(app, session, cast, now, bob, piece):
    before = statements_of(app, lambda: bob.get(f"/reviews/{piece.id}"))
    for number in range(3):
        review_evidence(session, cast, piece, now)
        edit_evidence(session, cast, piece, now, role=f"Lead {number}")
    # The comparison with an earlier version needs one more statement, for its impacts.
    assert len(statements_of(app, lambda: bob.get(f"/reviews/{piece.id}"))) <= len(before) + 1


@pytest.mark.parametrize(("who", "status"), [("carol", 403), ("dave", 404), ("mallory", 403)])
def test_unrelated_users_cannot_review(session, cast, browser_of, piece, who, status):
    browser = browser_of(getattr(cast, who))
    assert browser.get(f"/reviews/{piece.id}").status_code == status
    assert browser.put(f"/reviews/{piece.id}", review_form(piece)).status_code == status
    assert state_and_confirmed(session, piece) == ("submitted", set())


def test_page_requires_login(browser_of, piece):
    assert browser_of().get(f"/reviews/{piece.id}").status_code == 303


def test_confirmed_milestone_not_marked_as_done_keeps_warning(session, cast, now, bob, piece):
    review_evidence(session, cast, piece, now)
    session.commit()
    before = bob.get(f"/reviews/{piece.id}").text
    assert "Confirmed for this version by Bob." in before
    assert before.count("has not marked it as done") == 2
    progress.set_status(session, cast.alice, DESIGN, "done", now=now)
    session.commit()
    assert bob.get(f"/reviews/{piece.id}").text.count("has not marked it as done") == 1
