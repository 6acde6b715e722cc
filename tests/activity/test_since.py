"""/activity/since: counts of changes since a day, with links to the entries."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from roadmap.evidence import actions as evidence
from roadmap.people.models import User
from roadmap.progress import actions as progress
from roadmap.skills import actions as skills
from tests.evidence.builders import add_evidence, review_evidence, submit_evidence

PAGE = "/activity/since"
KEYS = ("hold-ml-service-levels", "design-doc-for-complex-system")


@pytest.fixture
def alice(cast, browser_of):
    return browser_of(cast.alice)


def figures(page) -> dict[str, int]:
    rows = re.findall(
        r'<th scope="row"><a href="[^"]*">(.*?)</a></th>\s*<td class="num">(.*?)</td>', page.text
    )
    return {label: int(number) for label, number in rows}


def test_changes_since_the_date_are_counted(session, cast, now, alice):
    before = now - dt.timedelta(days=40)
    by = cast.actor(session, cast.alice)
    for key in KEYS:
        for status in ("in_progress", "done"):
            progress.set_status(session, cast.alice, key, status, now=before)
    # Ticked twice, counted once.
    for status in ("not_started", "done", "in_progress", "done"):
        progress.set_status(session, cast.alice, KEYS[0], status, now=now)
    for title in ("One", "Two"):
        made = add_evidence(session, cast, cast.alice, now, title=title)
    submit_evidence(session, cast, made, now)
    review_evidence(session, cast, made, now)
    skills.assess_self(session, cast.alice, "mlops", 2, "", by=by, now=now)
    evidence.delete(session, made, by=by, now=now)
    session.commit()
    page = alice.get(PAGE)
    assert figures(page) == {
        "Milestones ticked": 1,
        "Milestones started": 1,
        "Milestones marked not started": 1,
        "Pieces of evidence added": 2,
        "Pieces submitted for review": 1,
        "Pieces verified": 1,
        "Skills assessed by you": 1,
        "Other changes: Evidence": 1,
    }
    day = (now - dt.timedelta(days=30)).date().isoformat()
    link = re.search(r'href="([^"]*)">Pieces verified', page.text)[1].replace("&amp;", "&")
    assert link == f"/activity?kind=reviews&from={day}"
    assert "Verified: Two" in alice.get(link).text
    all_changes = figures(alice.get(f"{PAGE}?since={(now - dt.timedelta(days=41)).date()}"))
    assert all_changes["Milestones ticked"] == 2


def test_invalid_or_future_date_is_reported(alice, now):
    assert "“soon” is not a day" in alice.get(f"{PAGE}?since=soon").text
    tomorrow = (now + dt.timedelta(days=2)).date()
    assert "is in the future" in alice.get(f"{PAGE}?since={tomorrow}").text


def test_date_is_in_the_readers_time_zone(session, cast, alice):
    session.get_one(User, cast.alice).timezone = "Asia/Tokyo"
    at = dt.datetime(2026, 3, 1, 14, 59, tzinfo=dt.UTC)  # 23:59 in Tokyo
    progress.set_status(session, cast.alice, KEYS[0], "done", now=at)
    session.commit()
    assert figures(alice.get(f"{PAGE}?since=2026-03-01")) == {"Milestones ticked": 1}
    assert figures(alice.get(f"{PAGE}?since=2026-03-02")) == {}
