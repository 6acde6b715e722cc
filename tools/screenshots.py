"""Photographs every page: wide and narrow, light and dark, with the demo's data and with nothing.

    python -m tools.screenshots [WORD…]

starts a server of its own on demo data, in a temporary folder, and writes into
`docs/screenshots/`; with words, only the pages whose address holds one of them. Without, it also
renews the pictures of the README, `docs/images/roadmap.png` and `roadmap-dark.png`.

The pages come from the manifest of the tests (`tests/support/manifest.py`), so that none is left
out.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from sqlalchemy.orm import Session

from roadmap.accounts import actions as accounts
from roadmap.career.models import Degree, Position
from roadmap.core.config import ROOT
from roadmap.core.database import db
from roadmap.demo.load import ROADMAP, load
from roadmap.evidence.models import Evidence
from roadmap.progress.models import MilestoneStatus
from tests.support import chromium
from tests.support.browserless import Browser as Client
from tests.support.manifest import LOOKED_AT
from tests.support.server import HOST, running

SHOTS = ROOT / "docs" / "screenshots"
README = {"light": "roadmap.png", "dark": "roadmap-dark.png"}
README_SIZE = {"width": 1280, "height": 860}
ENGINEER = "maya"
WIDTHS = (1280, 390)
SCHEMES = ("light", "dark")


@dataclass(frozen=True)
class Sitter:
    """Whose pages are photographed, and what their addresses name."""

    name: str
    person: uuid.UUID | None
    role: str
    ids: Mapping[str, str]

    def pages(self) -> Iterator[tuple[str, str]]:
        """Name and address of every page that this person can look at."""
        for row in LOOKED_AT:
            if row.pages[self.role] != 200:
                continue
            for number, url in enumerate((row.url, *row.variants)):
                try:
                    address = url.format_map(self.ids)
                except KeyError:
                    continue  # names something that this person has not got
                yield row.title + (f"-{number + 1}" if number else ""), address


def common_ids() -> dict[str, str]:
    return {"slug": ROADMAP, "stage": "leadership", "skill": "mlops"}


def ids_of(session: Session, person: uuid.UUID) -> dict[str, str]:
    """What the addresses of this person's pages name, as far as there is such a thing."""
    ids = common_ids()
    pieces = session.execute(
        sa.select(Evidence.state, Evidence.id)
        .where(Evidence.user_id == person)
        .order_by(Evidence.created_at)
    )
    ids |= {state: str(key) for state, key in pieces}
    for name, model in (("position", Position), ("degree", Degree)):
        key = session.scalar(sa.select(model.id).where(model.user_id == person).limit(1))
        if key is not None:
            ids[name] = str(key)
    done, doing = (
        session.scalar(
            sa.select(MilestoneStatus.milestone_key)
            .where(MilestoneStatus.user_id == person, MilestoneStatus.status == status)
            .order_by(MilestoneStatus.since.desc())
            .limit(1)
        )
        for status in ("done", "in_progress")
    )
    if done:
        ids["milestone"] = done
    if doing:
        ids["open"] = doing
    return ids


def sitters(app: Flask) -> list[Sitter]:
    """An engineer of the demo, somebody who has just got an account, and nobody."""
    now = dt.datetime.now(dt.UTC)
    with app.app_context():
        engineer = load(db.session, now=now).ids[ENGINEER]
        newcomer = accounts.create_user(
            db.session,
            name="Noor Haddad",
            email="noor@example.org",
            by=None,
            address="",
            now=now,
        )
        link = accounts.make_link(db.session, newcomer.id, by=None, address="", now=now)
        db.session.commit()
        return [
            Sitter("demo", engineer, "alice", ids_of(db.session, engineer)),
            Sitter("empty", newcomer.id, "mallory", common_ids()),
            Sitter("nobody", None, "nobody", {**common_ids(), "link": link}),
        ]


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
            if words and not any(word in address for word in words):
                continue
            page.goto(address)
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 900})
                target = folder / f"{name}-{width}-{scheme}.png"
                page.screenshot(path=target, full_page=True)
                taken += 1
        if sitter.name == "demo" and not words:
            page.set_viewport_size(README_SIZE)  # type: ignore[arg-type]
            page.goto(f"/roadmaps/{ROADMAP}")
            page.screenshot(path=ROOT / "docs" / "images" / README[scheme])
            taken += 1
        context.close()
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
