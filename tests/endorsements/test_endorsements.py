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

KEY = "experiment-on-second-machine"
PAGE = f"/roadmaps/senior-ml-engineer/milestones/{KEY}"
ASK = f"/endorsements/new?milestone={KEY}"
SAID = {
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


def ask(browser, **typed: str) -> str:
    made = browser.post(ASK, {"asked": "Frank", **typed})
    assert made.status_code == 201
    return re.search(r"/endorsements/by/[\w-]{43}", made.text)[0]


def test_a_witness_answers_once_and_is_printed(alice, witness, session):
    link = ask(alice, message="Your laptop, in March.")
    assert link not in alice.get(PAGE).text
    page = witness.get(link)
    for said in ("A question from Alice", "Your laptop, in March.", "Done when:"):
        assert said in page.text
    assert page.headers["X-Robots-Tag"].startswith("noindex")
    refused = witness.post(link, {**SAID, "answer": "", "witness": ""})
    assert refused.status_code == 422
    assert "Enter your name." in refused.text
    assert "I ran it on mine." in refused.text
    for _again in range(2):
        assert "Thank you" in witness.post(link, SAID).text
        assert "Your laptop" not in witness.get(link).text
    witness.post(link, {**SAID, "witness": "Mallory"})
    mine = alice.get(PAGE).text
    assert "Frank Ohara, Staff engineer, Example, saw it" in mine
    assert "I ran it on mine." in mine
    assert "Mallory" not in mine
    assert "answered as a witness" in alice.get("/notifications").text


def test_both_sides_read_where_the_answer_is_printed(alice, witness):
    """A portfolio shows pieces, so it shows nothing of a milestone without one."""
    asking = flat(alice.get(ASK).text)
    assert "who reads it in your portfolio, sees them beside that piece." in asking
    page = flat(witness.get(ask(alice)).text)
    assert "who reads that piece in a portfolio, sees them there too." in page


def test_a_name_that_was_entered_as_the_role_too_is_printed_once(alice, witness):
    witness.post(ask(alice), {**SAID, "affiliation": " frank OHARA"})
    assert "Frank Ohara saw it on" in alice.get(PAGE).text


def test_it_changes_no_score_and_no_status(alice, witness, cast):
    before = alice.get("/readiness").text
    witness.post(ask(alice), SAID)
    after = alice.get("/readiness").text
    figures = re.compile(r"\d+\.\d")
    assert figures.findall(before) == figures.findall(after)


def test_nobody_is_their_own_witness(alice, session):
    link = ask(alice)
    assert "You cannot be your own." in alice.get(link).text
    assert alice.post(link, SAID).status_code == 403
    session.rollback()
    assert session.scalars(sa.select(Endorsement.answer)).all() == [""]


def test_who_did_not_see_it_is_shown_to_nobody_else(alice, witness, cast, browser_of, session, now):
    witness.post(ask(alice), {**SAID, "answer": "not_seen"})
    assert "cannot say that they saw it" in alice.get(PAGE).text
    piece = add_evidence(session, cast, cast.alice, now, milestones=[KEY], kind="case_study")
    submit_evidence(session, cast, piece, now)
    session.commit()
    assert "Frank Ohara" not in browser_of(cast.bob).get(f"/reviews/{piece.id}").text


def test_the_reviewer_and_every_export_name_the_witness(
    alice, witness, cast, browser_of, session, now
):
    witness.post(ask(alice), SAID)
    piece = add_evidence(session, cast, cast.alice, now, milestones=[KEY], kind="case_study")
    submit_evidence(session, cast, piece, now)
    mine = lock_portfolio(session, cast.alice, by=cast.actor(session, cast.alice), now=now)
    add_all_items(session, mine, now.date(), now=now)
    session.commit()
    assert "Frank Ohara, Staff engineer, Example, saw it" in (
        browser_of(cast.bob).get(f"/reviews/{piece.id}").text
    )
    alice.put(f"{PAGE}/completion")
    session.rollback()
    [item] = load_document(session, cast.alice, now.date()).items
    [line] = item.witnessed
    assert line.endswith("“I ran it on mine.”")
    assert "Frank Ohara" in alice.get("/portfolio/preview").text
    markdown = FORMATS["markdown"].render(load_document(session, cast.alice, now.date())).decode()
    assert "Witnessed, not verified" in markdown


@pytest.mark.parametrize("ended", ["withdrawn", "expired", "deactivated", "cut short"])
def test_a_link_that_no_longer_works_says_nothing(ended, alice, witness, cast, session, now):
    link = ask(alice)
    row = session.scalars(sa.select(Endorsement)).one()
    if ended == "withdrawn":
        assert alice.delete(f"/endorsements/{row.id}").location == f"{PAGE}#witnesses"
    elif ended == "deactivated":
        session.get_one(User, cast.alice).deactivated_at = now
        session.commit()
    link = link[:-1] if ended == "cut short" else link
    later = actions.LIFETIME if ended == "expired" else dt.timedelta()
    with time_machine.travel(dt.datetime.now(dt.UTC) + later, tick=False):
        for answer in (witness.get(link), witness.post(link, SAID)):
            assert answer.status_code == 404
            assert "Alice" not in answer.text


def test_an_answer_and_a_withdrawal_at_the_same_moment(alice, cast, session, now):
    """Each is done as the other left it, although it was loaded before."""
    for change, write, done in (
        (
            sa.update(Endorsement).values(answer="seen", witness="Frank", answered_at=now),
            lambda row: actions.delete_endorsement(session, row, by=cast.alice, now=now),
            True,
        ),
        (
            sa.delete(Endorsement),
            lambda row: actions.record_answer(session, row, "seen", "Frank", now=now),
            False,
        ),
    ):
        ask(alice)
        session.rollback()
        row = session.scalars(sa.select(Endorsement)).one()
        session.execute(change.execution_options(synchronize_session=False))
        assert write(row) is done
        session.commit()


def test_what_was_witnessed_keeps_its_words(alice, witness, session):
    """A later revision of the roadmap changes nothing in what was said."""
    link = ask(alice)
    row = session.scalars(sa.select(Endorsement)).one()
    assert row.title == session.get_one(Milestone, KEY).title
    session.execute(sa.update(Milestone).where(Milestone.key == KEY).values(title="Another"))
    session.commit()
    assert row.title in witness.get(link).text


def test_a_milestone_of_no_own_roadmap_is_not_found(alice):
    assert alice.get("/endorsements/new?milestone=nothing").status_code == 404
    assert alice.post("/endorsements/new", {"asked": "Frank"}).status_code == 404


def test_a_milestone_is_not_called_verified_and_unverified_at_once(
    alice, witness, cast, session, now
):
    witness.post(ask(alice), SAID)
    piece = add_evidence(session, cast, cast.alice, now, milestones=[KEY], kind="case_study")
    submit_evidence(session, cast, piece, now)
    review_evidence(session, cast, piece, now)
    mine = lock_portfolio(session, cast.alice, by=cast.actor(session, cast.alice), now=now)
    add_all_items(session, mine, now.date(), now=now)
    session.commit()
    document = load_document(session, cast.alice, now.date())
    markdown = FORMATS["markdown"].render(document).decode()
    assert "Also witnessed" in markdown
    assert "not verified" not in markdown
