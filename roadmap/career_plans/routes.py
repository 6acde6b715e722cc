"""Pages of career plans, visible only to their owner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, abort, flash, render_template
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from roadmap.career_plans import actions, queries
from roadmap.career_plans.forms import PlanForm, ReflectionForm, plan_form
from roadmap.catalog.queries import published_roadmaps
from roadmap.core.database import db
from roadmap.core.i18n import _
from roadmap.core.stale_forms import StaleForm
from roadmap.core.web import form_key, now, render_page, see_other
from roadmap.people.permissions import permit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from roadmap.career_plans.content import Challenge, EducationOption, Question

career_plans = Blueprint("career_plans", __name__)


@career_plans.get("/career/challenges")
@permit("career_plan.read")
def challenges() -> str:
    content = queries.career_content()
    named = {challenge.source for challenge in content.challenges}
    return render_template(
        "career_plans/challenges.html",
        challenges=content.challenges,
        sources=content.source_by_key,
        cited=[source for source in content.sources if source.key in named],
        plans=queries.plans(db.session, current_user.id, "challenge"),
        reflected=queries.last_reflections(db.session, current_user.id),
        today=current_user.today(now()),
    )


@career_plans.get("/career/challenges/<key>")
@permit("career_plan.read")
def challenge(key: str) -> Response:
    found = _challenge_or_404(key)
    return _render_challenge(found, _saved_form("challenge", key, _questions(found)))


@career_plans.put("/career/challenges/<key>")
@permit("career_plan.write")
def save_challenge(key: str) -> BaseResponse:
    found = _challenge_or_404(key)
    form = _saved_form("challenge", key, _questions(found))
    if refused := _save("challenge", key, form):
        return _render_challenge(found, form, **refused)
    flash(_("Your plan is saved."))
    return see_other("career_plans.challenge", key=key)


@career_plans.post("/career/challenges/<key>/reflections")
@permit("career_plan.write")
def add_reflection(key: str) -> BaseResponse:
    found, me = _challenge_or_404(key), current_user.id
    reflection = ReflectionForm()
    if not reflection.validate():
        saved = queries.plan(db.session, me, "challenge", key)
        form = plan_form(_questions(found), saved, current_user.today(now()), formdata=None)
        return _render_challenge(found, form, reflection, status=422)
    actions.add_reflection(
        db.session, me, key, reflection.text.data or "", today=current_user.today(now()), now=now(),
        key=form_key(),
    )  # fmt: skip
    flash(_("Your reflection is now in your history."))
    return see_other("career_plans.challenge", key=key, _anchor="reflections")


def _challenge_or_404(key: str) -> Challenge:
    return queries.career_content().challenge_by_key.get(key) or abort(404)


def _questions(challenge: Challenge) -> Sequence[Question]:
    return (queries.career_content().plan_question, *challenge.questions)


def _saved_form(kind: str, subject: str, questions: Sequence[Question]) -> PlanForm:
    saved = queries.plan(db.session, current_user.id, kind, subject)
    return plan_form(questions, saved, current_user.today(now()))


def _save(kind: str, subject: str, form: PlanForm) -> dict[str, Any]:
    """Save a form, and return template values for showing it again if it was not saved.

    After a conflict, `saved_values` has the differing saved answers by label. Submitting again
    overwrites them.
    """
    if not form.validate():
        return {"status": 422}
    try:
        actions.save_plan(
            db.session, current_user.id, kind, subject, form.answers, revision=form.revision,
            now=now(),
        )  # fmt: skip
    except StaleForm as stale:
        form.seen.data = str(stale.saved.revision)
        return {"status": 409, "saved_values": form.differences(stale.saved)}
    return {}


def _render_challenge(
    challenge: Challenge, form: PlanForm, reflection: ReflectionForm | None = None, **refused: Any
) -> Response:
    return render_page(
        "career_plans/challenge.html",
        challenge=challenge,
        questions=_questions(challenge),
        source=queries.career_content().source_by_key.get(challenge.source or ""),
        milestones=queries.milestone_links(db.session, current_user.id, challenge.milestones),
        form=form,
        reflection_form=reflection or ReflectionForm(formdata=None),
        reflections=queries.reflections(db.session, current_user.id, challenge.key),
        **refused,
        today=current_user.today(now()),
    )


@career_plans.get("/career/direction")
@permit("career_plan.read")
def direction() -> Response:
    questions = queries.career_content().direction_questions
    return _render_direction(_saved_form("direction", "", questions))


@career_plans.put("/career/direction")
@permit("career_plan.write")
def save_direction() -> BaseResponse:
    form = _saved_form("direction", "", queries.career_content().direction_questions)
    if refused := _save("direction", "", form):
        return _render_direction(form, **refused)
    flash(_("Your reasons are saved."))
    return see_other("career_plans.direction", _anchor="reasons")


def _render_direction(form: PlanForm, **refused: Any) -> Response:
    content = queries.career_content()
    cited = {key for path in content.paths for value in path.axes.values() for key in value.sources}
    cited.add(content.direction.source or "")
    return render_page(
        "career_plans/direction.html",
        content=content,
        questions=content.direction_questions,
        sources=content.source_by_key,
        cited=[source for source in content.sources if source.key in cited],
        roadmaps={each.content.slug for each in published_roadmaps(db.session)},
        saved=queries.plan(db.session, current_user.id, "direction"),
        form=form,
        **refused,
    )


@career_plans.get("/career/education")
@permit("career_plan.read")
def education() -> str:
    """Show facts about further education, and the options with the user's worksheets."""
    content, me = queries.career_content(), current_user.id
    about = content.advanced_education
    named = {fact.source for fact in about.facts}
    return render_template(
        "career_plans/education.html",
        about=about,
        sources=content.source_by_key,
        cited=[source for source in content.sources if source.key in named],
        worksheets=queries.worksheets(db.session, me),
        stages=queries.optional_education_stages(db.session, me),
        milestones=queries.milestone_links(db.session, me, about.milestones),
    )


@career_plans.get("/career/education/<key>")
@permit("career_plan.read")
def education_option(key: str) -> Response:
    option = _option_or_404(key)
    return _render_worksheet(option, _saved_form("education", key, _worksheet_questions()))


@career_plans.put("/career/education/<key>")
@permit("career_plan.write")
def save_worksheet(key: str) -> BaseResponse:
    option = _option_or_404(key)
    form = _saved_form("education", key, _worksheet_questions())
    if refused := _save("education", key, form):
        return _render_worksheet(option, form, **refused)
    flash(_("The worksheet is saved."))
    return see_other("career_plans.education_option", key=key)


def _option_or_404(key: str) -> EducationOption:
    return queries.career_content().advanced_education.option_by_key.get(key) or abort(404)


def _worksheet_questions() -> Sequence[Question]:
    return queries.career_content().advanced_education.questions


def _render_worksheet(option: EducationOption, form: PlanForm, **refused: Any) -> Response:
    me, about = current_user.id, queries.career_content().advanced_education
    sheets = queries.worksheets(db.session, me)
    return render_page(
        "career_plans/worksheet.html",
        about=about,
        sheet=next(each for each in sheets if each.option.key == option.key),
        stages=queries.optional_education_stages(db.session, me),
        questions=about.questions,
        group_titles={group.key: group.title for group in about.groups},
        form=form,
        **refused,
    )
