"""GET /evidence/<id>"""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from markupsafe import escape

from roadmap.catalog.models import Milestone
from roadmap.core.dates import PartialDate
from roadmap.evidence import actions
from roadmap.evidence.item import Impact
from roadmap.people.actions import add_member
from roadmap.people.models import Membership, Team
from tests.evidence.builders import (
    DESIGN,
    LATENCY,
    LEVELS,
    MENTOR,
    add_evidence,
    evidence_input,
    review_evidence,
    submit_evidence,
)
from tests.evidence.form_data import form_fields, impact_fields
from tests.support.catalog import enroll
from tests.support.markup import flat
from tests.support.statements import statements_of


def test_page_shows_content_impacts_and_milestones(session, cast, now, browser_of):
    piece = add_evidence(
        session,
        cast,
        cast.alice,
        now,
        milestones=[DESIGN, MENTOR],
        skills=["mlops"],
        impacts=(LATENCY, Impact("business", "conversion")),
    )
    page = browser_of(cast.alice).get(f"/evidence/{piece.id}").text
    assert "<em>training</em>" in page
    assert "p99 latency" in page
    assert "does not count: needs a number as the value after, and a unit" in page
    assert f"/milestones/{DESIGN}" in page
    assert "evidence of this kind does not prove it" in page
    assert "Ask Bob to review" in page


def test_stored_non_numeric_value_does_not_count_or_block_edit(session, cast, now, browser_of):
    """Older releases accepted such values."""
    piece = add_evidence(session, cast, cast.alice, now, impacts=(LATENCY, LATENCY))
    first, second = piece.current.impacts
    first.result, second.baseline = "very fast", "slow"
    session.commit()
    alice = browser_of(cast.alice)
    page = flat(alice.get(f"/evidence/{piece.id}").text)
    assert "does not count: needs a number as the value after" in page
    assert "the value before does not count: it is not a number" in page
    sent = {
        **form_fields(title="Another title", revision=piece.revision),
        **impact_fields(0, result="very fast", source_url=LATENCY.source_url),
        **impact_fields(1, baseline="slow", source_url=LATENCY.source_url),
    }
    assert alice.put(f"/evidence/{piece.id}", sent).status_code == 303
    sent |= {"revision": piece.revision + 1, "impacts-1-baseline": "slower"}
    assert alice.put(f"/evidence/{piece.id}", sent).status_code == 422


def test_user_without_team_is_told_to_ask_administrator(session, cast, now, browser_of):
    piece = add_evidence(session, cast, cast.mallory, now, milestones=[DESIGN])
    mallory = browser_of(cast.mallory)
    page = mallory.get(f"/evidence/{piece.id}").text
    assert "Ask your administrator" in page
    assert "/endorsements/new" not in page, "she is on no roadmap, so there is no form"
    mallory.post("/roadmaps/senior-ml-engineer/enrollment", {})
    page = mallory.get(f"/evidence/{piece.id}").text
    [address] = set(re.findall(r'href="(/endorsements/new[^"]*)"', page))
    assert page.count(address) == 2  # below the missing manager, and below the milestone
    assert mallory.get(address).status_code == 200, "a witness needs no manager"


def test_author_can_ask_a_witness_for_each_unconfirmed_milestone(session, cast, now, browser_of):
    piece = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN, LEVELS])
    submit_evidence(session, cast, piece, now)
    review_evidence(session, cast, piece, now, milestones=[DESIGN])
    alice = browser_of(cast.alice)
    assert "/endorsements/new" not in alice.get(f"/evidence/{piece.id}").text
    alice.post("/roadmaps/senior-ml-engineer/enrollment", {})
    page = alice.get(f"/evidence/{piece.id}").text
    assert re.findall(r'href="(/endorsements/new[^"]*)"', page) == [
        f"/endorsements/new?milestone={LEVELS}"
    ]


def test_administrator_without_team_is_offered_to_create_one(session, cast, now, browser_of):
    erin = browser_of(cast.erin)
    piece = add_evidence(session, cast, cast.erin, now)
    for path, link in (
        (f"/evidence/{piece.id}", "Create a team and appoint a manager"),
        ("/skills/mlops", "Create a team and appoint a manager"),
        ("/teams", "See all teams"),
    ):
        page = flat(erin.get(path).text)
        assert "Ask your" not in page
        assert f'href="/admin/teams">{link}</a>' in page


@pytest.mark.parametrize(
    ("role", "link"),
    [
        ("member", "Ranking has no manager yet: invite one"),
        ("manager", "Invite another manager to Ranking"),
    ],
)
def test_administrator_in_team_is_offered_to_invite_manager(
    session, cast, now, browser_of, role, link
):
    """All pages that explain why nobody can verify or assess have the same link."""
    session.execute(sa.delete(Membership).where(Membership.user_id == cast.bob))
    piece = add_evidence(session, cast, cast.erin, now)
    add_member(session, session.get(Team, cast.team), cast.erin, role, by=cast.erin, now=now)
    enroll(session, cast.erin, now, "senior-ml-engineer")
    session.commit()
    erin = browser_of(cast.erin)
    roadmap = "/roadmaps/senior-ml-engineer/experience"
    for path in (f"/evidence/{piece.id}", "/skills/mlops", "/readiness", roadmap):
        page = flat(erin.get(path).text)
        assert f'<a href="/teams/ranking/members#invite-title">{link}</a>.' in page, path
        assert "Create a team" not in page, path


def test_page_shows_versions_reviews_and_confirmations(session, cast, now, browser_of):
    alice = cast.actor(session, cast.alice)
    piece = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN, LEVELS])
    submit_evidence(session, cast, piece, now)
    review_evidence(session, cast, piece, now, milestones=[LEVELS])
    actions.edit(session, piece, evidence_input(role="Lead"), by=alice, now=now)
    session.commit()
    page = browser_of(cast.alice).get(f"/evidence/{piece.id}").text
    assert "Bob verified version 1" in page
    assert "Read twice." in page
    assert "Until it is reviewed, version 1 counts." in page
    assert page.count("confirmed by Bob") == 1


def test_page_shows_date_of_lapsed_evidence(session, cast, now, browser_of):
    piece = add_evidence(session, cast, cast.alice, now, expires_on=PartialDate("2026-04-01"))
    page = browser_of(cast.alice).get(f"/evidence/{piece.id}").text
    assert "It has lapsed (1 Apr 2026)" in page


def test_markup_in_title_and_description_is_escaped(session, cast, now, browser_of):
    text = "<script>alert(1)</script> [x](javascript:alert(1))"
    piece = add_evidence(session, cast, cast.alice, now, description=text, title="<b>bold</b>")
    page = browser_of(cast.alice).get(f"/evidence/{piece.id}").text
    assert "<script>alert" not in page
    assert 'href="javascript' not in page
    assert "<b>bold" not in page


def test_page_requires_login(session, cast, now, browser_of):
    piece = add_evidence(session, cast, cast.alice, now)
    assert browser_of().get(f"/evidence/{piece.id}").status_code == 303


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("who", ["bob", "carol", "dave", "erin", "mallory"])
def test_reviewer_is_redirected_and_other_users_get_not_found(
    session, cast, now, browser_of, who, shared
):
    piece = add_evidence(session, cast, cast.alice, now)
    if shared:
        submit_evidence(session, cast, piece, now)
    browser = browser_of(getattr(cast, who))
    for path in ("", "/edit", "/delete"):
        answer = browser.get(f"/evidence/{piece.id}{path}")
        if not (shared and who == "bob"):
            assert answer.status_code == 404
        elif path:
            assert answer.status_code == 403
        else:
            assert (answer.status_code, answer.location) == (303, f"/reviews/{piece.id}")


@pytest.mark.parametrize(
    "key", ["0192f0c1-2a3b-7c4d-8e5f-60718293a4b5", "nonsense"], ids=["unknown", "malformed"]
)
def test_unknown_id_is_not_found(cast, browser_of, key):
    assert browser_of(cast.alice).get(f"/evidence/{key}").status_code == 404


def test_statement_count_does_not_grow_with_versions(app, session, cast, now, browser_of):
    alice = cast.actor(session, cast.alice)
    piece = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN], impacts=(LATENCY,))
    browser = browser_of(cast.alice)
    counts = []
    for number in range(3):
        submit_evidence(session, cast, piece, now)
        review_evidence(session, cast, piece, now)
        changed = evidence_input(role=f"Role {number}", impacts=(LATENCY,) * (number + 1))
        keys = [DESIGN, LEVELS, MENTOR][: number + 1]
        actions.edit(session, piece, changed, milestones=keys, by=alice, now=now)
        session.commit()
        path = f"/evidence/{piece.id}"
        counts.append(len(statements_of(app, lambda path=path: browser.get(path))))
    # The first request also fills caches.
    assert counts[1] == counts[2]


def test_evidence_counts_once_its_milestone_is_marked_as_done(session, cast, now, browser_of):
    alice = browser_of(cast.alice)
    alice.post("/roadmaps/senior-ml-engineer/enrollment?_method=PUT", {"started_on": "2026-01-05"})
    unlinked = add_evidence(session, cast, cast.alice, now, milestones=())
    page = flat(alice.get(f"/evidence/{unlinked.id}").text)
    # The missing link and what to do about it are each stated once.
    assert "It does not count for a milestone yet." in page
    assert page.count("Before you ask for a review, link it to a milestone") == 1
    for repetition in ("linked to none", "Not linked to a milestone", "supports none"):
        assert repetition not in page
    assert "tone-badge tone-evidenced" not in page
    # A design document proves only the first milestone.
    piece = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN, MENTOR])
    page = flat(alice.get(f"/evidence/{piece.id}").text)
    assert "yet: none of its linked milestones is marked as done." in page
    assert "It counts as evidenced" not in page
    assert "tone-badge tone-evidenced" not in page
    assert page.count("Not marked as done, so this piece does not count for it yet.") == 1
    before = score_of(alice)
    gain = re.search(r"Mark as done: \+([0-9.]+)", page)
    path = f"/roadmaps/senior-ml-engineer/milestones/{DESIGN}/completion?_method=PUT"
    assert gain is not None
    assert f'action="{path.partition("?")[0]}"' in page
    # The first next step is the same completion, with a link to the "done when" criteria.
    step = r'<a href="([^"]*)">If it meets its “done when”, mark “'
    steps = alice.get("/readiness").text.partition("Best next steps</h2>")[2]
    offered = re.search(r'class="steps">\s*<li>\s*' + step, steps)
    assert offered is not None
    assert "Done when</h2>" in alice.get(offered[1]).text
    # A milestone planned for a future date is not offered as a next step.
    milestone = path.partition("/completion")[0]
    planned = {"target_on": "2030-05-01"}
    assert (
        alice.post(f"{milestone}/status?_method=PUT", {"status": "in_progress"}).status_code == 303
    )
    assert alice.post(f"{milestone}/plan?_method=PUT", planned).status_code == 303
    assert re.search(step, alice.get("/readiness").text) is None
    answer = alice.post(path, {"back": f"/evidence/{piece.id}"})
    assert (answer.status_code, answer.location) == (303, f"/evidence/{piece.id}#main")
    assert score_of(alice) - before == pytest.approx(float(gain[1]), abs=0.11)
    page = flat(alice.get(f"/evidence/{piece.id}").text)
    assert "Managers do not see drafts. It counts as evidenced." in page
    assert "tone-badge tone-evidenced" in page
    assert "Mark as done" not in page


def score_of(browser) -> float:
    """Return the score on the readiness page."""
    found = re.search(r"([0-9.]+)\s*/ 100", flat(browser.get("/readiness").text))
    assert found is not None
    return float(found[1])


def test_confirmed_milestone_can_be_marked_as_done_from_page(session, cast, now, browser_of):
    alice = browser_of(cast.alice)
    alice.post("/roadmaps/senior-ml-engineer/enrollment?_method=PUT", {"started_on": "2026-01-05"})
    piece = add_evidence(session, cast, cast.alice, now, milestones=[LEVELS])
    submit_evidence(session, cast, piece, now)
    review_evidence(session, cast, piece, now, milestones=[LEVELS])
    assert "does not count for it yet" in alice.get(f"/evidence/{piece.id}").text
    path = f"/roadmaps/senior-ml-engineer/milestones/{LEVELS}/completion?_method=PUT"
    alice.post(path, {"back": f"/evidence/{piece.id}"})
    assert "does not count for it yet" not in alice.get(f"/evidence/{piece.id}").text


def test_completion_ignores_external_return_url(session, cast, now, browser_of):
    path = f"/roadmaps/senior-ml-engineer/milestones/{LEVELS}/completion?_method=PUT"
    enroll = "/roadmaps/senior-ml-engineer/enrollment?_method=PUT"
    browser_of(cast.alice).post(enroll, {"started_on": "2026-01-05"})
    for back in ("https://example.org/evidence/", "//example.org", "/evidence/\\x\n"):
        answer = browser_of(cast.alice).post(path, {"back": back})
        assert answer.location.startswith("/roadmaps")


def test_emphasis_in_comment_is_not_styled_as_event_title(session, cast, now, browser_of):
    piece = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN])
    submit_evidence(session, cast, piece, now)
    browser_of(cast.bob).post(f"/evidence/{piece.id}/comments", {"text": "A **bold** word"})
    page = flat(browser_of(cast.alice).get(f"/evidence/{piece.id}").text)
    assert "<strong>bold</strong>" in page
    assert '<strong class="event-title">Bob</strong>' in page


def test_message_shortens_long_title(session, cast, now, browser_of):
    title = "Feature store " * 12
    alice = browser_of(cast.alice)
    answer = alice.post("/evidence", form_fields(title=title))
    page = alice.get(answer.location).text
    assert (
        "“Feature store Feature store Feature store Feature store Feature store Feature…” is"
        in page
    )


def test_error_summary_gives_reasons(cast, browser_of):
    page = (
        browser_of(cast.alice).post("/evidence", form_fields(title="", url="", description="")).text
    )
    assert (
        '<a href="#title">Title</a>: Give it a title, so that you can find it again.</li>' in page
    )
    assert '<a href="#url">Link</a>: Add a link, a file or a description' in page


def test_unit_is_shown_once_and_missing_unit_is_reported(session, cast, browser_of):
    alice = browser_of(cast.alice)
    sent = form_fields(
        milestones=DESIGN,
        **impact_fields(0, baseline="180 ms", result="74 ms", unit="ms"),
        **impact_fields(1, unit=""),
    )
    answer = alice.post("/evidence", sent)
    assert answer.status_code == 303
    page = flat(alice.get(answer.location).text)
    assert "Impact 2 does not count: needs a unit." in page
    assert ">180 ms</td>" in page
    assert ">74 ms</td>" in page
    edit = flat(alice.get(f"{answer.location}/edit").text)
    assert edit.count("does not count: needs a unit") == 1


def test_done_criteria_are_shown_before_review_request(session, cast, now, browser_of):
    piece = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN, MENTOR])
    page = flat(browser_of(cast.alice).get(f"/evidence/{piece.id}").text)
    before = page.partition("to review</button>")[0].partition("Done when: what the reviewer")[2]
    milestone = session.get(Milestone, DESIGN)
    assert str(escape(milestone.definition["done_when"])) in before
    other = session.get(Milestone, MENTOR)  # not proved by a design document
    assert str(escape(other.definition["done_when"])) not in before
