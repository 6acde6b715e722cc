"""Mock interviews: rounds against the clock, drawn by weakness, and a summary."""

from __future__ import annotations

import secrets
import uuid
from collections import defaultdict

from flask import Blueprint, abort, flash, render_template, url_for
from flask_login import current_user
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from roadmap.core.database import db
from roadmap.core.i18n import gettext as _
from roadmap.core.web import form_key, now, see_other
from roadmap.people import permissions
from roadmap.people.permissions import permit
from roadmap.practice import actions, queries
from roadmap.practice.models import MockInterview
from roadmap.practice.rules import draw_rounds

mock_interviews = Blueprint("mock_interviews", __name__)


@mock_interviews.get("/practice/mock")
@permit("practice.read")
def index() -> str:
    return render_template(
        "practice/mocks.html",
        bank=queries.question_bank(),
        mocks=queries.mocks(db.session, current_user.id),
    )


@mock_interviews.post("/practice/mock/<kind>")
@permit("practice.write")
def start(kind: str) -> Response:
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
    return see_other("mock_interviews.show", mock_id=mock.id)


@mock_interviews.get("/practice/mock/<uuid:mock_id>")
@permit("practice.read")
def show(mock_id: uuid.UUID) -> str:
    """Show the rounds, each question once its round has begun, and in the end the summary."""
    mock, bank = _load(mock_id, "practice.read"), queries.question_bank()
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


@mock_interviews.post("/practice/mock/<uuid:mock_id>/rounds")
@permit("practice.write")
def begin_round(mock_id: uuid.UUID) -> Response:
    """Begin the next round, or go on with the one that has begun."""
    attempt = actions.begin_round(db.session, _load(mock_id), now=now())
    if attempt is None:
        return see_other("mock_interviews.show", mock_id=mock_id)
    return redirect(url_for("practice_attempts.show", attempt_id=attempt.id), 303)


@mock_interviews.put("/practice/mock/<uuid:mock_id>/end")
@permit("practice.write")
def end(mock_id: uuid.UUID) -> Response:
    actions.end_mock(db.session, _load(mock_id), now=now())
    return see_other("mock_interviews.show", mock_id=mock_id)


@mock_interviews.delete("/practice/mock/<uuid:mock_id>")
@permit("practice.write")
def delete(mock_id: uuid.UUID) -> Response:
    actions.delete_mock(db.session, _load(mock_id), now=now())
    flash(_("The mock interview is deleted. Its attempts stay with their questions."))
    return see_other("mock_interviews.index")


def _load(mock_id: uuid.UUID, action: str = "practice.write") -> MockInterview:
    return permissions.load(db.session, current_user, action, MockInterview, mock_id)
