"""Routes of the time budget, which only its owner can access."""

from __future__ import annotations

import datetime as dt
from typing import Any

from roadmap.time_budget import actions
from roadmap.time_budget.rules import Week
from tests.support.route_entry import ALICE, SIGN_IN, Change, Page, expect_change, expect_only_alice

TYPED = {"category": "mentoring", "minutes": "1:30", "day": "2026-03-02", "title": "Pairing"}
PAGES: tuple[Page, ...] = (
    Page("/time", "time.read", "/time", variants=("/time?week=2020-W10",)),
    Page(
        "/time/entries/<uuid:key>", "time.read", "/time/entries/{hours}", ALICE, name="time-entry"
    ),
    Page("/time/calendar", "time.read", "/time/calendar"),
    Page(
        "/time/calendar/deep-work.ics",
        "time.read",
        "/time/calendar/deep-work.ics?days=1&days=3&start=09:00&end=12:00&weeks=13",
        shown=False,
        name="time-deep-work",
    ),
)
CHANGES: tuple[Change, ...] = (
    Change("/time/entries", "POST", "time.write", "/time/entries", TYPED),
    Change(
        "/time/entries/<uuid:key>", "PUT", "time.write", "/time/entries/{hours}", TYPED,
        expect_only_alice(),
    ),
    Change(
        "/time/entries/<uuid:key>", "DELETE", "time.write", "/time/entries/{hours}", {},
        expect_only_alice(nobody=SIGN_IN),
    ),
    Change(
        "/time/entries/<uuid:key>/removal", "DELETE", "time.write",
        "/time/entries/{removed_hours}/removal", {}, expect_only_alice(nobody=SIGN_IN),
    ),
    Change(
        "/time/limits", "PUT", "time.write", "/time/limits",
        {"deep_work_minutes": "8", "week_minutes": "36"},
    ),
    Change(
        "/time/calendar/preview", "POST", "time.write", "/time/calendar/preview",
        {"first": "2026-03-02", "weeks": "1"}, expect_change(422),
    ),
    Change(
        "/time/calendar/entries", "POST", "time.write", "/time/calendar/entries", {"take-0": "1"}
    ),
    Change(
        "/time/calendar/titles", "DELETE", "time.write", "/time/calendar/titles", {},
        expect_change(nobody=SIGN_IN),
    ),
    Change(
        "/time/calendar/corrections", "DELETE", "time.write", "/time/calendar/corrections", {},
        expect_change(nobody=SIGN_IN),
    ),
    # Without allowed calendar hosts, this route is 404.
    Change(
        "/time/calendar/address", "PUT", "time.write", "/time/calendar/address",
        {"url": "https://calendar.example.org/alice.ics"}, expect_change(404),
    ),
    Change(
        "/time/calendar/address", "DELETE", "time.write", "/time/calendar/address", {},
        expect_change(nobody=SIGN_IN),
    ),
    Change(
        "/time/calendar/address/preview", "POST", "time.write", "/time/calendar/address/preview",
        {"first": "2026-03-02", "weeks": "1"}, expect_change(404),
    ),
)  # fmt: skip


def create_sample_data(write: Any) -> dict[str, str]:
    """Add four weeks for Alice, the current one with too little deep work."""
    session, alice = write.session, write.cast.alice
    today = write.now.date()
    monday = Week.of(today).monday

    def add(day: dt.date, category: str, minutes: int, title: str | None = None) -> Any:
        return actions.add_entry(
            session, alice, day=min(day, today), category=category, minutes=minutes, title=title,
            now=write.now,
        )  # fmt: skip

    for back in range(4):
        first = monday - dt.timedelta(weeks=back)
        add(first, "stand-ups", 75)
        add(first, "design-reviews", 210, "Ranking: two-stage retrieval")
        add(first + dt.timedelta(days=1), "one-to-ones", 180)
        add(first + dt.timedelta(days=2), "planning", 330)
        add(first + dt.timedelta(days=3), "mentoring", 120)
        add(first + dt.timedelta(days=4), "deep-work", 120 + 150 * back)
        add(first + dt.timedelta(days=4), "other", 480)
    removed = add(monday, "interviews", 60)
    actions.remove_entry(session, removed, now=write.now)
    limits = {"week_minutes": None, "deep_work_minutes": 8 * 60}
    actions.save_limits(session, alice, limits)
    session.flush()
    return {"hours": str(add(monday, "interviews", 90).id), "removed_hours": str(removed.id)}
