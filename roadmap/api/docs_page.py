"""Prepare the description of the API for the documentation page."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from roadmap.api.openapi import build_openapi

METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class DocRow:
    """A parameter or a field: its name, its type in words, whether it is required."""

    name: str
    kind: str
    required: bool
    about: str


@dataclass(frozen=True, slots=True)
class Section:
    """One operation. `example` is a request with curl, `refusals` statuses with their meaning."""

    anchor: str
    method: str
    path: str
    summary: str
    paragraphs: tuple[str, ...]
    parameters: tuple[DocRow, ...]
    body: tuple[DocRow, ...]
    answer: tuple[DocRow, ...]
    statuses: tuple[tuple[str, str], ...]
    example: str


@dataclass(frozen=True, slots=True)
class Chapter:
    title: str
    sections: tuple[Section, ...]


@cache
def chapters() -> tuple[Chapter, ...]:
    """Return the operations by tag, in the order of the routes."""
    document = build_openapi()
    found: dict[str, list[Section]] = {}
    for path, entry in document["paths"].items():
        for method in METHODS:
            if method in entry:
                section = _section(document, path, method, entry)
                found.setdefault(entry[method]["tags"][0], []).append(section)
    return tuple(Chapter(title, tuple(sections)) for title, sections in found.items())


def _section(document: dict[str, Any], path: str, method: str, entry: dict[str, Any]) -> Section:
    operation = entry[method]
    parameters = [*entry.get("parameters", ()), *operation.get("parameters", ())]
    body = _content(operation.get("requestBody", {}))
    answers = {
        status: answer
        for status, answer in operation["responses"].items()
        if status.startswith("2")
    }
    answer = _content(next(iter(answers.values())))
    return Section(
        anchor=operation["operationId"].replace("_", "-"),
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        paragraphs=tuple(_strip_markdown(operation.get("description", "")).split("\n\n")),
        parameters=tuple(
            DocRow(
                each["name"],
                _describe_type(document, each["schema"]),
                each.get("required", False),
                _strip_markdown(each.get("description", "")),
            )
            for each in parameters
        ),
        body=_rows(document, body.get("schema", {})),
        answer=_rows(document, answer.get("schema", {})),
        statuses=tuple(
            (status, _strip_markdown(_resolve(document, each)["description"]))
            for status, each in sorted(operation["responses"].items())
        ),
        example=_curl(path, method, body.get("example")),
    )


def _strip_markdown(text: str) -> str:
    """Remove the Markdown marks from a sentence of the description."""
    return text.replace("`", "")


def _content(part: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = part.get("content", {}).get("application/json", {})
    return found


def _resolve(document: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """Return the part that a reference points to, or the part itself."""
    if "$ref" not in part:
        return part
    found: Any = document
    for name in part["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    resolved: dict[str, Any] = found
    return resolved


def _rows(document: dict[str, Any], schema: dict[str, Any]) -> tuple[DocRow, ...]:
    found = _resolve(document, schema)
    required = found.get("required", ())
    return tuple(
        DocRow(
            name,
            _describe_type(document, each),
            name in required,
            _strip_markdown(each.get("description", "")),
        )
        for name, each in found.get("properties", {}).items()
    )


def _describe_type(document: dict[str, Any], schema: dict[str, Any]) -> str:
    """Describe the type of a value in a few words: `list of string`, `date or null`."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        found = _resolve(document, schema)
        fields = ", ".join(found.get("properties", ()))
        return f"{name}: {fields}" if fields else _describe_type(document, found)
    if "anyOf" in schema:
        return " or ".join(_describe_type(document, each) for each in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        values = schema.get("enum") or [schema["const"]]
        return " | ".join(json.dumps(value) for value in values)
    kind = schema.get("format") or schema.get("type", "anything")
    if kind == "array":
        return f"list of {_describe_type(document, schema.get('items', {}))}"
    if kind == "object" and "additionalProperties" in schema:
        values = schema["additionalProperties"]
        return (
            f"object by key of {_describe_type(document, values)}"
            if values is not True
            else "object"
        )
    return kind + _describe_limits(schema)


def _describe_limits(schema: dict[str, Any]) -> str:
    if "maxLength" in schema and "pattern" not in schema:
        return f", at most {schema['maxLength']:,} characters"
    if "minimum" in schema and "maximum" in schema:
        return f", {schema['minimum']} to {schema['maximum']}"
    return ""


def _curl(path: str, method: str, example: Any) -> str:
    lines = ['curl -H "Authorization: Bearer $CAIRN_TOKEN"']
    if method != "get":
        lines[0] += f" -X {method.upper()}"
    if example is not None:
        lines += ['  -H "Content-Type: application/json"', f"  -d '{json.dumps(example)}'"]
    lines.append(f"  $CAIRN{path}")
    return " \\\n".join(lines)
