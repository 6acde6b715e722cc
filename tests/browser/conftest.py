"""One real server and one real Chromium for all browser tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from roadmap.auth.models import LoginSession
from roadmap.core.database import db
from tests.support import chromium
from tests.support.browser_client import BrowserClient as Client
from tests.support.cast import Cast
from tests.support.databases import wipe
from tests.support.login import PASSWORD, set_password
from tests.support.server import Server, run_server
from tests.support.snapshot import Snapshot

WAIT_MS = 8_000
# A desktop and a phone.
SIZES = [(1280, 800), (390, 844)]
# A console error fails the test. A click event from the keyboard has detail 0.
NO_POINTER = """for (const kind of ["click", "mousedown", "pointerdown", "touchstart"])
  addEventListener(kind, (event) => {
    if (kind !== "click" || event.detail) console.error("a pointer was used");
  }, true);"""
# After a failed request, htmx logs `htmx:sendError` before `htmx:afterRequest`.
IGNORED_ERRORS = (
    "Failed to load resource",
    "htmx:sendAbort",
    "htmx:sendError",
    "htmx:afterRequest",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chrome() -> Iterator[Browser]:
    """One Chromium for the whole run, because Playwright can only start once per process."""
    with sync_playwright() as playwright:
        browser = chromium.launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def _server_and_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Flask]]:
    with run_server(tmp_path_factory.mktemp("server")) as server_and_app:
        yield server_and_app


@pytest.fixture(scope="session")
def server(_server_and_app: tuple[Server, Flask]) -> Server:
    return _server_and_app[0]


@pytest.fixture(scope="session")
def server_app(_server_and_app: tuple[Server, Flask]) -> Flask:
    """An application in this process that uses the server's database."""
    return _server_and_app[1]


@pytest.fixture
def empty_server(server_app: Flask) -> None:
    """Reset the server's database to a new installation: no account, only the shipped content."""
    with server_app.app_context():
        wipe(db.engine)


class SampleSite:
    """The server with sample data: the cast, and the values of URL placeholders."""

    def __init__(self, app: Flask, cast: Cast, ids: dict[str, str]) -> None:
        self.app, self.cast, self.ids = app, cast, ids

    def cookies(self, role: str) -> list[dict[str, str]]:
        """Create a session for this person and return its cookie."""
        client = Client.of(self.app, getattr(self.cast, role)).client
        cookie = client.get_cookie(self.app.config["SESSION_COOKIE_NAME"])
        assert cookie is not None
        return [{"name": cookie.key, "value": cookie.value, "domain": "127.0.0.1", "path": "/"}]

    def set_password(self, role: str) -> None:
        """Set this person's password, so that `sign_in` works for them."""
        with self.app.app_context():
            set_password(db.session, getattr(self.cast, role))

    def end_sessions(self, role: str) -> None:
        """Sign this person out everywhere."""
        with self.app.app_context(), db.own_transaction() as session:
            person = getattr(self.cast, role)
            session.execute(sa.delete(LoginSession).where(LoginSession.user_id == person))


def sign_in(page: Page, role: str) -> None:
    """Fill in and submit the sign-in form, and wait until the next page has run its scripts."""
    page.get_by_label("E-mail").fill(f"{role}@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    with page.expect_event("load"):
        page.get_by_role("main").get_by_role("button", name="Sign in").click()


@pytest.fixture(scope="session")
def _snapshot(server_app: Flask) -> Snapshot:
    with server_app.app_context():
        wipe(db.engine)
    return Snapshot.create(server_app)


@pytest.fixture(scope="module")
def sample_site(server_app: Flask, _snapshot: Snapshot) -> SampleSite:
    """The cast with a year of history, for tests that change nothing."""
    with server_app.app_context():
        wipe(db.engine)
    _snapshot.restore(server_app)
    return SampleSite(server_app, _snapshot.cast, _snapshot.ids)


OpenContext = Callable[..., BrowserContext]
PageOf = Callable[..., Page]


@pytest.fixture
def open_context(chrome: Browser, server: Server) -> Iterator[OpenContext]:
    """`open_context(…)` opens a separate browser context; page errors fail the test.

    Console errors, such as script errors and content security policy violations, fail the test.
    Exceptions are error statuses and failed requests that a test causes, and requests aborted by
    navigation.
    """
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error" and not any(word in message.text for word in IGNORED_ERRORS):
            errors.append(f"{message.location.get('url')}: {message.text}")

    def make(**options: object) -> BrowserContext:
        context = chrome.new_context(base_url=server.url, **options)
        context.set_default_timeout(WAIT_MS)
        context.on("console", on_console)
        context.on("weberror", lambda error: errors.append(str(error.error)))
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()
    assert not errors, "\n".join(errors)


@pytest.fixture
def page_of(sample_site: SampleSite, open_context: OpenContext) -> PageOf:
    """`page_of(role, …)` opens a page in a new browser context, signed in as that role.

    The role "nobody" is not signed in.
    """

    def make(role: str, **options: object) -> Page:
        context = open_context(**options)
        if role != "nobody":
            context.add_cookies(sample_site.cookies(role))
        return context.new_page()

    return make


@pytest.fixture
def page(open_context: OpenContext) -> Page:
    return open_context().new_page()
