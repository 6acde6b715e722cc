"""Pages whose scripts arrive later than the page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, Route

SCRIPTS = "**/static/*.js*"


@contextmanager
def hold_scripts(page: Page) -> Iterator[None]:
    """Hold back the scripts of the page that is opened in this block; run them at its end."""
    held: list[Route] = []
    page.route(SCRIPTS, lambda route: held.append(route))
    yield
    assert held
    for route in held:
        route.continue_()
    page.unroute(SCRIPTS)
    page.wait_for_load_state()
