"""Rows deleted by another request after this one loaded them."""

from __future__ import annotations

import functools
import logging

import pytest
import sqlalchemy as sa
from sqlalchemy.orm.exc import ObjectDeletedError, StaleDataError

from roadmap.career.models import Position
from roadmap.core.stale_forms import RowDeleted, refresh
from roadmap.people.models import User


@pytest.mark.parametrize("kind", [StaleDataError, ObjectDeletedError])
def test_deleted_row_error_becomes_404_and_is_logged(
    kind, app, session, cast, browser_of, monkeypatch, caplog
):
    alice = browser_of(cast.alice)
    error = kind(sa.inspect(User()), "gone") if kind is ObjectDeletedError else kind("0 of 1")

    @functools.wraps(app.view_functions["evidence.index"])
    def fail():
        raise error

    monkeypatch.setitem(app.view_functions, "evidence.index", fail)
    with caplog.at_level(logging.WARNING):
        answer = alice.get("/evidence")
    assert (answer.status_code, "Nothing here" in answer.text) == (404, True)
    [record] = [each for each in caplog.records if each.name == "roadmap.core.errors"]
    assert record.exc_info[1] is error


def test_refresh_distinguishes_deleted_rows_from_failed_transactions(session, cast, monkeypatch):
    person = session.get(User, cast.alice)

    def fail(*_arguments):
        raise sa.exc.PendingRollbackError("rolled back")

    with monkeypatch.context() as patch:
        patch.setattr(session, "refresh", fail)
        with pytest.raises(sa.exc.PendingRollbackError):
            refresh(session, person)
    session.execute(
        sa.delete(User).where(User.id == cast.alice).execution_options(synchronize_session=False)
    )
    with pytest.raises(RowDeleted):
        refresh(session, person)


@pytest.mark.parametrize(
    ("referrer", "has_link"),
    [("/career", True), ("/career/positions/{id}", False), ("/career/positions/{id}/edit", False)],
)
def test_second_deletion_is_explained(referrer, has_link, session, cast, browser_of):
    """After a lost response or in another tab. The deleted row's own page is not linked."""
    alice = browser_of(cast.alice)
    fields = {"title": "Engineer", "started_on": "2021-03-01"}
    assert alice.post("/career/positions", fields).status_code == 303
    row = session.scalar(sa.select(Position.id))
    for status in (303, 404):
        answer = alice.client.delete(
            f"/career/positions/{row}",
            headers={
                "X-CSRFToken": alice.csrf(),
                "Referer": f"http://localhost{referrer.format(id=row)}",
            },
        )
        assert answer.status_code == status
    assert "What you wanted to change no longer exists, or it is not shared" in answer.text
    assert "An earlier click or another tab may have deleted it." in answer.text
    assert (f'href="{referrer}">Back to the previous page<' in answer.text) is has_link
    assert "The page does not exist" in alice.get(f"/career/positions/{row}").text
