"""A confirmation applies to the milestone's wording at the time of the review."""

from __future__ import annotations

from roadmap.catalog.models import Milestone
from tests.evidence.builders import (
    DESIGN,
    LEVELS,
    add_evidence,
    review_evidence,
    submit_evidence,
)
from tests.portfolio.evidence_rows import choose
from tests.support.api_client import ApiClient
from tests.support.markup import flat

ROADMAP = "/roadmaps/senior-ml-engineer"
NOTE = "confirmed against the wording of"


def test_confirmed_wording_is_shown_after_milestone_is_reworded(
    app, session, cast, now, browser_of, reword
):
    old = session.get(Milestone, DESIGN).title
    piece = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN, LEVELS])
    submit_evidence(session, cast, piece, now)
    review_evidence(session, cast, piece, now, milestones=[DESIGN, LEVELS])
    choose(session, piece)
    session.commit()
    alice, bob = browser_of(cast.alice), browser_of(cast.bob)
    alice.post(f"{ROADMAP}/enrollment?_method=PUT", {"started_on": "2026-01-05"})
    alice.put(f"{ROADMAP}/milestones/{DESIGN}/completion")
    pages = (
        (alice, f"/evidence/{piece.id}"),
        (alice, f"{ROADMAP}/milestones/{DESIGN}"),
        (bob, f"/reviews/{piece.id}"),
        (bob, f"/teams/ranking/people/{cast.alice}"),
        (alice, "/portfolio/preview"),
        (alice, "/portfolio/export/markdown"),
    )
    api = ApiClient.of(app, cast.alice, "read")
    for browser, path in pages:
        assert NOTE not in browser.get(path).text.lower(), path
    score = api.get("/me/readiness").get_json()["score"]

    reword(DESIGN, title="Design for two teams", done_when="Two teams sign it.")

    for browser, path in pages:
        text = flat(browser.get(path).text)
        assert text.lower().count(NOTE) == 1, path
        assert old in text, path
        if path.startswith("/portfolio"):
            assert "done when, addressed to the author: “" in text, path
        else:
            assert "Worded differently now: confirmed against" in text, path
    body = api.get(f"/me/evidence/{piece.id}").get_json()
    assert set(body["confirmed"]) == {DESIGN, LEVELS}
    assert body["confirmed_wordings"].keys() == {DESIGN}
    assert body["confirmed_wordings"][DESIGN]["title"] == old
    assert body["confirmed_wordings"][DESIGN]["revision"] == 1
    assert api.get("/me/readiness").get_json()["score"] == score
