"""Pages whose scripts and responses are late."""

from __future__ import annotations

import re
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


class HeldRequests:
    """Requests of a page, all or the first `times`, that are sent only when the test says so."""

    def __init__(self, page: Page, url: str | re.Pattern[str], *, times: int | None = None) -> None:
        self.page, self.url = page, url
        self.routes: list[Route] = []
        page.route(url, self._hold, times=times)

    def _hold(self, route: Route) -> None:
        self.routes.append(route)

    @contextmanager
    def expect(self) -> Iterator[None]:
        """Wait for a request that is made in this block."""
        before = len(self.routes)
        with self.page.expect_request(self.url):
            yield
        while len(self.routes) == before:
            self.page.title()  # lets the route's handler run

    def lose(self, *, is_saved: bool = False) -> None:
        """Lose the oldest held request, or with `is_saved` only its response."""
        route = self.routes.pop(0)
        if is_saved:
            route.fetch()
        route.abort()

    def answer(self, number: int = 0) -> None:
        """Send one of the held requests, by default the oldest, and wait for the response."""
        route = self.routes.pop(number)
        with self.page.expect_response(lambda response: response.request == route.request):
            route.continue_()
