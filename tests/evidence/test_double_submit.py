"""POST /evidence submitted twice: identical content creates one piece of evidence.

`tests/test_double_submit.py` tests double clicks on Save for all forms.
"""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from roadmap.evidence.models import Evidence
from tests.evidence.builders import DESIGN, LEVELS
from tests.evidence.form_data import form_fields, impact_fields


def count_evidence(session) -> int:
    session.rollback()
    return session.scalar(sa.select(sa.func.count()).select_from(Evidence))


@pytest.fixture
def alice(cast, browser_of):
    return browser_of(cast.alice)


@pytest.fixture
def payload(alice):
    """Return the fields of a completed form, with the token of its page."""
    page = alice.get("/evidence/new").text
    csrf_token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page)[1]
    fields = form_fields(milestones=[LEVELS, DESIGN], skills=["mlops"], title="  Feature store ")
    return {**fields, **impact_fields(0), "csrf_token": csrf_token}


def test_changed_form_with_same_token_creates_new_evidence(session, alice, payload):
    """After the browser's Back button, the form has the same token."""
    for changes in ({}, {"title": "Second"}, {"milestones": [DESIGN]}, {"skills": []}):
        for _ in range(2):
            assert alice.post("/evidence", {**payload, **changes}).status_code == 303
    assert count_evidence(session) == 4


def test_repeated_submit_after_edit_creates_no_duplicate(session, alice, payload):
    address = alice.post("/evidence", payload).location
    edited = {**payload, "title": "Another title", "revision": "1"}
    assert alice.put(address, edited).status_code == 303
    assert alice.post("/evidence", payload).location == address
    assert count_evidence(session) == 1


def test_form_without_token_is_saved_each_time(session, alice, payload):
    """The token is in a header instead, as htmx sends it for a button outside a form."""
    del payload["csrf_token"]
    for _ in range(2):
        assert alice.post("/evidence", payload).status_code == 303
    assert count_evidence(session) == 2
