"""Pages of a user's own skills: an overview with radar chart and table, and a page per skill."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from flask import Blueprint, abort, make_response, render_template
from flask_login import current_user
from markupsafe import Markup
from werkzeug.wrappers import Response

from roadmap.core.charts import Line, render_radar
from roadmap.core.database import db
from roadmap.core.i18n import _, _l, join_names
from roadmap.core.web import form_key, now, page_number, render_page, see_other, wants_fragment
from roadmap.people.permissions import find_invitable_team, permit
from roadmap.people.reach import load_holders
from roadmap.people.roles import Capability
from roadmap.progress.queries import own_and_other_roadmaps
from roadmap.skills import actions, queries
from roadmap.skills.forms import AssessmentForm
from roadmap.skills.gap_messages import gap_message
from roadmap.skills.rules import MAX_LEVEL, SkillComparison

if TYPE_CHECKING:
    from roadmap.catalog.content import Content, Skill

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
    """Show the page of a skill, or for htmx its table row with the assessment form."""
    return _render_skill(_skill(key))


@skills.post("/skills/<key>/assessments")
@permit("skill.assess_self")
def assess(key: str) -> Response:
    """Record a self-assessment; return the table row and the radar chart to htmx."""
    skill = _skill(key)
    form = AssessmentForm()
    if not form.validate_on_submit():
        return make_response(_render_skill(skill, form), 422)
    me, comment = current_user._get_current_object(), form.comment.data
    actions.assess_self(
        db.session, me.id, skill.key, form.chosen, comment, by=me, now=now(), key=form_key()
    )
    if not wants_fragment():
        return see_other("skills.show", key=skill.key, _anchor="history")
    text = _("%(skill)s: level %(level)d saved.", skill=skill.title, level=form.chosen)
    return render_page("skills/_assessment_saved.html", announce=text, skill=skill, **_overview())


@skills.put("/skills/<key>/assessment-request")
@permit("skill.request")
def request_assessment(key: str) -> Response:
    """Ask those who may assess the user to do so. Repeating it has no effect for some days."""
    me = current_user._get_current_object()
    actions.request_assessment(db.session, _skill(key).key, by=me, now=now())
    return see_other("skills.show", key=key, _anchor="ask")


def _skill(key: str) -> Skill:
    return queries.known_skills(db.session, current_user.id).get(key) or abort(404)


def _overview() -> dict[str, Any]:
    """Return the context of the overview: skills by group, levels, and the radar chart.

    It covers the primary roadmap. `more` are the skills that only the user's other roadmaps have.
    """
    own, _others = own_and_other_roadmaps(db.session, current_user.id)
    known = own[0].skills if own else ()
    more = [
        (own[place].title, skills)
        for place in range(1, len(own))
        if (skills := _skills_added(own[place], own[:place]))
    ]
    every = [*known, *(skill for _title, skills in more for skill in skills)]
    comparisons = queries.compare_skills(db.session, current_user.id, every)
    measured = [comparisons[skill.key] for skill in known]
    reached = [comparison for comparison in measured if comparison.gap == 0]
    return {
        "roadmap": own[0] if own else None,
        "groups": _by_group(known),
        "more": [(title, _by_group(skills)) for title, skills in more],
        "comparisons": comparisons,
        "drawing": _radar(own[0], measured) if len(known) >= 3 else None,
        "assessed": sum(comparison.own is not None for comparison in measured),
        "total": len(known),
        "apart": [
            (skill.key, sentence)
            for skill in every
            if (sentence := gap_message(comparisons[skill.key], skill.title))
        ],
        "at_bar": {
            "others": sum(each.other is not None for each in reached),
            "own": sum(each.other is None for each in reached),
        },
        "highest": MAX_LEVEL,
        "today": current_user.today(now()),
    }


def _skills_added(roadmap: Content, before: Collection[Content]) -> list[Skill]:
    return [s for s in roadmap.skills if not any(s.key in each.skill_by_key for each in before)]


def _by_group(known: Collection[Skill]) -> list[tuple[object, list[Skill]]]:
    return [(name, [s for s in known if s.group == group]) for group, name in GROUPS]


def _radar(roadmap: Content, comparisons: list[SkillComparison]) -> Markup:
    """Render the radar chart of the bar, the user's own levels, and a manager's levels if any."""
    lines = [Line("bar", _("Bar"), [float(each.bar) for each in comparisons])]
    for name, label, side in (
        ("self", _("You"), [each.own for each in comparisons]),
        ("manager", _("Someone else"), [each.other for each in comparisons]),
    ):
        if any(side):
            levels = [float(judged.level) if judged else None for judged in side]
            lines.append(Line(name, label, levels))
    return render_radar(
        [s.title for s in roadmap.skills],
        lines,
        _(
            "Your skills against the bar of %(roadmap)s, levels 0 to %(highest)d",
            roadmap=roadmap.title,
            highest=MAX_LEVEL,
        ),
        maximum=MAX_LEVEL,
    )


def _render_skill(skill: Skill, form: AssessmentForm | None = None) -> str:
    """Render the page of a skill, or for htmx its table row with the assessment form."""
    own_roadmaps, _others = own_and_other_roadmaps(db.session, current_user.id)
    known = list(queries.distinct_skills(own_roadmaps).values())
    comparisons = queries.compare_skills(db.session, current_user.id, [*known, skill])
    comparison = comparisons[skill.key]
    own = comparison.own
    form = form or AssessmentForm(data={"level": str(own.level)} if own else None)
    if wants_fragment():
        return render_template(
            "skills/_assess_row.html", skill=skill, comparison=comparison, form=form
        )
    page = page_number()
    entries = queries.history(
        db.session, current_user.id, skill.key, limit=PAGE_SIZE + 1, offset=(page - 1) * PAGE_SIZE
    )
    place = known.index(skill) if skill in known else 0
    following = (*known[place:], *known[:place])
    managers = load_holders(db.session, current_user.id, Capability.ASSESS)
    return render_template(
        "skills/show.html",
        skill=skill,
        next_skill=next((each for each in following if comparisons[each.key].own is None), None),
        comparison=comparison,
        bars=[
            (each.title, each.skill_by_key[skill.key].bar)
            for each in own_roadmaps
            if skill.key in each.skill_by_key
        ],
        form=form,
        apart=gap_message(comparison, skill.title),
        managers=join_names(each.name for each in managers),
        requested_at=queries.find_open_request(db.session, current_user.id, skill.key, now=now()),
        own_team=None if managers else find_invitable_team(db.session, current_user),
        entries=entries[:PAGE_SIZE],
        page=page,
        more=len(entries) > PAGE_SIZE,
        imported=queries.imported_assessments(db.session, current_user.id, skill.key),
        highest=MAX_LEVEL,
        today=current_user.today(now()),
    )
