"""Public links: create, list, open without an account, and revoke."""

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
from tests.support.cast import Cast


@pytest.fixture
def address(app: Flask, cast: Cast, browser_of) -> str:
    """The path of a link of Alice's, made on her page."""
    alice = browser_of(cast.alice)
    alice.send("POST", "/portfolio/links", {"label": "Panel", "lives": "30"})
    found = re.search(r'value="http://localhost(/p/[^"]+)"', alice.get("/portfolio/links").text)
    assert found is not None
    return found.group(1)


def show(app: Flask, cast: Cast, title: str, visibility: str = "portfolio") -> None:
    with app.app_context():
        evidence_rows.add(db.session, cast.alice, title, visibility=visibility, at=0)
        db.session.commit()


def without_csrf_token(page: str) -> str:
    """The page without the token that is signed for each answer."""
    return "\n".join(line for line in page.splitlines() if "csrf" not in line.lower())


def test_it_works(app: Flask, cast: Cast, address: str, browser_of) -> None:
    show(app, cast, "Feature store design")
    page = browser_of().get(address)
    assert page.status_code == 200
    assert "Alice" in page.text
    assert "Feature store design" in page.text
    assert "noindex" in page.headers["X-Robots-Tag"]
    assert page.headers["Cache-Control"] == "no-store"
    assert 'name="robots" content="noindex' in page.text
    assert "csrf" not in page.text


def test_revoking_asks_first(cast: Cast, address: str, browser_of) -> None:
    page = browser_of(cast.alice).get("/portfolio/links").text
    assert re.search(
        r'<details class="confirm">\s*<summary[^>]*>Revoke.*?cannot be undone', page, re.S
    )


def test_its_owner_sees_when_it_was_opened(cast: Cast, address: str, browser_of) -> None:
    alice = browser_of(cast.alice)
    assert "not opened yet" in alice.get("/portfolio/links").text
    browser_of().get(address)
    assert "last opened" in alice.get("/portfolio/links").text


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
)
def test_a_preview_of_the_link_is_no_opening(cast, address, browser_of, headers) -> None:
    assert browser_of().get(address, headers=headers).status_code == 200
    assert "not opened yet" in browser_of(cast.alice).get("/portfolio/links").text


def test_a_head_is_no_opening(cast, address, browser_of) -> None:
    assert browser_of().client.head(address).status_code == 200
    assert "not opened yet" in browser_of(cast.alice).get("/portfolio/links").text


@pytest.mark.parametrize(
    "agent",
    [
        "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
        "Mozilla/5.0 (Linux; Android 9; CUBOT_X18) AppleWebKit/537.36 Chrome/131.0 Mobile",
        "",
    ],
)
def test_a_browser_opens_it(cast, address, browser_of, agent) -> None:
    browser_of().get(address, headers={"User-Agent": agent})
    assert "last opened" in browser_of(cast.alice).get("/portfolio/links").text


@pytest.mark.parametrize("visibility", ["private", "team"])
def test_it_hides_what_is_not_for_the_portfolio(
    app: Flask, cast: Cast, address: str, browser_of, visibility: str
) -> None:
    before = browser_of().get(address).text
    show(app, cast, "canary of the coal mine", visibility)
    assert browser_of().get(address).text == before


def test_a_revoked_one_opens_nothing(
    app: Flask, cast: Cast, address: str, browser_of, session: Session
) -> None:
    link = session.scalars(sa.select(PortfolioLink)).one()
    browser_of(cast.alice).send("DELETE", f"/portfolio/links/{link.id}")
    gone = browser_of().get(address)
    assert gone.status_code == 404
    assert "it was revoked, it has expired, or it is incomplete" in " ".join(gone.text.split())
    assert "Alice" not in gone.text
    assert without_csrf_token(gone.text) == without_csrf_token(
        browser_of().get("/p/never-was").text
    )
    said = session.scalars(sa.select(AuditEntry.action)).all()
    assert {"portfolio.link_made", "portfolio.link_revoked"} <= set(said)


def test_it_ends_on_its_day(app: Flask, address: str, browser_of, session: Session) -> None:
    link = session.scalars(sa.select(PortfolioLink)).one()
    token = links.sign_token(link)
    assert link.expires_at is not None
    just_before = link.expires_at - dt.timedelta(seconds=1)
    assert links.find_open_link(session, token, now=just_before) is not None
    assert links.find_open_link(session, token, now=link.expires_at) is None


def test_it_ends_with_the_account(
    cast: Cast, address: str, browser_of, session: Session, now: dt.datetime
) -> None:
    session.execute(sa.update(User).where(User.id == cast.alice).values(deactivated_at=now))
    session.commit()
    assert browser_of().get(address).status_code == 404


@pytest.mark.parametrize("change", ["first", "last", "none", "other"])
def test_a_forged_address_opens_nothing(address: str, browser_of, change: str) -> None:
    key, _, seal = address.removeprefix("/p/").partition(".")
    forged = {
        "first": f"{'0' if key[0] != '0' else '1'}{key[1:]}.{seal}",
        "last": f"{key}.{'A' if seal[0] != 'A' else 'B'}{seal[1:]}",
        "none": key,
        "other": f"{key}.",
    }[change]
    assert browser_of().get(f"/p/{forged}").status_code == 404


def test_the_database_alone_opens_nothing(address: str, session: Session) -> None:
    seal = address.partition(".")[2]
    for row in session.execute(sa.select(PortfolioLink.__table__)).mappings():
        assert not any(seal in str(value) for value in row.values())


def test_there_is_a_most(cast: Cast, session: Session, now: dt.datetime, browser_of) -> None:
    alice = cast.actor(session, cast.alice)
    mine = lock_portfolio(session, cast.alice, by=alice, now=now)
    for _ in range(links.MAX_OPEN_LINKS):
        links.create_link(session, mine, label="", expires_at=None, now=now)
    session.commit()
    page = browser_of(cast.alice).send(
        "POST", "/portfolio/links", {"label": "One too many", "lives": "never"}
    )
    assert page.status_code == 422
    assert "One too many" in page.text
    assert "Revoke one" in page.text


def test_it_rejects_bad_input(cast: Cast, browser_of) -> None:
    alice = browser_of(cast.alice)
    for data in ({"label": "x" * 101, "lives": "30"}, {"label": "", "lives": "4000"}):
        page = alice.send("POST", "/portfolio/links", data)
        assert page.status_code == 422
        assert "You have no public links" in page.text


def test_the_list_names_the_last_day_that_was_chosen(cast: Cast, browser_of) -> None:
    alice = browser_of(cast.alice)
    alice.post("/portfolio/links", {"label": "", "lives": "30", "ends_on": "2099-03-15"})
    assert "last day 15 Mar 2099" in alice.get("/portfolio/links").text
