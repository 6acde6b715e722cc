"""Convert a story, which counts days before today, to dated steps."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any

import yaml

STORIES = Path(__file__).parent / "stories"
# The default roadmap of a story.
ROADMAP = "senior-ml-engineer"
# Working hours in minutes UTC, on the same date everywhere in Europe.
EARLIEST, LATEST = 7 * 60 + 30, 16 * 60 + 30
SATURDAY = 5

Story = Mapping[str, Any]
# The C loader takes a tenth of the time, but is not always installed.
YAML_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Step:
    """A change that a person or their manager makes to the person's record."""

    at: dt.datetime
    owner: str
    verb: str
    data: Story


@lru_cache(maxsize=16)
def load_story(name: str) -> Story:
    """Load the story with this name from its file."""
    text = (STORIES / f"{name}.yaml").read_text("utf-8")
    story: Story = yaml.load(text, Loader=YAML_LOADER)  # noqa: S506 (both loaders are safe)
    return story


def working_day(today: dt.date, ago: int) -> dt.date:
    """Return the working day that many days before today; weekends count as their Friday."""
    found = today - dt.timedelta(days=ago)
    return found - dt.timedelta(days=max(0, found.weekday() - SATURDAY + 1))


def steps(story: Story, owner: str, *, today: dt.date, seed: int) -> list[Step]:
    """Return the steps of a person's story, at times of day derived from the seed."""
    events = sorted(_iterate_events(story), key=lambda each: -each[0])
    found = []
    for date, group in groupby(events, key=lambda each: working_day(today, each[0])):
        day_events = list(group)
        rng = random.Random(f"{seed} {owner} {date}")  # noqa: S311 (reproducible by seed)
        minutes = sorted(rng.sample(range(EARLIEST, LATEST), len(day_events)))
        midnight = dt.datetime.combine(date, dt.time(), dt.UTC)
        found += [
            Step(midnight + dt.timedelta(minutes=minute), owner, verb, data)
            for minute, (_ago, verb, data) in zip(minutes, day_events, strict=True)
        ]
    return found


def _iterate_events(story: Story) -> Iterator[tuple[int, str, Story]]:
    """Yield tuples of days ago, verb and data, in the order of the file."""
    for entry in (story["enrolled"], *story.get("also_on", ())):
        yield entry["ago"], "enroll", entry
    for entry in story.get("background", ()):
        yield entry["ago"], "declare", entry
    for entry in story.get("statuses", ()):
        for status in ("in_progress", "done", "not_applicable", "not_started"):
            for key in entry.get(status, ()):
                yield entry["ago"], "set_status", {**entry, "key": key, "status": status}
    for entry in story.get("plans", ()):
        yield entry["ago"], "plan", entry
    for piece in story.get("evidence", ()):
        for entry in piece["steps"]:
            yield entry["ago"], entry["do"], {**entry, "piece": piece}
    for entry in story.get("assessments", ()):
        for skill, level in entry["levels"].items():
            yield entry["ago"], f"assess_{entry['side']}", {**entry, "skill": skill, "level": level}
    for entry in story.get("career", ()):
        yield entry["ago"], "reflect" if "reflection" in entry else "plan_career", entry
    for entry in story.get("weeks", ()):
        for place, (category, hours) in enumerate(entry["hours"].items()):
            said = {"category": category, "hours": hours}
            yield entry["ago"] + place % 5, "record_hours", said
    for entry in story.get("practice", ()):
        verb = "interview" if "mock" in entry else "attempt" if "rating" in entry else "answer"
        yield entry["ago"], f"practise_{verb}", entry
    if tools := story.get("tools"):
        for key, said in tools["records"].items():
            yield tools["ago"], "record_tool", {"tool": key, **said}
        if tools.get("shares"):
            yield tools["ago"] - 1, "share", {"what": "shares_tools", "shares": True}
    if sharing := story.get("shares_plans"):
        yield sharing["ago"], "share", {"what": "shares_plans", "shares": True}
    for portfolio in story.get("portfolios", ()):
        yield portfolio["ago"], "arrange_portfolio", portfolio
