"""Calibration: mark what is already done or not applicable, and set the target date and pace."""

from __future__ import annotations

from flask import flash, render_template
from flask_login import current_user
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from roadmap.account.actions import change_profile
from roadmap.core.database import db
from roadmap.core.i18n import _
from roadmap.core.web import now, see_other
from roadmap.journey.blueprint import journey, progress_or_redirect
from roadmap.journey.calibration import (
    CalibrationForm,
    calibration_form,
    changed_answers,
    is_set_aside,
)
from roadmap.journey.roadmap_progress import RoadmapProgress
from roadmap.people.permissions import permit
from roadmap.progress import actions as progress
from roadmap.readiness.explanation import explain
from roadmap.readiness.queries import person_record
from roadmap.readiness.tally import Tally


@journey.get("/roadmaps/<slug>/calibration")
@permit("progress.read")
def calibration(slug: str) -> str:
    """Show the calibration form."""
    found = progress_or_redirect(current_user, slug)
    return _render(found, _form(found))


@journey.put("/roadmaps/<slug>/calibration")
@permit("progress.write")
def calibrate(slug: str) -> BaseResponse | tuple[str, int]:
    """Save milestones, stages set aside, time zone, target date and pace."""
    found = progress_or_redirect(current_user, slug)
    form = _form(found)
    if not form.validate():
        return _render(found, form), 422
    content, tones, me = found.published.content, found.data["tones"], current_user.id
    moment = now()
    if form.timezone.data != current_user.timezone:
        change_profile(db.session, me, timezone=form.timezone.data, now=moment)
    plan = {"target_on": form.target_on.data, "hours_per_week": form.hours_per_week.data}
    if plan != {name: getattr(found.enrolled, name) for name in plan}:
        progress.enroll(db.session, me, found.enrolled.roadmap_id, **plan, now=moment)
    answers = changed_answers(form, content, tones)
    progress.set_done(db.session, me, answers, now=moment)
    for stage in content.stages:
        keys = [each.key for each in stage.milestones]
        if stage.required or form[f"aside-{stage.key}"].data == is_set_aside(stage, tones):
            continue
        if form[f"aside-{stage.key}"].data:
            reason = form[f"reason-{stage.key}"].data
            progress.mark_not_applicable(db.session, me, keys, reason=reason, now=moment)
        else:
            progress.undo_not_applicable(db.session, me, keys, now=moment)
    db.session.flush()
    own = person_record(db.session, me).own
    judged = explain(Tally(content, own, found.today))
    if judged.done_count:
        message = render_template(
            "readiness/_what_counts.html", found=judged, roadmap=content, brief=True
        )
        flash(Markup(message))  # noqa: S704 - the template escapes
    else:
        flash(_("Saved. Tick a milestone as soon as it is done."))
    return see_other("journey.roadmap_page", slug=slug)


def _form(found: RoadmapProgress) -> CalibrationForm:
    return calibration_form(
        found.published.content,
        found.data["tones"],
        found.today,
        timezone=current_user.timezone,
        target_on=found.enrolled.target_on,
        hours_per_week=found.enrolled.hours_per_week,
    )


def _render(found: RoadmapProgress, form: CalibrationForm) -> str:
    return render_template("journey/calibration.html", roadmap=found.published.content, form=form)
