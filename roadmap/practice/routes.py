"""Pages of the question bank and the user's answers.

The server never runs code from questions or answers.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, abort, flash, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from roadmap.core.database import db
from roadmap.core.fields import parse_whole_number
from roadmap.core.i18n import _, _l
from roadmap.core.limiter import limit_searches
from roadmap.core.stale_forms import StaleForm
from roadmap.core.text import clean_line, search_words
from roadmap.core.web import make_attachment, now, render_page, see_other, wants_fragment
from roadmap.evidence import list_query
from roadmap.evidence.labels import KINDS
from roadmap.people.permissions import permit
from roadmap.practice import actions, queries
from roadmap.practice.forms import MAX_CITED, AnswerForm, answer_form
from roadmap.practice.overview import load_overview
from roadmap.practice.rules import (
    COUNTED_QUESTIONS,
    FULL_WEIGHT_DAYS,
    NEW_PER_DAY,
    UNANSWERED,
    matches_filters,
)
from roadmap.progress.queries import milestone_links

if TYPE_CHECKING:
    from collections.abc import Collection

    from roadmap.practice.content import Question, QuestionBank
    from roadmap.practice.models import Answer

practice = Blueprint("practice", __name__)

DIFFICULTIES = {"1": _l("Easy"), "2": _l("Medium"), "3": _l("Hard")}
ANSWERS = {
    "unproven": _l("Questions without proof"),
    "unanswered": _l("Not answered yet"),
    "answered": _l("Answered"),
}
MAX_SEARCH_LENGTH = 200
MAX_SEARCH_RESULTS = 10
# The files of a coding question. Its tests import the solution by file name.
FILES = {"solution.py": "starter", "test_solution.py": "tests"}


@practice.get("/practice")
@permit("practice.read")
@limit_searches
def index() -> str:
    bank = queries.question_bank()
    skills = queries.skill_titles(db.session, current_user.id)
    answers = queries.answer_states(db.session, current_user.id)
    filters = _parse_filters(bank, skills)
    group, words = filters.get("group", ""), search_words(filters.get("q", ""))
    found = [
        each
        for each in bank.questions
        if matches_filters(each, filters, words, answers.get(each.key, UNANSWERED))
    ]
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
        tabs=_tabs(bank, found, filters),
        given=filters,
        skills=sorted(skills.items(), key=lambda each: each[1]),
        milestones=milestone_links(db.session, current_user.id, [filters.get("milestone", "")]),
        difficulties=DIFFICULTIES,
        answers=answers,
        unanswered=UNANSWERED,
        answer_choices=ANSWERS,
        overview=None if filters else load_overview(db.session, current_user, now()),
        new_a_day=NEW_PER_DAY,
        counted=COUNTED_QUESTIONS,
        fresh_days=FULL_WEIGHT_DAYS,
    )


@practice.get("/practice/<key>")
@permit("practice.read")
def question(key: str) -> Response:
    found = _question_or_404(key)
    return _render_question(found, _answer_form(found))


@practice.put("/practice/<key>/answer")
@permit("practice.write")
def save_answer(key: str) -> BaseResponse:
    """Save the answer. For htmx, which autosaves, return the state of the form."""
    found = _question_or_404(key)
    form = _answer_form(found)
    refused: dict[str, Any] = {}
    replaces = parse_whole_number(request.form.get("replace"))
    if not form.validate():
        refused = {"status": 422}
    else:
        try:
            form.seen.data = actions.save_answer(
                db.session, current_user.id, key, form.form_name, form.texts, form.cited_ids,
                revision=form.revision if replaces is None else replaces, now=now(),
            )  # fmt: skip
        except StaleForm as stale:
            refused = {"saved_values": _differences(form, stale.saved), "status": 409}
            form.replaces = stale.saved.revision
    if wants_fragment():
        return render_page(
            "practice/_answer_state.html", form=form, saved=not refused, autosaved=True, **refused
        )
    if refused:
        return _render_question(found, form, **refused)
    flash(_("Your answer is saved."))
    return see_other("practice.question", key=key, _anchor="answer")


@practice.get("/practice/<key>/evidence")
@permit("practice.read")
@limit_searches
def evidence(key: str) -> BaseResponse:
    """Search evidence to cite. For htmx, return only the checkboxes."""
    found = _question_or_404(key)
    form = _answer_form(found)
    form.q.data = clean_line(request.args.get("q"))[:MAX_SEARCH_LENGTH]
    if not wants_fragment():
        return _render_question(found, form)
    form.cites.process_formdata(request.args.getlist("cites")[: 2 * MAX_CITED])
    return render_page("practice/_evidence_choices.html", **_evidence_choices(form))


@practice.post("/practice/<key>/evidence")
@permit("practice.write")
@limit_searches
def find_evidence(key: str) -> Response:
    """Show the submitted form with the evidence found by the search, without saving."""
    found = _question_or_404(key)
    return _render_question(found, _answer_form(found))


def _answer_form(found: Question) -> AnswerForm:
    form_name = queries.question_bank().group_by_key[found.group].answer
    return answer_form(form_name, queries.answer(db.session, current_user.id, found.key))


def _differences(form: AnswerForm, saved: Answer) -> dict[str, str]:
    differences = form.differences(saved)
    cited = [each.evidence_id for each in saved.citations]
    if set(cited) != set(form.cited_ids):
        items = queries.own_items(db.session, current_user.id, cited)
        titles = ", ".join(item.title for item in items)
        differences[str(form.cites.label.text)] = titles or "–"
    return differences


def _evidence_choices(form: AnswerForm) -> dict[str, Any]:
    """Return the cited evidence and the search results, or the newest evidence."""
    chosen, words = form.cited_ids, (form.q.data or "")[:MAX_SEARCH_LENGTH]
    found = list_query.list_evidence(
        db.session,
        current_user.id,
        list_query.Filters(q=words),
        today=current_user.today(now()),
    )
    return {
        "chosen": queries.own_items(db.session, current_user.id, chosen),
        "found": [item for item in found.items if item.id not in chosen][:MAX_SEARCH_RESULTS],
        "words": words,
        "kinds": KINDS,
    }


def _render_question(found: Question, form: AnswerForm, **refused: Any) -> Response:
    bank, key = queries.question_bank(), found.key
    saved = queries.answer(db.session, current_user.id, key)
    same_group = [each.key for each in bank.questions if each.group == found.group]
    place = same_group.index(key)
    skills = queries.skill_titles(db.session, current_user.id)
    return render_page(
        "practice/question.html",
        form=form,
        text_fields=form.text_fields,
        **refused,
        **_evidence_choices(form),
        attempts=queries.attempts(db.session, current_user.id, key),
        card=queries.card(db.session, current_user.id, key),
        peer_links=queries.peer_links(db.session, current_user.id, key),
        has_answer=bool(saved and saved.texts),
        revision=saved.revision if saved else 0,
        now=now(),
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
    """Send a file of a coding question as a plain-text attachment."""
    text = getattr(_question_or_404(key), FILES.get(file_name) or abort(404))
    return make_attachment(text or abort(404), "text/plain", file_name)


def _question_or_404(key: str) -> Question:
    return queries.question_bank().by_key.get(key) or abort(404)


def _parse_filters(bank: QuestionBank, skills: Collection[str]) -> dict[str, str]:
    """Return the valid filters of the query string."""
    args = request.args
    known: dict[str, Collection[str]] = {
        "group": bank.group_by_key,
        "skill": skills,
        "difficulty": DIFFICULTIES,
        "answer": ANSWERS,
        "milestone": {key for question in bank.questions for key in question.milestones},
    }
    filters = {name: args[name] for name in known if args.get(name) in known[name]}
    text = clean_line(args.get("q", ""))[:MAX_SEARCH_LENGTH]
    return filters | ({"q": text} if text else {})


def _tabs(
    bank: QuestionBank, found: list[Question], filters: dict[str, str]
) -> list[tuple[str, str, bool]]:
    """Return a tab for each group, with the number of questions that match the other filters."""
    counts = Counter(question.group for question in found)
    others = {name: value for name, value in filters.items() if name != "group"}
    tabs = [("", _("All"), len(found))]
    tabs += [(each.key, each.title, counts[each.key]) for each in bank.groups]
    return [
        (
            url_for("practice.index", group=key or None, **others),  # type: ignore[arg-type]
            _("%(group)s (%(count)d)", group=title, count=count),
            key == filters.get("group", ""),
        )
        for key, title, count in tabs
    ]
