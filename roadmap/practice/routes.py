"""The pages of the question bank. Nothing that people download here is ever run by the server."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from roadmap.core.database import db
from roadmap.core.limiter import limit_searches
from roadmap.core.numbers import parse_whole_number
from roadmap.core.text import clean_line, search_words
from roadmap.people.permissions import permit
from roadmap.practice import queries
from roadmap.practice.rules import Filters
from roadmap.progress.queries import milestone_links

if TYPE_CHECKING:
    from collections.abc import Collection

    from roadmap.practice.content import Question, QuestionBank

practice = Blueprint("practice", __name__)

DIFFICULTIES = {"1": _l("Easy"), "2": _l("Medium"), "3": _l("Hard")}
MAX_SEARCH_LENGTH = 200
# The files of a coding item, by the name that its tests import.
FILES = {"solution.py": "starter", "test_solution.py": "tests"}


@practice.get("/practice")
@permit("practice.read")
@limit_searches
def index() -> str:
    bank = queries.question_bank()
    skills = queries.skill_titles(db.session, current_user.id)
    given = _given_filters(bank, skills)
    group = given.get("group", "")
    filters = Filters(
        skill=given.get("skill", ""),
        difficulty=parse_whole_number(given.get("difficulty")),
        words=tuple(search_words(given.get("q", ""))),
    )
    found = [question for question in bank.questions if filters.admits(question)]
    shown = [
        (each, questions)
        for each in bank.groups
        if group in ("", each.key) and (questions := [q for q in found if q.group == each.key])
    ]
    return render_template(
        "practice/practice.html",
        bank=bank,
        shown=shown,
        total=sum(len(questions) for _group, questions in shown),
        tabs=_tabs(bank, found, given),
        given=given,
        skills=sorted(skills.items(), key=lambda each: each[1]),
        difficulties=DIFFICULTIES,
    )


@practice.get("/practice/<key>")
@permit("practice.read")
def question(key: str) -> str:
    bank, found = queries.question_bank(), _question_or_404(key)
    same_group = [each.key for each in bank.questions if each.group == found.group]
    place = same_group.index(key)
    skills = queries.skill_titles(db.session, current_user.id)
    return render_template(
        "practice/question.html",
        question=found,
        group=bank.group_by_key[found.group],
        levels=bank.levels,
        source=bank.source_by_key.get(found.source or ""),
        difficulty=DIFFICULTIES[str(found.difficulty)],
        files=FILES if found.starter else {},
        milestones=milestone_links(db.session, current_user.id, found.milestones),
        skills=[(each, skills[each]) for each in found.skills if each in skills],
        previous=same_group[place - 1] if place else None,
        following=same_group[place + 1] if place + 1 < len(same_group) else None,
    )


@practice.get("/practice/<key>/<file_name>")
@permit("practice.read")
def file(key: str, file_name: str) -> Response:
    """Send a file of a coding item, as text that no browser runs or shows."""
    text = getattr(_question_or_404(key), FILES.get(file_name) or abort(404))
    response = Response(text or abort(404), mimetype="text/plain")
    response.headers.set("Content-Disposition", "attachment", filename=file_name)
    return response


def _question_or_404(key: str) -> Question:
    return queries.question_bank().by_key.get(key) or abort(404)


def _given_filters(bank: QuestionBank, skills: Collection[str]) -> dict[str, str]:
    """Return the filters of the address, without those that ask for what there is not."""
    args = request.args
    known: dict[str, Collection[str]] = {
        "group": bank.group_by_key,
        "skill": skills,
        "difficulty": DIFFICULTIES,
    }
    given = {name: args[name] for name in known if args.get(name) in known[name]}
    text = clean_line(args.get("q", ""))[:MAX_SEARCH_LENGTH]
    return given | ({"q": text} if text else {})


def _tabs(
    bank: QuestionBank, found: list[Question], given: dict[str, str]
) -> list[tuple[str, str, bool]]:
    """Return a link for each group, with how many of its questions the other filters find."""
    groups = [(each.key, each.title) for each in bank.groups]
    counts = Counter(question.group for question in found)
    others = {name: value for name, value in given.items() if name != "group"}
    tabs = [(_("All"), len(found), "", others)]
    tabs += [(title, counts[key], key, {"group": key, **others}) for key, title in groups]
    return [
        (
            f"/practice?{urlencode(query)}" if query else "/practice",
            _("%(group)s (%(count)d)", group=title, count=count),
            key == given.get("group", ""),
        )
        for title, count, key, query in tabs
    ]
