"""Photographs every page: wide and narrow, light and dark, with the demo's data and with nothing.

    python -m tools.screenshots [WORD…]

starts a server of its own on demo data, in a temporary folder, and writes into
`docs/screenshots/`, a folder for each person who sits (`tools/sitters.py`); with words, only the
pages whose sitter and address hold one of them, as in `manager/teams`. Without, it also renews the
pictures of the README, `roadmap.png`, `roadmap-dark.png`, `matrix.png` and `matrix-dark.png` in
`docs/images/`.

The pages come from the manifest of the tests (`tests/support/manifest.py`), so that none is left
out.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from roadmap.core.config import ROOT
from roadmap.demo.load import ROADMAP
from tests.support import chromium
from tests.support.browserless import Browser as Client
from tests.support.server import HOST, running
from tools.sitters import ALL, Sitter, sitters

SHOTS = ROOT / "docs" / "screenshots"
IMAGES = ROOT / "docs" / "images"
# The pictures of the documentation: whose page, which one, and how much of it.
PICTURES = {
    "roadmap": ("demo", f"/roadmaps/{ROADMAP}", {"width": 1280, "height": 860}),
    "matrix": ("manager", f"/teams/{ALL}", {"width": 1280, "height": 1080}),
}
WIDTHS = (1280, 390)
SCHEMES = ("light", "dark")


@contextmanager
def studio() -> Iterator[tuple[str, Flask]]:
    """A running server on a temporary SQLite, its address, and an application beside it."""
    os.environ.pop("TEST_DATABASE_URL", None)
    with (
        tempfile.TemporaryDirectory(prefix="cairn-shots-") as folder,
        running(Path(folder)) as (server, app),
    ):
        yield server.url, app


def photograph(browser: Browser, url: str, app: Flask, sitter: Sitter, words: Sequence[str]) -> int:
    """Takes every page of one sitter; returns how many pictures were written."""
    folder = SHOTS / sitter.name
    folder.mkdir(parents=True, exist_ok=True)
    taken = 0
    for scheme in SCHEMES:
        context = browser.new_context(
            base_url=url,
            color_scheme="dark" if scheme == "dark" else "light",
            reduced_motion="reduce",
        )
        sign_in(context, app, sitter)
        page = context.new_page()
        for name, address in sitter.pages():
            if words and not any(word in sitter.name + address for word in words):
                continue
            answer = page.goto(address)
            if answer is None or answer.status not in (200, 404):
                raise RuntimeError(f"{sitter.name}: no page at {address}")
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 900})
                target = folder / f"{name}-{width}-{scheme}.png"
                page.screenshot(path=target, full_page=True)
                taken += 1
        if not words:
            taken += illustrate(page, sitter, scheme)
        context.close()
    return taken


def illustrate(page: Page, sitter: Sitter, scheme: str) -> int:
    """Takes the pictures of the documentation that show pages of this sitter."""
    taken = 0
    for name, (whose, address, size) in PICTURES.items():
        if whose != sitter.name:
            continue
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.goto(address)
        page.screenshot(path=IMAGES / f"{name}{'-dark' if scheme == 'dark' else ''}.png")
        taken += 1
    return taken


def sign_in(context: BrowserContext, app: Flask, sitter: Sitter) -> None:
    """Gives the window the cookie of a session, made as signing in makes it."""
    if sitter.person is None:
        return
    cookie = Client.of(app, sitter.person).client.get_cookie("cairn")
    if cookie is None:
        raise RuntimeError("no session was made")
    context.add_cookies([{"name": "cairn", "value": cookie.value, "domain": HOST, "path": "/"}])


def main(words: Sequence[str]) -> int:
    """Photographs; returns the exit status."""
    with studio() as (url, app), sync_playwright() as playwright:
        browser = chromium.launch(playwright)
        taken = sum(photograph(browser, url, app, sitter, words) for sitter in sitters(app))
        browser.close()
    print(f"{taken} pictures in {SHOTS.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
