"""The exported website works from disk, makes no requests, and executes no user text."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import PurePosixPath

import pytest

from roadmap.portfolio.document import Document
from roadmap.portfolio.formats import site
from tests.portfolio.sample_documents import ALICE, EMPTY, RANKER, hostile


class PageParser(HTMLParser):
    """Collect the start tags and the words of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag == name]


def site_files(document: Document) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(site.render(document))) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_site_has_index_and_page_for_each_item() -> None:
    files = site_files(ALICE)
    assert list(files)[:2] == ["index.html", "style.css"]
    assert len(files) == 2 + len(ALICE.items)
    index = files["index.html"]
    for text in (
        "<title>Alice Archer: portfolio</title>",
        "6 pieces of evidence: 4 verified by 1 person, 2 not verified.",
        "180 → 62 ms",
        "Mar 2022 – today",
        "Master, Computer science",
        "Level 4 of 4, the role asks for 4",
        '<html lang="en">',
    ):
        assert text in index
    # The bar is filled by verified evidence only.
    assert '<rect class="solid" width="667" height="10"/></svg>' in index
    page = files[f"pieces/{RANKER.id}.html"]
    for text in (
        "<title>Two-stage ranking for the home feed · Alice Archer</title>",
        "Verified by Bob Builder on 3 Apr 2026",
        '<h3 dir="auto">Options weighed</h3>',
        'href="https://docs.example.com/design/feed-ranking"',
        "Lead the design of a system of several models",
        "Sharded optimizer state",
    ):
        assert text in page


@pytest.mark.parametrize(
    "document", [ALICE, EMPTY, hostile(30, 3_000)], ids=["alice", "empty", "hostile"]
)
def test_links_lead_to_files_or_web_and_pages_have_no_scripts(document: Document) -> None:
    files = site_files(document)
    for name, text in files.items():
        if name.endswith(".css"):
            assert "url(" not in text
            assert "@import" not in text
            continue
        page = PageParser(text)
        assert {tag for tag, _ in page.tags}.isdisjoint(
            {"script", "img", "iframe", "style", "base"}
        )
        for link in (*page.all("a"), *page.all("link")):
            href = link.get("href") or ""
            if re.match("(https?|mailto):", href):
                assert "link" not in link.get("rel", "")
                continue
            path, _, _anchor = href.partition("#")
            target = PurePosixPath(name).parent / path if path else PurePosixPath(name)
            assert str(target).replace("pieces/../", "") in files, href
        for _tag, attributes in page.tags:
            assert not [key for key in attributes if key.startswith("on") or key == "style"]


def test_file_names_are_safe_and_unique() -> None:
    same = replace(RANKER, id="../../etc/passwd")
    items = (same, same, RANKER, RANKER, replace(RANKER, id="CON"), replace(RANKER, id="x" * 300))
    names = list(site_files(replace(EMPTY, items=items)))
    assert len(set(names)) == 8
    assert all(re.fullmatch(r"(pieces/)?[a-z0-9-]{1,90}\.(html|css)", name) for name in names)


def test_archive_has_fixed_dates_and_modes() -> None:
    with zipfile.ZipFile(io.BytesIO(site.render(ALICE))) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(2026, 11, 23, 0, 0, 0)}
        assert {entry.external_attr >> 16 for entry in archive.infolist()} == {0o100644}


def test_hostile_text_is_escaped() -> None:
    words = PageParser(site_files(hostile(12, 3_000))["index.html"]).words
    assert '#read("/etc/passwd")' in words
    assert "<script>alert(1)</script>" in words
    assert "{{ 7 * 7 }}" in words


def test_empty_portfolio_has_only_index_page() -> None:
    files = site_files(EMPTY)
    assert set(files) == {"index.html", "style.css"}
    assert "No evidence is shown yet." in files["index.html"]
