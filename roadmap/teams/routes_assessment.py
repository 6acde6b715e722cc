"""A manager's assessment of a person's skills, beside the person's own."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING

from flask import Response, abort, make_response, render_template
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from roadmap.core.database import db
from roadmap.core.web import now, page_number, see_other, wants_fragment
from roadmap.people.models import Team, User
from roadmap.people.permissions import permit
from roadmap.skills import actions, gap_messages, queries
from roadmap.skills.forms import OtherAssessmentForm
from roadmap.skills.rules import SkillComparison
from roadmap.teams.blueprint import teams
from roadmap.teams.loaders import load_person
from roadmap.teams.shared_profile import load_skill_comparison

if TYPE_CHECKING:
    from roadmap.catalog.content import Skill

PER_PAGE = 50


@teams.get("/teams/<slug>/people/<uuid:person_id>/skills/<key>")
@permit("person.assess")
def skill(slug: str, person_id: uuid.UUID, key: str) -> str:
    """Show the described levels of a skill; for htmx as the open row of the person's table."""
    team, who = load_person(current_user, "person.assess", slug, person_id)
    asked = _load_skill(key)
    both = load_skill_comparison(db.session, who.id, asked)
    form = OtherAssessmentForm(data={"level": str(both.other.level)} if both.other else None)
    return _render_skill(team, who, asked, both, form)


@teams.post("/teams/<slug>/people/<uuid:person_id>/skills/<key>/assessments")
@permit("person.assess")
def assess(slug: str, person_id: uuid.UUID, key: str) -> BaseResponse:
    """Record a manager's assessment; answer htmx with the row of the person's table."""
    team, who = load_person(current_user, "person.assess", slug, person_id)
    asked, form = _load_skill(key), OtherAssessmentForm()
    if not form.validate_on_submit():
        both = load_skill_comparison(db.session, who.id, asked)
        return make_response(_render_skill(team, who, asked, both, form), 422)
    try:
        actions.assess_other(
            db.session,
            who.id,
            asked.key,
            form.chosen,
            form.comment.data,
            by=current_user,
            now=now(),
        )
    except actions.NotEntitled:
        # The actor stopped managing this person after the check above.
        abort(404)
    if not wants_fragment():
        return see_other(
            "teams.skill", slug=team.slug, person_id=who.id, key=asked.key, _anchor="history"
        )
    both = load_skill_comparison(db.session, who.id, asked)
    row = render_template(
        "teams/_skill_row.html",
        skill=asked,
        standing=both,
        apart=gap_messages.gap_message(both, asked.title, who.name),
        path=_person_path(team, who),
        who=who,
        own=False,
        saved=True,
        may_assess=True,
    )
    response: Response = make_response(row)
    said = _(
        "%(name)s, %(skill)s: level %(level)d saved.",
        name=who.name,
        skill=asked.title,
        level=form.chosen,
    )
    response.headers["HX-Trigger"] = json.dumps({"announce": said})
    return response


def _load_skill(key: str) -> Skill:
    found = queries.find_skill(db.session, key)
    if found is None:
        abort(404)
    return found


def _person_path(team: Team, who: User) -> str:
    return f"/teams/{team.slug}/people/{who.id}"


def _render_skill(
    team: Team, who: User, asked: Skill, both: SkillComparison, form: OtherAssessmentForm
) -> str:
    """Return the page of a skill, or its open row for htmx."""
    shown = {
        "skill": asked,
        "standing": both,
        "form": form,
        "who": who,
        "path": _person_path(team, who),
        "legend": _("%(skill)s: the level of %(name)s", skill=asked.title, name=who.name),
        "help": _("Choose the highest level whose behaviour you have seen."),
        "said": [(both.own, who.name)] if both.own else [],
    }
    if wants_fragment():
        return render_template("teams/_open_skill_row.html", **shown)
    page = page_number()
    entries = queries.history(
        db.session,
        who.id,
        asked.key,
        side="manager",
        limit=PER_PAGE + 1,
        offset=(page - 1) * PER_PAGE,
    )
    return render_template(
        "teams/skill.html",
        **shown,
        team=team,
        apart=gap_messages.gap_message(both, asked.title, who.name),
        entries=entries[:PER_PAGE],
        page=page,
        more=len(entries) > PER_PAGE,
    )
