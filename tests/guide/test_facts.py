"""Every fact of the career guide is on the page named in `facts.yaml`, and links lead there."""

from __future__ import annotations

import re
from collections import deque
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
import yaml

from roadmap.catalog.queries import published_roadmap
from roadmap.progress import actions as progress
from tests.support.browser_client import BrowserClient
from tests.support.sample_data import SLUG

FACTS = yaml.safe_load((Path(__file__).parent / "facts.yaml").read_text("utf-8"))
HOST = "http://localhost"
MAX_PAGES = 600


class Page(HTMLParser):
    """The links of a page, and the words of its `main` element."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.words: list[str] = []
        self.is_main = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.is_main |= tag == "main"
        if tag == "a":
            self.links.append(dict(attrs).get("href") or "")

    def handle_endtag(self, tag: str) -> None:
        self.is_main &= tag != "main"

    def handle_data(self, data: str) -> None:
        if self.is_main:
            self.words += data.split()


def crawl(person: BrowserClient) -> dict[str, str]:
    """Return the text of each page that links lead to from the home page.

    Links with a query only sort or filter pages, and are not followed.
    """
    todo, pages = deque(["/"]), dict[str, str]()
    seen = set(todo)
    while todo and len(pages) < MAX_PAGES:
        path = todo.popleft()
        answer = person.get(path)
        assert answer.status_code in (200, 302, 303), f"{path}: {answer.status_code}"
        links = [answer.location or ""]
        if answer.status_code == 200 and answer.mimetype == "text/html":
            page = Page(answer.text)
            pages[path] = " ".join(page.words)
            links = page.links
        for link in links:
            url = urlsplit(urljoin(HOST + path, link))
            if url.netloc == "localhost" and not url.query and url.path not in seen:
                seen.add(url.path)
                todo.append(url.path)
    return pages


@pytest.mark.slow
def test_every_fact_of_the_guide_is_on_its_linked_page(cast, session, now, browser_of):
    roadmap = published_roadmap(session, SLUG)
    progress.enroll(
        session, cast.alice, roadmap.roadmap_id, target_on=None, hours_per_week=Decimal(6), now=now
    )
    session.commit()
    pages = crawl(browser_of(cast.alice))
    assert len(pages) < MAX_PAGES
    missing = [
        f"{page}: {fact}, as /{pattern}/"
        for page, facts in FACTS.items()
        for fact, pattern in facts.items()
        if not re.search(pattern, pages.get(page, ""), re.IGNORECASE)
    ]
    assert missing == []
