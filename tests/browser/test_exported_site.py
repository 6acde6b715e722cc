"""The exported website opens from disk, makes no requests, and has no errors."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from roadmap.portfolio.formats import site
from tests.browser.test_axe import AXE
from tests.portfolio.sample_documents import ALICE, RANKER


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_exported_site_opens_from_disk_and_is_accessible(
    scheme: str, tmp_path: Path, chrome: Browser
) -> None:
    with zipfile.ZipFile(io.BytesIO(site.render(ALICE))) as archive:
        archive.extractall(tmp_path)
    requested_urls: list[str] = []
    page = chrome.new_page(color_scheme=scheme, viewport={"width": 320, "height": 800})
    page.on("request", lambda request: requested_urls.append(request.url))
    page.goto((tmp_path / "index.html").as_uri())
    assert axe_violations(page) == []
    page.get_by_role("link", name=RANKER.title).last.click()
    assert page.get_by_role("heading", level=1).inner_text() == RANKER.title
    assert axe_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.close()
    assert {url.partition(":")[0] for url in requested_urls} == {"file"}
    assert {Path(url).name for url in requested_urls} == {
        "index.html",
        "style.css",
        f"{RANKER.id}.html",
    }


def axe_violations(page: Page) -> list[str]:
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = page.evaluate(
        "axe.run().then(r => r.violations.map(v => v.id + ' ' + v.nodes[0].html))"
    )
    return found
