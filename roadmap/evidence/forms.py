"""Forms for evidence and comments. Evidence is validated by `rules.find_errors`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from typing import Any

from flask_wtf import FlaskForm
from wtforms import (
    Field,
    Form,
    FormField,
    HiddenField,
    MultipleFileField,
    RadioField,
    SearchField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields import SelectChoice

from roadmap.core.fields import NumberedFieldList, PartialDateField, UrlField, parse_whole_number
from roadmap.core.i18n import _l
from roadmap.core.text import clean_line, clean_multiline, parse_uuid, strip_control_characters
from roadmap.evidence import labels, rules
from roadmap.evidence.constants import IMPACT_TYPES, MAX_IMPACTS, VISIBILITIES
from roadmap.evidence.item import File, Impact
from roadmap.evidence.kinds import KINDS, Kind
from roadmap.evidence.labels import FIELDS, IMPACT_FIELDS
from roadmap.evidence.rules import EvidenceInput, FieldError


class RequiredMark:
    """Mark a field as required in the HTML. The rules validate it."""

    field_flags = {"required": True}

    def __call__(self, form: Form, field: Field) -> None:
        """Do nothing, because the rules validate the field."""


class CheckboxListField(Field):
    """The values of the checked checkboxes that share a name."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = list(
            dict.fromkeys(strip_control_characters(value)[:60] for value in valuelist if value)
        )

    def process_data(self, value: Iterable[str] | None) -> None:
        self.data = list(value or ())


def _kind_choice(key: str, kind: Kind) -> SelectChoice:
    """Return the option for a kind, with the attributes by which CSS shows the kind's fields."""
    uses = {
        "data-issuer": kind.is_issued or kind.is_published,
        "data-expiry": kind.is_issued,
        "data-impacts": bool(kind.impacts),
    }
    return SelectChoice(key, labels.KINDS[key], {name: True for name, used in uses.items() if used})


class FilesField(Field):
    """The files of a piece. The form submits SHA-256 digests; the route loads the files."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.sha256s = list(dict.fromkeys(value[:64] for value in valuelist if value))
        self.data: tuple[File, ...] = ()

    def process_data(self, value: Iterable[File] | None) -> None:
        self.sha256s, self.data = [], tuple(value or ())

    def set_files(self, found: Collection[File], refused: Collection[str]) -> None:
        """Set the files that were found, and the messages for rejected ones as errors."""
        self.data = tuple(found)
        self.errors = self.process_errors = list(refused)


class ImpactForm(Form):
    """One measured effect. Empty rows are ignored."""

    type = SelectField(
        IMPACT_FIELDS["type"],
        [RequiredMark()],
        choices=[SelectChoice(key, labels.IMPACTS[key]) for key in IMPACT_TYPES],
        validate_choice=False,
    )
    metric = StringField(IMPACT_FIELDS["metric"], filters=[clean_line])
    baseline = StringField(IMPACT_FIELDS["baseline"], filters=[clean_line])
    result = StringField(IMPACT_FIELDS["result"], filters=[clean_line])
    unit = StringField(IMPACT_FIELDS["unit"], filters=[clean_line])
    source_url = UrlField(IMPACT_FIELDS["source_url"])

    @property
    def impact(self) -> Impact:
        return Impact(**{name: value or "" for name, value in self.data.items()})


class EvidenceForm(FlaskForm):
    """The form of an item. `about` is the id of the item being edited, if any."""

    url = UrlField(FIELDS["url"])
    title = StringField(FIELDS["title"], [RequiredMark()], filters=[clean_line])
    kind = SelectField(
        FIELDS["kind"],
        [RequiredMark()],
        choices=[
            SelectChoice("", _l("Choose a kind")),
            *(_kind_choice(key, kind) for key, kind in KINDS.items()),
        ],
        validate_choice=False,
    )
    occurred_on = PartialDateField(FIELDS["occurred_on"], [RequiredMark()])
    issuer = StringField(FIELDS["issuer"], filters=[clean_line])
    issued_on = PartialDateField(FIELDS["issued_on"])
    expires_on = PartialDateField(FIELDS["expires_on"])
    milestones = CheckboxListField(FIELDS["milestones"])
    description = TextAreaField(FIELDS["description"], filters=[clean_multiline])
    role = StringField(FIELDS["role"], filters=[clean_line])
    impacts = NumberedFieldList(
        FormField(ImpactForm), label=FIELDS["impacts"], max_entries=MAX_IMPACTS
    )
    files = FilesField(FIELDS["files"])
    new_files = MultipleFileField(_l("Add files"))
    skills = CheckboxListField(FIELDS["skills"])
    visibility = RadioField(
        _l("Who may see it"),
        choices=[SelectChoice(key, labels.AUDIENCES[key]) for key in reversed(VISIBILITIES)],
        # Sharing outside the organization must be the author's own choice.
        default="team",
        validate_choice=False,
    )
    q = SearchField(_l("Search milestones"), filters=[clean_line])
    # The revision that the form was loaded with.
    revision = HiddenField(filters=[parse_whole_number])
    about = HiddenField(filters=[parse_uuid])

    def evidence_input(self) -> EvidenceInput:
        """Return the input, which may be incomplete."""
        values: dict[str, Any] = {name: self[name].data for name in rules.INPUT_FIELDS}
        values |= {name: values[name] or "" for name in ("kind", "visibility")}
        values["impacts"] = tuple(row.form.impact for row in self.impacts)
        return EvidenceInput(**values)

    def has_value(self, *names: str) -> bool:
        """Return whether a field has a value or an error, so that its section is shown expanded."""
        if "impacts" in names and any(row.form.impact.has_content for row in self.impacts):
            return True
        return any(self[name].errors or (name != "impacts" and self[name].data) for name in names)

    @property
    def has_issue_date(self) -> bool:
        """Return whether the issue date is a separate field, because it differs from the date."""
        if self.issued_on.errors or self.issued_on.process_errors:
            return True
        is_same = self.issued_on.data == self.occurred_on.data and labels.is_issued(self.kind.data)
        return bool(self.issued_on.data) and not is_same

    @property
    def url_fields(self) -> list[UrlField]:
        return [self.url, *(row.form.source_url for row in self.impacts)]

    def check_input(
        self, today: dt.date, link_errors: Iterable[FieldError], stored: Collection[Impact]
    ) -> bool:
        """Validate the form and add errors to its fields; return whether it is valid.

        `link_errors` are errors of milestones and skills, `stored` the item's saved impacts.
        """
        # A field with an unparsable date already has an error.
        unread = {field.name for field in self if field.process_errors}
        self.validate()
        # Errors index impacts without counting empty rows.
        rows = [row for row in self.impacts if row.form.impact.has_content]
        found = list(rules.find_errors(rules.normalize(self.evidence_input()), today, stored))
        found += link_errors
        for error in found:
            if error.impact_index is None and error.field in unread:
                continue
            form = self if error.impact_index is None else rows[error.impact_index].form
            field = form[error.field]
            field.errors = [*field.errors, labels.ERROR_MESSAGES[error.code]]
        if any(error.impact_index is not None for error in found):
            self.impacts.errors = [_l("One of the impacts needs a correction; see its row.")]
        return not found and not self.errors


class CommentForm(FlaskForm):
    """A comment on an item."""

    text = TextAreaField(_l("Add a comment"), [RequiredMark()], filters=[clean_multiline])
