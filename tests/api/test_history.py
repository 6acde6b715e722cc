"""GET /me/roadmaps/{slug}/history: the days on which figures changed."""

from __future__ import annotations

import datetime as dt

from roadmap.momentum.models import Snapshot
from roadmap.progress.queries import enrollment

PATH = "/me/roadmaps/senior-ml-engineer"


def test_history_is_sorted_by_day_and_paginated(session, cast, alice):
    assert alice.get(f"{PATH}/history").status_code == 404
    alice.put(PATH, {"hours_per_week": 5})
    assert alice.get(f"{PATH}/history").get_json() == {"items": [], "next_cursor": None}
    roadmap = enrollment(session, cast.alice).roadmap_id
    for number, score in ((3, 4.5), (1, None)):
        day = dt.date(2026, 3, number)
        session.add(
            Snapshot(
                user_id=cast.alice, roadmap_id=roadmap, day=day, checked_on=day, hours=400,
                claimed_hours=10 * number, evidenced_hours=score and 5, verified_hours=score and 1,
                score=score,
            )
        )  # fmt: skip
    session.commit()
    first = alice.get(f"{PATH}/history?limit=1").get_json()
    assert first["items"] == [
        {
            "day": "2026-03-01", "hours": 400, "claimed_hours": 10, "evidenced_hours": None,
            "verified_hours": None, "score": None,
        }
    ]  # fmt: skip
    rest = alice.get(f"{PATH}/history?cursor={first['next_cursor']}").get_json()
    assert [(each["day"], each["score"]) for each in rest["items"]] == [("2026-03-03", 4.5)]
    assert rest["next_cursor"] is None
