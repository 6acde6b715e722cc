"""Prepare the OpenAPI description for the API documentation page."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from roadmap.api.openapi import build_openapi
from roadmap.api.operation import JSON

# A JSON object of the OpenAPI description, or the values that the template prints.
JsonObject = dict[str, Any]


@cache
def operations_by_tag() -> dict[str, list[JsonObject]]:
    """Return the operations by tag, in the order of the routes."""
    found: dict[str, list[JsonObject]] = {}
    for path, entry in build_openapi()["paths"].items():
        shared = entry.get("parameters", [])
        for method, operation in entry.items():
            if method != "parameters":
                section = _section(path, method, operation, shared)
                found.setdefault(operation["tags"][0], []).append(section)
    return found


def _section(path: str, method: str, operation: JsonObject, shared: list[JsonObject]) -> JsonObject:
    """Return an operation for the template, with a curl `example` and described `statuses`."""
    parameters = [*shared, *operation.get("parameters", ())]
    body = _json_content(operation.get("requestBody", {}))
    responses = operation["responses"]
    answer = next(each for status, each in responses.items() if status.startswith("2"))
    return {
        "anchor": operation["operationId"].replace("_", "-"),
        "method": method.upper(),
        "path": path,
        "summary": operation["summary"],
        "paragraphs": _strip_markdown(operation.get("description", "")).split("\n\n"),
        "parameters": [
            _row(each["name"], each | each["schema"], required=each.get("required", False))
            for each in parameters
        ],
        "body": _rows(body.get("schema", {})),
        "answer": _rows(_json_content(answer).get("schema", {})),
        "statuses": [
            (status, _strip_markdown(_resolve(each)["description"]))
            for status, each in sorted(responses.items())
        ],
        "example": _curl(path, method, operation, answer),
    }


def _strip_markdown(text: str) -> str:
    return text.replace("`", "")


def _json_content(part: JsonObject) -> JsonObject:
    found: JsonObject = part.get("content", {}).get(JSON, {})
    return found


def _resolve(part: JsonObject) -> JsonObject:
    """Follow a `$ref`; return any other part unchanged."""
    if "$ref" not in part:
        return part
    found = build_openapi()
    for name in part["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return found


def _rows(schema: JsonObject) -> list[JsonObject]:
    found = _resolve(schema)
    required = found.get("required", ())
    return [
        _row(name, each, required=name in required)
        for name, each in found.get("properties", {}).items()
    ]


def _row(name: str, schema: JsonObject, *, required: bool) -> JsonObject:
    """Return the table row of a parameter or field, with its type in words."""
    about = _strip_markdown(schema.get("description", ""))
    return {"name": name, "kind": _describe_type(schema), "required": required, "about": about}


def _describe_type(schema: JsonObject) -> str:
    """Describe the type of a value in a few words: `list of string`, `date or null`."""
    if "$ref" in schema:
        found = _resolve(schema)
        fields = ", ".join(found.get("properties", ()))
        return f"{schema['$ref'].rpartition('/')[2]}: {fields}" if fields else _describe_type(found)
    if "anyOf" in schema:
        return " or ".join(_describe_type(each) for each in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        return " | ".join(map(json.dumps, schema.get("enum") or [schema["const"]]))
    kind: str = schema.get("format") or schema.get("type", "anything")
    if kind == "array":
        return f"list of {_describe_type(schema.get('items', {}))}"
    if kind == "object" and isinstance(values := schema.get("additionalProperties"), dict):
        return f"object by key of {_describe_type(values)}"
    if "maxLength" in schema and "pattern" not in schema:
        return f"{kind}, at most {schema['maxLength']:,} characters"
    if "minimum" in schema and "maximum" in schema:
        return f"{kind}, {schema['minimum']} to {schema['maximum']}"
    return kind


def _curl(path: str, method: str, operation: JsonObject, answer: JsonObject) -> str:
    lines = ['curl -H "Authorization: Bearer $CAIRN_TOKEN"']
    if method != "get":
        lines[0] += f" -X {method.upper()}"
    content = operation.get("requestBody", {}).get("content", {})
    if "multipart/form-data" in content:
        lines.append('  -F "file=@report.pdf"')
    elif (example := content.get(JSON, {}).get("example")) is not None:
        lines += ['  -H "Content-Type: application/json"', f"  -d '{json.dumps(example)}'"]
    if answer.get("content", {}).keys() - {JSON}:
        lines.append("  -OJ")
    return " \\\n".join([*lines, f"  $CAIRN{path}"])
