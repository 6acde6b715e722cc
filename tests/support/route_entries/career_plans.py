"""Routes of career plans, which only their owner can access."""

from __future__ import annotations

import datetime as dt
from typing import Any

from roadmap.career_plans import actions
from tests.support.route_entry import Change, Page

CHALLENGE = "meeting-overload"
OPTION = "masters_part_time"
PLAN = {"answer_plan": "Two half days a week from Monday on.", "answer_hours": "9, 4, 3, 6"}

PAGES: tuple[Page, ...] = (
    Page("/career/challenges", "career_plan.read", "/career/challenges"),
    Page("/career/direction", "career_plan.read", "/career/direction"),
    Page("/career/education", "career_plan.read", "/career/education"),
    Page("/career/education/<key>", "career_plan.read", f"/career/education/{OPTION}"),
    Page("/career/challenges/<key>", "career_plan.read", f"/career/challenges/{CHALLENGE}"),
)
CHANGES: tuple[Change, ...] = (
    Change(
        "/career/challenges/<key>",
        "PUT",
        "career_plan.write",
        f"/career/challenges/{CHALLENGE}",
        {**PLAN, "seen": "1"},
    ),
    Change(
        "/career/direction",
        "PUT",
        "career_plan.write",
        "/career/direction",
        {"answer_leaning": "not decided", "answer_reason": "Yes.", "seen": "1"},
    ),
    Change(
        "/career/education/<key>",
        "PUT",
        "career_plan.write",
        f"/career/education/{OPTION}",
        {"answer_fees": "12000", "answer_decision": "no", "seen": "1"},
    ),
    Change(
        "/career/challenges/<key>/reflections",
        "POST",
        "career_plan.write",
        f"/career/challenges/{CHALLENGE}/reflections",
        {"text": "Six hours, two below the limit."},
    ),
)


def create_sample_data(write: Any) -> dict[str, str]:
    """Add a plan of Alice, with her reflections over three months."""
    session, alice = write.session, write.cast.alice
    answers = {"plan": "Two mornings a week are mine.", "hours": "6, 2, 5, 4"}
    actions.save_plan(
        session, alice, "challenge", CHALLENGE, answers, revision=0, now=write.ago(95)
    )
    reasons = {
        "leaning": "individual contributor",
        "for_ic": "A week without building makes me restless.",
        "review_on": str((write.now + dt.timedelta(days=365)).date()),
    }
    actions.save_plan(session, alice, "direction", "", reasons, revision=0, now=write.ago(20))
    sheet = {
        "role": "Senior ML engineer in a ranking team",
        "fees": "9000",
        "lost_pay": "0",
        "hours_per_week": "6",
        "total_hours": "1000",
        "decision": "not yet",
        "review_on": str((write.now + dt.timedelta(days=180)).date()),
    }
    actions.save_plan(session, alice, "education", OPTION, sheet, revision=0, now=write.ago(12))
    for days, text in (
        (90, "Four hours of deep work. Cut the second planning meeting."),
        (60, "Nine hours: the profile of the data loader exists.\n\nTwo reviews went to Carol."),
        (30, "Five hours. The launch took the rest; decline earlier next time."),
    ):
        actions.add_reflection(
            session, alice, CHALLENGE, text, today=(write.now - dt.timedelta(days=days)).date(),
            now=write.ago(days),
        )  # fmt: skip
    return {}
