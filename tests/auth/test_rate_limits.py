"""Concurrent attempts are counted one after the other."""

from __future__ import annotations

import datetime as dt

from flask import Flask

from roadmap.auth import rate_limits
from roadmap.core.database import db
from tests.support.cast import Cast
from tests.support.concurrency import call_concurrently


def test_concurrent_attempts_are_limited(app: Flask, cast: Cast, now: dt.datetime) -> None:
    limits = rate_limits.attempt_limits("link", account="alice@example.org", address="192.0.2.1")

    def count_attempts(number: int) -> list[int]:
        with app.app_context():
            return [rate_limits.count_attempt(limits, now=now) for _ in range(number)]

    waits = [wait for waits in call_concurrently(count_attempts, [5] * 10) for wait in waits]
    assert waits.count(0) == rate_limits.MAX_PER_ACCOUNT_AND_ADDRESS


def test_uncount_removes_one_attempt(app: Flask, cast: Cast, now: dt.datetime) -> None:
    """Another attempt at the same time stays counted."""
    with app.app_context():
        once = {"link": 2}
        assert [rate_limits.count_attempt(once, now=now) for _ in "ab"] == [0, 0]
        rate_limits.uncount_attempt(db.session, once)
        db.session.commit()
        assert rate_limits.count_attempt(once, now=now) == 0
        assert rate_limits.count_attempt(once, now=now) > 0
