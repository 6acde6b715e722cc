"""/endorsements: a named witness confirms once that a milestone's "done when" was met."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa
import time_machine

from roadmap.catalog.models import Milestone
from roadmap.endorsements import actions
from roadmap.endorsements.models import Endorsement
from roadmap.people.models import User
from roadmap.portfolio.actions import add_all_items, lock_portfolio
from roadmap.portfolio.formats.registry import FORMATS
from roadmap.portfolio.queries import load_document
from tests.evidence.builders import add_evidence, review_evidence, submit_evidence
from tests.support.catalog import enroll
from tests.support.markup import flat

MILESTONE = "experiment-on-second-machine"
PAGE = f"/roadmaps/senior-ml-engineer/milestones/{MILESTONE}"
REQUEST_PAGE = f"/endorsements/new?milestone={MILESTONE}"
ANSWER = {
    "answer": "seen",
    "witness": "Frank Ohara",
    "affiliation": "Staff engineer, Example",
    "statement": "I ran it on mine.",
}


@pytest.fixture
def alice(cast, browser_of, session, now):
    enroll(session, cast.alice, now, "senior-ml-engineer")
    session.commit()
    return browser_of(cast.alice)


@pytest.fixture
def witness(browser_of):
    return browser_of()


def request_endorsement(browser, **fields: str) -> str:
    """Request an endorsement and return the link for the witness."""
    response = browser.post(REQUEST_PAGE, {"asked": "Frank", **fields})
    assert response.status_code == 201
    return re.search(r"/endorsements/by/[\w-]{43}", response.text)[0]


def test_witness_answers_once_and_is_shown_on_milestone(alice, witness, session):
    link = request_endorsement(alice, message="Your laptop, in March.")
    assert link not in alice.get(PAGE).text
    page = witness.get(link)
    for text in (
        "A question from Alice",
        "Your laptop, in March.",
        "Done when, addressed to Alice:",
    ):
        assert text in page.text
    assert page.headers["X-Robots-Tag"].startswith("noindex")
    refused = witness.post(link, {**ANSWER, "answer": "", "witness": ""})
    assert refused.status_code == 422
    assert "Enter your name." in refused.text
    assert "I ran it on mine." in refused.text
    for _again in range(2):
        assert "Thank you" in witness.post(link, ANSWER).text
        assert "Your laptop" not in witness.get(link).text
    witness.post(link, {**ANSWER, "witness": "Mallory"})
    milestone = alice.get(PAGE).text
    assert "Frank Ohara, Staff engineer, Example, saw it" in milestone
    assert "I ran it on mine." in milestone
    assert "Mallory" not in milestone
    assert "answered as a witness" in alice.get("/notifications").text


def test_both_forms_say_where_the_answer_is_shown(alice, witness):
    """A portfolio lists evidence, so it shows endorsements only of milestones with evidence."""
    page = flat(alice.get(REQUEST_PAGE).text)
    assert "readers of that piece in your portfolio, see them next to the piece." in page
    page = flat(witness.get(request_endorsement(alice)).text)
    assert "readers of that piece in a portfolio, see them too." in page


def test_name_repeated_as_affiliation_is_shown_once(alice, witness):
    witness.post(request_endorsement(alice), {**ANSWER, "affiliation": " frank OHARA"})
    assert "Frank Ohara saw it (answered on" in alice.get(PAGE).text


def test_endorsement_does_not_change_readiness(alice, witness, cast):
    before = alice.get("/readiness").text
    witness.post(request_endorsement(alice), ANSWER)
    after = alice.get("/readiness").text
    figures = re.compile(r"\d+\.\d")
    assert figures.findall(before) == figures.findall(after)


def test_user_cannot_be_their_own_witness(alice, session):
    link = request_endorsement(alice)
    assert "You cannot be your own witness." in alice.get(link).text
    assert alice.post(link, ANSWER).status_code == 403
    session.rollback()
    assert session.scalars(sa.select(Endorsement.answer)).all() == [""]


def test_negative_answer_is_hidden_from_reviewer(alice, witness, cast, browser_of, session, now):
    witness.post(request_endorsement(alice), {**ANSWER, "answer": "not_seen"})
    assert "cannot say that they saw it" in alice.get(PAGE).text
    piece = add_evidence(session, cast, cast.alice, now, milestones=[MILESTONE], kind="case_study")
    submit_evidence(session, cast, piece, now)
    session.commit()
    for path in (f"/reviews/{piece.id}", f"/reviews/people/{cast.alice}"):
        assert "Frank Ohara" not in browser_of(cast.bob).get(path).text


def test_review_pages_and_exports_name_the_witness(alice, witness, cast, browser_of, session, now):
    witness.post(request_endorsement(alice), ANSWER)
    piece = add_evidence(session, cast, cast.alice, now, milestones=[MILESTONE], kind="case_study")
    submit_evidence(session, cast, piece, now)
    portfolio = lock_portfolio(session, cast.alice, by=cast.actor(session, cast.alice), now=now)
    add_all_items(session, portfolio, now.date(), now=now)
    session.commit()
    for path in (f"/reviews/{piece.id}", f"/reviews/people/{cast.alice}"):
        assert (
            "Witnessed, not verified, by a link from the author: Frank Ohara, Staff engineer, "
            "Example, saw it"
        ) in flat(browser_of(cast.bob).get(path).text)
    alice.put(f"{PAGE}/completion")
    session.rollback()
    [item] = load_document(session, cast.alice, now.date()).items
    [line] = item.witnessed
    assert line.endswith("“I ran it on mine.”")
    assert "Frank Ohara" in alice.get("/portfolio/preview").text
    markdown = FORMATS["markdown"].render(load_document(session, cast.alice, now.date())).decode()
    assert "Witnessed, not verified" in markdown
    assert "· Witnessed through a link from the author, not verified\n" in markdown


@pytest.mark.parametrize("ended", ["withdrawn", "expired", "deactivated", "cut short"])
def test_invalid_link_is_not_found_and_names_nobody(ended, alice, witness, cast, session, now):
    link = request_endorsement(alice)
    row = session.scalars(sa.select(Endorsement)).one()
    if ended == "withdrawn":
        assert alice.delete(f"/endorsements/{row.id}").location == f"{PAGE}#witnesses"
    elif ended == "deactivated":
        session.get_one(User, cast.alice).deactivated_at = now
        session.commit()
    link = link[:-1] if ended == "cut short" else link
    later = actions.LIFETIME if ended == "expired" else dt.timedelta()
    with time_machine.travel(dt.datetime.now(dt.UTC) + later, tick=False):
        for answer in (witness.get(link), witness.post(link, ANSWER)):
            assert answer.status_code == 404
            assert "Alice" not in answer.text


def test_concurrent_answer_and_withdrawal_do_not_conflict(alice, cast, session, now):
    """Each action applies to the row as changed after it was loaded."""
    for change, write, expected in (
        (
            sa.update(Endorsement).values(answer="seen", witness="Frank", answered_at=now),
            lambda row: actions.delete_endorsement(session, row, now=now),
            True,
        ),
        (
            sa.delete(Endorsement),
            lambda row: actions.record_answer(session, row, "seen", "Frank", now=now),
            False,
        ),
    ):
        request_endorsement(alice)
        session.rollback()
        row = session.scalars(sa.select(Endorsement)).one()
        session.execute(change.execution_options(synchronize_session=False))
        assert write(row) is expected
        session.commit()


def test_endorsement_keeps_milestone_title_of_its_request(alice, witness, session):
    """A later revision of the roadmap does not change the question."""
    link = request_endorsement(alice)
    row = session.scalars(sa.select(Endorsement)).one()
    assert row.title == session.get_one(Milestone, MILESTONE).title
    session.execute(sa.update(Milestone).where(Milestone.key == MILESTONE).values(title="Another"))
    session.commit()
    assert row.title in witness.get(link).text


def test_unknown_milestone_is_not_found(alice):
    assert alice.get("/endorsements/new?milestone=nothing").status_code == 404
    assert alice.post("/endorsements/new", {"asked": "Frank"}).status_code == 404


def test_verified_milestone_is_not_called_unverified(alice, witness, cast, session, now):
    witness.post(request_endorsement(alice), ANSWER)
    piece = add_evidence(session, cast, cast.alice, now, milestones=[MILESTONE], kind="case_study")
    submit_evidence(session, cast, piece, now)
    review_evidence(session, cast, piece, now)
    portfolio = lock_portfolio(session, cast.alice, by=cast.actor(session, cast.alice), now=now)
    add_all_items(session, portfolio, now.date(), now=now)
    session.commit()
    document = load_document(session, cast.alice, now.date())
    markdown = FORMATS["markdown"].render(document).decode()
    assert "Also witnessed" in markdown
    assert "not verified" not in markdown
