"""POST /evidence submitted twice: identical content creates one piece of evidence.

`tests/test_sent_twice.py` tests double clicks on Save for all forms.
"""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from roadmap.evidence.models import Evidence
from tests.evidence.builders import DESIGN, LEVELS
from tests.evidence.form_data import form_fields, impact_fields


def count(session) -> int:
    session.rollback()
    return session.scalar(sa.select(sa.func.count()).select_from(Evidence))


@pytest.fixture
def alice(cast, browser_of):
    return browser_of(cast.alice)


@pytest.fixture
def sent(alice):
    """What a filled form sends, with the token that it was handed out with."""
    page = alice.get("/evidence/new").text
    seal = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page)[1]
    fields = form_fields(milestones=[LEVELS, DESIGN], skills=["mlops"], title="  Feature store ")
    return {**fields, **impact_fields(0), "csrf_token": seal}


def test_one_that_was_typed_anew_after_a_step_back_is_another(session, alice, sent):
    """The form that the browser goes back to has the same token: nothing typed there is lost."""
    for changes in ({}, {"title": "Second"}, {"milestones": [DESIGN]}, {"skills": []}):
        for _ in range(2):
            assert alice.post("/evidence", {**sent, **changes}).status_code == 303
    assert count(session) == 4


def test_one_that_was_edited_meanwhile_is_not_made_again(session, alice, sent):
    made = alice.post("/evidence", sent).location
    edited = {**sent, "title": "Another title", "revision": "1"}
    assert alice.put(made, edited).status_code == 303
    assert alice.post("/evidence", sent).location == made
    assert count(session) == 1


def test_one_without_a_token_is_saved_all_the_same(session, alice, sent):
    """A client sends it in a header, as htmx does with a button outside a form."""
    del sent["csrf_token"]
    for _ in range(2):
        assert alice.post("/evidence", sent).status_code == 303
    assert count(session) == 2
