"""Take screenshots of every page: wide and narrow, light and dark, with demo data and empty.

    python -m tools.screenshots [WORD…]

starts a server with demo data in a temporary folder and writes into `docs/screenshots/`, one folder
per account (`tools/screenshot_accounts.py`). With words, it takes only pages whose account and URL
contain one, as in `manager/teams`. Without, it also updates the README's images in `docs/images/`:
`roadmap.png`, `roadmap-dark.png`, `matrix.png` and `matrix-dark.png`.

The pages come from the tests' route manifest (`tests/support/route_manifest.py`).
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
from roadmap.demo.story import ROADMAP
from tests.support import chromium
from tests.support.browser_client import BrowserClient as Client
from tests.support.server import HOST, run_server
from tools.screenshot_accounts import ALL_TEAM, ScreenshotAccount, create_accounts

SHOTS = ROOT / "docs" / "screenshots"
IMAGES = ROOT / "docs" / "images"
# Images of the documentation: account, URL and viewport.
PICTURES = {
    "roadmap": ("demo", f"/roadmaps/{ROADMAP}", {"width": 1280, "height": 860}),
    "matrix": ("manager", f"/teams/{ALL_TEAM}", {"width": 1280, "height": 1080}),
}
WIDTHS = (1280, 390)
SCHEMES = ("light", "dark")


@contextmanager
def run_demo_server() -> Iterator[tuple[str, Flask]]:
    """Run a server on a temporary SQLite database; yield its URL and a local application."""
    os.environ.pop("TEST_DATABASE_URL", None)
    with (
        tempfile.TemporaryDirectory(prefix="cairn-shots-") as folder,
        run_server(Path(folder)) as (server, app),
    ):
        yield server.url, app


def take_screenshots(
    browser: Browser, url: str, app: Flask, account: ScreenshotAccount, filters: Sequence[str]
) -> int:
    """Take all pages of one account; return the number of files written."""
    folder = SHOTS / account.name
    folder.mkdir(parents=True, exist_ok=True)
    taken = 0
    for scheme in SCHEMES:
        context = browser.new_context(
            base_url=url,
            color_scheme="dark" if scheme == "dark" else "light",
            reduced_motion="reduce",
        )
        sign_in(context, app, account)
        page = context.new_page()
        for name, address in account.pages():
            if filters and not any(word in account.name + address for word in filters):
                continue
            answer = page.goto(address)
            if answer is None or answer.status not in (200, 404):
                raise RuntimeError(f"{account.name}: no page at {address}")
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 900})
                target = folder / f"{name}-{width}-{scheme}.png"
                page.screenshot(path=target, full_page=True)
                taken += 1
        if not filters:
            taken += take_documentation_pictures(page, account, scheme)
        context.close()
    return taken


def take_documentation_pictures(page: Page, account: ScreenshotAccount, scheme: str) -> int:
    """Take the documentation images that show pages of this account."""
    taken = 0
    for name, (whose, address, size) in PICTURES.items():
        if whose != account.name:
            continue
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.goto(address)
        page.screenshot(path=IMAGES / f"{name}{'-dark' if scheme == 'dark' else ''}.png")
        taken += 1
    return taken


def sign_in(context: BrowserContext, app: Flask, account: ScreenshotAccount) -> None:
    """Create a session for the account and add its cookie to the browser context."""
    if account.person is None:
        return
    cookie = Client.of(app, account.person).client.get_cookie(app.config["SESSION_COOKIE_NAME"])
    if cookie is None:
        raise RuntimeError("no session was made")
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "domain": HOST, "path": "/"}])


def main(filters: Sequence[str]) -> int:
    """Take all screenshots and return the exit status."""
    with run_demo_server() as (url, app), sync_playwright() as playwright:
        browser = chromium.launch(playwright)
        taken = sum(
            take_screenshots(browser, url, app, account, filters)
            for account in create_accounts(app)
        )
        browser.close()
    print(f"{taken} screenshots in {SHOTS.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
