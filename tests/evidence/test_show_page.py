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


def test_it_works(session, cast, now, browser_of):
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


def test_a_value_without_a_number_does_not_count_and_is_no_reason_to_refuse_an_edit(
    session, cast, now, browser_of
):
    """An older release kept what is refused now."""
    piece = add_evidence(session, cast, cast.alice, now, impacts=(LATENCY, LATENCY))
    worded, half = piece.current.impacts
    worded.result, half.baseline = "very fast", "slow"
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


def test_it_says_who_to_ask_where_nobody_could_review(session, cast, now, browser_of):
    piece = add_evidence(session, cast, cast.mallory, now)
    page = browser_of(cast.mallory).get(f"/evidence/{piece.id}").text
    assert "Ask your administrator" in page
    assert "/endorsements/new?milestone=" in page, "what helps without a manager"


def test_an_administrator_is_not_sent_to_their_administrator(session, cast, now, browser_of):
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
    ("role", "said"),
    [
        ("member", "Ranking has no manager yet: invite one"),
        ("manager", "Invite another manager to Ranking"),
    ],
)
def test_who_has_a_team_is_led_to_a_manager_for_it(session, cast, now, browser_of, role, said):
    """On every page that says why nobody verifies or assesses."""
    session.execute(sa.delete(Membership).where(Membership.user_id == cast.bob))
    piece = add_evidence(session, cast, cast.erin, now)
    add_member(session, session.get(Team, cast.team), cast.erin, role, by=cast.erin, now=now)
    enroll(session, cast.erin, now, "senior-ml-engineer")
    session.commit()
    erin = browser_of(cast.erin)
    roadmap = "/roadmaps/senior-ml-engineer/experience"
    for path in (f"/evidence/{piece.id}", "/skills/mlops", "/readiness", roadmap):
        page = flat(erin.get(path).text)
        assert f'<a href="/teams/ranking/members#invite-title">{said}</a>.' in page, path
        assert "Create a team" not in page, path


def test_it_shows_versions_reviews_and_what_was_confirmed(session, cast, now, browser_of):
    alice = cast.actor(session, cast.alice)
    piece = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN, LEVELS])
    submit_evidence(session, cast, piece, now)
    review_evidence(session, cast, piece, now, milestones=[LEVELS])
    actions.edit(session, piece, evidence_input(role="Lead"), by=alice, now=now)
    session.commit()
    page = browser_of(cast.alice).get(f"/evidence/{piece.id}").text
    assert "Bob verified version 1" in page
    assert "Read twice." in page
    assert "Until it is judged, version 1 counts." in page
    assert page.count("confirmed by Bob") == 1


def test_it_says_when_it_lapsed(session, cast, now, browser_of):
    piece = add_evidence(session, cast, cast.alice, now, expires_on=PartialDate("2026-04-01"))
    page = browser_of(cast.alice).get(f"/evidence/{piece.id}").text
    assert "It has lapsed (1 Apr 2026)" in page


def test_markup_of_a_description_stays_text(session, cast, now, browser_of):
    text = "<script>alert(1)</script> [x](javascript:alert(1))"
    piece = add_evidence(session, cast, cast.alice, now, description=text, title="<b>bold</b>")
    page = browser_of(cast.alice).get(f"/evidence/{piece.id}").text
    assert "<script>alert" not in page
    assert 'href="javascript' not in page
    assert "<b>bold" not in page


def test_it_needs_sign_in(session, cast, now, browser_of):
    piece = add_evidence(session, cast, cast.alice, now)
    assert browser_of().get(f"/evidence/{piece.id}").status_code == 303


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("who", ["bob", "carol", "dave", "erin", "mallory"])
def test_it_hides_what_is_foreign(session, cast, now, browser_of, who, shared):
    """Who may review it is led to where that is done; to all others it does not exist."""
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


@pytest.mark.parametrize("key", ["0192f0c1-2a3b-7c4d-8e5f-60718293a4b5", "nonsense"])
def test_it_rejects_bad_input(cast, browser_of, key):
    assert browser_of(cast.alice).get(f"/evidence/{key}").status_code == 404


def test_the_statements_do_not_grow_with_the_rows(app, session, cast, now, browser_of):
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
    # The first one reads what is kept in memory.
    assert counts[1] == counts[2]


def test_a_piece_says_that_it_counts_for_nothing_until_its_milestone_is_ticked(
    session, cast, now, browser_of
):
    alice = browser_of(cast.alice)
    alice.post("/roadmaps/senior-ml-engineer/enrollment?_method=PUT", {"started_on": "2026-01-05"})
    unlinked = add_evidence(session, cast, cast.alice, now, milestones=())
    page = flat(alice.get(f"/evidence/{unlinked.id}").text)
    # It says once that there is no link, and once what to do.
    assert "It counts for no milestone yet." in page
    assert page.count("Before you ask for a review, link it to a milestone") == 1
    for said in ("linked to none", "Not linked to a milestone", "supports none"):
        assert said not in page
    assert "tone-badge tone-evidenced" not in page
    # A design document proves the first of them, and not the second.
    piece = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN, MENTOR])
    page = flat(alice.get(f"/evidence/{piece.id}").text)
    assert "It counts for no milestone yet: none that it is linked to is marked as done." in page
    assert "It counts as evidenced" not in page
    assert "tone-badge tone-evidenced" not in page
    assert page.count("Not marked as done, so this piece does not count for it yet.") == 1
    before = score_of(alice)
    gain = re.search(r"Mark as done: \+([0-9.]+)", page)
    path = f"/roadmaps/senior-ml-engineer/milestones/{DESIGN}/completion?_method=PUT"
    assert gain is not None
    assert f'action="{path.partition("?")[0]}"' in page
    # The next steps offer the same tick first, and lead to where one reads when it is done.
    said = r'<a href="([^"]*)">If it meets its “done when”, mark “'
    steps = alice.get("/readiness").text.partition("Best next steps</h2>")[2]
    offered = re.search(r'class="steps">\s*<li>\s*' + said, steps)
    assert offered is not None
    assert "Done when</h2>" in alice.get(offered[1]).text
    # One that is in progress until a day ahead does not only wait for it.
    milestone = path.partition("/completion")[0]
    planned = {"target_on": "2030-05-01"}
    assert (
        alice.post(f"{milestone}/status?_method=PUT", {"status": "in_progress"}).status_code == 303
    )
    assert alice.post(f"{milestone}/plan?_method=PUT", planned).status_code == 303
    assert re.search(said, alice.get("/readiness").text) is None
    answer = alice.post(path, {"back": f"/evidence/{piece.id}"})
    assert (answer.status_code, answer.location) == (303, f"/evidence/{piece.id}#main")
    assert score_of(alice) - before == pytest.approx(float(gain[1]), abs=0.11)
    page = flat(alice.get(f"/evidence/{piece.id}").text)
    assert "No manager sees a draft. It counts as evidenced." in page
    assert "tone-badge tone-evidenced" in page
    assert "Mark as done" not in page


def score_of(browser) -> float:
    """Return the score that the page of readiness shows."""
    found = re.search(r"([0-9.]+)\s*/ 100", flat(browser.get("/readiness").text))
    assert found is not None
    return float(found[1])


def test_what_is_confirmed_and_not_ticked_can_be_ticked_here(session, cast, now, browser_of):
    alice = browser_of(cast.alice)
    alice.post("/roadmaps/senior-ml-engineer/enrollment?_method=PUT", {"started_on": "2026-01-05"})
    piece = add_evidence(session, cast, cast.alice, now, milestones=[LEVELS])
    submit_evidence(session, cast, piece, now)
    review_evidence(session, cast, piece, now, milestones=[LEVELS])
    assert "does not count for it yet" in alice.get(f"/evidence/{piece.id}").text
    path = f"/roadmaps/senior-ml-engineer/milestones/{LEVELS}/completion?_method=PUT"
    alice.post(path, {"back": f"/evidence/{piece.id}"})
    assert "does not count for it yet" not in alice.get(f"/evidence/{piece.id}").text


def test_a_tick_leads_nowhere_else(session, cast, now, browser_of):
    path = f"/roadmaps/senior-ml-engineer/milestones/{LEVELS}/completion?_method=PUT"
    enroll = "/roadmaps/senior-ml-engineer/enrollment?_method=PUT"
    browser_of(cast.alice).post(enroll, {"started_on": "2026-01-05"})
    for back in ("https://example.org/evidence/", "//example.org", "/evidence/\\x\n"):
        answer = browser_of(cast.alice).post(path, {"back": back})
        assert answer.location.startswith("/roadmaps")


def test_a_comments_own_emphasis_is_not_the_name_line(session, cast, now, browser_of):
    piece = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN])
    submit_evidence(session, cast, piece, now)
    browser_of(cast.bob).post(f"/evidence/{piece.id}/comments", {"text": "A **bold** word"})
    page = flat(browser_of(cast.alice).get(f"/evidence/{piece.id}").text)
    assert "<strong>bold</strong>" in page
    assert '<strong class="event-title">Bob</strong>' in page


def test_a_message_shortens_a_long_title(session, cast, now, browser_of):
    title = "Feature store " * 12
    alice = browser_of(cast.alice)
    answer = alice.post("/evidence", form_fields(title=title))
    page = alice.get(answer.location).text
    assert (
        "“Feature store Feature store Feature store Feature store Feature store Feature…” is"
        in page
    )


def test_the_summary_of_what_is_wrong_says_why(cast, browser_of):
    page = (
        browser_of(cast.alice).post("/evidence", form_fields(title="", url="", description="")).text
    )
    assert (
        '<a href="#title">Title</a>: Give it a title, so that you can find it again.</li>' in page
    )
    assert '<a href="#url">Link</a>: Add a link, a file or a description' in page


def test_a_unit_is_printed_once_and_a_missing_one_is_named_at_once(session, cast, browser_of):
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


def test_the_criteria_stand_before_the_question_for_a_review(session, cast, now, browser_of):
    piece = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN, MENTOR])
    page = flat(browser_of(cast.alice).get(f"/evidence/{piece.id}").text)
    before = page.partition("to review</button>")[0].partition("Done when: what the reviewer")[2]
    milestone = session.get(Milestone, DESIGN)
    assert str(escape(milestone.definition["done_when"])) in before
    other = session.get(Milestone, MENTOR)  # which a design document does not prove
    assert str(escape(other.definition["done_when"])) not in before
