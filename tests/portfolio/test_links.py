"""Public links are created, listed, opened without an account, and revoked."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from roadmap.core.database import db
from roadmap.people.models import AuditEntry, User
from roadmap.portfolio import links
from roadmap.portfolio.actions import lock_portfolio
from roadmap.portfolio.models import PortfolioLink
from tests.portfolio import evidence_rows
from tests.portfolio.public_links import find_link_path
from tests.support.cast import Cast


@pytest.fixture
def link_path(app: Flask, cast: Cast, browser_of) -> str:
    """Create a public link of Alice; return its path."""
    alice = browser_of(cast.alice)
    alice.send("POST", "/portfolio/links", {"label": "Panel", "lives": "30"})
    return find_link_path(alice.get("/portfolio/links").text)


def add_evidence(app: Flask, cast: Cast, title: str, visibility: str = "portfolio") -> None:
    with app.app_context():
        evidence_rows.add(db.session, cast.alice, title, visibility=visibility, at=0)
        db.session.commit()


def without_csrf_token(page: str) -> str:
    """Return the page without the CSRF token, which differs in each response."""
    return "\n".join(line for line in page.splitlines() if "csrf" not in line.lower())


def test_link_shows_portfolio_without_indexing_or_caching(
    app: Flask, cast: Cast, link_path: str, browser_of
) -> None:
    add_evidence(app, cast, "Feature store design")
    page = browser_of().get(link_path)
    assert page.status_code == 200
    assert "Alice" in page.text
    assert "Feature store design" in page.text
    assert "noindex" in page.headers["X-Robots-Tag"]
    assert page.headers["Cache-Control"] == "no-store"
    assert 'name="robots" content="noindex' in page.text
    assert "csrf" not in page.text


def test_revoking_requires_confirmation(cast: Cast, link_path: str, browser_of) -> None:
    page = browser_of(cast.alice).get("/portfolio/links").text
    assert re.search(
        r'<details class="confirm">\s*<summary[^>]*>Revoke.*?cannot be undone', page, re.S
    )


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Purpose": "prefetch"},
        {"Sec-Purpose": "prefetch;prerender"},
        {"Purpose": "prefetch"},
        {"X-Moz": "prefetch"},
        {"X-Purpose": "preview"},
        {"User-Agent": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"},
        {"User-Agent": "Twitterbot/1.0"},
        {"User-Agent": "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"},
        {"User-Agent": "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)"},
        {"User-Agent": "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5"},
        {"User-Agent": "WhatsApp/2.23.18.78 i"},
        {"User-Agent": "TelegramBot (like TwitterBot)"},
        {"User-Agent": "Mozilla/5.0 (compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)"},
    ],
    ids=lambda headers: " ".join(*headers.items())[:40],
)
def test_link_preview_does_not_count_as_opening(cast, link_path, browser_of, headers) -> None:
    assert browser_of().get(link_path, headers=headers).status_code == 200
    assert "not opened yet" in browser_of(cast.alice).get("/portfolio/links").text


def test_head_request_does_not_count_as_opening(cast, link_path, browser_of) -> None:
    assert browser_of().client.head(link_path).status_code == 200
    assert "not opened yet" in browser_of(cast.alice).get("/portfolio/links").text


@pytest.mark.parametrize(
    "agent",
    [
        "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
        "Mozilla/5.0 (Linux; Android 9; CUBOT_X18) AppleWebKit/537.36 Chrome/131.0 Mobile",
        "",
    ],
    ids=["firefox", "chrome on cubot", "no agent"],
)
def test_browser_request_counts_as_opening(cast, link_path, browser_of, agent) -> None:
    assert "not opened yet" in browser_of(cast.alice).get("/portfolio/links").text
    browser_of().get(link_path, headers={"User-Agent": agent})
    assert "last opened" in browser_of(cast.alice).get("/portfolio/links").text


@pytest.mark.parametrize("visibility", ["private", "team"])
def test_withheld_evidence_does_not_change_public_page(
    app: Flask, cast: Cast, link_path: str, browser_of, visibility: str
) -> None:
    before = browser_of().get(link_path).text
    add_evidence(app, cast, "canary of the coal mine", visibility)
    assert browser_of().get(link_path).text == before


def test_revoked_link_is_not_found(
    app: Flask, cast: Cast, link_path: str, browser_of, session: Session
) -> None:
    link = session.scalars(sa.select(PortfolioLink)).one()
    browser_of(cast.alice).send("DELETE", f"/portfolio/links/{link.id}")
    page = browser_of().get(link_path)
    assert page.status_code == 404
    assert "it is closed, it has expired, or it is incomplete" in " ".join(page.text.split())
    assert "Alice" not in page.text
    assert without_csrf_token(page.text) == without_csrf_token(
        browser_of().get("/p/never-was").text
    )
    actions = session.scalars(sa.select(AuditEntry.action)).all()
    assert {"portfolio.link_made", "portfolio.link_revoked"} <= set(actions)


def test_link_expires_at_its_expiry_time(
    app: Flask, link_path: str, browser_of, session: Session
) -> None:
    link = session.scalars(sa.select(PortfolioLink)).one()
    token = links.sign_token(link)
    assert link.expires_at is not None
    just_before = link.expires_at - dt.timedelta(seconds=1)
    assert links.find_open_link(session, token, now=just_before) is not None
    assert links.find_open_link(session, token, now=link.expires_at) is None


def test_link_of_deactivated_user_is_not_found(
    cast: Cast, link_path: str, browser_of, session: Session, now: dt.datetime
) -> None:
    session.execute(sa.update(User).where(User.id == cast.alice).values(deactivated_at=now))
    session.commit()
    assert browser_of().get(link_path).status_code == 404


@pytest.mark.parametrize(
    "change", ["other key", "other signature", "no signature", "empty signature"]
)
def test_forged_link_is_not_found(link_path: str, browser_of, change: str) -> None:
    key, _, signature = link_path.removeprefix("/p/").partition(".")
    forged = {
        "other key": f"{'0' if key[0] != '0' else '1'}{key[1:]}.{signature}",
        "other signature": f"{key}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}",
        "no signature": key,
        "empty signature": f"{key}.",
    }[change]
    assert browser_of().get(f"/p/{forged}").status_code == 404


def test_signature_is_not_stored_in_database(link_path: str, session: Session) -> None:
    signature = link_path.partition(".")[2]
    for row in session.execute(sa.select(PortfolioLink.__table__)).mappings():
        assert not any(signature in str(value) for value in row.values())


def test_open_links_are_limited(cast: Cast, session: Session, now: dt.datetime, browser_of) -> None:
    assert links.MAX_OPEN_LINKS == 20
    alice = cast.actor(session, cast.alice)
    portfolio = lock_portfolio(session, cast.alice, by=alice, now=now)
    for _ in range(links.MAX_OPEN_LINKS):
        links.create_link(session, portfolio, label="", expires_at=None, now=now)
    session.commit()
    page = browser_of(cast.alice).send(
        "POST", "/portfolio/links", {"label": "One too many", "lives": "never"}
    )
    assert page.status_code == 422
    assert "One too many" in page.text
    assert "Revoke one" in page.text


def test_invalid_input_is_rejected(cast: Cast, browser_of) -> None:
    alice = browser_of(cast.alice)
    for data in ({"label": "x" * 101, "lives": "30"}, {"label": "", "lives": "4000"}):
        page = alice.send("POST", "/portfolio/links", data)
        assert page.status_code == 422
        assert "You have no public links" in page.text


def test_chosen_last_day_sets_expiry_and_is_listed(
    session: Session, cast: Cast, browser_of
) -> None:
    alice = browser_of(cast.alice)
    past = alice.post("/portfolio/links", {"label": "", "lives": "30", "ends_on": "2020"})
    assert (past.status_code, "Choose today or a later day." in past.text) == (422, True)
    alice.post("/portfolio/links", {"label": "", "lives": "30", "ends_on": "2099-03-15"})
    (link,) = session.scalars(sa.select(PortfolioLink))
    assert link.expires_at == dt.datetime(2099, 3, 16, tzinfo=dt.UTC)
    assert "last day 15 Mar 2099" in alice.get("/portfolio/links").text
