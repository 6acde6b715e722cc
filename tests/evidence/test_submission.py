"""PUT and DELETE /evidence/<id>/submission, and the actions on the evidence page."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from roadmap.core.dates import PartialDate
from roadmap.evidence import actions, labels, review_actions
from roadmap.evidence.models import Evidence
from roadmap.people import actions as people
from roadmap.people.models import Membership, Team, User
from tests.evidence.builders import (
    DESIGN,
    LEVELS,
    MENTOR,
    add_evidence,
    evidence_input,
    review_evidence,
    submit_evidence,
)
from tests.evidence.form_data import form_fields
from tests.support.api_client import ApiClient
from tests.support.markup import flat


@pytest.fixture
def api_client_of(app):
    return lambda person: ApiClient.of(app, person)


@pytest.fixture
def piece(session, cast, now):
    return add_evidence(session, cast, cast.alice, now, milestones=[DESIGN], visibility="team")


def state_and_visibility(session, piece_id):
    """Return state and visibility as stored in the database."""
    session.rollback()
    return session.execute(
        sa.select(Evidence.state, Evidence.visibility).where(Evidence.id == piece_id)
    ).one()


def test_evidence_is_submitted_and_withdrawn(session, cast, browser_of, piece):
    alice, address = browser_of(cast.alice), f"/evidence/{piece.id}"
    assert "Ask Bob to review" in alice.get(address).text
    answer = alice.put(f"{address}/submission")
    assert (answer.status_code, answer.location) == (303, f"{address}#main")
    assert state_and_visibility(session, piece.id) == ("submitted", "team")
    page = alice.get(address).text
    assert "is now waiting for Bob" in page
    assert "Version 1 submitted for review" in page
    assert alice.put(f"{address}/submission").status_code == 303
    assert alice.delete(f"{address}/submission").status_code == 303
    assert state_and_visibility(session, piece.id) == ("draft", "team")
    assert "is withdrawn and a draft again" in alice.get(address).text


def test_plain_form_submits_and_withdraws(session, cast, browser_of, piece):
    alice = browser_of(cast.alice)
    alice.post(f"/evidence/{piece.id}/submission?_method=PUT")
    assert state_and_visibility(session, piece.id).state == "submitted"
    alice.post(f"/evidence/{piece.id}/submission?_method=DELETE")
    assert state_and_visibility(session, piece.id).state == "draft"


def test_private_evidence_must_be_shared_to_be_submitted(session, cast, now, browser_of):
    piece = add_evidence(session, cast, cast.alice, now, visibility="private")
    alice, address = browser_of(cast.alice), f"/evidence/{piece.id}"
    page = alice.get(address).text
    assert "It is private, and private evidence is not reviewed." in page
    assert "Share with Bob and ask for a review" in page
    refused = alice.put(f"{address}/submission")
    assert refused.status_code == 409
    assert "It is not reviewed while it is private." in refused.text
    assert state_and_visibility(session, piece.id) == ("draft", "private")
    alice.put(f"{address}/submission", {"visibility": "team"})
    assert state_and_visibility(session, piece.id) == ("submitted", "team")


def test_private_draft_says_verified_version_still_counts(session, cast, now, browser_of, piece):
    submit_evidence(session, cast, piece, now)
    review_evidence(session, cast, piece, now)
    alice = browser_of(cast.alice)
    sent = form_fields(visibility="private", role="Lead", milestones=piece.milestone_keys)
    alice.put(f"/evidence/{piece.id}", {**sent, "revision": piece.revision})
    page = flat(alice.get(f"/evidence/{piece.id}").text)
    reason = "so version 1 counts only for you, and version 2 is not reviewed."
    assert f"It is private, {reason} Share it first" in page
    assert "never reviewed" not in page


LINK_FIRST = "Before you ask for a review, link it to a milestone that evidence of this kind proves"


@pytest.mark.parametrize("links", [[], [MENTOR]], ids=["no milestone", "unprovable milestone"])
@pytest.mark.parametrize("visibility", ["team", "private"])
def test_submission_requires_provable_milestone(session, cast, now, browser_of, visibility, links):
    piece = add_evidence(session, cast, cast.alice, now, visibility=visibility, milestones=links)
    alice, address = browser_of(cast.alice), f"/evidence/{piece.id}"
    page = flat(alice.get(address).text)
    assert LINK_FIRST in page
    assert f'<a href="{address}/edit#q">Link a milestone</a>' in page
    assert "Ask Bob to review" not in page
    assert "and ask for a review</button>" not in page
    refused = alice.put(f"{address}/submission", {"visibility": "team"})
    assert refused.status_code == 409
    assert "Link it to a milestone that evidence of this kind proves" in flat(refused.text)
    assert f"<dd>{visibility.capitalize()}</dd>" in flat(refused.text)
    assert state_and_visibility(session, piece.id) == ("draft", visibility)
    actions.link(session, piece, DESIGN, by=cast.actor(session, cast.alice), now=now)
    session.commit()
    assert LINK_FIRST not in flat(alice.get(address).text)
    assert alice.put(f"{address}/submission", {"visibility": "team"}).status_code == 303
    assert state_and_visibility(session, piece.id) == ("submitted", "team")


@pytest.mark.parametrize(
    "change",
    [{"milestones": []}, {"milestones": [MENTOR]}, {"kind": "talk"}],
    ids=["no milestone", "unprovable milestone", "other kind"],
)
def test_submitted_evidence_stays_submitted_when_it_proves_nothing(
    session, cast, now, browser_of, piece, change
):
    submit_evidence(session, cast, piece, now)
    alice, address = browser_of(cast.alice), f"/evidence/{piece.id}"
    sent = {"visibility": "team", "milestones": [DESIGN], "revision": piece.revision, **change}
    assert alice.put(address, form_fields(**sent)).status_code == 303
    assert state_and_visibility(session, piece.id) == ("submitted", "team")
    page = flat(alice.get(address).text)
    assert "proves, so a reviewer can only return it." in page
    assert f'<a href="{address}/edit#q">Link a milestone</a>' in page
    assert alice.put(f"{address}/submission").status_code == 303


def test_edit_of_verified_evidence_is_draft_if_it_proves_nothing(
    session, cast, now, browser_of, piece
):
    submit_evidence(session, cast, piece, now)
    review_evidence(session, cast, piece, now)
    alice, address = browser_of(cast.alice), f"/evidence/{piece.id}"
    sent = form_fields(kind="talk", visibility="team", milestones=DESIGN, revision=piece.revision)
    assert alice.put(address, sent).status_code == 303
    assert state_and_visibility(session, piece.id) == ("draft", "team")
    page = flat(alice.get(address).text)
    assert "Version 2 is not submitted. Version 1 counts until a newer one is reviewed." in page
    assert LINK_FIRST in page


def test_submission_changes_visibility_of_private_evidence_only(session, cast, browser_of, piece):
    browser_of(cast.alice).put(f"/evidence/{piece.id}/submission", {"visibility": "portfolio"})
    assert state_and_visibility(session, piece.id) == ("submitted", "team")


def test_page_says_when_no_manager_can_review(session, cast, now, browser_of):
    piece = add_evidence(session, cast, cast.mallory, now)
    mallory = browser_of(cast.mallory)
    assert "You are not in a team with a manager" in mallory.get(f"/evidence/{piece.id}").text
    mallory.put(f"/evidence/{piece.id}/submission")
    assert "no one sees it" in mallory.get(f"/evidence/{piece.id}").text


@pytest.mark.parametrize("visibility", ["team", "private"])
def test_submission_in_team_without_manager_shares_with_mentor(
    session, cast, now, browser_of, visibility
):
    """It can be withdrawn, and the first manager of the team finds it in the queue."""
    piece = add_evidence(session, cast, cast.alice, now, visibility=visibility)
    people.change_role(
        session, session.get(Team, cast.team), cast.bob, "mentor", by=cast.erin, now=now
    )
    session.commit()
    alice, bob, address = browser_of(cast.alice), browser_of(cast.bob), f"/evidence/{piece.id}"
    assert bob.get(f"/reviews/{piece.id}").status_code == 404
    page = flat(alice.get(address).text)
    assert "<button" in page.partition("Share with Bob for comments</button>")[0][-40:]
    alice.put(f"{address}/submission", {"visibility": "team"})
    assert state_and_visibility(session, piece.id) == ("submitted", "team")
    page = flat(alice.get(address).text)
    assert "is now shared with Bob for comments. It cannot be verified until" in page
    assert "Shared with Bob for comments. Cairn does not notify them" in page
    assert "You are not in a team with a manager, so no one can review it." in page
    assert "waiting for a manager" not in page
    assert "Withdraw</button>" in page
    assert "Your managers and mentors see it." in page

    assert piece.title in bob.get(f"/reviews/{piece.id}").text
    assert f'href="/reviews/{piece.id}' in bob.get("/search", query_string={"q": piece.title}).text
    assert bob.post(f"{address}/comments", {"text": "Which baseline?"}).status_code == 303
    assert "Which baseline?" in alice.get(address).text

    team = session.get(Team, cast.team)
    people.add_member(session, team, cast.dave, "manager", by=cast.erin, now=now)
    session.commit()
    assert f"/reviews/{piece.id}" in browser_of(cast.dave).get("/reviews").text
    assert "Asked: Dave." in alice.get(address).text


def test_review_request_names_all_managers(session, cast, now, browser_of, piece):
    session.add(Membership(team_id=cast.team, user_id=cast.dave, role="manager", created_at=now))
    session.commit()
    assert "Ask Bob and Dave to review" in browser_of(cast.alice).get(f"/evidence/{piece.id}").text


def test_evidence_in_review_cannot_be_withdrawn(session, cast, now, browser_of, piece):
    submit_evidence(session, cast, piece, now)
    bob = cast.actor(session, cast.bob)
    review_actions.begin_review(session, piece, version_id=piece.current_id, by=bob, now=now)
    session.commit()
    alice = browser_of(cast.alice)
    page = alice.get(f"/evidence/{piece.id}").text
    assert "In review" in page
    assert "Bob started the review" in page
    assert "Withdraw" not in page
    answer = alice.delete(f"/evidence/{piece.id}/submission")
    assert answer.status_code == 409
    assert "cannot be withdrawn now" in answer.text


def test_verified_version_cannot_be_submitted(session, cast, now, browser_of, piece):
    submit_evidence(session, cast, piece, now)
    review_evidence(session, cast, piece, now)
    assert browser_of(cast.alice).put(f"/evidence/{piece.id}/submission").status_code == 409
    assert state_and_visibility(session, piece.id).state == "verified"


def test_verified_private_evidence_can_be_shared_again(session, cast, now, browser_of, piece):
    submit_evidence(session, cast, piece, now)
    review_evidence(session, cast, piece, now)
    alice, address = browser_of(cast.alice), f"/evidence/{piece.id}"
    private = form_fields(visibility="private", milestones=DESIGN, revision=piece.revision)
    assert alice.put(address, private).status_code == 303
    assert state_and_visibility(session, piece.id) == ("verified", "private")
    answer = alice.put(f"{address}/submission", {"visibility": "team"})
    assert (answer.status_code, answer.location) == (303, f"{address}#main")
    assert state_and_visibility(session, piece.id) == ("verified", "team")
    assert "is now shared. It was already reviewed" in alice.get(address).text


def test_page_says_which_version_awaits_review_and_which_counts(
    session, cast, now, browser_of, piece
):
    submit_evidence(session, cast, piece, now)
    review_evidence(session, cast, piece, now)
    alice, address = browser_of(cast.alice), f"/evidence/{piece.id}"
    sent = form_fields(role="Lead", visibility="team", milestones=DESIGN, revision=piece.revision)
    assert alice.put(address, sent).status_code == 303
    page = alice.get(address).text
    assert "Version 2 is waiting for a review; version 1 counts until it is reviewed." in page
    assert "Version 2 is waiting for review. Meanwhile version 1 counts." in page
    assert "Version 2 saved, waiting for review" in page


def test_managers_see_verified_version_after_edit_is_withdrawn(
    session, cast, now, browser_of, api_client_of, piece
):
    """All pages and the API return to managers exactly what they did before the edit."""
    submit_evidence(session, cast, piece, now)
    review_evidence(session, cast, piece, now)
    bob, alice, address = browser_of(cast.bob), browser_of(cast.alice), f"/evidence/{piece.id}"
    person = f"/teams/ranking/people/{cast.alice}"
    pages = [f"/reviews/{piece.id}", "/reviews?show=judged", person, "/teams/ranking"]

    def seen_by_bob() -> list[str]:
        texts = [bob.get(page).text for page in pages]
        matrix = api_client_of(cast.bob).get("/teams/ranking/matrix").text
        token = r'(name="csrf_token" value=|"X-CSRFToken": )"[^"]*"'
        return [re.sub(token, "", text) for text in (*texts, matrix)]

    before = seen_by_bob()
    assert "Feature store design" in before[0]
    sent = form_fields(role="Lead", visibility="team", milestones=DESIGN, revision=piece.revision)
    assert alice.put(address, sent).status_code == 303
    assert seen_by_bob() != before
    page = flat(alice.get(address).text)
    assert "If you withdraw it, version 1 stays verified" in page
    assert alice.delete(f"{address}/submission").status_code == 303
    page = flat(alice.get(address).text)
    assert "is withdrawn; the verified one counts." in page
    assert "only see version 1." in page
    assert seen_by_bob() == before
    # Further edits of the draft are hidden until it is submitted again.
    session.expire_all()
    sent = form_fields(role="Unsent", visibility="team", milestones=DESIGN, revision=piece.revision)
    assert alice.put(address, sent).status_code == 303
    assert seen_by_bob() == before
    assert alice.put(f"{address}/submission").status_code == 303
    assert "Unsent" in bob.get(f"/reviews/{piece.id}").text


@pytest.mark.parametrize("decision", ["returned", "verified"])
def test_review_of_withdrawn_version_is_refused_and_comment_kept(
    session, cast, now, browser_of, piece, decision
):
    submit_evidence(session, cast, piece, now)
    review_evidence(session, cast, piece, now)
    alice = cast.actor(session, cast.alice)
    edited = evidence_input(role="Lead", visibility="team")
    actions.edit(session, piece, edited, by=alice, now=now)
    read = str(piece.current_id)
    session.commit()
    assert browser_of(cast.alice).delete(f"/evidence/{piece.id}/submission").status_code == 303
    sent = {
        "decision": decision,
        "basis": "artefact",
        "version_id": read,
        "comment": "Name the load.",
        "milestones": [],
    }
    answer = browser_of(cast.bob).put(f"/reviews/{piece.id}", sent)
    assert answer.status_code == 409
    page = flat(answer.text)
    assert "Its author withdrew this version from review while you read." in page
    assert "in the meantime" not in page
    # The comment is shown once, read-only, so that it is not submitted for another version.
    assert page.count("Name the load.") == 1
    assert re.search(r"<textarea[^>]* readonly[^>]*>\s*Name the load.</textarea>", answer.text)


def test_verified_version_can_be_confirmed_after_edit_is_withdrawn(
    session, cast, now, browser_of, piece
):
    submit_evidence(session, cast, piece, now)
    review_evidence(session, cast, piece, now)
    alice = cast.actor(session, cast.alice)
    edited = evidence_input(kind="talk", visibility="team")
    actions.edit(session, piece, edited, milestones=[DESIGN, LEVELS], by=alice, now=now)
    if piece.state != "draft":
        actions.withdraw(session, piece, by=alice, now=now)
    session.commit()
    verified = piece.verified_version_id
    sent = {"basis": "artefact", "version_id": str(verified), "milestones": LEVELS}
    assert browser_of(cast.bob).put(f"/reviews/{piece.id}", sent).status_code == 303
    session.expire_all()
    assert (piece.state, piece.verified_version_id) == ("draft", verified)
    assert review_actions.confirmed_keys(session, verified) == {DESIGN, LEVELS}


def test_evidence_is_hidden_after_edit_and_verification_are_withdrawn(
    session, cast, now, browser_of, piece
):
    submit_evidence(session, cast, piece, now)
    review = review_evidence(session, cast, piece, now)
    alice = cast.actor(session, cast.alice)
    edited = evidence_input(role="Lead", visibility="team")
    actions.edit(session, piece, edited, by=alice, now=now)
    actions.withdraw(session, piece, by=alice, now=now)
    session.commit()
    bob = browser_of(cast.bob)
    answer = bob.delete(f"/reviews/{piece.id}", {"review_id": str(review.id), "reason": "Not yet."})
    assert (answer.status_code, answer.location) == (303, "/reviews")
    assert "Its author withdrew" in bob.get("/reviews").text
    assert bob.get(f"/reviews/{piece.id}").status_code == 404


def test_edit_form_warns_about_making_verified_evidence_private(
    session, cast, now, browser_of, piece
):
    alice, address = browser_of(cast.alice), f"/evidence/{piece.id}"
    assert "If you make it private" not in alice.get(f"{address}/edit").text
    submit_evidence(session, cast, piece, now)
    review_evidence(session, cast, piece, now)
    assert "no longer counts in what they see of you" in flat(alice.get(f"{address}/edit").text)
    private = form_fields(visibility="private", milestones=DESIGN, revision=piece.revision)
    assert alice.put(address, private).status_code == 303
    assert "it can never become verified" not in alice.get(address).text


def test_page_says_later_link_can_be_confirmed_without_edit(session, cast, now, browser_of, piece):
    submit_evidence(session, cast, piece, now)
    review_evidence(session, cast, piece, now)
    alice = cast.actor(session, cast.alice)
    actions.link(session, piece, LEVELS, by=alice, now=now + dt.timedelta(minutes=1))
    session.commit()
    page = browser_of(cast.alice).get(f"/evidence/{piece.id}").text
    assert "linked later, not confirmed" in page
    assert "Bob can confirm the rest of this version without a new edit" in page


def test_returned_evidence_is_resubmitted_after_edit(session, cast, now, browser_of, piece):
    submit_evidence(session, cast, piece, now)
    review_evidence(session, cast, piece, now, decision="returned")
    alice, address = browser_of(cast.alice), f"/evidence/{piece.id}"
    actions.edit(
        session,
        piece,
        evidence_input(role="Lead", visibility="team"),
        by=cast.actor(session, cast.alice),
        now=now,
    )
    session.commit()
    assert "Ask Bob again" in alice.get(address).text
    alice.put(f"{address}/submission")
    assert "Version 2 submitted for review" in alice.get(address).text


def test_author_is_reminded_of_returned_evidence(session, cast, now, browser_of, piece):
    alice = browser_of(cast.alice)
    alice.post("/roadmaps/senior-ml-engineer/enrollment", {"hours_per_week": "5"})
    submit_evidence(session, cast, piece, now)
    returned = "1 piece was returned:"
    assert returned not in alice.get("/").text
    review_evidence(session, cast, piece, now, decision="returned")
    for path in ("/", "/readiness"):
        page = flat(alice.get(path).text)
        assert f'{returned}<a href="/evidence/{piece.id}">' in page
    top = alice.get(f"/evidence/{piece.id}").text.partition('class="split"')[0]
    assert "Bob returned it and wrote:" in top
    assert "Read twice." in top
    alice.put(f"/evidence/{piece.id}/submission")
    assert returned not in alice.get("/").text


def test_returned_evidence_suggests_edit_before_resubmission(session, cast, now, browser_of, piece):
    submit_evidence(session, cast, piece, now)
    review_evidence(session, cast, piece, now, decision="returned")
    alice, address = browser_of(cast.alice), f"/evidence/{piece.id}"
    page = flat(alice.get(address).text)
    assert (
        f'<a class="button" href="{address}/edit" aria-keyshortcuts="e">Edit</a>' in page
    )  # the one primary action
    assert "Once you have saved a change, you can ask again here." in page
    # Resubmitting without an edit is only offered in a folded section.
    again = page.split("<summary>Nothing to change here?</summary>")[1].split("</details>")[0]
    assert "Ask Bob again" in again
    assert page.count("Ask Bob again") == 1
    values = evidence_input(title="Feature store, with its costs", visibility="team")
    by, later = cast.actor(session, cast.alice), now + dt.timedelta(minutes=1)
    actions.edit(session, piece, values, by=by, now=later)
    session.commit()
    page = flat(alice.get(address).text)
    assert "Nothing to change here?" not in page
    assert (
        f'<a class="button secondary" href="{address}/edit" aria-keyshortcuts="e">Edit</a>' in page
    )
    assert "Ask Bob again" in page


def test_submission_requires_login(browser_of, piece):
    assert browser_of().put(f"/evidence/{piece.id}/submission").status_code in (303, 401)


@pytest.mark.parametrize(("who", "status"), [("bob", 403), ("carol", 404), ("dave", 404)])
def test_other_users_cannot_submit_or_withdraw(session, cast, now, browser_of, piece, who, status):
    submit_evidence(session, cast, piece, now)
    browser = browser_of(getattr(cast, who))
    for method in ("PUT", "DELETE"):
        assert browser.send(method, f"/evidence/{piece.id}/submission").status_code == status
    assert state_and_visibility(session, piece.id).state == "submitted"


# Reviews started by a reviewer who is gone


def start_review(session, cast, piece, now, who):
    started = review_actions.begin_review(
        session, piece, version_id=piece.current_id, by=cast.actor(session, who), now=now
    )
    session.commit()
    return started


def remove_bob(session, cast, now):
    people.remove_member(session, session.get_one(Team, cast.team), cast.bob, by=cast.bob, now=now)


def demote_bob(session, cast, now):
    team = session.get_one(Team, cast.team)
    people.add_member(session, team, cast.bob, "member", by=cast.erin, now=now)


def deactivate_bob(session, cast, now):
    session.execute(sa.update(User).where(User.id == cast.bob).values(deactivated_at=now))


@pytest.mark.parametrize("leave", [remove_bob, demote_bob, deactivate_bob])
def test_evidence_can_be_withdrawn_after_reviewer_is_gone(
    session, cast, now, browser_of, api_client_of, piece, leave
):
    submit_evidence(session, cast, piece, now)
    assert start_review(session, cast, piece, now, cast.bob)
    alice, address = browser_of(cast.alice), f"/evidence/{piece.id}"
    assert alice.delete(f"{address}/submission").status_code == 409
    assert api_client_of(cast.alice).delete(f"/me{address}/submission").status_code == 409
    leave(session, cast, now)
    session.commit()
    page = alice.get(address).text
    assert "A reviewer is reading it" not in page
    assert "The reviewer who started no longer manages any of your teams" in page
    assert "Withdraw" in page
    assert alice.delete(f"{address}/submission").status_code == 303
    assert state_and_visibility(session, piece.id).state == "draft"
    assert alice.delete(f"{address}/submission").status_code == 303


def test_another_manager_can_start_review_after_reviewer_left(
    session, cast, now, browser_of, piece
):
    submit_evidence(session, cast, piece, now)
    start_review(session, cast, piece, now, cast.bob)
    team = session.get_one(Team, cast.team)
    people.add_member(session, team, cast.carol, "manager", by=cast.erin, now=now)
    session.commit()
    alice, carol = browser_of(cast.alice), browser_of(cast.carol)
    assert "In review by Bob" in carol.get(f"/reviews/{piece.id}").text
    remove_bob(session, cast, now)
    session.commit()
    page = carol.get(f"/reviews/{piece.id}").text
    assert "In review by" not in page
    assert "Start review" in page
    assert "Carol can review it" in alice.get(f"/evidence/{piece.id}").text
    taken = carol.put(f"/reviews/{piece.id}/taking", {"version_id": str(piece.current_id)})
    assert taken.status_code == 303
    assert "In review by you" in carol.get(f"/reviews/{piece.id}").text
    assert alice.delete(f"/evidence/{piece.id}/submission").status_code == 409
    assert not start_review(session, cast, piece, now, cast.carol)


def test_date_made_future_by_timezone_change_blocks_submission(session, cast, now, browser_of):
    ahead = now.astimezone(ZoneInfo("Pacific/Kiritimati")).date()
    session.execute(
        sa.update(User).where(User.id == cast.alice).values(timezone="Pacific/Kiritimati")
    )
    actor = replace(cast.actor(session, cast.alice), timezone="Pacific/Kiritimati")
    piece = actions.create(
        session,
        cast.alice,
        evidence_input(visibility="private", occurred_on=PartialDate(ahead)),
        by=actor,
        now=now,
    )
    session.execute(
        sa.update(User).where(User.id == cast.alice).values(timezone="Pacific/Honolulu")
    )
    session.commit()
    answer = browser_of(cast.alice).put(f"/evidence/{piece.id}/submission", {"visibility": "team"})
    assert answer.status_code == 422
    assert str(labels.ERROR_MESSAGES["date_in_future"]) in answer.text
    assert state_and_visibility(session, piece.id) == ("draft", "private")


def test_page_says_when_return_has_no_comment(cast, browser_of, api_client_of, session, now, piece):
    """The API accepts a return without a comment."""
    submit_evidence(session, cast, piece, now)
    alice, address = browser_of(cast.alice), f"/evidence/{piece.id}"
    judged = api_client_of(cast.bob).put(f"/reviews/{piece.id}", {"decision": "returned"})
    assert judged.status_code == 200
    page = alice.get(address).text
    assert "without a comment" in page
    assert "comment says which" not in page
    alice.put(f"{address}/submission")
    body = {"decision": "returned", "comment": "The load test is missing."}
    api_client_of(cast.bob).put(f"/reviews/{piece.id}", body)
    assert "comment says which" in alice.get(address).text
