"""Guesses of the kind of evidence from a line of text."""

from __future__ import annotations

import pytest

from roadmap.evidence.kind_guess import _KEYWORD_PATTERNS, guess_kind
from roadmap.evidence.kinds import KINDS

GUESSED_KINDS = {
    "Led the incident on Tuesday, postmortem is out": "incident",
    "Interviewed two seniors": "interviewing",
    "Reviewed Dave's design of the cache": "review_given",
    "Paired with Carol on her first deploy": "mentoring",
    "Design doc for the feature store": "design_doc",
    "PR to vLLM merged": "open_source",
    "Shipped the new ranker": "launch",
    "Gave a talk at the meetup": "talk",
    "Read a lot": "other",
    "Preview of the review queue's preparation": "review_given",
    "Prepared nothing": "other",
}


@pytest.mark.parametrize(("text", "kind"), GUESSED_KINDS.items())
def test_kind_is_guessed_from_text(text, kind):
    assert guess_kind(text) == kind


def test_all_guessed_kinds_exist():
    assert _KEYWORD_PATTERNS.keys() <= KINDS.keys()
