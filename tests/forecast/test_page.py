"""GET /roadmaps/<slug>/forecast: the estimated finish date and its basis."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

import pytest
import sqlalchemy as sa
from flask import get_template_attribute

from roadmap.catalog.queries import load_revision
from roadmap.forecast.actions import add_absence
from roadmap.forecast.queries import load_forecast
from roadmap.forecast.rules import Chain, Span
from roadmap.people.actor import Actor
from roadmap.people.models import HistoryEntry
from roadmap.progress import actions as progress
from roadmap.progress.models import Enrollment
from roadmap.progress.queries import enrollment
from tests.support.statements import record_session_statements

SLUG = "senior-ml-engineer"
PAGE = f"/roadmaps/{SLUG}/forecast"
WEEK = dt.timedelta(weeks=1)


@pytest.fixture
def alice(cast, browser_of):
    browser = browser_of(cast.alice)
    browser.post(f"/roadmaps/{SLUG}/enrollment", {"hours_per_week": "5"})
    browser.get(f"/roadmaps/{SLUG}")
    return browser


@pytest.fixture
def required(session, cast, alice):
    """The required milestones of Alice's roadmap."""
    enrolled = enrollment(session, cast.alice, SLUG)
    content = load_revision(session, enrolled.revision_id).content
    stages = [stage for stage in content.stages if stage.required]
    return [each for stage in stages for each in stage.milestones if each.required]


def set_enrollment(session, cast, days_ago, now, **plan) -> None:
    row = session.scalars(sa.select(Enrollment).where(Enrollment.user_id == cast.alice)).one()
    row.started_on = now.date() - dt.timedelta(days=days_ago)
    for name, value in plan.items():
        setattr(row, name, value)
    session.commit()


def complete_weekly(session, cast, milestones, now, **more) -> int:
    """Complete one milestone a week, the first of them today, and return their hours."""
    for back, each in enumerate(milestones):
        progress.set_status(session, cast.alice, each.key, "done", now=now - back * WEEK, **more)
    session.commit()
    return sum(each.hours for each in milestones)


def test_new_user_sees_what_own_pace_needs(alice):
    page = alice.get(PAGE).text
    assert "not enough to estimate a date" in page
    assert "3 more required milestones" in page
    assert "28 more days without time off" in page
    # The planned pace gives a date from the first day.
    assert "You plan 5 h a week." in page
    assert "At that pace you finish between" in page
    assert "most likely about" in page


def test_own_pace_gives_finish_date(alice, session, cast, now, required):
    set_enrollment(session, cast, 200, now, target_on=now.date() + dt.timedelta(days=900))
    hours = complete_weekly(session, cast, required[:12], now)
    page = alice.get(PAGE).text
    assert f"In the last 90 days you finished {hours} required hours: " in page
    assert "not enough to estimate a date" not in page
    assert "Your own pace, last 90 days" in page
    assert "reflect how much your weeks varied" in page
    assert "you need" in page
    assert "h a week." in page


def test_initial_calibrated_and_reverted_completions_are_no_pace(
    alice, session, cast, now, required
):
    set_enrollment(session, cast, 60, now)
    complete_weekly(session, cast, required[:9], now - dt.timedelta(days=60))
    complete_weekly(session, cast, required[9:15], now, was_calibrated=True)
    complete_weekly(session, cast, required[15:20], now)
    for each in required[15:20]:
        progress.set_status(session, cast.alice, each.key, "not_started", now=now)
    session.commit()
    page = alice.get(PAGE).text
    assert "In the last 60 days you finished 0 required hours." in page
    assert "3 more required milestones" in page


def test_reopened_milestone_counts_on_the_day_it_was_first_done(session, cast, now, required):
    set_enrollment(session, cast, 300, now)
    complete_weekly(session, cast, required[:5], now - dt.timedelta(days=200))
    for status in ("in_progress", "done"):
        progress.set_status(session, cast.alice, required[0].key, status, now=now)
    found = load_forecast(
        session, Actor(cast.alice, "Alice", ""), enrollment(session, cast.alice, SLUG), now
    )
    assert (found.own_pace.milestones, found.own_pace.hours) == (0, 0)
    # The same after an import, which marks the entries of the history.
    session.execute(
        sa.update(HistoryEntry)
        .where(HistoryEntry.user_id == cast.alice, HistoryEntry.at < now - dt.timedelta(days=100))
        .values(action=sa.literal("imported.") + HistoryEntry.action)
    )
    found = load_forecast(
        session, Actor(cast.alice, "Alice", ""), enrollment(session, cast.alice, SLUG), now
    )
    assert (found.own_pace.milestones, found.own_pace.hours) == (0, 0)


def test_calibration_form_does_not_count_towards_pace(alice, session, cast, now, required):
    set_enrollment(session, cast, 60, now)
    objective = next(
        each.key
        for stage in load_revision(
            session, enrollment(session, cast.alice, SLUG).revision_id
        ).content.stages
        for each in stage.objectives
        if required[0] in each.milestones
    )
    answer = alice.put(
        f"/roadmaps/{SLUG}/calibration",
        {"timezone": "UTC", f"objective-{objective}": "all", "shown": "", "hours_per_week": "5"},
    )
    assert answer.status_code == 303
    session.rollback()
    found = load_forecast(
        session, Actor(cast.alice, "Alice", ""), enrollment(session, cast.alice, SLUG), now
    )
    assert required[0].key not in {
        key for chain in found.remaining.stages.values() for key in chain.keys
    }
    assert (found.own_pace.milestones, found.own_pace.hours) == (0, 0)
    # Reverted and completed again, the milestone counts today.
    key = required[0].key
    progress.set_status(session, cast.alice, key, "not_started", now=now)
    progress.set_status(session, cast.alice, key, "done", now=now)
    found = load_forecast(
        session, Actor(cast.alice, "Alice", ""), enrollment(session, cast.alice, SLUG), now
    )
    assert found.own_pace.hours == required[0].hours


@pytest.mark.parametrize(
    ("zone", "moment", "day"),
    [
        # Nights of clock changes, and a leap day that has not begun in every zone.
        ("Europe/Berlin", "2026-03-29T00:59:59+00:00", "2026-03-29"),
        ("Europe/Berlin", "2026-10-24T22:30:00+00:00", "2026-10-25"),
        ("America/New_York", "2026-11-01T03:59:00+00:00", "2026-10-31"),
        ("Pacific/Kiritimati", "2028-02-28T10:00:00+00:00", "2028-02-29"),
        ("Pacific/Pago_Pago", "2028-03-01T10:59:00+00:00", "2028-02-29"),
    ],
)
def test_completions_count_by_day_in_users_time_zone(
    alice, session, cast, now, required, zone, moment, day
):
    at, on = dt.datetime.fromisoformat(moment), dt.date.fromisoformat(day)
    actor = Actor(cast.alice, "Alice", "", timezone=zone)
    set_enrollment(
        session, cast, 0, dt.datetime.combine(on - dt.timedelta(days=1), dt.time(), dt.UTC)
    )
    progress.set_status(session, cast.alice, required[0].key, "done", now=at)
    enrolled = enrollment(session, cast.alice, SLUG)
    assert load_forecast(session, actor, enrolled, at).own_pace.milestones == 1
    # Completions on the day of enrollment do not count.
    set_enrollment(session, cast, 0, dt.datetime.combine(on, dt.time(), dt.UTC))
    enrolled = enrollment(session, cast.alice, SLUG)
    assert load_forecast(session, actor, enrolled, at).own_pace.milestones == 0


def test_target_before_minimum_duration_is_unreachable(alice, session, cast, now):
    set_enrollment(session, cast, 10, now, target_on=now.date() + dt.timedelta(days=20))
    page = alice.get(PAGE).text
    assert "No pace reaches" in page
    assert "takes at least" in page


def test_missing_pace_and_target_are_stated(alice, session, cast, now):
    set_enrollment(session, cast, 10, now, hours_per_week=None)
    page = alice.get(PAGE).text
    assert "You have not set how many hours a week you plan." in page
    assert "You have no target date." in page


def test_time_off_is_skipped_and_listed(alice, session, cast, now, required):
    set_enrollment(session, cast, 200, now, hours_per_week=Decimal(5))
    complete_weekly(session, cast, required[:6], now)
    enrolled, actor = enrollment(session, cast.alice, SLUG), Actor(cast.alice, "Alice", "")
    before = load_forecast(session, actor, enrolled, now)
    today = now.date()
    fortnight = Span(today + dt.timedelta(days=20), today + dt.timedelta(days=33))
    past = Span(today - dt.timedelta(days=70), today - dt.timedelta(days=61))
    for days in (fortnight, past):
        add_absence(session, cast.alice, days, "Away", now=now)
    session.commit()
    after = load_forecast(session, actor, enrolled, now)
    later = dt.timedelta(days=14)
    assert after.by_planned_pace.span.first == before.by_planned_pace.span.first + later
    assert after.own_pace.hours_per_week > before.own_pace.hours_per_week
    page = alice.get(PAGE).text
    assert "10 of these days were time off and do not count." in page
    assert f'<time datetime="{fortnight.first}">' in page
    assert f'<time datetime="{past.first}">' not in page


def test_completed_roadmap_has_no_finish_date(alice, session, cast, now, required):
    complete_weekly(session, cast, required, now)
    assert "No required hours are left." in alice.get(PAGE).text


def test_forecast_requires_enrollment_and_is_linked(browser_of, cast, alice):
    bob = browser_of(cast.bob)
    assert bob.get(PAGE).location == f"/roadmaps/{SLUG}"
    assert bob.get("/roadmaps/none/forecast").status_code == 404
    for page in (f"/roadmaps/{SLUG}", "/"):
        assert f'href="{PAGE}"' in alice.get(page).text


def test_statement_count_is_independent_of_history_and_time_off(
    alice, session, cast, now, required
):
    set_enrollment(session, cast, 300, now)
    complete_weekly(session, cast, required[:3], now)
    with record_session_statements(session) as before:
        alice.get(PAGE)
    complete_weekly(session, cast, required[3:40], now)
    for back in range(40):
        day = now.date() - dt.timedelta(days=9 * back)
        add_absence(session, cast.alice, Span(day, day), "", now=now, key=str(uuid.uuid4()))
    session.commit()
    with record_session_statements(session) as after:
        alice.get(PAGE)
    assert len(after) == len(before)


def test_chain_names_stage_of_milestone_from_other_stage(app, required, session, cast):
    """A stage can depend on milestones of another stage."""
    content = load_revision(session, enrollment(session, cast.alice, SLUG).revision_id).content
    key = required[0].key
    home = content.stage_of[key]
    other = next(each.key for each in content.stages if each is not home)
    with app.test_request_context():
        line = get_template_attribute("forecast/_chain.html", "chain_line")
        elsewhere, here = (line(Chain(2, (key,)), content, each) for each in (other, home.key))
    assert f"of the stage “{home.title}”" in elsewhere
    assert "of the stage" not in here
