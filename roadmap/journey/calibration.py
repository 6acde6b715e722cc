"""The calibration form, in which a person marks what they have already done, by objective."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from wtforms import (
    BooleanField,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.fields import SelectChoice
from wtforms.validators import Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from roadmap.account.forms import timezone_choices
from roadmap.core.i18n import _l
from roadmap.journey.checklist_filter import OPEN
from roadmap.journey.forms import REASON_MISSING, EnrollmentForm, reason_field

if TYPE_CHECKING:
    from roadmap.catalog.content import Content, Objective, Stage

CHOICES = [
    SelectChoice("all", _l("All of it")),
    SelectChoice("some", _l("Some")),
    SelectChoice("none", _l("None")),
]
SOME_MISSING = _l("You chose “Some”: tick the ones that you have done.")
DEFAULT_REASON = _l(
    "The roadmap lists this stage to consider, not as required. I build on experience instead."
)


class CalibrationForm(EnrollmentForm):
    """Time zone, target date and pace, and fields for each objective of a roadmap.

    Create it with `calibration_form`. `shown` has the keys of the milestones shown as done.
    """

    shown = HiddenField()

    timezone = SelectField(
        _l("Time zone"),
        choices=timezone_choices,
        description=_l(
            "It decides when your days begin and end. Filled in if your browser knows it."
        ),
    )


def calibration_form(
    content: Content, tones: Mapping[str, str], today: dt.date, **values: Any
) -> CalibrationForm:
    """Return the form for a roadmap, prefilled from the person's `tones`."""
    fields: dict[str, Any] = {}
    for stage in content.stages:
        if not stage.required:
            fields |= _stage_fields(stage)
        for objective in stage.objectives:
            fields |= _objective_fields(objective, stage)
    form_class = type("RoadmapCalibrationForm", (CalibrationForm,), fields)
    data = {**_initial(content, tones), **values}
    form: CalibrationForm = form_class(today, values.get("target_on"), data=data)
    return form


def _stage_fields(stage: Stage) -> dict[str, Any]:
    def needs_reason(form: CalibrationForm, field: StringField) -> None:
        if form[f"aside-{stage.key}"].data and not (field.data or "").strip():
            raise ValidationError(REASON_MISSING)

    return {
        f"aside-{stage.key}": BooleanField(_l("This stage is not applicable to me")),
        f"reason-{stage.key}": reason_field(
            description=_l("Your readiness does not drop. You can undo it at any time.")
        ),
        f"validate_reason-{stage.key}": needs_reason,
    }


def _objective_fields(objective: Objective, stage: Stage) -> dict[str, Any]:
    def needs_milestones(form: CalibrationForm, field: RadioField) -> None:
        # The page hides the objectives of a stage that is set aside.
        is_hidden = not stage.required and form[f"aside-{stage.key}"].data
        if field.data == "some" and not is_hidden and not form[f"milestones-{objective.key}"].data:
            raise ValidationError(SOME_MISSING)

    return {
        f"objective-{objective.key}": RadioField(
            objective.title,
            choices=CHOICES,
            validators=[Optional()],
            description=" · ".join(each.title for each in objective.milestones),
        ),
        f"milestones-{objective.key}": SelectMultipleField(
            _l("Which of them?"),
            choices=[SelectChoice(each.key, each.title) for each in objective.milestones],
            widget=ListWidget(prefix_label=False),
            option_widget=CheckboxInput(),
        ),
        f"validate_objective-{objective.key}": needs_milestones,
    }


def _initial(content: Content, tones: Mapping[str, str]) -> dict[str, Any]:
    done_keys = [key for key, tone in tones.items() if tone not in (*OPEN, "not_applicable")]
    values: dict[str, Any] = {"shown": " ".join(done_keys)}
    for stage in content.stages:
        if not stage.required:
            values[f"aside-{stage.key}"] = is_set_aside(stage, tones)
            values[f"reason-{stage.key}"] = str(DEFAULT_REASON)
        for objective in stage.objectives:
            keys = [
                each.key for each in objective.milestones if tones.get(each.key) != "not_applicable"
            ]
            done = [key for key in keys if tones.get(key, "not_started") not in OPEN]
            choice = "all" if done and len(done) == len(keys) else "some" if done else "none"
            values[f"objective-{objective.key}"] = choice
            values[f"milestones-{objective.key}"] = done
    return values


def is_set_aside(stage: Stage, tones: Mapping[str, str]) -> bool:
    """Return whether a stage has no open milestone and at least one that is not applicable."""
    found = [tones.get(each.key, "not_started") for each in stage.milestones]
    return "not_applicable" in found and not any(tone in OPEN for tone in found)


def changed_answers(
    form: CalibrationForm, content: Content, tones: Mapping[str, str]
) -> dict[str, bool]:
    """Return whether each milestone is done, for those that the person changed in the form.

    Changes made in another tab since are kept. A milestone that is not applicable changes only if
    it is selected by name.
    """
    shown = (form.shown.data or "").split()
    answers: dict[str, bool] = {}
    for stage in content.stages:
        for objective in stage.objectives:
            choice = form[f"objective-{objective.key}"].data
            named = form[f"milestones-{objective.key}"].data or []
            for each in objective.milestones:
                if choice == "some":
                    answers[each.key] = each.key in named
                elif choice in ("all", "none") and tones.get(each.key) != "not_applicable":
                    answers[each.key] = choice == "all"
    return {key: is_done for key, is_done in answers.items() if is_done != (key in shown)}
