"""The pages of a person's skills: the radar with its table, and a page for each skill."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, abort, make_response, render_template
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from roadmap.core.database import db
from roadmap.core.svg import Series, render_radar
from roadmap.core.web import now, page_number, see_other, wants_fragment
from roadmap.people.permissions import permit
from roadmap.people.reach import holders_of
from roadmap.people.roles import Capability
from roadmap.skills import actions, gap_messages, queries
from roadmap.skills.forms import AssessmentForm
from roadmap.skills.rules import MAX_LEVEL, AssessedLevel, SkillComparison

if TYPE_CHECKING:
    from roadmap.catalog.content import Skill

skills = Blueprint("skills", __name__)

GROUPS = (("technical", _l("Technical skills")), ("leadership", _l("Leadership skills")))
PAGE_SIZE = 50


@skills.get("/skills")
@permit("skill.read")
def index() -> str:
    return render_template("skills/index.html", **_overview())


@skills.get("/skills/<key>")
@permit("skill.read")
def show(key: str) -> str:
    """Show the page of a skill; for htmx its row of the table, open for an assessment."""
    skill = _skill(key)
    own, other = queries.latest_assessments(db.session, current_user.id)
    standing = SkillComparison(own.get(key), other.get(key), skill.bar)
    form = AssessmentForm(data={"level": str(standing.own.level)} if standing.own else None)
    if wants_fragment():
        return render_template("skills/_assess_row.html", skill=skill, standing=standing, form=form)
    return _page(skill, standing, form)


@skills.post("/skills/<key>/assessments")
@permit("skill.assess_self")
def assess(key: str) -> BaseResponse:
    """Record a self-assessment; answer htmx with the table's row and the radar."""
    skill = _skill(key)
    form = AssessmentForm()
    if not form.validate_on_submit():
        own, other = queries.latest_assessments(db.session, current_user.id)
        standing = SkillComparison(own.get(key), other.get(key), skill.bar)
        if wants_fragment():
            page = render_template(
                "skills/_assess_row.html", skill=skill, standing=standing, form=form
            )
        else:
            page = _page(skill, standing, form)
        return make_response(page, 422)
    actions.assess_self(
        db.session,
        current_user.id,
        skill.key,
        form.chosen,
        form.comment.data,
        by=current_user,
        now=now(),
    )
    if not wants_fragment():
        return see_other("skills.show", key=skill.key, _anchor="history")
    response: Response = make_response(
        render_template("skills/_assessment_saved.html", skill=skill, **_overview())
    )
    said = _("%(skill)s: level %(level)d saved.", skill=skill.title, level=form.chosen)
    response.headers["HX-Trigger"] = json.dumps({"announce": said})
    return response


def _skill(key: str) -> Skill:
    skill = queries.find_skill(db.session, key)
    if skill is None:
        abort(404)
    return skill


def _overview() -> dict[str, Any]:
    """Return what the overview shows: skills by group, the person's levels, and the radar."""
    known = queries.published_skills(db.session)
    own, other = queries.latest_assessments(db.session, current_user.id)
    standings = {s.key: SkillComparison(own.get(s.key), other.get(s.key), s.bar) for s in known}
    reached = [standing for standing in standings.values() if standing.gap == 0]
    return {
        "groups": [(name, [s for s in known if s.group == group]) for group, name in GROUPS],
        "standings": standings,
        "drawing": _radar(known, own, other),
        "assessed": sum(skill.key in own for skill in known),
        "total": len(known),
        "apart": [
            (skill.key, sentence)
            for skill in known
            if (sentence := gap_messages.gap_message(standings[skill.key], skill.title))
        ],
        "at_bar": {
            "others": sum(each.other is not None for each in reached),
            "own": sum(each.other is None for each in reached),
        },
        "highest": MAX_LEVEL,
    }


def _radar(
    known: tuple[Skill, ...], own: dict[str, AssessedLevel], other: dict[str, AssessedLevel]
) -> Markup | None:
    """Return the radar of the bar, the person's own levels, and a manager's where there are any."""
    if len(known) < 3:
        return None

    def values(side: dict[str, AssessedLevel]) -> list[float | None]:
        return [float(side[s.key].level) if s.key in side else None for s in known]

    series = [Series("bar", _("Senior bar"), [float(s.bar) for s in known])]
    if any(s.key in own for s in known):
        series.append(Series("self", _("You"), values(own)))
    if any(s.key in other for s in known):
        series.append(Series("manager", _("Someone else"), values(other)))
    return render_radar(
        [s.title for s in known],
        series,
        _("Your skills against the senior bar, levels 0 to %(highest)d", highest=MAX_LEVEL),
        maximum=MAX_LEVEL,
    )


def _page(skill: Skill, standing: SkillComparison, form: AssessmentForm) -> str:
    page = page_number()
    entries = queries.history(
        db.session, current_user.id, skill.key, limit=PAGE_SIZE + 1, offset=(page - 1) * PAGE_SIZE
    )
    return render_template(
        "skills/show.html",
        skill=skill,
        standing=standing,
        form=form,
        apart=gap_messages.gap_message(standing, skill.title),
        managers=holders_of(db.session, current_user.id, Capability.ASSESS),
        entries=entries[:PAGE_SIZE],
        page=page,
        more=len(entries) > PAGE_SIZE,
        highest=MAX_LEVEL,
    )
