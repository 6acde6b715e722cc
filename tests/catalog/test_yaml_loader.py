"""YAML is typed by version 1.2, and likely mistakes are rejected."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from roadmap.catalog import files
from roadmap.catalog.yaml_loader import YamlDocument, YamlError


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("12:30", "12:30"),
        ("190:20:30", "190:20:30"),
        *((word, word) for word in ("yes", "no", "on", "off", "y", "n", "Yes", "NO")),
        ("2026-01-01", "2026-01-01"),
        ("2026-01-01T10:00:00Z", "2026-01-01T10:00:00Z"),
        ("1_000", "1_000"),
        ("0b11", "0b11"),
        ("=", "="),
        ("1.2.3", "1.2.3"),
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("-5", -5),
        ("+7", 7),
        ("1e3", 1000.0),
        ("12e-1", 1.2),
        ("1.", 1.0),
        (".5", 0.5),
        *((word, True) for word in ("true", "True", "TRUE")),
        *((word, False) for word in ("false", "False", "FALSE")),
        *((word, None) for word in ("~", "null", "Null", "NULL", "", " # nothing")),
        ("'5'", "5"),
        ('"true"', "true"),
        ("!!str 5", "5"),
    ],
)
def test_a_plain_value(written: str, value: object) -> None:
    read = YamlDocument(f"key: {written}\n").value["key"]
    assert (type(read), read) == (type(value), value)


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        (".inf", "is not a number that can be stored"),
        ("-.INF", "is not a number that can be stored"),
        (".nan", "is not a number that can be stored"),
        ("1e999", "is not a number that can be stored"),
        ("0.30000000000000001", "has more digits than are kept"),
        ("9" * 5000, "digits"),
        ("0x" + "f" * 100_000, "digits"),
        ("1e-99999999", "more digits than are kept"),
        ("0e99999999999999999999", "more digits than are kept"),
        ("*first", r"the alias '\*first' is not read"),
        ("{<<: *first}", r"the alias '\*first' is not read"),
        ("[" * 21 + "]" * 21, "nested more than 20 levels"),
        ("!!bool yes", "is not a bool"),
        ("!!int 1_000_", "invalid literal"),
        ("!!timestamp 2026-01-01", "timestamp"),
        ("!!binary aGk=", "binary"),
        ("!!set {a: ~}", "set"),
        ('"\\0"', "cannot be stored"),
        # The parser in C says it itself.
        ('"\\uD800"', "cannot be stored|invalid Unicode character"),
    ],
)
def test_a_value_that_is_refused(written: str, problem: str) -> None:
    with pytest.raises(YamlError, match=problem) as refused:
        YamlDocument(f"first: &first 1\nkey: {written}\n")
    assert refused.value.line == 2


@pytest.mark.parametrize("key", ["1", "1.5", "true", "~", "null", "[a, b]", "? [a, b]\n"])
def test_a_key_that_is_not_text(key: str) -> None:
    with pytest.raises(YamlError, match="should be text") as refused:
        YamlDocument(f"first: 1\n{key}: 2\n")
    assert refused.value.line == 2


@pytest.mark.parametrize("key", ["yes", "on", "2026-01-01", "12:30", "1_000", "'1'"])
def test_a_key_that_only_looks_like_something_else(key: str) -> None:
    assert YamlDocument(f"{key}: 2\n").value == {key.strip("'"): 2}


@pytest.mark.parametrize("again", ["title", "'title'", '"title"'])
def test_a_key_that_is_there_twice(again: str) -> None:
    with pytest.raises(YamlError, match="the key 'title' is used twice") as refused:
        YamlDocument(f"title: A\nsummary: B\n{again}: C\n")
    assert refused.value.line == 3


@pytest.mark.parametrize("text", ["a: &a [*a]", "a: &a {b: *a}", "[" * 5000, "- " * 50_000])
def test_a_document_without_an_end(text: str) -> None:
    with pytest.raises(YamlError):
        YamlDocument(text)


def test_a_document_that_grows_by_its_aliases_is_refused_at_the_first() -> None:
    lines = ["l0: &l0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 9)]
    with pytest.raises(YamlError, match=r"the alias '\*l0' is not read") as refused:
        YamlDocument("\n".join(lines))
    assert refused.value.line == 2


def test_a_file_without_an_end_is_refused() -> None:
    with pytest.raises(files.ContentError, match="is larger than 2,000,000 bytes"):
        files.read(Path("/dev/zero"))


def test_lines_and_what_is_written_there() -> None:
    document = YamlDocument("title: A\nparts:\n  - key: 010\n  - {key: ~, name: b}\n")
    assert document.line(("parts", 0, "key")) == 3
    assert document.written(("parts", 0, "key")) == "010"
    assert document.line(("parts", 1, "name")) == 4
    assert document.line(("parts", 1, "missing", 3)) == 4
    assert document.written(("parts", 1, "missing")) is None
    assert document.written(("parts", 1)) is None
    assert document.line(()) == document.line(("missing",)) == 1


@pytest.mark.parametrize("path", files.shipped(), ids=lambda path: path.stem)
def test_the_shipped_roadmap_reads_alike_in_both_versions_of_yaml(path) -> None:
    """An upgrade publishes no revision of a roadmap in which nothing changed."""
    text = path.read_text("utf-8")
    assert YamlDocument(text).value == yaml.safe_load(text)
