"""One key skips long runs of links: the trail, the checklist, the matrix."""

from __future__ import annotations

import pytest

from tests.browser.conftest import PageOf, SampleSite

IS_AFTER = """(link) => {
  const end = document.getElementById(link.hash.slice(1));
  const at = document.activeElement;
  return at !== document.body && !!(end.compareDocumentPosition(at) & 4);
}"""


@pytest.mark.parametrize(
    ("role", "path", "text"),
    [
        ("alice", "/", "Skip the trail"),
        ("alice", "/roadmaps/{slug}", "Skip the trail"),
        ("alice", "/roadmaps/{slug}", "Skip the milestones of this stage"),
        ("alice", "/roadmaps/{slug}/foundations", "Skip the milestones of this stage"),
        ("bob", "/teams/ranking", "Skip the matrix"),
        ("alice", "/portfolio", "Skip to the sections"),
    ],
)
def test_skip_link_moves_focus_past_links(
    sample_site: SampleSite, page_of: PageOf, role: str, path: str, text: str
) -> None:
    page = page_of(role)
    page.goto(path.format(**sample_site.ids))
    link = page.get_by_role("link", name=text).first
    link.focus()
    box = link.bounding_box()
    assert box is not None
    assert box["width"] > 50, "the focused link is visible"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert link.evaluate(IS_AFTER)
