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
from tests.browser.conftest import PageOf, SampleSite
from tests.browser.test_journey import FOCUSED

TITLE = "Rollout plan of the new ranker"
# Milestones that Alice has completed and nobody has confirmed, by the kind that proves them; and
# one that needs another kind.
UNPROVEN = {
    "open_source": ("algorithms-ml-systems-use", "typed-tested-python-package"),
    "case_study": ("own-a-production-model", "tracking-and-registry"),
    "design_doc": ("lead-design-reviews",),
}
OF_ANOTHER_KIND = "mentor-a-junior-engineer"


def record(
    sample_site: SampleSite, title: str, kind: str = "design_doc", *, submitted: bool = False
) -> str:
    """Create evidence of Alice and return its id."""
    with sample_site.app.app_context():
        alice, now = (
            sample_site.cast.actor(db.session, sample_site.cast.alice),
            dt.datetime.now(dt.UTC),
        )
        piece = actions.create(
            db.session,
            sample_site.cast.alice,
            EvidenceInput(
                kind=kind,
                title=title,
                occurred_on=PartialDate(now.date() - dt.timedelta(days=3)),
                url="https://example.org/rollout",
                description="The old plan.",
            ),
            milestones=[*UNPROVEN.get(kind, ()), OF_ANOTHER_KIND],
            by=alice,
            now=now,
        )
        if submitted:
            actions.submit(db.session, piece, by=alice, now=now)
        db.session.commit()
        return str(piece.id)


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
def test_back_and_forth(
    javascript: bool, kind: str, sample_site: SampleSite, page_of: PageOf
) -> None:
    title = f"{TITLE} {uuid.uuid4().hex[:6]}"
    piece = record(sample_site, title, kind)
    alice = page_of("alice", java_script_enabled=javascript)
    bob = page_of("bob", java_script_enabled=javascript)
    before = verified_share(alice)

    alice.goto(f"/evidence/{piece}")
    alice.get_by_role("button", name="Ask Bob to review").click()
    expect(alice.locator("#messages")).to_contain_text("is now waiting for Bob")
    expect(alice.locator("#main")).to_be_focused()  # at the message, as the button is gone

    bob.goto("/reviews")
    # Shortcuts need scripts.
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
    alice.goto(f"/evidence/{piece}")
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

    bob.goto(f"/reviews/{piece}")
    changed = bob.locator(".version-changes pre ins")
    expect(changed).to_contain_text("The new plan, with the way back.")
    bob.get_by_role("button", name="Verify: judged from the artefact").click()
    expect(bob.locator("#messages")).to_contain_text("is verified")

    alice.goto(f"/evidence/{piece}")
    expect(alice.locator("#thread")).to_contain_text(
        "Bob (judged from the artefact) verified version 2"
    )
    expect(alice.get_by_text("confirmed by Bob")).to_have_count(2)
    assert verified_share(alice) > before


def test_the_queue_by_keyboard_alone(sample_site: SampleSite, page_of: PageOf) -> None:
    first = record(sample_site, f"First of two {uuid.uuid4().hex[:6]}", submitted=True)
    second = record(sample_site, f"Second of two {uuid.uuid4().hex[:6]}", submitted=True)
    page = page_of("bob")
    page.add_init_script(
        """for (const kind of ["click", "mousedown", "pointerdown", "touchstart"])
          addEventListener(kind, (event) => {
            if (kind !== "click" || event.detail) console.error("a pointer was used");
          }, true);"""
    )
    page.goto(f"/reviews?person={sample_site.cast.alice}")
    titles = page.locator("#queue a.title")
    places = [link.get_attribute("href") or "" for link in titles.all()]
    at = next(number for number, href in enumerate(places) if first in href)
    page.keyboard.press("j")
    expect(titles.nth(0)).to_be_focused()
    for _step in range(at):
        page.keyboard.press("ArrowDown")
    expect(titles.nth(at)).to_be_focused()
    assert page.evaluate(FOCUSED)["visible"]
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(titles.nth(at)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(first))
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


def test_after_a_decision_the_focus_is_at_the_message_and_back_shows_what_was_decided(
    sample_site: SampleSite, page_of: PageOf
) -> None:
    title = f"Decided {uuid.uuid4().hex[:6]}"
    piece = record(sample_site, title, "open_source", submitted=True)
    page = page_of("bob")
    page.goto(f"/reviews/{piece}")
    page.locator(f"#m-{UNPROVEN['open_source'][0]}").uncheck()
    page.locator("#comment").fill("Merged by the maintainers.")
    # Enter in a field selects no basis.
    page.locator(".criteria input").last.press("Enter")
    expect(page).to_have_url(re.compile(piece))
    page.get_by_role("button", name="Verify: seen first-hand").press("Enter")
    expect(page.locator("#messages")).to_contain_text("1 of 2 milestones confirmed")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Look at it again or take it back")).to_be_focused()
    page.go_back()
    expect(page.get_by_role("button", name="Verify:")).to_have_count(0)
    expect(page.locator("#comment")).to_have_value("")
    expect(page.locator(".criteria")).to_contain_text("Left out by you.")
    page.get_by_label(re.compile("^Why you take")).fill("The wrong piece.")
    page.get_by_role("button", name="Take back the verification").click()
    expect(page.locator("#messages")).to_contain_text(f"“{title}” is no longer verified")
    expect(page.locator("#comment")).to_have_value("Merged by the maintainers.")
    expect(page.locator(f"#m-{UNPROVEN['open_source'][0]}")).not_to_be_checked()
    expect(page.locator(f"#m-{UNPROVEN['open_source'][1]}")).to_be_checked()


def test_the_queue_is_narrowed_in_place(sample_site: SampleSite, page_of: PageOf) -> None:
    record(sample_site, f"To be found {uuid.uuid4().hex[:6]}", submitted=True)
    page = page_of("bob")
    page.goto("/reviews")
    page.evaluate("window.same = true")
    kind = page.get_by_label("Kind")
    kind.select_option("design_doc")
    expect(page).to_have_url(re.compile("kind=design_doc"))
    expect(page.locator("#queue")).not_to_contain_text("Case study")
    expect(page.locator("#queue")).to_contain_text("To be found")
    assert page.evaluate("window.same"), "the page was loaded again"


def test_a_comment_leaves_the_page_where_it_is(sample_site: SampleSite, page_of: PageOf) -> None:
    piece = record(sample_site, f"To be talked about {uuid.uuid4().hex[:6]}", submitted=True)
    page = page_of("bob")
    page.goto(f"/reviews/{piece}")
    page.evaluate("window.same = true")
    page.locator("#comment").fill("Half written")
    thread = page.locator("#thread")
    thread.get_by_label("Add a comment").fill("Is that *all*?")
    thread.get_by_role("button", name="Add comment").press("Enter")
    expect(thread.locator("li.comment")).to_contain_text("Is that all?")
    expect(page.locator("#live")).to_have_text("Your comment is added.")
    expect(page.locator("#comment")).to_have_value("Half written")
    assert page.evaluate("window.same"), "the page was loaded again"
    expect(page.locator(":focus")).to_have_count(1)
    page.reload()
    expect(thread.get_by_label("Add a comment")).to_have_value("")


def test_single_keys_can_be_switched_off(sample_site: SampleSite, page_of: PageOf) -> None:
    for _piece in range(2):
        record(sample_site, f"Dictated {uuid.uuid4().hex[:6]}", submitted=True)
    page = page_of("bob")
    page.goto("/reviews")
    page.get_by_role("link", name="Switch single keys off").click()
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


def test_a_history_is_verified_at_once(sample_site: SampleSite, page_of: PageOf) -> None:
    mine = [f"Old work {uuid.uuid4().hex[:6]}" for _ in range(2)]
    for title in mine:
        record(sample_site, title, submitted=True)
    bob = page_of("bob")
    bob.goto(f"/teams/ranking/people/{sample_site.cast.alice}")
    bob.get_by_role("link", name="Verify history").click()
    # Each piece is expanded with its text and criteria. Other tests also left some.
    piece = bob.locator(".history-piece", has_text=mine[0])
    expect(piece.get_by_text("The old plan.")).to_be_visible()
    expect(piece.get_by_text("Done when:").first).to_be_visible()
    for other in bob.locator(".history-piece").all():
        title = other.get_by_role("heading").inner_text().strip()
        box = other.get_by_role("checkbox", name=title)
        if box.count():
            expect(box).to_be_checked()
            box.set_checked(title in mine)
    bob.get_by_role("button", name="Verify selected").click()
    expect(bob.get_by_role("alert")).to_contain_text("choose one of the three")
    bob.get_by_label("What it rests on", exact=True).select_option("seen first-hand")
    piece.get_by_label("What it rests on, for this piece").select_option("on a referee's word")
    bob.get_by_role("button", name="Verify selected").click()
    expect(bob.locator("#messages")).to_contain_text("2 pieces of Alice are verified.")
    bob.get_by_role("link", name=mine[0]).click()
    expect(bob.get_by_text("on a referee's word").first).to_be_visible()

    bob.goto(f"/reviews/people/{sample_site.cast.alice}")
    bob.get_by_label(re.compile("^Why you take")).fill("The wrong pieces.")
    bob.get_by_role("button", name="Take back").click()
    expect(bob.locator("#messages")).to_contain_text("2 pieces of Alice are waiting again")
    expect(bob.locator(".history-piece", has_text=mine[1])).to_be_visible()


def test_a_person_on_paper_is_unfolded_and_has_no_controls(
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
