"""The kinds of record that can be imported, and how each is validated and saved."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar

import sqlalchemy as sa
from flask_babel import LazyString
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from roadmap.career import actions as career
from roadmap.career.forms import DegreeForm, PositionForm
from roadmap.career.models import Degree, Entry, Position
from roadmap.core.dates import PartialDate
from roadmap.core.i18n import _l
from roadmap.core.stale_forms import DatedForm
from roadmap.evidence import actions as evidence
from roadmap.evidence import labels, rules
from roadmap.evidence.models import Evidence
from roadmap.evidence.rules import EvidenceInput
from roadmap.people.actor import Actor

# Per preview, and therefore per import.
MAX_CANDIDATES = 500

Values = Mapping[str, str]


class Record:
    """A kind of record. `fields` maps names to labels, `identity` lists the identifying fields."""

    label: ClassVar[LazyString]
    heading: ClassVar[LazyString]
    # Base path of the pages of these records.
    address: ClassVar[str]
    model: ClassVar[Any]
    fields: ClassVar[Mapping[str, str | LazyString]]
    required: ClassVar[Collection[str]]
    identity: ClassVar[Sequence[str]]
    dates: ClassVar[Sequence[str]]

    def load_existing_ids(self, session: Session, user_id: uuid.UUID) -> set[uuid.UUID]:
        """Load the ids of the user's records of this kind."""
        return set(session.scalars(sa.select(self.model.id).filter_by(user_id=user_id)))

    def title(self, values: Values) -> str:
        return values.get("title", "")

    def read_dates(self, values: Values) -> list[PartialDate | None]:
        """Return the dates shown in the preview, None for each missing one."""
        return [_date(values.get(name)) for name in self.dates]


def _date(text: str | None) -> PartialDate | None:
    return PartialDate(text) if text else None


class EvidenceRecord(Record):
    label = _l("A piece of evidence")
    heading = _l("Evidence")
    address = "/evidence"
    model = Evidence
    fields = {
        name: labels.FIELDS[name]
        for name in rules.INPUT_FIELDS
        if name not in ("files", "impacts", "visibility")
    }
    required = ("title", "occurred_on")
    identity = ("title", "occurred_on", "url")
    dates = ("occurred_on",)

    def errors(
        self, values: Values, today: dt.date, parse_errors: Collection[str] = ()
    ) -> list[str]:
        """Validate the values and return error messages, except for fields in `parse_errors`."""
        piece = rules.normalize(self.to_input(values))
        return [
            f"{labels.FIELDS[each.field]}: {labels.ERROR_MESSAGES[each.code]}"
            for each in rules.find_errors(piece, today)
            if each.field not in parse_errors
        ]

    def add(
        self, session: Session, user_id: uuid.UUID, values: Values, *, by: Actor, now: dt.datetime
    ) -> uuid.UUID:
        """Save a record and return its id. Raises LimitReached."""
        milestone = values.get("milestone")
        piece = evidence.create(
            session,
            user_id,
            self.to_input(values),
            milestones=[milestone] if milestone else [],
            by=by,
            now=now,
        )
        return piece.id

    def to_input(self, values: Values) -> EvidenceInput:
        """Convert the values to evidence input, with team visibility by default."""
        given: dict[str, Any] = {name: values.get(name, "") for name in self.fields}
        given |= {name: _date(values.get(name)) for name in labels.DATE_FIELDS}
        return EvidenceInput(**given, visibility=values.get("visibility") or "team")


class CareerRecord(Record):
    """A position or a degree, validated by its form."""

    form: ClassVar[type[DatedForm]]

    def errors(
        self, values: Values, today: dt.date, parse_errors: Collection[str] = ()
    ) -> list[str]:
        form = self._form(values, today)
        form.validate()
        return [
            f"{field.label.text}: {text}"
            for field in form
            if field.name not in parse_errors
            for text in field.errors
        ]

    def add(
        self, session: Session, user_id: uuid.UUID, values: Values, *, by: Actor, now: dt.datetime
    ) -> uuid.UUID:
        form = self._form(values, by.today(now))
        entry: Entry = career.add(session, self.model, user_id, form.values, now=now)
        return entry.id

    def _form(self, values: Values, today: dt.date) -> DatedForm:
        given = {name: text for name, text in values.items() if text}
        return self.form(today=today, formdata=MultiDict(given), meta={"csrf": False})


def _labels(form: type[DatedForm], *names: str) -> dict[str, LazyString]:
    return {name: getattr(form, name).args[0] for name in names}


class PositionRecord(CareerRecord):
    label = _l("A position")
    heading = _l("Positions")
    address = "/career/positions"
    model = Position
    form = PositionForm
    fields = _labels(form, "title", "employer", "started_on", "ended_on", "is_ml", "summary")
    required = ("title", "started_on")
    identity = ("title", "employer", "started_on")
    dates = ("started_on", "ended_on")


class DegreeRecord(CareerRecord):
    label = _l("A degree")
    heading = _l("Degrees")
    address = "/career/degrees"
    model = Degree
    form = DegreeForm
    fields = _labels(form, "level", "field", "institution", "awarded_on")
    required = ("level",)
    identity = ("level", "field", "institution")
    dates = ("awarded_on",)

    def title(self, values: Values) -> str:
        return ", ".join(filter(None, (values.get("field"), values.get("institution")))) or str(
            self.label
        )


RECORDS: dict[str, EvidenceRecord | CareerRecord] = {
    "evidence": EvidenceRecord(),
    "position": PositionRecord(),
    "degree": DegreeRecord(),
}
