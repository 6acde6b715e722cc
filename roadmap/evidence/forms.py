"""The form of a piece of evidence. What is wrong with it, `rules.faults` decides."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import (
    DateField,
    Field,
    FieldList,
    Form,
    FormField,
    HiddenField,
    RadioField,
    SearchField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields import SelectChoice

from roadmap.core.text import clean_line, clean_multiline, clean_url, strip_control_characters
from roadmap.evidence import labels, rules
from roadmap.evidence.constants import (
    IMPACT_TYPES,
    MAX_IMPACTS,
    MAX_MILESTONES,
    VISIBILITIES,
)
from roadmap.evidence.item import Impact
from roadmap.evidence.kinds import KINDS
from roadmap.evidence.rules import EvidenceInput, FieldError

TEXT_FIELDS = ("title", "url", "description", "role", "issuer")
INVALID_DATE = _("Enter the date as year-month-day, for example 2026-03-31.")
DATE_FIELDS = ("occurred_on", "issued_on", "expires_on")


def _parse_uuid(text: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(text or "")
    except ValueError:
        return None


class RequiredMark:
    """Marks a field that must be filled in; whether it is, the rules say."""

    field_flags = {"required": True}

    def __call__(self, form: Form, field: Field) -> None:
        """Nothing to do here."""


class IsoDateField(DateField):
    """A date; what cannot be read says how it is written, and stays in the field."""

    def process_formdata(self, valuelist: list[str]) -> None:
        typed = strip_control_characters(" ".join(valuelist)).strip()
        if not typed:
            self.data = None
            return
        try:
            super().process_formdata([typed])
        except ValueError:
            raise ValueError(INVALID_DATE) from None


class CheckboxListField(Field):
    """The keys of what was ticked: any number of checkboxes of one name."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = list(
            dict.fromkeys(strip_control_characters(value)[:60] for value in valuelist if value)
        )

    def process_data(self, value: Iterable[str] | None) -> None:
        self.data = list(value or ())


class ImpactForm(Form):
    """One measured effect; a row with no word in it is left out."""

    type = SelectField(
        _("Type"),
        [RequiredMark()],
        choices=[SelectChoice(key, labels.IMPACTS[key]) for key in IMPACT_TYPES],
        validate_choice=False,
    )
    metric = StringField(_("Metric"), filters=[clean_line])
    baseline = StringField(_("Before"), filters=[clean_line])
    result = StringField(_("After"), filters=[clean_line])
    unit = StringField(_("Unit"), filters=[clean_line])
    source_url = StringField(_("Source link"), filters=[clean_url])

    def to_impact_input(self) -> Impact:
        return Impact(
            type=self.type.data or "",
            metric=self.metric.data,
            baseline=self.baseline.data,
            result=self.result.data,
            unit=self.unit.data,
            source_url=self.source_url.data,
        )


class EvidenceForm(FlaskForm):
    """Everything that a person says of a piece. `about` is the piece that is edited, if any."""

    title = StringField(_("Title"), [RequiredMark()], filters=[clean_line])
    kind = SelectField(
        _("Kind"),
        [RequiredMark()],
        choices=[
            SelectChoice("", _("Choose a kind")),
            *(SelectChoice(key, labels.KINDS[key]) for key in KINDS),
        ],
        validate_choice=False,
    )
    occurred_on = IsoDateField(_("Date"), [RequiredMark()])
    url = StringField(_("Link"), filters=[clean_url])
    description = TextAreaField(_("Description"), filters=[clean_multiline])
    role = StringField(_("Your role"), filters=[clean_line])
    issuer = StringField(_("Issuer"), filters=[clean_line])
    issued_on = IsoDateField(_("Issued on"))
    expires_on = IsoDateField(_("Expires on"))
    impacts = FieldList(FormField(ImpactForm), label=_("Impact"), max_entries=MAX_IMPACTS)
    milestones = CheckboxListField(_("Milestones"))
    skills = CheckboxListField(_("Skills"))
    visibility = RadioField(
        _("Who may see it"),
        choices=[SelectChoice(key, labels.AUDIENCES[key]) for key in reversed(VISIBILITIES)],
        default="portfolio",
        validate_choice=False,
    )
    q = SearchField(_("Search milestones"), filters=[clean_line])
    revision = HiddenField()
    about = HiddenField()
    # One for each time that an empty form is handed out: of two clicks on Save one makes a piece.
    key = HiddenField()

    def evidence_input(self) -> EvidenceInput:
        """What was typed, complete or not."""
        values: dict[str, Any] = {name: self[name].data for name in (*TEXT_FIELDS, *DATE_FIELDS)}
        return EvidenceInput(
            kind=self.kind.data or "",
            visibility=self.visibility.data or "",
            impacts=tuple(row.form.to_impact_input() for row in self.impacts),
            **values,
        )

    def check_input(self, today: dt.date, known: Mapping[str, Iterable[str]]) -> bool:
        """Whether it can be saved; otherwise each fault stands at its field.

        `known` are the milestones and skills that exist, by field name.
        """
        # Reading the form may have found texts that are no dates; those need no second word.
        unread = {name for name in DATE_FIELDS if self[name].process_errors}
        self.validate()
        # Impacts that say nothing are left out, so the places of the others are counted again.
        rows = [row for row in self.impacts if row.form.to_impact_input().has_content]
        found = rules.find_errors(
            rules.normalize(self.evidence_input(), strip_control_characters), today
        )
        for name in ("milestones", "skills"):
            if not set(self[name].data) <= set(known[name]):
                found.append(FieldError(name, f"unknown_{name[:-1]}"))
        if len(self.milestones.data) > MAX_MILESTONES:
            found.append(FieldError("milestones", "too_many_milestones"))
        for fault in found:
            if fault.place is not None:
                field = rows[fault.place].form[fault.field]
            elif fault.field in unread:
                continue
            else:
                field = self[fault.field]
            field.errors = [*field.errors, labels.ERROR_MESSAGES[fault.code]]
        if any(fault.place is not None for fault in found):
            self.impacts.errors = [_("One of the impacts needs a correction; see its row.")]
        return not found and not self.errors

    @property
    def about_id(self) -> uuid.UUID | None:
        """The id of the piece that is edited; None for a new one or what is no id."""
        return _parse_uuid(self.about.data)

    @property
    def submission_key(self) -> uuid.UUID | None:
        """The key that this form was handed out with; None for what is none."""
        return _parse_uuid(self.key.data)

    @property
    def read_revision(self) -> int | None:
        """The revision that the form was filled from."""
        text = self.revision.data or ""
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


class CommentForm(FlaskForm):
    """A remark in the thread of a piece."""

    text = TextAreaField(_("Add a comment"), [RequiredMark()], filters=[clean_multiline])


def form_data_of(piece: EvidenceInput) -> dict[str, Any]:
    """What a form is filled with to show this piece."""
    return {
        name: [asdict(impact) for impact in piece.impacts]
        if name == "impacts"
        else getattr(piece, name)
        for name in rules.INPUT_FIELDS
    }
