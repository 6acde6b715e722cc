"""?captured= expands the row that evidence was captured for, and offers to complete it."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from roadmap.catalog.queries import load_revision
from roadmap.progress.models import MilestoneStatus
from roadmap.progress.queries import enrollments
from tests.evidence.builders import DESIGN, MENTOR, add_evidence
from tests.support.catalog import enroll
from tests.support.markup import flat
from tests.support.sample_data import SLUG

ROADMAP = f"/roadmaps/{SLUG}"
MILESTONE = f"{ROADMAP}/milestones/{DESIGN}"


@pytest.fixture
def alice(session, cast, browser_of, now):
    enroll(session, cast.alice, now, SLUG)
    return browser_of(cast.alice)


def score(alice) -> str:
    return alice.client.get(ROADMAP).text.split('class="score-points">')[1].split("<")[0]


@pytest.mark.parametrize("page", [ROADMAP, f"{ROADMAP}/leadership"], ids=["roadmap", "stage"])
def test_captured_row_is_expanded_with_focused_completion_button(session, cast, alice, now, page):
    key = {ROADMAP: DESIGN}.get(page, MENTOR)
    kind = "design_doc" if key == DESIGN else "mentoring"
    add_evidence(session, cast, cast.alice, now, kind=kind, milestones=[key])
    answer = alice.get(f"{page}?captured={key}").text
    details = answer.split('class="row-details"')
    assert len(details) == 2
    assert re.search(r"autofocus>\s*Mark as done: \+\d", details[1])
    assert f'name="back" value="{page}' in details[1], "the next capture returns here too"
    assert 'class="row-details"' not in alice.get(page).text


def test_completion_without_score_gain_states_reason(session, cast, alice, now):
    [enrolled] = enrollments(session, cast.alice)
    content = load_revision(session, enrolled.revision_id).content
    optional = next(stage for stage in content.stages if stage.key == "education")
    for stage in content.stages:
        for each in stage.milestones if stage is not optional else ():
            status = {"milestone_key": each.key, "status": "done", "changed_at": now}
            session.add(MilestoneStatus(user_id=cast.alice, **status))
    session.flush()
    wanted = min(optional.milestones, key=lambda each: each.hours)
    evidence = add_evidence(
        session, cast, cast.alice, now, kind=wanted.evidence[0], milestones=[wanted.key]
    )
    for address in (f"/evidence/{evidence.id}", f"{ROADMAP}/milestones/{wanted.key}"):
        page = flat(alice.get(address).text)
        assert "Mark as done: " not in page
        assert "Mark as done" in page
        why = "Adds nothing to the score: Its stage counts only where that raises the score."
        assert why in page


@pytest.mark.parametrize(
    "query",
    ["", "show=in-progress&", "show=without-evidence&"],
    ids=["no filter", "in progress", "without evidence"],
)
def test_captured_row_is_shown_under_any_filter(session, cast, alice, now, query):
    add_evidence(session, cast, cast.alice, now, milestones=[DESIGN])
    page = alice.get(f"{ROADMAP}?{query}captured={DESIGN}").text
    details = page.split('class="row-details"')[1]
    back = re.search(r'name="back" value="([^"]*)"', details)
    assert back[1].replace("&amp;", "&") == f"{ROADMAP}?{query}captured={DESIGN}"


def test_captured_row_expands_its_collapsed_stage(session, cast, alice, now):
    add_evidence(session, cast, cast.alice, now, milestones=[DESIGN])
    alice.client.set_cookie("folded", f"{cast.alice}.experience.leadership", path=ROADMAP)
    collapsed = re.compile(r'<details data-fold="\w+">')
    assert len(collapsed.findall(alice.get(ROADMAP).text)) == 2
    assert not collapsed.search(alice.get(f"{ROADMAP}?captured={DESIGN}").text)


def test_completion_button_shows_exact_score_gain(session, cast, alice, now):
    add_evidence(session, cast, cast.alice, now, milestones=[DESIGN])
    page = alice.get(MILESTONE).text
    offered = re.search(r"Mark as done: (\+[\d.]+)", page)[1]
    before = Decimal(score(alice))
    assert alice.put(f"{MILESTONE}/completion", {"back": "page"}).location == f"{MILESTONE}#main"
    after = alice.get(MILESTONE).text
    assert f"Change in readiness: {offered}" in after
    assert "Mark as done" not in after
    assert Decimal(score(alice)) == before + Decimal(offered)


def test_milestone_page_shows_completion_button_above_evidence(session, cast, alice, now):
    """The button is next to the title; evidence of an open milestone is linked, not evidenced."""
    add_evidence(session, cast, cast.alice, now, milestones=[DESIGN])
    page = alice.get(f"{MILESTONE}?captured={DESIGN}").text
    head, evidence = page.split("<h2>Evidence</h2>")
    assert re.search(r"autofocus>\s*Mark as done: \+\d", head)
    assert "Your evidence is linked." in head
    evidence = evidence.split("</section>")[0]
    assert "autofocus" not in evidence
    assert (">Linked<" in evidence, "Evidenced" in evidence) == (True, False)
    alice.put(f"{MILESTONE}/completion", {"back": "page"})
    done = alice.get(MILESTONE).text.split("<h2>Evidence</h2>")[1].split("</section>")[0]
    assert (">Linked<" in done, "Evidenced" in done) == (False, True)


@pytest.mark.parametrize("status", ["not_applicable", "done"])
def test_completion_is_not_offered_for_closed_milestone(session, cast, alice, now, status):
    add_evidence(session, cast, cast.alice, now, milestones=[DESIGN])
    alice.put(f"{MILESTONE}/status", {"status": status, "reason": "Not my work."})
    page = alice.get(f"{ROADMAP}?captured={DESIGN}").text
    assert "Mark as done" not in page
    assert re.search(r'class="title" href="/evidence/[^"]*"\s+autofocus', page)


def test_completion_is_not_offered_for_unsuitable_evidence(session, cast, alice, now):
    add_evidence(session, cast, cast.alice, now, kind="talk", milestones=[DESIGN])
    assert "Mark as done" not in alice.get(f"{ROADMAP}?captured={DESIGN}").text


def test_unknown_captured_milestone_expands_nothing(alice):
    for key in ("none", "", "<script>"):
        assert 'class="row-details"' not in alice.get(f"{ROADMAP}?captured={key}").text


def test_cached_roadmap_is_not_reused_for_captured_row(alice):
    tag = alice.get(ROADMAP).headers["ETag"]
    answer = alice.client.get(f"{ROADMAP}?captured={DESIGN}", headers={"If-None-Match": tag})
    assert answer.status_code == 200


def test_page_with_captured_row_is_not_cached(alice):
    address = f"{ROADMAP}?captured={DESIGN}"
    alice.get(address)  # shows the message once
    first = alice.get(address)
    assert (
        alice.post(f"/endorsements/new?milestone={DESIGN}", {"asked": "Frank"}).status_code == 201
    )
    again = alice.get(address, headers={"If-None-Match": first.headers.get("ETag", "")})
    assert "Frank" in again.text
