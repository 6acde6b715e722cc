"""The exported website opens from disk, makes no requests, and executes no user text."""

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


class Tags(HTMLParser):
    """Start tags and the visible words of a page, as a browser would see them."""

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


def unpacked(document: Document) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(site.render(document))) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_there_is_a_page_for_all_and_one_for_each_piece() -> None:
    files = unpacked(ALICE)
    assert list(files)[:2] == ["index.html", "style.css"]
    assert len(files) == 2 + len(ALICE.items)
    index = files["index.html"]
    for said in (
        "<title>Alice Archer: portfolio</title>",
        "6 pieces of evidence: 4 verified by 1 person, 2 not verified.",
        "180 → 62 ms",
        "Mar 2022 – today",
        "Master, Computer science",
        "level 4 of 4, the role asks for 4",
        '<html lang="en">',
    ):
        assert said in index
    piece = files[f"pieces/{RANKER.id}.html"]
    for said in (
        "<title>Two-stage ranking for the home feed · Alice Archer</title>",
        "Verified by Bob Builder on 3 Apr 2026",
        '<h3 dir="auto">Options weighed</h3>',
        'href="https://docs.example.com/design/feed-ranking"',
        "Lead the design of a system of several models",
        "Sharded optimizer state",
    ):
        assert said in piece


@pytest.mark.parametrize("document", [ALICE, EMPTY, hostile(30, 3_000)], ids=["a", "empty", "bad"])
def test_every_link_leads_to_a_file_or_to_the_web(document: Document) -> None:
    files = unpacked(document)
    for name, text in files.items():
        if name.endswith(".css"):
            assert "url(" not in text
            assert "@import" not in text
            continue
        tags = Tags(text)
        assert {tag for tag, _ in tags.tags}.isdisjoint(
            {"script", "img", "iframe", "style", "base"}
        )
        for link in (*tags.all("a"), *tags.all("link")):
            href = link.get("href") or ""
            if re.match("(https?|mailto):", href):
                assert "link" not in link.get("rel", "")
                continue
            place, _, _anchor = href.partition("#")
            target = PurePosixPath(name).parent / place if place else PurePosixPath(name)
            assert str(target).replace("pieces/../", "") in files, href
        for _tag, attributes in tags.tags:
            assert not [key for key in attributes if key.startswith("on") or key == "style"]


def test_file_names_are_safe_and_differ() -> None:
    same = replace(RANKER, id="../../etc/passwd")
    items = (same, same, RANKER, RANKER, replace(RANKER, id="CON"), replace(RANKER, id="x" * 300))
    names = list(unpacked(replace(EMPTY, items=items)))
    assert len(set(names)) == 8
    assert all(re.fullmatch(r"(pieces/)?[a-z0-9-]{1,90}\.(html|css)", name) for name in names)


def test_the_same_portfolio_gives_the_same_bytes() -> None:
    assert site.render(ALICE) == site.render(ALICE)
    with zipfile.ZipFile(io.BytesIO(site.render(ALICE))) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(2026, 11, 23, 0, 0, 0)}
        assert {entry.external_attr >> 16 for entry in archive.infolist()} == {0o100644}


def test_hostile_text_stays_text() -> None:
    words = Tags(unpacked(hostile(12, 3_000))["index.html"]).words
    assert '#read("/etc/passwd")' in words
    assert "<script>alert(1)</script>" in words
    assert "{{ 7 * 7 }}" in words


def test_an_empty_portfolio_says_so() -> None:
    files = unpacked(EMPTY)
    assert set(files) == {"index.html", "style.css"}
    assert "No evidence is shown yet." in files["index.html"]
