"""Pages of attempts and mock interviews, whose rounds are attempts."""

from __future__ import annotations

import secrets
import uuid
from collections import defaultdict

from flask import Blueprint, Response, abort, flash, render_template, url_for
from flask_login import current_user
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as BaseResponse

from roadmap.core.database import db
from roadmap.core.i18n import _, date_filter
from roadmap.core.web import form_key, now, render_page, see_other
from roadmap.people import permissions
from roadmap.people.permissions import permit
from roadmap.practice import actions, queries
from roadmap.practice.forms import RatingForm, labelled_texts
from roadmap.practice.models import RATINGS, MockInterview, PracticeAttempt
from roadmap.practice.rules import draw_rounds, schedule

practice_attempts = Blueprint("practice_attempts", __name__)


@practice_attempts.post("/practice/<key>/attempts")
@permit("practice.write")
def start(key: str) -> BaseResponse:
    if key not in queries.question_bank().by_key:
        abort(404)
    attempt = actions.start_attempt(db.session, current_user.id, key, now=now(), key=form_key())
    return redirect(_page(attempt), 303)


@practice_attempts.get("/practice/attempts/<uuid:attempt_id>")
@permit("practice.read")
def show(attempt_id: uuid.UUID) -> Response:
    """Show only the question while the timer runs, then the rubric and the rating form."""
    return _render(_load(attempt_id, "practice.read"), RatingForm(formdata=None))


@practice_attempts.put("/practice/attempts/<uuid:attempt_id>/end")
@permit("practice.write")
def stop(attempt_id: uuid.UUID) -> BaseResponse:
    attempt = _load(attempt_id)
    actions.stop_attempt(db.session, attempt, now=now())
    return redirect(f"{_page(attempt)}#your-rating", 303)


@practice_attempts.put("/practice/attempts/<uuid:attempt_id>/rating")
@permit("practice.write")
def rate(attempt_id: uuid.UUID) -> BaseResponse:
    attempt = _load(attempt_id)
    form = RatingForm()
    if not form.validate():
        return _render(attempt, form, status=422)
    actions.rate_attempt(
        db.session, attempt, int(form.rating.data), form.note.data or "", now=now()
    )
    card = queries.card(db.session, current_user.id, attempt.question)
    if card is not None:
        flash(_("Your rating is saved. The question is due again on %(day)s.",
                day=date_filter(card.due)))  # fmt: skip
    return redirect(_next_page(attempt), 303)


@practice_attempts.delete("/practice/attempts/<uuid:attempt_id>")
@permit("practice.write")
def discard(attempt_id: uuid.UUID) -> BaseResponse:
    attempt = _load(attempt_id)
    page = _next_page(attempt)
    actions.discard_attempt(db.session, attempt)
    flash(_("The attempt is discarded."))
    return redirect(page, 303)


def _load(attempt_id: uuid.UUID, action: str = "practice.write") -> PracticeAttempt:
    attempt = permissions.load(db.session, current_user, action, PracticeAttempt, attempt_id)
    return attempt if attempt.question in queries.question_bank().by_key else abort(404)


def _page(attempt: PracticeAttempt) -> str:
    return url_for("practice_attempts.show", attempt_id=attempt.id)


def _next_page(attempt: PracticeAttempt) -> str:
    """Return the page of the attempt's mock interview, or else of its question."""
    found = queries.find_round(db.session, attempt)
    if found is not None:
        return url_for("practice_attempts.show_mock", mock_id=found.mock_id)
    return url_for("practice.question", key=attempt.question, _anchor="attempts")


def _render(attempt: PracticeAttempt, form: RatingForm, *, status: int = 200) -> Response:
    bank = queries.question_bank()
    question = bank.by_key[attempt.question]
    card = queries.card(db.session, current_user.id, question.key)
    before = card.to_fsrs() if card else None
    return render_page(
        "practice/attempt.html",
        status,
        attempt=attempt,
        question=question,
        group=bank.group_by_key[question.group],
        levels=bank.levels,
        form=form,
        texts=labelled_texts(queries.answer(db.session, current_user.id, question.key)),
        round=queries.find_round(db.session, attempt),
        elapsed=int((now() - attempt.started_at).total_seconds()),
        due_after={level: schedule(before, level, now()).due for level in RATINGS},
    )


@practice_attempts.get("/practice/mock")
@permit("practice.read")
def mocks() -> str:
    return render_template(
        "practice/mocks.html",
        bank=queries.question_bank(),
        mocks=queries.mocks(db.session, current_user.id),
    )


@practice_attempts.post("/practice/mock/<kind>")
@permit("practice.write")
def start_mock(kind: str) -> BaseResponse:
    bank = queries.question_bank()
    if kind not in bank.mock_by_key:
        abort(404)
    cards, seed = queries.cards(db.session, current_user.id), secrets.randbelow(2**31)
    questions = draw_rounds(
        bank.questions,
        bank.mock_by_key[kind].rounds,
        queries.last_ratings(db.session, current_user.id, current_user.zone, cards),
        current_user.today(now()),
        seed,
    )
    mock = actions.start_mock(
        db.session, current_user.id, kind, questions, seed=seed, now=now(), key=form_key()
    )
    return see_other("practice_attempts.show_mock", mock_id=mock.id)


@practice_attempts.get("/practice/mock/<uuid:mock_id>")
@permit("practice.read")
def show_mock(mock_id: uuid.UUID) -> str:
    """Show the started rounds, and the summary at the end."""
    mock, bank = _load_mock(mock_id, "practice.read"), queries.question_bank()
    ratings: dict[str, list[int]] = defaultdict(list)
    for each in mock.rounds:
        if each.rating and each.question in bank.by_key:
            ratings[bank.by_key[each.question].group].append(each.rating)
    return render_template(
        "practice/mock.html",
        bank=bank,
        mock=mock,
        kind=bank.mock_by_key.get(mock.kind),
        next_round=mock.next_round,
        averages={group: sum(given) / len(given) for group, given in ratings.items()},
        cards=queries.cards(db.session, current_user.id),
    )


@practice_attempts.post("/practice/mock/<uuid:mock_id>/rounds")
@permit("practice.write")
def begin_round(mock_id: uuid.UUID) -> BaseResponse:
    """Start the next round, or resume the current one."""
    attempt = actions.begin_round(db.session, _load_mock(mock_id), now=now())
    if attempt is None:
        return see_other("practice_attempts.show_mock", mock_id=mock_id)
    return redirect(_page(attempt), 303)


@practice_attempts.put("/practice/mock/<uuid:mock_id>/end")
@permit("practice.write")
def end_mock(mock_id: uuid.UUID) -> BaseResponse:
    actions.end_mock(db.session, _load_mock(mock_id), now=now())
    return see_other("practice_attempts.show_mock", mock_id=mock_id)


@practice_attempts.delete("/practice/mock/<uuid:mock_id>")
@permit("practice.write")
def delete_mock(mock_id: uuid.UUID) -> BaseResponse:
    actions.delete_mock(db.session, _load_mock(mock_id), now=now())
    flash(_("The mock interview is deleted. Its attempts stay with their questions."))
    return see_other("practice_attempts.mocks")


def _load_mock(mock_id: uuid.UUID, action: str = "practice.write") -> MockInterview:
    return permissions.load(db.session, current_user, action, MockInterview, mock_id)
