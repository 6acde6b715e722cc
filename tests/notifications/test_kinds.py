"""Each notification kind is a file and has everything that a page and a mail need."""

from __future__ import annotations

import uuid
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from markupsafe import Markup

from roadmap.notifications import kinds
from roadmap.notifications.kind import Content
from roadmap.notifications.kinds import FOLLOWERS, KINDS
from roadmap.notifications.retraction import REVIEW_REQUESTS

LINK = Markup('<a href="/there">here</a>')
MAILED = {"submitted", "resubmitted", "verified", "returned", "taken_back",
          "return_taken_back", "comment", "assessed", "added", "removed",
          "role_changed", "moved", "team_deleted", "team_below_deleted",
          "team_above_deleted", "manager_below",
          "password_link", "api_token", "lapsing", "history_verified",
          "history_taken_back", "badge_revoked"}  # fmt: skip
# What two kinds say, which nobody did.
SAID = {"lapsing": "28 Jan 2027", "badge_revoked": "our badge"}


@pytest.fixture
def content() -> Content:
    return Content(
        actor_name="Bob <b>",
        subject_name="Alice",
        evidence_id=uuid.uuid4(),
        title="Feature store <design>",
        quote="The figures match.",
        team_slug="ranking",
        skills=(("mlops", "MLOps"),),
        data={"team": "Ranking <r>", "role": "manager", "expires_on": "2027-01-28",
              "number": 2, "elsewhere": "Search"},
    )  # fmt: skip


def test_each_file_is_a_kind() -> None:
    files = {path.stem for path in Path(kinds.__file__).parent.glob("*.py")} - {"__init__"}
    assert files == KINDS.keys()
    assert all(len(key) <= 32 for key in KINDS)


def test_each_kind_follows_an_event() -> None:
    # One that `submitted` writes in its own place, and one that the calendar brings.
    assert KINDS.keys() - {"resubmitted", "lapsing"} == {
        kind.key for each in FOLLOWERS.values() for kind in each
    }
    assert KINDS.keys() >= set(REVIEW_REQUESTS)


@pytest.mark.parametrize("key", KINDS)
def test_its_sentence_names_who_did_it_and_escapes_them(
    app: Flask, content: Content, key: str
) -> None:
    with app.test_request_context():
        sentence = KINDS[key].sentence(content, LINK)
        assert KINDS[key].label(content)
        assert KINDS[key].path(content).startswith("/")
    assert SAID.get(key, "Bob &lt;b&gt;") in sentence
    assert LINK in sentence
    assert "%(" not in sentence


@pytest.mark.parametrize("key", KINDS)
@pytest.mark.parametrize("own", [True, False])
def test_its_mail_says_what_happened_where_and_why(
    app: Flask, content: Content, key: str, own: bool
) -> None:
    with app.test_request_context():
        mail = KINDS[key].mail(replace(content, own=own))
    assert (mail is not None) == (key in MAILED)
    if mail is not None:
        assert SAID.get(key, "Bob <b>") in mail.text
        assert "because" in mail.reason
        assert mail.path.startswith("/")
        assert "%(" not in mail.subject + mail.text + mail.reason
