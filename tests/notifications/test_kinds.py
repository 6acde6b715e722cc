"""Each notification kind is a module and has what the page and mails need."""

from __future__ import annotations

import uuid
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from markupsafe import Markup

from roadmap.notifications import kinds
from roadmap.notifications.kind import Content
from roadmap.notifications.kinds import KINDS, KINDS_BY_ACTION
from roadmap.notifications.retraction import REVIEW_REQUESTS

LINK = Markup('<a href="/there">here</a>')
MAILED = {"submitted", "resubmitted", "verified", "returned", "taken_back",
          "return_taken_back", "comment", "assessed", "assessment_requested", "added", "removed",
          "role_changed", "moved", "team_deleted", "team_below_deleted",
          "team_above_deleted", "manager_below",
          "password_link", "api_token", "lapsing", "history_verified",
          "history_taken_back", "badge_revoked"}  # fmt: skip
# Kinds without an actor.
TEXT_WITHOUT_ACTOR = {"lapsing": "28 Jan 2027", "badge_revoked": "our badge"}


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
              "number": 2, "page": "/teams/ranking/people/1", "elsewhere": "Search"},
    )  # fmt: skip


def test_each_module_is_a_kind() -> None:
    files = {path.stem for path in Path(kinds.__file__).parent.glob("*.py")} - {"__init__"}
    assert files == KINDS.keys()
    assert all(len(key) <= 32 for key in KINDS)


def test_each_kind_follows_an_event() -> None:
    # `submitted` writes `resubmitted` itself, and `lapsing` is written by a job.
    assert KINDS.keys() - {"resubmitted", "lapsing"} == {
        kind.key for each in KINDS_BY_ACTION.values() for kind in each
    }
    assert KINDS.keys() >= set(REVIEW_REQUESTS)


@pytest.mark.parametrize("key", KINDS)
def test_sentence_names_the_actor_escaped(app: Flask, content: Content, key: str) -> None:
    with app.test_request_context():
        sentence = KINDS[key].sentence(content, LINK)
        assert KINDS[key].label(content)
        assert KINDS[key].path(content).startswith("/")
    assert TEXT_WITHOUT_ACTOR.get(key, "Bob &lt;b&gt;") in sentence
    assert LINK in sentence
    assert "%(" not in sentence


@pytest.mark.parametrize("key", KINDS)
@pytest.mark.parametrize("own", [True, False])
def test_mail_has_text_reason_and_path(app: Flask, content: Content, key: str, own: bool) -> None:
    with app.test_request_context():
        mail = KINDS[key].mail(replace(content, own=own))
    assert (mail is not None) == (key in MAILED)
    if mail is not None:
        assert TEXT_WITHOUT_ACTOR.get(key, "Bob <b>") in mail.text
        assert "because" in mail.reason
        assert mail.path.startswith("/")
        assert "%(" not in mail.subject + mail.text + mail.reason
