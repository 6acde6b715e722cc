"""The JSON Resume export is valid against the schema and complete."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from roadmap.portfolio.document import Document
from roadmap.portfolio.formats import json_resume
from tests.portfolio.readers import read_html
from tests.portfolio.sample_documents import ALICE, EMPTY, RANKER, hostile, ordinary
from tests.support.node import run_node

SCHEMA = Path(__file__).parents[1] / "vendor" / "json-resume-1.3.1.schema.json"


def resume(document: Document) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(json_resume.render(document))
    return data


@pytest.mark.parametrize(
    "document",
    [ALICE, EMPTY, replace(EMPTY, items=(RANKER,)), hostile(24), ordinary(200)],
    ids=["alice", "empty", "one", "hostile", "many"],
)
def test_export_is_valid_against_schema(document: Document) -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    validator = Draft7Validator(schema, format_checker=Draft7Validator.FORMAT_CHECKER)
    assert "uri" in Draft7Validator.FORMAT_CHECKER.checkers
    assert [error.message for error in validator.iter_errors(resume(document))] == []


def test_records_are_in_standard_sections() -> None:
    data = resume(ALICE)
    assert [entry["name"] for entry in data["projects"]] == [
        "Two-stage ranking for the home feed",
        "Sharded optimizer state in an open training library",
    ]
    assert [entry["type"] for entry in data["publications"]] == ["Blog post", "Talk"]
    assert data["publications"][1]["publisher"] == "MLSys Zürich"
    assert data["certificates"][0]["issuer"] == "Example Cloud"
    assert data["volunteer"][0]["position"].startswith("Mentored two engineers")
    assert data["work"][0]["startDate"] == "2022-03"
    assert "endDate" not in data["work"][0]
    assert data["education"][0] == {
        "institution": "ETH Zürich",
        "area": "Computer science",
        "studyType": "Master",
        "startDate": "2017-07",
        "endDate": "2017-07",
        "cairn": {"level": "master", "source": "Declared by the author, not verified"},
    }
    assert data["education"][1]["endDate"] == "2015"
    assert [data["work"][2][name] for name in ("startDate", "endDate")] == ["2017-09", "2019"]
    assert data["skills"][0]["level"] == "Level 4 of 4, the role asks for 4. Assessed by a manager"
    assert data["basics"]["label"] == ALICE.headline


def test_single_day_entries_have_start_date() -> None:
    """Themes show a date only if an entry has `startDate`."""
    data = resume(ALICE)
    for section in ("projects", "volunteer", "education"):
        for entry in data[section]:
            assert entry["startDate"] == entry["endDate"]


def test_texts_have_no_block_markdown() -> None:
    data = resume(ALICE)
    ranker, optimizer = (project["description"] for project in data["projects"])
    assert ranker.startswith("The feed scored every candidate with one deep model")
    assert "budget at 900 candidates. The" in ranker
    assert "\n\nOptions weighed\n\n• Distil the ranker: half the latency" in ranker
    assert "calibration report (https://docs.example.com/calibration)" in ranker
    # Empty lines between rows, because some themes join the lines of a paragraph.
    assert "• Stage · Candidates · Budget\n\n• Retrieval · 40,000,000 · 12 ms" in ranker
    assert "```" not in optimizer
    assert "\n\nfor group in optimizer.param_groups:\n\n    shard(" in optimizer
    assert "**Northwind**" not in data["basics"]["summary"]
    assert data["projects"][0]["cairn"]["description"] == RANKER.description


def test_highlights_show_impacts_and_verification() -> None:
    highlights = resume(ALICE)["projects"][0]["highlights"]
    assert highlights[0] == (
        "P95 latency of the feed: 180 → 62 ms (scale), "
        "source: https://metrics.example.com/feed-latency"
    )
    assert "Verified by Bob Builder on 3 Apr 2026" in highlights
    assert highlights[-2:] == [
        "Verified for: Lead the design of a system of several models",
        "Linked to: Take a model from offline metric to a measured product effect",
    ]
    assert "Verified by Bob Builder on 1 Oct 2026" in resume(ALICE)["publications"][1]["summary"]


def test_export_contains_every_text_of_document() -> None:
    text = json_resume.render(ALICE).decode()
    for fact in texts_in({**asdict(ALICE), "sections": ()}):
        assert json.dumps(fact, ensure_ascii=False)[1:-1] in text, fact


def texts_in(value: Any) -> list[str]:
    if isinstance(value, dict):
        # The label of a kind only translates the kind.
        return [
            text for key, inner in value.items() if key != "kind_label" for text in texts_in(inner)
        ]
    if isinstance(value, list | tuple):
        return [text for inner in value for text in texts_in(inner)]
    return [value] if isinstance(value, str) and value not in ("en", "technical") else []


def test_empty_fields_are_omitted() -> None:
    assert set(resume(EMPTY)) == {"$schema", "basics", "meta"}
    assert resume(EMPTY)["basics"] == {"name": "Alice Archer"}


@pytest.mark.parametrize("theme", ["even", "stackoverflow"])
def test_third_party_theme_shows_portfolio(theme: str) -> None:
    lapsed = replace(ALICE.items[4], tone="lapsed", kind_label="Certification, lapsed 4 May 2026")
    document = replace(ALICE, items=(*ALICE.items, lapsed))
    page = run_node("render_resume.js", json_resume.render(document).decode(), theme)
    words = read_html(re.sub(r"<(style|script).*?</\1>", "", page, flags=re.DOTALL))
    for text in (
        "Alice Archer",
        "7 pieces of evidence: 4 verified by 1 person, 2 not verified, 1 lapsed.",
        "Two-stage ranking for the home feed",
        "Mar 2026",
        "Verified by Bob Builder on 3 Apr 2026",
        "Jul 2017",
        "Self-assessed",
        "Professional Machine Learning Engineer (Certification, lapsed 4 May 2026)",
    ):
        assert text in words, text
    assert not re.search(r"\*\*|```|\|", words), "no Markdown syntax"


def test_invalid_url_is_kept_as_text() -> None:
    document = replace(EMPTY, items=(replace(RANKER, url="intranet page 7"),))
    entry = resume(document)["projects"][0]
    assert "url" not in entry
    assert entry["cairn"]["url"] == "intranet page 7"
