"""No overflow at any window width; `test_every_page.py` checks every page."""

from __future__ import annotations

from collections import Counter

from playwright.sync_api import Page, expect

from tests.browser.conftest import PageOf, SampleSite
from tests.browser.test_journey import PointerInput

TABLE_ROLES = ("table", "row", "columnheader", "rowheader", "cell")

# Elements wider than the window, except inside scrolling frames.
FIND_OVERFLOWING = """() => {
  const wide = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= wide) return [];
  const frames = ["auto", "scroll", "hidden", "clip"];
  const scrolls = (one) => {
    for (let up = one; up && up !== document.body; up = up.parentElement)
      if (frames.includes(getComputedStyle(up).overflowX)) return true;
    return false;
  };
  const right = (one) => one.getBoundingClientRect().right;
  const out = [...document.querySelectorAll("body *")]
    .filter((one) => right(one) > wide + 0.5 && !scrolls(one))
    .map((one) => `${one.localName}.${one.getAttribute("class")}#${one.id} to ${right(one)}`);
  return out.slice(0, 5).concat(`${document.documentElement.scrollWidth} px in all`);
}"""


def find_overflowing(page: Page) -> list[str]:
    found: list[str] = page.evaluate(FIND_OVERFLOWING)
    return found


def test_long_words_wrap(page_of: PageOf) -> None:
    """A title without spaces and a very long URL wrap instead of overflowing."""
    page = page_of("carol", viewport={"width": 320, "height": 800})
    page.goto("/evidence/new")
    user = PointerInput(page)
    user.fill("Title", "W" * 190)
    user.choose("Kind", "Talk")
    user.fill("Date", "2026-02-01")
    user.fill("Link", "https://example.org/" + "w" * 900)
    user.press("summary", "Description and your role")
    user.fill("Description", "w" * 900 + "\n\n`" + "c" * 300 + "`")
    user.press("button", "Save evidence")
    page.get_by_role("heading", level=1).get_by_text("WWW").wait_for()
    found = []
    for address in (page.url, "/evidence", "/portfolio", "/"):
        page.goto(address)
        found += [f"{address}: {line}" for line in find_overflowing(page)]
    assert not found, "\n".join(found)


# Parts of words at which the first heading breaks into lines.
FIND_SPLIT_WORDS = """() => {
  const found = [];
  const texts = document.createTreeWalker(document.querySelector("h1"), NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    for (const word of texts.currentNode.data.matchAll(/\\S+/g)) {
      const range = document.createRange();
      range.setStart(texts.currentNode, word.index);
      range.setEnd(texts.currentNode, word.index + word[0].length);
      if (new Set([...range.getClientRects()].map((box) => box.top)).size > 1) found.push(word[0]);
    }
  }
  return found;
}"""


def test_heading_does_not_split_words(sample_site: SampleSite, page_of: PageOf) -> None:
    bob = page_of("bob", viewport={"width": 320, "height": 800})
    bob.goto(f"/teams/{sample_site.ids['team']}")
    rename = "heading => heading.textContent = 'Recommendations'"
    bob.locator("h1").evaluate(rename)
    assert bob.evaluate(FIND_SPLIT_WORDS) == []
    assert not find_overflowing(bob)
    page = page_of("carol", viewport={"width": 320, "height": 800})
    page.goto("/evidence/new")
    user = PointerInput(page)
    user.fill("Title", "Sponsoring Wei-Lin's first state-of-the-art design with CIFAR-10")
    user.choose("Kind", "Talk")
    user.fill("Date", "2026-02-01")
    user.fill("Link", "https://example.org/")
    user.press("button", "Save evidence")
    page.locator("h1", has_text="Sponsoring").wait_for()
    for width in range(320, 1000, 20):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(FIND_SPLIT_WORDS) == [], width


def test_reduced_motion_disables_animations(sample_site: SampleSite, page_of: PageOf) -> None:
    page = page_of("alice", reduced_motion="reduce")
    page.goto(f"/roadmaps/{sample_site.ids['slug']}")
    page.locator(f"button[formaction$='/{sample_site.ids['open']}/completion']").press("Space")
    page.locator("#live:not(:empty)").wait_for(state="attached")
    moving = page.evaluate(
        "document.getAnimations().filter((one) => one.effect.getTiming().duration > 50).length"
    )
    assert moving == 0


FIND_MISALIGNED = """() => {
  const top = (one) => Math.round(one.getBoundingClientRect().top);
  const out = [];
  for (const columns of document.querySelectorAll(".columns")) {
    const rows = Map.groupBy(columns.querySelectorAll(":scope > div.field:not(.check)"), top);
    for (const fields of rows.values()) {
      const input = (one) => one.querySelector("input, select, textarea");
      const inputs = new Set(fields.map((one) => top(input(one))));
      if (inputs.size > 1) out.push(`inputs at ${[...inputs]}`);
    }
  }
  const footer = document.querySelector(".footer");
  const middle = (one) => {
    const box = one.getBoundingClientRect();
    return Math.round(box.top + box.height / 2);
  };
  const bases = [...footer.querySelectorAll("summary, :scope > span")].map(middle);
  if (new Set(bases).size > 1) out.push(`footer at ${bases}`);
  return out;
}"""


def test_form_fields_and_footer_are_aligned(page_of: PageOf) -> None:
    page = page_of("alice", viewport={"width": 1280, "height": 800})
    for address in ("/account", "/evidence/new", "/career/positions/new", "/skills"):
        page.goto(address)
        assert page.evaluate(FIND_MISALIGNED) == [], address


def test_start_button_does_not_cover_the_stages_on_a_phone(page_of: PageOf) -> None:
    page = page_of("mallory", viewport={"width": 390, "height": 844})
    page.goto("/roadmaps/senior-ml-engineer#way")
    button = page.get_by_role("region", name="Begin").get_by_role("button")
    expect(button).not_to_be_in_viewport()
    button.scroll_into_view_if_needed()
    expect(button).to_be_in_viewport()


def test_status_of_a_milestone_is_above_what_is_read_once_on_a_phone(
    sample_site: SampleSite, page_of: PageOf
) -> None:
    ids = sample_site.ids
    page = page_of("alice", viewport={"width": 390, "height": 844})
    page.goto(f"/roadmaps/{ids['slug']}/milestones/{ids['open']}")
    tops = {
        name: page.get_by_role("heading", name=name, exact=True).bounding_box()["y"]
        for name in ("Evidence", "Status", "Witnesses")
    }
    assert sorted(tops, key=tops.get) == ["Evidence", "Status", "Witnesses"]


def test_header_name_fits_on_one_line(page_of: PageOf) -> None:
    page = page_of("bob", viewport={"width": 320, "height": 800})
    page.goto("/skills")
    assert page.locator(".account-name").bounding_box()["height"] < 30
    assert page.locator(".brand svg").bounding_box()["width"] == 24


def test_new_notification_subject_is_inline_in_sentence(page_of: PageOf) -> None:
    """The subject is inline in the sentence, as a link or as a button."""
    page = page_of("bob", viewport={"width": 390, "height": 800})
    page.goto("/notifications?unread")
    title = page.locator(".unread .notification-text label").first
    assert title.evaluate("(one) => getComputedStyle(one).display") == "inline"
    title.click()
    page.wait_for_url(lambda address: "/notifications" not in address)


def test_radar_labels_and_stage_notes_fit_phone(page_of: PageOf) -> None:
    """The radar's labels are inside it, and notes below a stage are not one word per line."""
    page = page_of("alice", viewport={"width": 320, "height": 800})
    page.goto("/skills")
    outside = page.evaluate("""() => {
      const frame = document.querySelector(".radar").getBoundingClientRect();
      return [...document.querySelectorAll(".radar text")]
        .filter((one) => {
          const box = one.getBoundingClientRect();
          return box.left < frame.left || box.right > frame.right;
        })
        .map((one) => one.textContent);
    }""")
    assert outside == []
    page.goto("/readiness")
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    widths = page.locator("#part-milestones tbody th").evaluate_all(
        "(all) => all.map((one) => one.getBoundingClientRect().width)"
    )
    assert min(widths) >= 150


def test_tables_and_tabs_do_not_scroll_on_a_phone(sample_site: SampleSite, page_of: PageOf) -> None:
    """Their cells are below the row's head; screen readers still read a table."""
    ids, phone = sample_site.ids, {"width": 390, "height": 844}
    pages = {
        "alice": (
            "/readiness",
            "/skills",
            "/time",
            "/career",
            "/credentials",
            "/market",
            "/practice",
            "/roadmaps?all",
            f"/roadmaps/{ids['slug']}/progress",
        ),
        "bob": (f"/teams/{ids['team']}/people/{ids['alice']}",),
    }
    for role, addresses in pages.items():
        page = page_of(role)
        for address in addresses:
            page.set_viewport_size({"width": 1280, "height": 800})
            page.goto(address)
            page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
            roles = count_table_roles(page)
            page.set_viewport_size(phone)
            for frame in page.locator("main :is(.table, .tabs)").all():
                hidden = frame.evaluate("one => one.scrollWidth - one.clientWidth")
                assert hidden <= 1, f"{address}: {frame.get_attribute('aria-label')}"
            assert count_table_roles(page) == roles, address


def count_table_roles(page: Page) -> Counter[str]:
    tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")
    roles = (node["role"]["value"] for node in tree["nodes"] if not node["ignored"])
    return Counter(role for role in roles if role in TABLE_ROLES)
