"""Parse dates in free text: "on 12 March 2026", "last Friday", "in March". Pure."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from roadmap.core.dates import PartialDate, months_later
from roadmap.core.text import fold

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# Reasons why a date in a text is not used.
AMBIGUOUS, SEVERAL, UNREAD, FUTURE = "ambiguous", "several", "unread", "future"
_NUMBERS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_YEAR = r"(?:19|20)\d\d"
_DAY = r"(?P<day>\d\d?)(?:st|nd|rd|th)?"
# A range of days means its last day: "March 3-5".
_DAYS = r"(?:\d\d? ?[-\N{EN DASH}] ?)?" + _DAY
_COUNT = rf"\d\d?|{'|'.join(_NUMBERS)}"
# "may" and "march" are also ordinary words, so without a year they must follow "on", "in" or
# "since".
_NO_VERB = r"(?!may\b|mar)"
_BEFORE_MONTH = r"\b(?:in|since|during|early|mid|late|end of)(?: |-)"


@dataclass(frozen=True, slots=True)
class ParsedDate:
    """A date found in a text, or why it cannot be used (`problem`). `text` is the matched text."""

    date: PartialDate | None = None
    problem: str = ""
    text: str = ""


def find_date(words: str, today: dt.date, months: Mapping[str, int]) -> ParsedDate:
    """Return the date in a text, or an empty result if there is none.

    `months` maps folded month names to numbers. A date without a year is the most recent one.
    """
    text = " ".join(fold(words).split())
    found = list(_find(text, today, months))
    dates = {each.date for each in found}
    if len(dates) > 1:
        # "12 March, a Thursday in 2026" names one day.
        narrowest = max(
            (each for each in found if each.date), key=lambda each: len(each.date or "")
        )
        if not all(each.date and (narrowest.date or "").startswith(each.date) for each in found):
            return ParsedDate(problem=SEVERAL, text=", ".join(each.text for each in found))
        return narrowest
    return found[0] if found else ParsedDate()


def _find(text: str, today: dt.date, months: Mapping[str, int]) -> Iterator[ParsedDate]:
    names = "|".join(sorted(map(re.escape, [*months, "sept"]), key=len, reverse=True))
    month = rf"(?P<name>{names})\b\.?"
    forms = (
        rf"\b(?P<year>{_YEAR})(?P<mark>[/-])(?P<month>\d\d?)(?P=mark)(?P<day>\d\d?)\b",
        rf"\b(?P<day>\d\d?)\.(?P<month>\d\d?)\.(?P<year>{_YEAR})\b",
        rf"\b(?P<first>\d\d?)(?P<mark>[/-])(?P<second>\d\d?)(?P=mark)(?P<year>{_YEAR})\b",
        r"\b(?P<unread>\d\d?([/.])\d\d?\2\d\d)\b(?![/.]?\d)",
        rf"\b{_DAY}(?: of|\.)?[ -]{month},?[ -](?P<year>{_YEAR})\b",
        rf"\b{month} {_DAYS},? (?P<year>{_YEAR})\b",
        rf"\b(?P<unread>(?:(?:{_YEAR}|fy\d\d)[ -]?[qh][1-4]|[qh][1-4][ /-]?(?:{_YEAR}|fy\d\d)))\b",
        rf"\b(?P<unread>(?:spring|summer|autumn|fall|winter) (?:of )?{_YEAR})\b",
        rf"\b{month},?[ -](?:of )?(?P<year>{_YEAR})\b",
        rf"\bon (?:the )?{_DAY}(?: of|\.)? {month}",
        rf"\bon {month} {_DAY}\b",
        rf"\b{_DAY}(?: of|\.)? (?!may\b){month}",
        rf"\b{month} (?P<day>\d\d?)(?:st|nd|rd|th)\b",
        rf"\b{_NO_VERB}{month} {_DAY}\b(?![.:%]\d)",
        rf"{_BEFORE_MONTH}{month}",
        rf"\b(?P<year>{_YEAR})-(?P<month>0[1-9]|1[0-2])\b",
        rf"\b(?P<month>0?[1-9]|1[0-2])/(?P<year>{_YEAR})\b",
        rf"\b(?:in|since|during|(?<!\d )of|mid|early|late)(?: |-)(?P<year>{_YEAR})\b",
        r"\b(?P<back>the day before yesterday|yesterday|today|this morning|last night)\b",
        rf"\b(?P<which>last|past|this|on)(?: last)? (?P<weekday>{'|'.join(WEEKDAYS)})\b(?!,? ?\n)",
        rf"\b(?P<unread>half a year ago|the (?:last|past) (?:{_COUNT} )?(?:week|month|year)s?)\b",
        r"\b(?P<span>last|this) (?P<unit>month|year)\b",
        r"\b(?P<unread>(?:last|this) (?:week|weekend|quarter|spring|summer|autumn|fall|winter))\b",
        rf"\b(?P<count>{_COUNT}) (?P<unit>day|week|month|year)s? ago\b",
    )
    for form in forms:
        while found := re.search(form, text):
            yield _read(found, today, months)
            # Remove the match so that no later form reads it again: "Friday, 13 March" is one day.
            text = f"{text[: found.start()]}\n{text[found.end() :]}"


def _read(found: re.Match[str], today: dt.date, months: Mapping[str, int]) -> ParsedDate:
    parts, text = found.groupdict(), found[0].strip()
    if parts.get("first"):
        first, second = int(parts["first"]), int(parts["second"])
        if first <= 12 and second <= 12 and first != second:
            return ParsedDate(problem=AMBIGUOUS, text=text)
        day, number = (first, second) if first > 12 or first == second else (second, first)
        parts |= {"day": str(day), "month": str(number)}
    try:
        date = _relative(parts, today) or _absolute(parts, today, months)
    except (ValueError, OverflowError):
        date = None
    if date is None or date.first > today:
        return ParsedDate(problem=FUTURE if date else UNREAD, text=text)
    return ParsedDate(date, text=text)


def _relative(parts: Mapping[str, str | None], today: dt.date) -> PartialDate | None:
    if back := parts.get("back"):
        days = {"the day before yesterday": 2, "yesterday": 1, "last night": 1}.get(back, 0)
        return PartialDate(today - dt.timedelta(days=days))
    if name := parts.get("weekday"):
        days = (today.weekday() - WEEKDAYS.index(name)) % 7
        if parts["which"] in ("last", "past"):
            days = days or 7
        return PartialDate(today - dt.timedelta(days=days))
    if not (unit := parts.get("unit")):
        return None
    if span := parts.get("span"):
        count = 1 if span == "last" else 0
    else:
        given = parts["count"] or ""
        count = _NUMBERS.get(given) or int(given)
    if unit in ("day", "week"):
        return PartialDate(today - dt.timedelta(days=count * (7 if unit == "week" else 1)))
    length = len("2026-03") if unit == "month" else len("2026")
    return PartialDate(
        str(months_later(today.replace(day=1), -count * (1 if unit == "month" else 12)))[:length]
    )


def _absolute(
    parts: Mapping[str, str | None], today: dt.date, months: Mapping[str, int]
) -> PartialDate | None:
    month, day, year = (parts.get(name) for name in ("month", "day", "year"))
    if name := parts.get("name"):
        month = str(months["sep" if name == "sept" else name])
    if not (month or year):
        return None
    if year:
        return PartialDate.from_iso("-".join(part.zfill(2) for part in (year, month, day) if part))
    for number in (today.year, today.year - 1):
        # Not every year has a 29 February.
        with contextlib.suppress(ValueError):
            date = PartialDate.from_iso(
                "-".join(part.zfill(2) for part in (str(number), month, day) if part)
            )
            if date.first <= today:
                return date
    return None
