"""An attempt at a question: its clock, and its rating."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, flash, url_for
from flask_login import current_user
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as BaseResponse

from roadmap.core.database import db
from roadmap.core.i18n import date_filter
from roadmap.core.i18n import gettext as _
from roadmap.core.web import form_key, now, render_page
from roadmap.people import permissions
from roadmap.people.permissions import permit
from roadmap.practice import actions, queries
from roadmap.practice.forms import RatingForm, labelled_texts
from roadmap.practice.models import RATINGS, PracticeAttempt
from roadmap.practice.rules import schedule

if TYPE_CHECKING:
    from roadmap.practice.content import Question

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
    """Show the question alone while the clock runs, then how it is rated."""
    attempt = _load(attempt_id, "practice.read")
    return _render(attempt, RatingForm(formdata=None))


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
    """Return the page of its mock interview, or else of its question."""
    found = queries.round_of(db.session, attempt)
    if found is not None:
        return url_for("mock_interviews.show", mock_id=found.mock_id)
    return url_for("practice.question", key=attempt.question, _anchor="attempts")


def _render(attempt: PracticeAttempt, form: RatingForm, *, status: int = 200) -> Response:
    bank = queries.question_bank()
    question: Question = bank.by_key[attempt.question]
    card = queries.card(db.session, current_user.id, question.key)
    before = card.card_state if card else None
    return render_page(
        "practice/attempt.html",
        status,
        attempt=attempt,
        question=question,
        group=bank.group_by_key[question.group],
        levels=bank.levels,
        form=form,
        texts=labelled_texts(queries.answer(db.session, current_user.id, question.key)),
        round=queries.round_of(db.session, attempt),
        elapsed=int((now() - attempt.started_at).total_seconds()),
        due_after={level: schedule(before, level, now()).due for level in RATINGS},
    )
