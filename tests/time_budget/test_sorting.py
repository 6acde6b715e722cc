"""Calendar entries are categorized by learned titles, words and attendees."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from roadmap.time_budget.calendar_import import non_overlapping_minutes
from roadmap.time_budget.queries import sorting_rules, time_content
from roadmap.time_budget.sorting import Choice, Sorter, title_key

OWNER = b"alice"
SORTER = Sorter(sorting_rules(), {title_key("Alice /  BÖB", OWNER): "mentoring"}, OWNER)


def test_every_rule_names_a_category_that_there_is() -> None:
    rules = sorting_rules()
    named = {each.category for each in rules.rules} | {rules.two, rules.many, rules.alone}
    assert named <= set(time_content().by_key)


def test_a_title_and_the_number_of_people_say_the_category_and_why() -> None:
    said = {
        ("Ranking stand-up", 5): Choice("stand-ups", "word", "stand-up"),
        ("Daily", 5): Choice("stand-ups", "word", "daily"),
        ("1:1 Bob", 2): Choice("one-to-ones", "word", "1:1"),
        ("Model design review", 6): Choice("design-reviews", "word", "design review"),
        # The narrower rule wins, and what a block of focus is about says nothing.
        ("Interview prep 1:1", 2): Choice("interviews", "word", "interview"),
        ("Focus: design review", 0): Choice("deep-work", "word", "focus"),
        ("Vorstellungsgespräche", 3): Choice("interviews", "word", "vorstellungsgesprache"),
        ("Réunion produit", 7): Choice("planning", "word", "reunion"),
        ("Dailymotion launch", 3): Choice("planning", "many"),
        ("Carol", 2): Choice("one-to-ones", "two"),
        ("", 0): Choice("other", "alone"),
        # What a person said once of the title wins over all rules.
        ("alice / bob", 2): Choice("mentoring", "learned"),
    }
    assert {asked: SORTER.sort(*asked) for asked in said} == said


@dataclass
class Span:
    starts_at: dt.datetime
    ends_at: dt.datetime


def test_a_minute_in_two_entries_counts_for_the_shorter() -> None:
    def span(first: str, last: str) -> Span:
        return Span(*(dt.datetime.fromisoformat(f"2026-10-19T{at}+00:00") for at in (first, last)))

    focus, standup = span("09:00", "12:00"), span("09:30", "09:45")
    review, same = span("11:30", "12:30"), span("11:30", "12:30")
    assert non_overlapping_minutes([focus, standup, review, same]) == [135, 15, 60, 0]
    assert non_overlapping_minutes([focus, standup], [(focus.starts_at, 60)]) == [120, 0]
    # What was counted is known by beginnings and minutes: the block went on until twelve.
    before = [(focus.starts_at, 165), (standup.starts_at, 15)]
    assert non_overlapping_minutes([review, same], before) == [30, 0]
