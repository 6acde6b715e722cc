"""What is said of a calendar: why an entry was left out, sorted so, or could not be read."""

from __future__ import annotations

from roadmap.core.i18n import gettext as _
from roadmap.core.i18n import lazy_gettext as _l
from roadmap.core.outbound import AllowedHosts, FetchError
from roadmap.time_budget.calendar_file import Problem
from roadmap.time_budget.calendar_import import Row

LEFT_OUT = {
    "declined": _l("you declined it"),
    "cancelled": _l("cancelled"),
    "all-day": _l("takes the whole day"),
    "free": _l("marked as free"),
    "away": _l("out of office"),
    "no-duration": _l("has no duration"),
}
STATES = {
    "unsure": _l("you have not accepted it"),
    "counted": _l("what overlaps with it has these minutes already"),
    "saved": _l("saved before"),
    "changed": _l("changed since you saved it"),
    "removed": _l("you removed it"),
}
# Why there is nothing to show, and what to do about it.
FAULTS = {
    "no-calendar": _l(
        "This is no calendar file: such a file begins with BEGIN:VCALENDAR. Export the calendar as "
        ".ics, and choose that file."
    ),
    "empty-zip": _l("There is no .ics file in this ZIP. Choose the one that was exported."),
    "broken-zip": _l("This ZIP cannot be opened. Export the calendar again."),
    "too-large": _l("This calendar is larger than 10 MB. Export fewer months."),
    "too-slow": _l("This calendar takes too long to read. Export fewer months."),
}  # fmt: skip


def fetch_fault(error: FetchError, allowed: AllowedHosts) -> str:
    """Say why an address was not fetched, and what to do."""
    return {
        "no-address": _("This is no address. Copy the whole address from your calendar."),
        "no-https": _("The address must begin with https:// or webcal://."),
        "password": _("Enter the address without a user name or password in it."),
        "host": _(
            "Calendars are fetched from %(hosts)s only. Ask your administrator to allow another "
            "host, or upload the file.",
            hosts=", ".join(allowed.names),
        ),
        "moved": _("The calendar has moved to another host. Enter its new address."),
        "refused": _(
            "The host refuses the address (%(status)s). Copy the secret address again, or make the "
            "calendar public there.",
            status=error.status,
        ),
        "gone": _(
            "There is no calendar at this address any more (%(status)s). Copy the address again.",
            status=error.status,
        ),
        "status": _("The host answers with an error (%(status)s). Try later.", status=error.status),
        "slow": _("The host did not answer in time. Try later, or upload the file."),
        "truncated": _("The answer was cut off. Try later, or upload the file."),
        "large": _("This calendar is larger than 10 MB. Upload a file of fewer months."),
        "certificate": _("The host has no valid certificate. Tell your administrator."),
        "unreachable": _("The host cannot be reached. Try later, or upload the file."),
        "unknown-host": _("There is no host of this name. Check the address."),
        "private": _(
            "The host is within a private network. Ask your administrator to allow that network, "
            "or upload the file."
        ),
    }[str(error)]


def why(row: Row) -> str:
    """Say why an entry has its category."""
    if row.state in ("saved", "changed", "removed"):
        return _("as you saved it")
    choice = row.choice
    if choice.why == "word":
        return _("title has “%(word)s”", word=choice.word)
    return {
        "learned": _("you sorted this title so"),
        "two": _("two people"),
        "many": _("several people"),
        "alone": _("names nobody else"),
    }[choice.why]


def problem(found: Problem) -> str:
    """Say what could not be read, and what became of it."""
    what = found.what or _("an entry without a title")
    return {
        "line": _("“%(what)s” has a line that is not NAME:value; it was skipped.", what=what),
        "cut-off": _("“%(what)s” is cut off; it was skipped.", what=what),
        "property": _("“%(what)s” has a value that is wrong.", what=what),
        "entry": _("“%(what)s” cannot be read; it was skipped.", what=what),
        "too-often": _("“%(what)s” has a rule of repetition that is not read.", what=what),
        "too-many": _("Too many entries for these days: the rest was skipped."),
        "time-zone": _("The time zone “%(what)s” has a definition that is not read.", what=what),
        "unknown-zone": _(
            "“%(what)s” names an unknown time zone; it is read as yours.", what=what
        ),
    }[found.code]  # fmt: skip
