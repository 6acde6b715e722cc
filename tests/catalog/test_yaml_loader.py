"""YAML is typed by version 1.2, and likely mistakes are rejected."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from roadmap.catalog import files
from roadmap.catalog.yaml_loader import YamlDocument, YamlError


@pytest.mark.parametrize(
    ("source", "value"),
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
def test_scalar_is_read_as_yaml_1_2(source: str, value: object) -> None:
    read = YamlDocument(f"key: {source}\n").value["key"]
    assert (type(read), read) == (type(value), value)


@pytest.mark.parametrize(
    ("source", "message"),
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
        # The second message is that of the C parser.
        ('"\\uD800"', "cannot be stored|invalid Unicode character"),
    ],
)
def test_unsupported_value_is_rejected_with_its_line(source: str, message: str) -> None:
    with pytest.raises(YamlError, match=message) as error:
        YamlDocument(f"first: &first 1\nkey: {source}\n")
    assert error.value.line == 2


@pytest.mark.parametrize("key", ["1", "1.5", "true", "~", "null", "[a, b]", "? [a, b]\n"])
def test_key_must_be_text(key: str) -> None:
    with pytest.raises(YamlError, match="should be text") as error:
        YamlDocument(f"first: 1\n{key}: 2\n")
    assert error.value.line == 2


@pytest.mark.parametrize("key", ["yes", "on", "2026-01-01", "12:30", "1_000", "'1'"])
def test_key_of_yaml_1_1_boolean_or_date_is_text(key: str) -> None:
    assert YamlDocument(f"{key}: 2\n").value == {key.strip("'"): 2}


@pytest.mark.parametrize("again", ["title", "'title'", '"title"'])
def test_duplicate_key_is_rejected_with_its_line(again: str) -> None:
    with pytest.raises(YamlError, match="the key 'title' is used twice") as error:
        YamlDocument(f"title: A\nsummary: B\n{again}: C\n")
    assert error.value.line == 3


@pytest.mark.parametrize("text", ["a: &a [*a]", "a: &a {b: *a}", "[" * 5000, "- " * 50_000])
def test_recursive_or_deep_document_is_rejected(text: str) -> None:
    with pytest.raises(YamlError):
        YamlDocument(text)


def test_exponential_aliases_are_rejected_at_the_first() -> None:
    lines = ["l0: &l0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 9)]
    with pytest.raises(YamlError, match=r"the alias '\*l0' is not read") as error:
        YamlDocument("\n".join(lines))
    assert error.value.line == 2


def test_endless_file_is_rejected() -> None:
    with pytest.raises(files.ContentError, match="is larger than 2,000,000 bytes"):
        files.read(Path("/dev/zero"))


def test_document_returns_lines_and_source_text_of_paths() -> None:
    document = YamlDocument("title: A\nparts:\n  - key: 010\n  - {key: ~, name: b}\n")
    assert document.line(("parts", 0, "key")) == 3
    assert document.source_text(("parts", 0, "key")) == "010"
    assert document.line(("parts", 1, "name")) == 4
    assert document.line(("parts", 1, "missing", 3)) == 4
    assert document.source_text(("parts", 1, "missing")) is None
    assert document.source_text(("parts", 1)) is None
    assert document.line(()) == document.line(("missing",)) == 1


@pytest.mark.parametrize("path", files.shipped(), ids=lambda path: path.stem)
def test_shipped_file_reads_the_same_in_yaml_1_1_and_1_2(path) -> None:
    """So the YAML 1.2 loader causes no new revision of an unchanged roadmap."""
    text = path.read_text("utf-8")
    assert YamlDocument(text).value == yaml.safe_load(text)
