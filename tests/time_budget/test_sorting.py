"""Calendar entries are categorized by learned titles, words and attendees."""

from __future__ import annotations

import datetime as dt

from roadmap.time_budget.calendar_file import Event
from roadmap.time_budget.calendar_import import non_overlapping_minutes
from roadmap.time_budget.queries import sorting_rules, time_content
from roadmap.time_budget.sorting import Choice, Sorter, title_key

OWNER = b"alice"
SORTER = Sorter(sorting_rules(), {title_key("Alice /  BÖB", OWNER): "mentoring"}, OWNER)


def test_sorting_rules_name_existing_categories() -> None:
    rules = sorting_rules()
    named = {each.category for each in rules.rules} | {rules.two, rules.many, rules.alone}
    assert named <= set(time_content().by_key)


def test_sorter_chooses_category_by_title_and_attendees() -> None:
    expected = {
        ("Ranking stand-up", 5): Choice("stand-ups", "word", "stand-up"),
        ("Daily", 5): Choice("stand-ups", "word", "daily"),
        ("1:1 Bob", 2): Choice("one-to-ones", "word", "1:1"),
        ("Model design review", 6): Choice("design-reviews", "word", "design review"),
        # The more specific rule wins. "Focus" wins over the topic of the focus block.
        ("Interview prep 1:1", 2): Choice("interviews", "word", "interview"),
        ("Focus: design review", 0): Choice("deep-work", "word", "focus"),
        ("Vorstellungsgespräche", 3): Choice("interviews", "word", "vorstellungsgesprache"),
        ("Réunion produit", 7): Choice("planning", "word", "reunion"),
        ("Dailymotion launch", 3): Choice("planning", "many"),
        ("Carol", 2): Choice("one-to-ones", "two"),
        ("", 0): Choice("other", "alone"),
        # A correction by the user wins over all rules.
        ("alice / bob", 2): Choice("mentoring", "learned"),
    }
    assert {args: SORTER.sort(*args) for args in expected} == expected


def test_overlapping_minutes_count_for_the_shorter_entry() -> None:
    def event(key: str, first: str, last: str) -> Event:
        times = (dt.datetime.fromisoformat(f"2026-10-19T{at}+00:00") for at in (first, last))
        return Event(key, *times, title="")

    focus, standup = event("focus", "09:00", "12:00"), event("standup", "09:30", "09:45")
    review, same = event("review", "11:30", "12:30"), event("same", "11:30", "12:30")
    minutes = non_overlapping_minutes([focus, standup, review, same])
    assert minutes == {"focus": 135, "standup": 15, "review": 60, "same": 0}
    minutes = non_overlapping_minutes([focus, standup], [(focus.starts_at, 60)])
    assert minutes == {"focus": 120, "standup": 0}
    # Saved entries only have a start and counted minutes, so the block's span is extended.
    before = [(focus.starts_at, 165), (standup.starts_at, 15)]
    assert non_overlapping_minutes([review, same], before) == {"review": 30, "same": 0}
