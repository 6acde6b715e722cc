"""Concurrent attempts are counted one after the other."""

from __future__ import annotations

import datetime as dt
import threading

from flask import Flask

from roadmap.auth import rate_limits
from roadmap.core.database import db
from tests.support.cast import Cast

AT_ONCE = 50


def test_fifty_tries_at_once_do_not_all_pass(app: Flask, cast: Cast, now: dt.datetime) -> None:
    asked = rate_limits.attempt_limits("link", account="alice@example.org", address="192.0.2.1")
    waits: list[int] = []
    beginning = threading.Barrier(10)

    def go() -> None:
        with app.app_context():
            beginning.wait(20)
            waits.extend(rate_limits.count_attempt(asked, now=now) for _ in range(AT_ONCE // 10))

    threads = [threading.Thread(target=go) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(waits) == AT_ONCE
    assert waits.count(0) == rate_limits.MAX_PER_ACCOUNT_AND_ADDRESS


def test_a_success_is_uncounted_alone(app: Flask, cast: Cast, now: dt.datetime) -> None:
    """Another attempt at the same moment stays counted."""
    with app.app_context():
        once = {"link": 2}
        assert [rate_limits.count_attempt(once, now=now) for _ in "ab"] == [0, 0]
        rate_limits.uncount_attempt(db.session, once)
        db.session.commit()
        assert rate_limits.count_attempt(once, now=now) == 0
        assert rate_limits.count_attempt(once, now=now) > 0
