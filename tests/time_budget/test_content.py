"""The time budget content."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
from pydantic import ValidationError

from roadmap.career_plans.queries import career_content
from roadmap.catalog.yaml_loader import YamlDocument
from roadmap.time_budget import queries
from roadmap.time_budget.content import TimeContent

FILE = Path(queries.__file__).parent / "content.yaml"


def test_content_has_the_guide_categories_and_share():
    content = queries.time_content()
    assert [each.key for each in content.categories if each.named_by_guide] == [
        "deep-work", "design-reviews", "one-to-ones", "stand-ups", "planning", "interviews",
        "mentoring",
    ]  # fmt: skip
    assert (content.share.low, content.share.high) == (40, 50)
    source = content.source_by_key[content.share.source]
    assert (source.by, source.year) == ("Taylor Rupe, Hakia", 2025)
    assert content.remedies.challenge in career_content().challenge_by_key


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda file: file["share"].update(source="no-such"), "'no-such' is not one of"),
        (lambda file: file["categories"][1].update(key="deep-work"), "is already used"),
        (lambda file: file["categories"][0].update(counts_as="fun"), "'meetings', 'deep_work'"),
    ],
    ids=["unknown source", "repeated key", "unknown group"],
)
def test_invalid_content_is_rejected(change, message):
    document = copy.deepcopy(YamlDocument(FILE.read_text("utf-8")).value)
    change(document)
    with pytest.raises(ValidationError, match=message):
        TimeContent.model_validate(document)
