"""Assessments older than 18 months are marked the same way everywhere."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from roadmap.skills import actions
from roadmap.skills.rules import is_old
from tests.portfolio import evidence_rows
from tests.support.markup import flat

MARK = "over 18 months old"


def test_assessment_is_old_after_eighteen_months():
    assert not is_old(dt.date(2024, 12, 30), dt.date(2026, 6, 30))
    assert is_old(dt.date(2024, 12, 29), dt.date(2026, 6, 30))


@pytest.fixture(params=["self", "manager"])
def assessed(request, session, cast, now):
    """Assess Alice in MLOps 600 days ago and in strategy 500 days ago, both by one side."""
    evidence_rows.portfolio(session, cast.alice, shows_self_assessed=True, shows_below_bar=True)
    for key, days in (("mlops", 600), ("strategy", 500)):
        at = now - dt.timedelta(days=days)
        if request.param == "self":
            by = cast.actor(session, cast.alice)
            actions.assess_self(session, cast.alice, key, 2, "", by=by, now=at)
        else:
            by = cast.actor(session, cast.bob)
            actions.assess_other(session, cast.alice, key, 2, "", by=by, now=at)
    session.commit()
    return request.param


def test_overviews_mark_old_assessments(browser_of, cast, assessed):
    alice, bob = browser_of(cast.alice), browser_of(cast.bob)
    enroll = "/roadmaps/senior-ml-engineer/enrollment?_method=PUT"
    alice.post(enroll, {"started_on": "2026-01-05"})
    for browser, path in (
        (alice, "/skills"),
        (alice, "/readiness"),
        (bob, f"/teams/ranking/people/{cast.alice}"),
    ):
        page = flat(browser.get(path).text)
        skills = page[page.index("<table") :]
        assert skills.count(MARK) == page.count(MARK) >= 1, path
        row = skills[: skills.index(MARK)].rpartition("<tr")[2]
        assert "MLOps" in row, path


def test_skill_page_marks_old_assessments(browser_of, cast, assessed):
    for browser, path in (
        (browser_of(cast.alice), "/skills"),
        (browser_of(cast.bob), f"/teams/ranking/people/{cast.alice}/skills"),
    ):
        assert browser.get(f"{path}/mlops").text.count("over 18 months") == 1, path
        assert "over 18 months" not in browser.get(f"{path}/strategy").text, path


def test_portfolio_exports_mark_old_assessments(browser_of, cast, assessed):
    alice = browser_of(cast.alice)
    by = "self-assessed" if assessed == "self" else "assessed by a manager"
    for path in ("preview", "export/markdown", "export/json-resume"):
        text = flat(alice.get(f"/portfolio/{path}").text).lower()
        old = len(re.findall(rf"{by}(, bob)?, on \d+ \w+ \d+, over 18 months ago", text))
        assert old == text.count("over 18 months ago") > 0, path
        assert text.count(by) == 2 * old, path
