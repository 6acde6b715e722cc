"""GET /readiness: the score, gates, next steps, and every point with its source."""

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


def test_it_works(alice):
    alice.put(f"/roadmaps/{SLUG}/milestones/{KEY}/completion")
    page = alice.get(f"/readiness?roadmap={SLUG}").text
    assert re.search(r"<h2[^>]*>Readiness [0-9.]+ / 100 · Getting started</h2>", page)
    assert re.search(r"<dd>[0-9]+%</dd>", page)
    assert "Verification needs a reviewer" in page
    assert "Best next steps" in page
    assert "Every point, and where it comes from" in page
    assert "1 item" in page


def test_a_beginner_is_told_what_is_not_recorded_yet(session, cast, alice):
    page = alice.get("/readiness").text
    assert "years count as declared" in page
    for path in (f"/roadmaps/{SLUG}", "/career", "/evidence/new", "/skills"):
        assert f'<li>\n          <a href="{path}">' in page
    assert "8 skills, each against five described levels." in page
    alice.post("/career/positions", {"title": "Engineer", "started_on": "2020"})
    assert "Add your jobs and degrees" not in alice.get("/readiness").text


def test_somebody_without_a_manager_reads_it_beside_the_gates(cast, alice, browser_of):
    said = "You are in no team with a manager, so nobody can verify your evidence"
    assert said not in alice.get("/readiness").text
    for who, link in ((cast.mallory, "/teams"), (cast.erin, "/admin/teams")):
        browser = browser_of(who)
        browser.post(f"/roadmaps/{SLUG}/enrollment", {})
        gates = browser.get("/readiness").text.split('id="gates"')[1].split("</section>")[0]
        assert said in gates
        assert f'<a href="{link}">' in gates
        # So does the page to which a gate leads.
        assert f'<a href="/roadmaps/{SLUG}/experience?show=not-verified">' in gates
        stage = flat(browser.get(f"/roadmaps/{SLUG}/experience").text)
        note = stage.split('<p class="note space-above">')[1].split("</p>")[0]
        assert "Delivery in production, verified</a>needs verified milestones" in note
        assert said in note
        assert f'<a href="{link}">' in note
        assert said not in browser.get(f"/roadmaps/{SLUG}/foundations").text
    assert said not in alice.get(f"/roadmaps/{SLUG}/experience").text


def test_years_are_rounded_down_everywhere(alice):
    """The gate and its table say the same: 4.76 years are no 4.8 of 5."""
    dates = {"started_on": "2017-02-10", "ended_on": "2021-11-15"}
    alice.post("/career/positions", {"title": "Engineer", "is_ml": "1", **dates})
    page = alice.get("/readiness").text
    assert "4.7 of 5 years of ML engineering" in page
    assert "4.7 of 5, as declared" in page


def test_years_are_called_a_gate_only_where_one_asks_for_them(
    session, cast, now, browser_of, other_roadmap
):
    carol, said = browser_of(cast.carol), "Years of ML engineering are one of the gates."
    carol.post(f"/roadmaps/{other_roadmap}/enrollment", {})
    assert said in carol.get("/readiness").text
    document = files.read(SHIPPED_FILE)
    document["slug"] = other_roadmap
    gates = document["readiness"]["gates"]
    document["readiness"]["gates"] = [each for each in gates if each["type"] != "years"]
    publish(session, document, now=now)
    session.commit()
    page = carol.get("/readiness").text
    assert said not in page
    assert "Your portfolio shows them, and your managers see them." in page


def test_the_hours_of_a_stage_say_which_are_optional(alice):
    assert "optional" not in alice.get("/readiness").text
    for key in ("onboarding-to-model-changes", "typed-tested-python-package"):
        alice.put(f"/roadmaps/{SLUG}/milestones/{key}/completion")
    page = alice.get("/readiness").text
    assert "years count as declared" in page
    assert "16 optional</p>" in page
    assert "together count for at most a quarter of the required hours" in page


def test_no_step_promises_a_review_where_nobody_can_give_one(app, session, cast, now, browser_of):
    """A verified piece stays verified when its owner has no manager any more."""
    piece = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN])
    submit_evidence(session, cast, piece, now)
    review_evidence(session, cast, piece, now)
    alice = browser_of(cast.alice)
    alice.post(f"/roadmaps/{SLUG}/enrollment", {})
    client = ApiClient.of(app, cast.alice)

    def steps() -> list[str]:
        return [each["action"] for each in client.get("/me/readiness").get_json()["next_steps"]]

    again = f'href="/evidence/{piece.id}/edit?impact='
    assert again in alice.get("/readiness").text
    assert "add_impact" in steps()
    session.execute(sa.delete(Membership).where(Membership.user_id == cast.alice))
    session.commit()
    page = alice.get("/readiness").text
    assert again not in page
    assert "Ask your manager" not in page
    assert not {"add_impact", "ask_assessment", "submit_evidence"} & set(steps())
    draft = add_evidence(session, cast, cast.alice, now, title="Draft", milestones=[DESIGN])
    assert f'href="/evidence/{draft.id}/edit?impact=' in alice.get("/readiness").text


def test_it_needs_sign_in(browser_of, cast):
    assert browser_of().get("/readiness").status_code == 303


def test_ticking_all_without_proof_is_not_ready(alice, session, cast, browser_of, now):
    every = dict.fromkeys(published_roadmap(session, SLUG).content.by_key, True)
    progress.set_done(session, cast.alice, every, by=cast.alice, now=now)
    session.commit()
    page = alice.get("/readiness").text
    assert "years count as declared" in page
    assert re.search(r"<h2[^>]*>Claimed, not proven · Readiness [0-9.]+ / 100</h2>", page)
    assert "less than half of that is verified by someone else" in page

    # Who just arrived with a history that waits is not blamed for it, until somebody judges.
    bob, theirs = browser_of(cast.bob), f"/teams/ranking/people/{cast.alice}"
    piece = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN])
    assert "Not yet verified here" not in alice.get("/readiness").text
    submit_evidence(session, cast, piece, now)
    pages = (
        (alice, "/readiness"),
        (alice, f"/roadmaps/{SLUG}"),
        (bob, theirs),
        (bob, "/teams/ranking"),
    )
    # The filter of a matrix names every verdict.
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


def test_someone_without_a_roadmap_is_told_how_to_begin(browser_of, cast):
    page = browser_of(cast.carol).get("/readiness")
    assert page.status_code == 200
    assert "Choose a roadmap" in page.text


def test_it_rejects_bad_input(alice):
    assert alice.get("/readiness?roadmap=nowhere").status_code == 404


def test_it_hides_what_is_foreign(alice, browser_of, cast):
    alice.put(f"/roadmaps/{SLUG}/milestones/{KEY}/completion")
    other = browser_of(cast.carol)
    other.post(f"/roadmaps/{SLUG}/enrollment", {})
    assert "Nothing is recorded yet" in other.get("/readiness").text


def test_what_if_judges_what_is_ticked_and_stores_nothing(session, cast, now, alice):
    piece = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN])
    submit_evidence(session, cast, piece, now)
    alice.put(f"/roadmaps/{SLUG}/milestones/{DESIGN}/completion")
    alice.get("/readiness")  # says once what the tick gained
    before = alice.get("/readiness").text
    assert "Select what could come true" in before
    keys = [f"verified:{piece.id}", f"done:{KEY}", "assessed:mlops"]
    for key in keys[:1]:
        assert f'name="if" value="{key}">' in before
    page = flat(alice.get("/readiness?" + "&".join(f"if={key}" for key in keys)).text)
    for key in keys:
        assert f'name="if" value="{key}" checked>' in page
    said = re.search(r"If these 3 came true: ([0-9.]+) → ([0-9.]+) \(\+([0-9.]+)\)\.", page)
    assert said
    was, would_be, gain = (float(each) for each in said.groups())
    assert was + gain == pytest.approx(would_be)
    assert f"Readiness {said[1]} / 100" in page
    assert "The verdict stays: Getting started." in page
    main = [each.split("<main")[1] for each in (before, alice.get("/readiness").text)]
    assert main[0] == main[1]

    answer = alice.get(f"/readiness?if={','.join(keys)}", fragment=True)
    assert answer.text.startswith('<div id="what-if-result">')
    assert said[0] in flat(answer.text)
    assert "If these 3 came true" in json.loads(answer.headers["HX-Trigger"])["announce"]


def test_what_if_leaves_out_what_is_not_yours(session, cast, now, alice):
    foreign = add_evidence(session, cast, cast.carol, now, title="Not yours", milestones=[DESIGN])
    page = alice.get(f"/readiness?if=verified:{foreign.id}&if=nonsense&if=done:{KEY}").text
    assert "2 choices in the address are left out" in flat(page)
    assert "Not yours" not in page
    assert "If this came true:" in page


def test_what_if_says_which_gate_would_be_passed(alice):
    keys = "&".join(f"if=assessed:{key}" for key in SKILLS)
    page = flat(alice.get(f"/readiness?{keys}").text)
    assert re.search(r"If these 8 came true: 0.0 → 20.0 \(\+20.0\)\. Then passed: [^.]+\.", page)


def test_each_gate_leads_to_a_page(alice):
    gates = alice.get("/readiness").text.split('<ul class="gates">')[1].split("</ul>")[0]
    links = re.findall(r'<a href="([^"]+)"', gates)
    assert len(links) == gates.count("<li")
    for link in links:
        assert alice.get(link.replace("&amp;", "&")).status_code == 200


def test_items_come_by_the_size_of_their_effect_and_zero_says_why(session, cast, now, alice):
    for title in ("First", "Second", "Third"):
        add_evidence(session, cast, cast.alice, now, title=title, milestones=[])
    alice.put(f"/roadmaps/{SLUG}/milestones/{KEY}/completion")
    items = flat(alice.get("/readiness").text).split('id="items"')[1]
    effects = re.findall(r'<td class="num[^"]*">([^<]+)</td>', items)
    assert effects[0].startswith("+")
    assert effects[1:] == ["0", "0", "0"]
    assert "2 pieces of the kind design document count, and you have 3." in items
    assert "It is linked to no milestone of this roadmap." in items
