"""The filter of the audit log in a query string, used by the page and its export."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.activity.list_query import MAX_DAY_LENGTH, parse_day, start_of_day
from roadmap.admin.audit_messages import ACTIONS_BY_KIND, KINDS
from roadmap.admin.queries import NEWEST_ENTRIES_FIRST, find_people
from roadmap.auth.email_addresses import email_key
from roadmap.core.text import clean_line
from roadmap.people.models import AuditEntry

MAX_PERSON_LENGTH = 320
# The maximum number of matching people to choose from.
MAX_CANDIDATES = 20


class AuditQuery:
    """The filter of the audit log: kind, person, first and last day.

    `people` match `who`. If there is exactly one, `person` is that one and `email` their address;
    `email` may also be an address without an account. `invalid_day` is an invalid date as entered.
    Days are in the administrator's time zone.
    """

    def __init__(self, session: Session, values: Mapping[str, str], zone: ZoneInfo) -> None:
        kind = values.get("kind", "")
        self.kind = kind if kind in KINDS else ""
        self.who = clean_line(values.get("person"))[:MAX_PERSON_LENGTH]
        self.zone = zone
        self.invalid_day = ""
        self.first = self._parse_day(values.get("from"))
        self.last = self._parse_day(values.get("to"))
        self.people = find_people(session, self.who, limit=MAX_CANDIDATES + 1) if self.who else []
        self.person = self.people[0] if len(self.people) == 1 else None
        # Addresses in invitations and failed sign-ins may have no account.
        is_address = "@" in self.who and not self.people
        self.email = self.person.email if self.person else self.who if is_address else ""

    @property
    def is_valid(self) -> bool:
        """Return whether the filter is valid and unambiguous."""
        are_days_valid = not self.invalid_day and not self.is_reversed
        return are_days_valid and (not self.who or bool(self.email))

    @property
    def is_reversed(self) -> bool:
        return bool(self.first and self.last and self.first > self.last)

    @property
    def is_filtered(self) -> bool:
        return bool(self.kind or self.who or self.first or self.last or self.invalid_day)

    @property
    def arguments(self) -> dict[str, Any]:
        return {
            "kind": self.kind or None,
            "person": self.person.id if self.person else self.who or None,
            "from": self.first.isoformat() if self.first else None,
            "to": self.last.isoformat() if self.last else None,
        }

    def select(self) -> sa.Select[AuditEntry]:
        """Select the entries that match, newest first; an invalid filter matches none."""
        query = NEWEST_ENTRIES_FIRST.where(sa.true() if self.is_valid else sa.false())
        if self.kind:
            query = query.where(AuditEntry.action.in_(ACTIONS_BY_KIND[self.kind]))
        about = []
        if self.person:
            person_id = self.person.id
            about += [
                AuditEntry.actor_id == person_id,
                AuditEntry.target == str(person_id),
                AuditEntry.data["person"].as_string() == str(person_id),
            ]
        if self.email:
            # Invitations and sign-ins record the address as entered, in any letter case.
            spellings = {self.email.lower(), email_key(self.email)}
            named = (AuditEntry.target, AuditEntry.data["email"].as_string())
            about += [sa.func.lower(each).in_(spellings) for each in named]
        if about:
            query = query.where(sa.or_(*about))
        if self.first:
            query = query.where(AuditEntry.at >= start_of_day(self.first, self.zone))
        if self.last:
            end = start_of_day(self.last + dt.timedelta(days=1), self.zone)
            query = query.where(AuditEntry.at < end)
        return query

    def _parse_day(self, text: str | None) -> dt.date | None:
        entered = clean_line(text)
        try:
            return parse_day(entered)
        except ValueError:
            self.invalid_day = entered[:MAX_DAY_LENGTH]
            return None
