"""The published JSON Schema is generated from the model and matches it."""

from __future__ import annotations

import copy
import json
from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError

from roadmap.catalog import files
from roadmap.catalog.content import Content
from tests.support.catalog import SHIPPED_FILE
from tools import roadmap_schema

SHIPPED = files.read(SHIPPED_FILE)
SCHEMA = jsonschema.Draft202012Validator(json.loads(roadmap_schema.render()))


def change_roadmap(*path: str | int, to: object) -> dict[str, Any]:
    """Return the shipped roadmap with the value at a path replaced."""
    document = copy.deepcopy(SHIPPED)
    at: Any = document
    for part in path[:-1]:
        at = at[part]
    at[path[-1]] = to
    return document


def is_accepted(document: dict[str, Any]) -> bool:
    """Return whether the model accepts a document."""
    try:
        Content.model_validate(document)
    except ValidationError:
        return False
    return True


def test_schema_file_is_up_to_date_and_valid() -> None:
    assert roadmap_schema.FILE.read_text("utf-8") == roadmap_schema.render(), "run `make schema`"
    SCHEMA.check_schema(SCHEMA.schema)


MILESTONE = ("stages", 0, "objectives", 0, "milestones", 0)


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ((*MILESTONE, "hours"), [1, 2, 300, 301, 40.0, 40.5, "40", True, None]),
        ((*MILESTONE, "required"), [True, False, "yes", 1, None]),
        ((*MILESTONE, "title"), ["ab", "abc", "a" * 81, "End.", " Start", "Two\nlines", 7, None]),
        ((*MILESTONE, "why"), ["short", " " * 20, "Long enough.", "x" * 1201, 12, None]),
        ((*MILESTONE, "months"), [0, 1, 36, 37, "1", None]),
        ((*MILESTONE, "evidence"), [[], ["talk"], ["talk", "talk"], ["poem"], "talk"]),
        ((*MILESTONE, "tags"), [[], ["abc"], ["Abc"], ["abc", "abc"], [1]]),
        (
            (*MILESTONE, "resources", 0, "url"),
            ["http://a.org", "https://a.org", "https:// a"],
        ),
        (("duration_years",), [[1], [1, 2], [1, 2, 3], [0, 0], ["1", 2], 7]),
        (("skills", 0, "bar"), [0, 1, 4, 5, "4"]),
        (("skills", 0, "group"), ["technical", "other", None]),
        (("tools",), [[], [{"anything": 1}], [1], {}]),
        (("readiness", "required_floor"), [0, 0.001, 1, 1.1, "0.5", True]),
        (("readiness", "gates", 0, "years"), [0, 0.5, 50, 51, "5", None]),
        (("readiness", "gates", 0, "type"), ["years", "moon", None]),
        (("readiness", "gates", 0), [{"key": "ab", "title": "Any"}, {}, "years"]),
        (("readiness", "stages"), [{"experience": 1}, {}, {"Experience": 1}, {"experience": 101}]),
        (("readiness", "background", "degrees"), [{}, {"master": 1}, {"licence": 1}]),
        (("colour",), ["blue"]),
    ],
    ids=str,
)
def test_schema_and_model_accept_the_same_values(path: tuple[Any, ...], values: list[Any]) -> None:
    for value in values:
        document = change_roadmap(*path, to=value)
        assert is_accepted(document) == SCHEMA.is_valid(document), value


@pytest.mark.parametrize(
    "key",
    [
        *(key for key in SHIPPED if key != "position"),
        *(f"readiness.{key}" for key in SHIPPED["readiness"]),
    ],
)
def test_schema_and_model_reject_missing_keys(key: str) -> None:
    document = copy.deepcopy(SHIPPED)
    part, _, name = key.rpartition(".")
    del (document[part] if part else document)[name]
    assert not is_accepted(document)
    # Only the model requires the block of a part that has a weight.
    assert SCHEMA.is_valid(document) == (name == "background")


def test_content_survives_json() -> None:
    stored = json.loads(json.dumps(SHIPPED))
    assert Content.model_validate(stored) == Content.model_validate(SHIPPED)
