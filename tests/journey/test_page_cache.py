"""A cached page is sent again as soon as anything shown on it changes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import sqlalchemy as sa
import time_machine
from sqlalchemy.orm import Session

from roadmap.core.types import new_id
from roadmap.notifications.models import Notification
from roadmap.people.models import Membership, User
from tests.support.cast import Cast

PAGE = "/roadmaps/senior-ml-engineer"


@pytest.fixture
def alice(cast: Cast, browser_of):
    browser = browser_of(cast.alice)
    browser.post(f"{PAGE}/enrollment", {"target_on": "2040-01-01"})
    browser.get(PAGE)  # shows the greeting once
    return browser


def add_notification(session: Session, cast: Cast) -> None:
    session.execute(
        sa.insert(Notification).values(
            id=new_id(),
            user_id=cast.alice,
            kind="verified",
            data={},
            created_at=dt.datetime.now(dt.UTC),
        )
    )


def change_theme(session: Session, cast: Cast) -> None:
    session.execute(sa.update(User).where(User.id == cast.alice).values(theme="dark"))


def change_language(session: Session, cast: Cast) -> None:
    session.execute(sa.update(User).where(User.id == cast.alice).values(locale="de"))


def become_manager(session: Session, cast: Cast) -> None:
    membership = sa.update(Membership).where(Membership.user_id == cast.alice)
    session.execute(membership.values(role="manager"))


@pytest.mark.parametrize(
    "change", [add_notification, change_theme, change_language, become_manager]
)
def test_page_is_sent_again_after_change_of_header_or_settings(
    alice, cast: Cast, session: Session, change: Callable[[Session, Cast], None]
) -> None:
    """None of these writes increments the user's version."""
    cached_headers = {"If-None-Match": alice.get(PAGE).headers["ETag"]}
    assert alice.get(PAGE, headers=cached_headers).status_code == 304
    change(session, cast)
    session.commit()
    assert alice.get(PAGE, headers=cached_headers).status_code == 200


def test_page_is_sent_again_on_next_day(cast: Cast, browser_of) -> None:
    evening = dt.datetime(2026, 11, 23, 23, 55, tzinfo=dt.UTC)
    with time_machine.travel(evening, tick=False) as clock:
        alice = browser_of(cast.alice)
        alice.post(f"{PAGE}/enrollment", {})
        alice.get(PAGE)
        cached_headers = {"If-None-Match": alice.get(PAGE).headers["ETag"]}
        clock.shift(60)
        assert alice.get(PAGE, headers=cached_headers).status_code == 304
        clock.shift(600)
        assert alice.get(PAGE, headers=cached_headers).status_code == 200


@pytest.mark.parametrize("person", ["alice", "carol"])
def test_page_is_sent_again_to_another_session(alice, cast: Cast, browser_of, person: str) -> None:
    """The forms of a page contain the CSRF token of its session."""
    cached_headers = {"If-None-Match": alice.get(PAGE).headers["ETag"]}
    other = browser_of(getattr(cast, person))
    assert other.get(PAGE, headers=cached_headers).status_code == 200
