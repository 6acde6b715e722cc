"""A review between two people, and the queue by keyboard alone."""

from __future__ import annotations

import datetime as dt
import re
import uuid

import pytest
from playwright.sync_api import Page, expect

from roadmap.core.database import db
from roadmap.core.dates import PartialDate
from roadmap.evidence import actions
from roadmap.evidence.rules import EvidenceInput
from tests.browser.conftest import NO_POINTER, PageOf, SampleSite
from tests.browser.test_journey import FOCUSED

TITLE = "Rollout plan of the new ranker"
# Alice's claimed milestones by the kind of evidence that proves them.
UNVERIFIED_MILESTONES = {
    "open_source": ("algorithms-ml-systems-use", "typed-tested-python-package"),
    "case_study": ("own-a-production-model", "tracking-and-registry"),
    "design_doc": ("lead-design-reviews",),
}
# A milestone that needs another kind of evidence.
MILESTONE_OF_OTHER_KIND = "mentor-a-junior-engineer"


def create_evidence(
    sample_site: SampleSite, title: str, kind: str = "design_doc", *, submitted: bool = False
) -> str:
    """Create evidence of Alice and return its id."""
    with sample_site.app.app_context():
        alice, now = (
            sample_site.cast.actor(db.session, sample_site.cast.alice),
            dt.datetime.now(dt.UTC),
        )
        evidence_id = actions.create(
            db.session,
            sample_site.cast.alice,
            EvidenceInput(
                kind=kind,
                title=title,
                occurred_on=PartialDate(now.date() - dt.timedelta(days=3)),
                url="https://example.org/rollout",
                description="The old plan.",
            ),
            milestones=[*UNVERIFIED_MILESTONES.get(kind, ()), MILESTONE_OF_OTHER_KIND],
            by=alice,
            now=now,
        )
        if submitted:
            actions.submit(db.session, evidence_id, by=alice, now=now)
        db.session.commit()
        return str(evidence_id.id)


def verified_share(page: Page) -> int:
    """Return the verified percentage on the readiness page."""
    page.goto("/readiness")
    figure = page.locator(".figures > div", has=page.get_by_text(re.compile("^verified( by |$)")))
    return int(re.sub(r"\D", "", figure.locator("dd").inner_text()))


@pytest.mark.parametrize(
    ("javascript", "kind"),
    [(True, "open_source"), (False, "case_study")],
    ids=["javascript", "no javascript"],
)
def test_evidence_is_returned_revised_and_verified(
    javascript: bool, kind: str, sample_site: SampleSite, page_of: PageOf
) -> None:
    title = f"{TITLE} {uuid.uuid4().hex[:6]}"
    evidence_id = create_evidence(sample_site, title, kind)
    alice = page_of("alice", java_script_enabled=javascript)
    bob = page_of("bob", java_script_enabled=javascript)
    before = verified_share(alice)

    alice.goto(f"/evidence/{evidence_id}")
    alice.get_by_role("button", name="Ask Bob to review").click()
    expect(alice.locator("#messages")).to_contain_text("is now waiting for Bob")
    expect(alice.locator("#main")).to_be_focused()  # at the message, as the button is gone

    bob.goto("/reviews")
    # Shortcuts need JavaScript.
    expect(bob.locator(".keyboard-hints kbd").first).to_be_visible(visible=javascript)
    bob.get_by_role("link", name=title).click()
    heading = bob.get_by_role("heading", level=1)
    expect(heading).to_have_text(title)
    expect(bob.get_by_role("checkbox", checked=True)).to_have_count(2)
    bob.get_by_role("button", name="Start review").click()
    expect(bob.get_by_text("In review by you")).to_be_visible()

    # A question in the timeline, and its answer.
    thread = bob.locator("#thread")
    thread.get_by_label("Add a comment").fill("Which *week* is the baseline from?")
    thread.get_by_role("button", name="Add comment").click()
    expect(thread).to_contain_text("Which week is the baseline from?")
    expect(thread.get_by_label("Add a comment")).to_have_value("")
    alice.goto(f"/evidence/{evidence_id}")
    expect(alice.locator("#thread")).to_contain_text("Which week is the baseline from?")

    # Return it: first without a comment, then with one.
    bob.get_by_role("button", name="Return with comment").click()
    expect(bob.locator(".errors")).to_contain_text("Say what is missing")
    bob.locator("#comment").fill("Name what would roll it back.")
    bob.get_by_role("button", name="Return with comment").click()
    expect(bob.locator("#messages")).to_contain_text("is returned to its author")

    alice.reload()
    expect(alice.locator("#thread")).to_contain_text("Name what would roll it back.")
    alice.get_by_role("link", name="Edit", exact=True).click()
    alice.get_by_label(re.compile("^Description")).fill("The new plan, with the way back.")
    alice.get_by_role("button", name="Save evidence").click()
    alice.get_by_role("button", name="Ask Bob again").click()

    bob.goto(f"/reviews/{evidence_id}")
    changed = bob.locator(".version-changes pre ins")
    expect(changed).to_contain_text("The new plan, with the way back.")
    bob.get_by_role("button", name="Verify: judged from the artefact").click()
    expect(bob.locator("#messages")).to_contain_text("is verified")

    alice.goto(f"/evidence/{evidence_id}")
    expect(alice.locator("#thread")).to_contain_text(
        "Bob (judged from the artefact) verified version 2"
    )
    expect(alice.get_by_text("confirmed by Bob")).to_have_count(2)
    assert verified_share(alice) > before


def test_review_queue_is_worked_through_by_keyboard(
    sample_site: SampleSite, page_of: PageOf
) -> None:
    first = create_evidence(sample_site, f"First of two {uuid.uuid4().hex[:6]}", submitted=True)
    second = create_evidence(sample_site, f"Second of two {uuid.uuid4().hex[:6]}", submitted=True)
    page = page_of("bob")
    page.add_init_script(NO_POINTER)
    page.goto(f"/reviews?person={sample_site.cast.alice}")
    titles = page.locator("#queue a.title")
    paths = [link.get_attribute("href") or "" for link in titles.all()]
    position = next(number for number, href in enumerate(paths) if first in href)
    page.keyboard.press("j")
    expect(titles.nth(0)).to_be_focused()
    for _step in range(position):
        page.keyboard.press("ArrowDown")
    expect(titles.nth(position)).to_be_focused()
    assert page.evaluate(FOCUSED)["visible"]
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(titles.nth(position)).to_be_focused()
    with page.expect_event("load"):
        page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(first))
    with page.expect_event("load"):
        page.keyboard.press("n")
    expect(page).to_have_url(re.compile(second))
    # Typing a letter in a field is not a shortcut.
    page.locator("#comment").focus()
    page.keyboard.type("no")
    expect(page.locator("#comment")).to_have_value("no")
    expect(page).to_have_url(re.compile(second))
    # To the button of a basis, and its key.
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Verify: judged from the artefact")).to_be_focused()
    assert page.evaluate(FOCUSED)["visible"]
    page.keyboard.press("Enter")
    expect(page.locator("#messages")).to_contain_text("1 of 1 milestone confirmed")
    expect(page).not_to_have_url(re.compile(second))


def test_verification_focuses_message_and_can_be_undone(
    sample_site: SampleSite, page_of: PageOf
) -> None:
    title = f"Decided {uuid.uuid4().hex[:6]}"
    evidence_id = create_evidence(sample_site, title, "open_source", submitted=True)
    page = page_of("bob")
    page.goto(f"/reviews/{evidence_id}")
    page.locator(f"#m-{UNVERIFIED_MILESTONES['open_source'][0]}").uncheck()
    page.locator("#comment").fill("Merged by the maintainers.")
    # Enter in a field selects no basis.
    page.locator(".criteria input").last.press("Enter")
    expect(page).to_have_url(re.compile(evidence_id))
    with page.expect_event("load"):
        page.get_by_role("button", name="Verify: seen first-hand").press("Enter")
    expect(page.locator("#messages")).to_contain_text("1 of 2 milestones confirmed")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Look at it again or undo it")).to_be_focused()
    page.go_back()
    expect(page.get_by_role("button", name="Verify:")).to_have_count(0)
    expect(page.locator("#comment")).to_have_value("")
    expect(page.locator(".criteria")).to_contain_text("Left out by you.")
    page.get_by_label(re.compile("^Why you undo")).fill("The wrong piece.")
    page.get_by_role("button", name="Undo the verification").click()
    expect(page.locator("#messages")).to_contain_text(f"“{title}” is no longer verified")
    expect(page.locator("#comment")).to_have_value("Merged by the maintainers.")
    expect(page.locator(f"#m-{UNVERIFIED_MILESTONES['open_source'][0]}")).not_to_be_checked()
    expect(page.locator(f"#m-{UNVERIFIED_MILESTONES['open_source'][1]}")).to_be_checked()


def test_review_queue_filters_without_reload(sample_site: SampleSite, page_of: PageOf) -> None:
    create_evidence(sample_site, f"To be found {uuid.uuid4().hex[:6]}", submitted=True)
    page = page_of("bob")
    page.goto("/reviews")
    page.evaluate("window.same = true")
    kind = page.get_by_label("Kind")
    kind.select_option("design_doc")
    expect(page).to_have_url(re.compile("kind=design_doc"))
    expect(page.locator("#queue")).not_to_contain_text("Case study")
    expect(page.locator("#queue")).to_contain_text("To be found")
    assert page.evaluate("window.same"), "the page was reloaded"


def test_review_is_asked_for_from_the_top_of_a_phone(
    sample_site: SampleSite, page_of: PageOf
) -> None:
    page = page_of("alice", viewport={"width": 390, "height": 844})
    page.goto(f"/evidence/{create_evidence(sample_site, 'From a phone')}")
    page.get_by_role("link", name="Ask for a review").click()
    expect(page.get_by_role("button", name="Ask Bob to review")).to_be_in_viewport()


def test_checkbox_of_a_milestone_is_described_by_its_notes(
    sample_site: SampleSite, page_of: PageOf
) -> None:
    page = page_of("bob")
    page.goto(f"/reviews/{create_evidence(sample_site, 'Of another kind', submitted=True)}")
    box = page.locator(f"#m-{MILESTONE_OF_OTHER_KIND}")
    expect(box).to_have_accessible_description(re.compile("Done when: .* does not prove it"))


def test_comment_is_added_without_reload(sample_site: SampleSite, page_of: PageOf) -> None:
    evidence_id = create_evidence(
        sample_site, f"To be talked about {uuid.uuid4().hex[:6]}", submitted=True
    )
    page = page_of("bob")
    page.goto(f"/reviews/{evidence_id}")
    page.evaluate("window.same = true")
    page.locator("#comment").fill("Half written")
    thread = page.locator("#thread")
    thread.get_by_label("Add a comment").fill("Is that *all*?")
    thread.get_by_role("button", name="Add comment").press("Enter")
    expect(thread.locator("li.comment")).to_contain_text("Is that all?")
    expect(page.locator("#live")).to_have_text("Your comment is added.")
    expect(page.locator("#comment")).to_have_value("Half written")
    assert page.evaluate("window.same"), "the page was reloaded"
    expect(page.locator(":focus")).to_have_count(1)
    page.reload()
    expect(thread.get_by_label("Add a comment")).to_have_value("")


def test_single_keys_are_switched_off_and_on_in_settings(
    sample_site: SampleSite, page_of: PageOf
) -> None:
    for _piece in range(2):
        create_evidence(sample_site, f"Dictated {uuid.uuid4().hex[:6]}", submitted=True)
    page = page_of("bob")
    page.goto("/reviews")
    page.get_by_role("link", name="Switch single-key shortcuts off").click()
    switch = page.get_by_label("Use single keys as shortcuts")
    switch.uncheck()
    page.get_by_role("button", name="Save keyboard settings").click()
    expect(switch).not_to_be_checked()
    page.goto("/reviews")
    titles = page.locator("#queue a.title")
    page.keyboard.press("j")
    expect(page.locator("body")).to_be_focused()
    titles.nth(0).focus()
    page.keyboard.press("ArrowDown")
    expect(titles.nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(titles.nth(1)).to_be_focused()
    titles.nth(0).press("Enter")
    expect(page.get_by_role("link", name="Next: ")).to_be_visible()
    review = page.url
    expect(page.get_by_role("link", name="Next: ")).not_to_have_attribute("aria-keyshortcuts", "n")
    page.keyboard.press("n")
    expect(page).to_have_url(review)
    page.goto("/account#keyboard")
    switch.check()
    page.get_by_role("button", name="Save keyboard settings").click()
    expect(switch).to_be_checked()
    page.goto(review)
    page.keyboard.press("n")
    expect(page).not_to_have_url(review)


def test_manager_verifies_and_undoes_history_at_once(
    sample_site: SampleSite, page_of: PageOf
) -> None:
    mine = [f"Old work {uuid.uuid4().hex[:6]}" for _ in range(2)]
    for title in mine:
        create_evidence(sample_site, title, submitted=True)
    bob = page_of("bob")
    bob.goto(f"/teams/ranking/people/{sample_site.cast.alice}")
    bob.get_by_role("link", name="Verify history").click()
    # Each piece is expanded with its text and criteria. Other tests left more pieces in the list.
    entry = bob.locator(".history-piece", has_text=mine[0])
    expect(entry.get_by_text("The old plan.")).to_be_visible()
    expect(entry.get_by_text("Done when:").first).to_be_visible()
    for other in bob.locator(".history-piece").all():
        title = other.get_by_role("heading").inner_text().strip()
        box = other.get_by_role("checkbox", name=title)
        if box.count():
            expect(box).to_be_checked()
            box.set_checked(title in mine)
    bob.get_by_role("button", name="Verify selected").click()
    expect(bob.get_by_role("alert")).to_contain_text("one of the three")
    bob.get_by_label("Basis for your decision", exact=True).select_option("seen first-hand")
    entry.get_by_label("Basis for this piece").select_option("on a referee's word")
    bob.get_by_role("button", name="Verify selected").click()
    expect(bob.locator("#messages")).to_contain_text("2 pieces of Alice are verified.")
    bob.get_by_role("link", name=mine[0]).click()
    expect(bob.get_by_text("on a referee's word").first).to_be_visible()

    bob.goto(f"/reviews/people/{sample_site.cast.alice}")
    bob.get_by_label(re.compile("^Why you undo")).fill("The wrong pieces.")
    bob.get_by_role("button", name="Undo").click()
    expect(bob.locator("#messages")).to_contain_text("2 pieces of Alice are waiting again")
    expect(bob.locator(".history-piece", has_text=mine[1])).to_be_visible()


def test_printed_person_page_is_expanded_without_controls(
    sample_site: SampleSite, page_of: PageOf
) -> None:
    bob = page_of("bob")
    bob.goto(f"/teams/ranking/people/{sample_site.cast.alice}")
    folded = bob.locator(".stage-fold:not([open]) .milestone-title").first
    assess = bob.get_by_role("link", name=re.compile("^Assess ")).first
    expect(folded).to_be_hidden()
    expect(assess).to_be_visible()
    bob.emulate_media(media="print")
    expect(folded).to_be_visible()
    expect(assess).to_be_hidden()
    expect(bob.get_by_role("link", name="Verify history")).to_be_hidden()
