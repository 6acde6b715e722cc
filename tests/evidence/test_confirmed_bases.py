"""Each confirmation shows the basis of the review that gave it."""

from __future__ import annotations

import datetime as dt
import html
import io
import zipfile

import pytest

from roadmap.catalog.models import Milestone
from roadmap.evidence import review_actions
from tests.evidence.builders import DESIGN, LEVELS, add_evidence, submit_evidence
from tests.portfolio.evidence_rows import choose
from tests.support.api_client import ApiClient
from tests.support.markup import flat

REFEREE, ARTEFACT = "Bob (on a referee's word)", "Bob (judged from the artefact)"


@pytest.fixture
def confirm(session, cast, now, browser_of):
    """Return a function by which Bob confirms a milestone of evidence in Alice's portfolio."""
    piece = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN, LEVELS])
    submit_evidence(session, cast, piece, now)
    choose(session, piece)
    session.commit()

    def confirm(key, basis, at=now):
        review_actions.decide(
            session, piece, "verified", milestones=[key], basis=basis,
            version_id=piece.current_id, by=cast.actor(session, cast.bob), now=at,
        )  # fmt: skip
        session.commit()
        return piece

    enroll = "/roadmaps/senior-ml-engineer/enrollment?_method=PUT"
    browser_of(cast.alice).post(enroll, {"started_on": "2026-01-05"})
    return confirm


def test_milestones_confirmed_separately_show_separate_bases(
    app, session, cast, now, browser_of, confirm
):
    confirm(DESIGN, "referee")
    piece = confirm(LEVELS, "artefact", now + dt.timedelta(days=40))
    alice = browser_of(cast.alice)
    design, levels = (session.get(Milestone, key).title for key in (DESIGN, LEVELS))

    page = html.unescape(flat(alice.get(f"/evidence/{piece.id}").text))
    assert "Bob confirmed this version." in page
    assert f"confirmed by {REFEREE}" in page
    assert f"confirmed by {ARTEFACT}" in page

    archive = zipfile.ZipFile(io.BytesIO(alice.get("/portfolio/export/site").data))
    for text in (
        alice.get("/portfolio/preview").text,
        alice.get("/portfolio/export/markdown").text.replace("\\", ""),
        alice.get("/portfolio/export/json-resume").text,
        archive.read(f"pieces/{piece.id}.html").decode(),
    ):
        text = html.unescape(flat(text))
        assert f"{design}, by {REFEREE} on" in text
        assert f"{levels}, by {ARTEFACT} on" in text
        assert f"Verified by {ARTEFACT}" not in text
        assert "Verified by Bob" in text

    body = ApiClient.of(app, cast.alice, "read").get(f"/me/evidence/{piece.id}").get_json()
    assert body["confirmed_by"] == {
        DESIGN: {"by": "Bob", "by_token": False, "basis": "referee"},
        LEVELS: {"by": "Bob", "by_token": False, "basis": "artefact"},
    }
    review = ApiClient.of(app, cast.bob).put(f"/reviews/{piece.id}", {"decision": "verified"})
    assert review.get_json()["confirmed_by"] == body["confirmed_by"]


def test_portfolio_shows_equal_bases_once(cast, browser_of, confirm):
    confirm(DESIGN, "referee")
    confirm(LEVELS, "referee")
    text = html.unescape(flat(browser_of(cast.alice).get("/portfolio/preview").text))
    assert f"Verified by {REFEREE} on" in text
    assert text.count("referee") == 1


def test_all_pages_show_reviewer_and_basis_of_verified_evidence(cast, now, browser_of, confirm):
    confirm(DESIGN, "referee")
    piece = confirm(LEVELS, "artefact", now + dt.timedelta(days=1))
    alice, bob = browser_of(cast.alice), browser_of(cast.bob)

    def page_text(browser, path):
        return html.unescape(flat(browser.get(path).text))

    person = page_text(bob, f"/teams/ranking/people/{cast.alice}")
    assert "Verified by Bob" in person.partition('id="evidence"')[2]
    assert f"confirmed by {REFEREE}" in person
    assert f"confirmed by {ARTEFACT}" in person
    milestone = page_text(alice, f"/roadmaps/senior-ml-engineer/milestones/{DESIGN}")
    assert f"confirmed by {REFEREE}" in milestone
    assert ARTEFACT not in milestone
    judged = page_text(bob, "/reviews?show=judged")
    assert f"confirmed by {REFEREE}" in judged
    # The row itself is the review with this basis.
    assert f"confirmed by {ARTEFACT}" not in judged
    assert ARTEFACT in judged
    review = page_text(bob, f"/reviews/{piece.id}")
    assert f"Confirmed for this version by {REFEREE}." in review
    assert f"Confirmed for this version by {ARTEFACT}." in review
