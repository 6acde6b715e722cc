"""The question bank: groups, references, and files of coding questions."""

from __future__ import annotations

import ast
import sys
from collections import Counter

import pytest
from pydantic import ValidationError

from roadmap.catalog.content import Content
from roadmap.catalog.files import CONTENT, read
from roadmap.practice.content import QuestionBank
from roadmap.practice.queries import question_bank

CODING = [each for each in question_bank().questions if each.group == "coding"]
WITH_STARTER = next(index for index, each in enumerate(question_bank().questions) if each.starter)


def test_question_bank_has_17_guide_and_64_other_questions():
    counts = Counter((each.group, each.source) for each in question_bank().questions)
    assert counts == {
        ("system_design", "guide"): 5,
        ("system_design", None): 20,
        ("deep_dive", "guide"): 4,
        ("deep_dive", None): 16,
        ("leadership", "guide"): 4,
        ("leadership", None): 16,
        ("coding", "guide"): 4,
        ("coding", None): 12,
    }


def test_question_bank_is_parsed_once():
    assert question_bank() is question_bank()


def test_questions_name_existing_milestones_and_skills():
    roadmap = Content.model_validate(read(CONTENT / "senior-ml-engineer.yaml"))
    questions = question_bank().questions
    assert {key for each in questions for key in each.milestones} <= roadmap.by_key.keys()
    assert {key for each in questions for key in each.skills} <= roadmap.skill_by_key.keys()


def test_texts_are_unique():
    texts = Counter(
        text
        for each in question_bank().questions
        for text in (each.title, each.prompt, *each.covers, *each.red_flags, *each.rubric)
    )
    assert [text for text, count in texts.items() if count > 1] == []


def test_only_coding_questions_have_starter_files():
    assert all(each.starter for each in CODING)
    assert not any(each.starter for each in question_bank().questions if each.group != "coding")


@pytest.mark.parametrize("question", CODING, ids=lambda each: each.key)
def test_question_tests_import_only_starter_stdlib_and_pytest(question):
    defined = {
        name
        for node in ast.parse(question.starter).body
        for name in (
            [node.name]
            if isinstance(node, ast.FunctionDef | ast.ClassDef)
            else [target.id for target in getattr(node, "targets", ())]
        )
    }
    for node in ast.walk(ast.parse(question.tests)):
        if isinstance(node, ast.ImportFrom) and node.module == "solution":
            assert {alias.name for alias in node.names} <= defined
        elif isinstance(node, ast.ImportFrom):
            assert (node.module or "").split(".")[0] in {*sys.stdlib_module_names, "pytest"}
        elif isinstance(node, ast.Import):
            assert {alias.name.split(".")[0] for alias in node.names} <= {
                *sys.stdlib_module_names,
                *("pytest", "solution"),
            }


@pytest.mark.parametrize(
    ("place", "changed", "message"),
    [
        (1, {"key": question_bank().questions[0].key}, "is already used"),
        (0, {"group": "no_such_group"}, "'no_such_group' is not one of the groups"),
        (0, {"source": "nobody"}, "'nobody' is not one of the sources"),
        (0, {"rubric": ["Weak.", "Better.", "Good."]}, "at least 4"),
        (0, {"difficulty": 4}, "less than or equal to 3"),
        (WITH_STARTER, {"tests": ""}, "both starter and tests"),
        (0, {"answer": "42"}, "Extra inputs"),
    ],
)
def test_invalid_content_is_rejected(place, changed, message):
    document = question_bank().model_dump(mode="json")
    document["questions"][place] |= changed
    with pytest.raises(ValidationError, match=message):
        QuestionBank.model_validate(document)
