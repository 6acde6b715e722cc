"""GET /readiness: score, gates, next steps, and the source of every point."""

from __future__ import annotations

import json
import re

import pytest
import sqlalchemy as sa

from roadmap.catalog import files
from roadmap.catalog.actions import publish
from roadmap.catalog.queries import published_roadmap
from roadmap.people.models import Membership
from roadmap.progress import actions as progress
from tests.evidence.builders import DESIGN, add_evidence, review_evidence, submit_evidence
from tests.readiness.examples import SKILLS
from tests.support.api_client import ApiClient
from tests.support.catalog import SHIPPED_FILE
from tests.support.markup import flat

SLUG = "senior-ml-engineer"
KEY = "bachelors-degree-or-equivalent"


@pytest.fixture
def alice(cast, browser_of):
    browser = browser_of(cast.alice)
    browser.post(f"/roadmaps/{SLUG}/enrollment", {})
    return browser


def test_page_shows_score_progress_and_next_steps(alice):
    alice.put(f"/roadmaps/{SLUG}/milestones/{KEY}/completion")
    page = alice.get(f"/readiness?roadmap={SLUG}").text
    assert re.search(r"<h2[^>]*>Readiness [0-9.]+ / 100 · Getting started</h2>", page)
    assert re.search(r"<dd>[0-9]+%</dd>", page)
    assert "Verification needs a reviewer" in page
    assert "Best next steps" in page
    assert "Every point, and where it comes from" in page
    assert "1 item" in page


def test_page_links_to_missing_facts_for_beginner(session, cast, alice):
    page = alice.get("/readiness").text
    assert "years count as declared" in page
    for path in (f"/roadmaps/{SLUG}", "/career", "/evidence/new", "/skills"):
        assert f'<li>\n          <a href="{path}">' in page
    assert "8 skills, each against five described levels." in page
    alice.post("/career/positions", {"title": "Engineer", "started_on": "2020"})
    assert "Add your jobs and degrees" not in alice.get("/readiness").text


def test_gates_warn_person_without_manager(cast, alice, browser_of):
    warning = "You are not in a team with a manager, so no one can verify your evidence"
    assert warning not in alice.get("/readiness").text
    for user, link in ((cast.mallory, "/teams"), (cast.erin, "/admin/teams")):
        browser = browser_of(user)
        browser.post(f"/roadmaps/{SLUG}/enrollment", {})
        gates = browser.get("/readiness").text.split('id="gates"')[1].split("</section>")[0]
        assert warning in gates
        assert f'<a href="{link}">' in gates
        # The stage page that the gate links to shows the same warning.
        assert f'<a href="/roadmaps/{SLUG}/experience">' in gates
        stage = flat(browser.get(f"/roadmaps/{SLUG}/experience").text)
        note = stage.split('<p class="note space-above">')[1].split("</p>")[0]
        assert "Delivery in production, verified</a>needs verified milestones" in note
        assert warning in note
        assert f'<a href="{link}">' in note
        assert warning not in browser.get(f"/roadmaps/{SLUG}/foundations").text
    assert warning not in alice.get(f"/roadmaps/{SLUG}/experience").text


def test_years_are_rounded_down(alice):
    """The gate shows 4.763 years as 4.7, the table as 4.76, from which the points follow."""
    dates = {"started_on": "2017-02-10", "ended_on": "2021-11-15"}
    alice.post("/career/positions", {"title": "Engineer", "is_ml": "1", **dates})
    page = flat(alice.get("/readiness").text)
    assert "4.7 of 5 years of ML engineering" in page
    assert '4.7 of 5</td><td class="num">9.5 of 10.0</td>' in page


def test_years_are_described_as_gate_only_if_roadmap_has_years_gate(
    session, cast, now, browser_of, other_roadmap
):
    carol, sentence = browser_of(cast.carol), "Years of ML engineering are one of the gates."
    carol.post(f"/roadmaps/{other_roadmap}/enrollment", {})
    assert sentence in carol.get("/readiness").text
    document = files.read(SHIPPED_FILE)
    document["slug"] = other_roadmap
    gates = document["readiness"]["gates"]
    document["readiness"]["gates"] = [each for each in gates if each["type"] != "years"]
    publish(session, document, now=now)
    session.commit()
    page = carol.get("/readiness").text
    assert sentence not in page
    assert "Your portfolio shows them, and your managers see them." in page


def test_hours_name_their_basis(session, alice):
    page = flat(alice.get("/readiness").text)
    content = published_roadmap(session, SLUG).content
    hours = sum(each.hours for each in content.by_key.values())
    assert f"Of {hours:,} applicable hours, required and optional." in page
    assert "Claimed includes evidenced, and evidenced includes verified." in page
    assert re.search(r"0 h verified, [0-9]+ h needed: 60% of the [0-9]+ required hours of", page)
    assert "By effort, each hour in one column" in page
    # A stage that is neither required nor counted requires no hours.
    education = page.split(">Consider advanced education</a>")[1].split("</tr>")[0]
    assert '</th><td class="num">–</td>' in education


def test_stage_hours_show_optional_share(alice):
    assert "of which" not in alice.get("/readiness").text
    for key in ("onboarding-to-model-changes", "typed-tested-python-package"):
        alice.put(f"/roadmaps/{SLUG}/milestones/{key}/completion")
    page = alice.get("/readiness").text
    assert "years count as declared" in page
    assert "of which 16 optional</p>" in page
    assert "together count for at most a quarter of the required hours" in page


def test_next_steps_lead_to_witnesses_of_unverified_milestones(alice):
    assert "Ask a witness" not in alice.get("/readiness").text
    alice.put(f"/roadmaps/{SLUG}/milestones/{KEY}/completion")
    steps = alice.get("/readiness").text.split('id="steps"')[1].split("</section>")[0]
    assert "Ask a witness" in steps
    [address] = re.findall(r'href="([^"]+)">Done, but not verified', steps)
    listed = alice.get(address).text.split('id="list"')[1]
    assert f"/milestones/{KEY}" in listed


def test_next_steps_need_no_review_without_manager(app, session, cast, now, browser_of):
    """A verified piece stays verified when its owner no longer has a manager."""
    piece = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN])
    submit_evidence(session, cast, piece, now)
    review_evidence(session, cast, piece, now)
    alice = browser_of(cast.alice)
    alice.post(f"/roadmaps/{SLUG}/enrollment", {})
    client = ApiClient.of(app, cast.alice)

    def steps() -> list[str]:
        return [each["action"] for each in client.get("/me/readiness").get_json()["next_steps"]]

    edit_link = f'href="/evidence/{piece.id}/edit?impact='
    assert edit_link in alice.get("/readiness").text
    assert "add_impact" in steps()
    session.execute(sa.delete(Membership).where(Membership.user_id == cast.alice))
    session.commit()
    page = alice.get("/readiness").text
    assert edit_link not in page
    assert "Ask your manager" not in page
    assert not {"add_impact", "ask_assessment", "submit_evidence"} & set(steps())
    draft = add_evidence(session, cast, cast.alice, now, title="Draft", milestones=[DESIGN])
    assert f'href="/evidence/{draft.id}/edit?impact=' in alice.get("/readiness").text


def test_sign_in_is_required(browser_of, cast):
    assert browser_of().get("/readiness").status_code == 303


def test_claimed_not_proven_is_withheld_while_evidence_awaits_first_review(
    alice, session, cast, browser_of, now
):
    completions = dict.fromkeys(published_roadmap(session, SLUG).content.by_key, True)
    progress.set_done(session, cast.alice, completions, now=now)
    session.commit()
    page = alice.get("/readiness").text
    assert "years count as declared" in page
    assert re.search(r"<h2[^>]*>Claimed, not proven · Readiness [0-9.]+ / 100</h2>", page)
    assert "less than half of that is verified by someone else" in page

    # A new user whose evidence awaits the first review is not shown as “not proven”.
    bob, profile = browser_of(cast.bob), f"/teams/ranking/people/{cast.alice}"
    piece = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN])
    assert "Not yet verified here" not in alice.get("/readiness").text
    submit_evidence(session, cast, piece, now)
    pages = (
        (alice, "/readiness"),
        (alice, f"/roadmaps/{SLUG}"),
        (bob, profile),
        (bob, "/teams/ranking"),
    )
    # The verdict filter of the team page names every verdict.
    options = re.compile(r"<option[^>]*>[^<]*</option>")
    for browser, path in pages:
        page = options.sub("", browser.get(path).text)
        assert "Not yet verified here" in page
        assert "Claimed, not proven" not in page
    review_evidence(session, cast, piece, now, decision="returned")
    for browser, path in pages:
        page = options.sub("", browser.get(path).text)
        assert "Not yet verified here" not in page
        assert "Claimed, not proven" in page


def test_page_without_roadmap_suggests_choosing_one(browser_of, cast):
    page = browser_of(cast.carol).get("/readiness")
    assert page.status_code == 200
    assert "Choose a roadmap" in page.text


def test_unknown_roadmap_is_not_found(alice):
    assert alice.get("/readiness?roadmap=nowhere").status_code == 404


def test_page_shows_no_facts_of_other_people(alice, browser_of, cast):
    alice.put(f"/roadmaps/{SLUG}/milestones/{KEY}/completion")
    carol = browser_of(cast.carol)
    carol.post(f"/roadmaps/{SLUG}/enrollment", {})
    assert "Nothing is recorded yet" in carol.get("/readiness").text


def test_what_if_evaluates_selected_choices_and_stores_nothing(session, cast, now, alice):
    piece = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN])
    submit_evidence(session, cast, piece, now)
    alice.put(f"/roadmaps/{SLUG}/milestones/{DESIGN}/completion")
    alice.get("/readiness")  # shows the gain of the last change once
    before = alice.get("/readiness").text
    assert "Select what could come true" in before
    keys = [f"verified:{piece.id}", f"done:{KEY}", "assessed:mlops"]
    assert f'name="if" value="{keys[0]}">' in before
    page = flat(alice.get("/readiness?" + "&".join(f"if={key}" for key in keys)).text)
    for key in keys:
        assert f'name="if" value="{key}" checked>' in page
    summary = re.search(r"If these 3 came true: ([0-9.]+) → ([0-9.]+) \(\+([0-9.]+)\)\.", page)
    assert summary
    was, would_be, gain = (float(each) for each in summary.groups())
    assert was + gain == pytest.approx(would_be)
    assert f"Readiness {summary[1]} / 100" in page
    assert "The verdict stays: Getting started." in page
    after = alice.get("/readiness").text
    assert after.split("<main")[1] == before.split("<main")[1]

    answer = alice.get(f"/readiness?if={','.join(keys)}", fragment=True)
    assert answer.text.startswith('<div id="what-if-result">')
    assert summary[0] in flat(answer.text)
    assert "If these 3 came true" in json.loads(answer.headers["HX-Trigger"])["announce"]


def test_what_if_ignores_foreign_and_unknown_choices(session, cast, now, alice):
    foreign = add_evidence(session, cast, cast.carol, now, title="Not yours", milestones=[DESIGN])
    page = alice.get(f"/readiness?if=verified:{foreign.id}&if=nonsense&if=done:{KEY}").text
    assert "2 choices in the address are ignored" in flat(page)
    assert "Not yours" not in page
    assert "If this came true:" in page


def test_what_if_names_gate_that_would_pass(alice):
    keys = "&".join(f"if=assessed:{key}" for key in SKILLS)
    page = flat(alice.get(f"/readiness?{keys}").text)
    assert re.search(r"If these 8 came true: 0.0 → 20.0 \(\+20.0\)\. Then passed: [^.]+\.", page)


def test_gate_links_lead_to_existing_pages(alice):
    gates = alice.get("/readiness").text.split('<ul class="gates">')[1].split("</ul>")[0]
    links = re.findall(r'<a href="([^"]+)"', gates)
    assert len(links) == gates.count("<li")
    for link in links:
        assert alice.get(link.replace("&amp;", "&")).status_code == 200


def test_items_are_sorted_by_effect_with_reason_for_zero(session, cast, now, alice):
    for title in ("First", "Second", "Third"):
        add_evidence(session, cast, cast.alice, now, title=title, milestones=[])
    alice.put(f"/roadmaps/{SLUG}/milestones/{KEY}/completion")
    items = flat(alice.get("/readiness").text).split('id="items"')[1]
    effects = re.findall(r'<td class="num[^"]*">([^<]+)</td>', items)
    assert effects[0].startswith("+")
    assert effects[1:] == ["0", "0", "0"]
    assert "2 pieces of the kind design document count, and there are 3." in items
    assert "It is linked to no milestone of this roadmap." in items
