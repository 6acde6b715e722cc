"""Texts about calendars: why events are skipped, how they are sorted, and what went wrong."""

from __future__ import annotations

from roadmap.core.gettext_noop import N_
from roadmap.core.i18n import _, _l
from roadmap.core.outbound import AllowedHosts, FetchError

SKIP_REASONS = {
    "declined": _l("you declined it"),
    "cancelled": _l("cancelled"),
    "all-day": _l("lasts all day"),
    "free": _l("marked as free"),
    "away": _l("out of office"),
    "no-duration": _l("has no duration"),
}
STATES = {
    "unsure": _l("you have not accepted it"),
    "counted": _l("these minutes count for an overlapping entry"),
    "saved": _l("saved before"),
    "changed": _l("changed since you saved it"),
    "removed": _l("you removed it"),
}
# Why a file cannot be read, and what to do about it.
FAULTS = {
    "no-calendar": _l(
        "This is not a calendar file, which begins with BEGIN:VCALENDAR. Export the "
        "calendar as .ics, and choose that file."
    ),
    "empty-zip": _l("There is no .ics file in this ZIP. Choose the exported one."),
    "broken-zip": _l("This ZIP cannot be opened. Export the calendar again."),
    "too-large": _l("This calendar is larger than 10 MB. Export fewer months."),
    "too-slow": _l("This calendar takes too long to read. Export fewer months."),
}  # fmt: skip


# Why a URL was not fetched, and what to do.
FETCH_FAULTS = {
    "no-address": N_("This is not an address. Copy the whole address from your calendar."),
    "no-https": N_("The address must begin with https:// or webcal://."),
    "password": N_("Enter the address without a user name or password in it."),
    "host": N_(
        "Calendars are fetched from %(hosts)s only. Ask your administrator to allow another "
        "host, or upload the file."
    ),
    "moved": N_("The calendar has moved to another host. Enter its new address."),
    "refused": N_(
        "The host refuses the address (%(status)s). Copy the secret address again, or make the "
        "calendar public there."
    ),
    "gone": N_(
        "There is no calendar at this address any more (%(status)s). Copy the address again."
    ),
    "status": N_("The host answered with an error (%(status)s). Try again later."),
    "slow": N_("The host did not answer in time. Try again later, or upload the file."),
    "truncated": N_("The answer was cut off. Try again later, or upload the file."),
    "large": N_("This calendar is larger than 10 MB. Upload a file with fewer months."),
    "certificate": N_("The host has no valid certificate. Tell your administrator."),
    "unreachable": N_("The host cannot be reached. Try again later, or upload the file."),
    "unknown-host": N_("There is no host with this name. Check the address."),
    "private": N_(
        "The host is on a private network. Ask your administrator to allow that network, "
        "or upload the file."
    ),
}
# Problems in a calendar, and how they were handled.
PROBLEMS = {
    "line": N_("“%(what)s” has a line that is not NAME:value; it was skipped."),
    "cut-off": N_("“%(what)s” is cut off; it was skipped."),
    "property": N_("“%(what)s” has an invalid value."),
    "entry": N_("“%(what)s” cannot be read; it was skipped."),
    "too-often": N_("“%(what)s” repeats in a way that Cairn does not support."),
    "too-many": N_("Too many entries for these days: the rest was skipped."),
    "time-zone": N_("The definition of the time zone “%(what)s” cannot be read."),
    "unknown-zone": N_("“%(what)s” has an unknown time zone; yours is assumed."),
}
# Why an event has its category.
REASONS = {
    "word": N_("title contains “%(word)s”"),
    "learned": N_("as you sorted this title before"),
    "two": N_("two people"),
    "many": N_("several people"),
    "alone": N_("no one else invited"),
}


def fetch_fault(error: FetchError, allowed: AllowedHosts) -> str:
    """Return why a URL was not fetched, and what to do."""
    return _(FETCH_FAULTS[str(error)], hosts=", ".join(allowed.names), status=error.status)
