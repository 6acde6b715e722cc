"""Build the OpenAPI 3.1 description of the API from its routes and operations."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from http import HTTPStatus
from typing import Annotated, Any

from pydantic import BaseModel, Field
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from roadmap.api.field_types import Nothing, Shape
from roadmap.api.operation import JSON, Operation
from roadmap.api.route_table import BASE, ROUTES, Route
from roadmap.core.config import VERSION
from roadmap.core.problems import MEDIA_TYPE
from roadmap.core.uploads import MULTIPART

REF = "#/components/schemas/{model}"
# Error statuses of every operation. Those with a body, or that write, have more.
COMMON_STATUSES = (400, 401, 403, 404, 405, 411, 413, 429, 500, 503)
API_DESCRIPTION = """Everything that Cairn's pages read and write, for scripts and tools.

Authenticate with a personal token, created on your account page: `Authorization: Bearer cairn_…`.
A token has the permissions of its owner. With scope `read` it cannot change anything; with scope
`draft` it reads your roadmap and evidence and writes drafts. Errors are `application/problem+json`
(RFC 9457), with `errors` by field. Lists take `limit` and `cursor`, and return `next_cursor` while
there are more items. In `PUT` and `PATCH`, fields left out are unchanged and `null` clears a field.
Where an operation accepts `If-Match`, send the `ETag` in it, so that you do not overwrite a change
that you have not seen (412). Send it in `If-None-Match` to receive only changed data (304).
"""
STATUS_DESCRIPTIONS = {
    400: "The request could not be read.",
    401: "The token is missing or invalid.",
    403: "The token or its owner is not permitted to do this.",
    404: "It does not exist, or is not shared with the owner of the token.",
    405: "The address does not support this method.",
    408: "The body did not arrive in time.",
    409: "The current state does not allow it, or the maximum is reached; see `detail`.",
    411: "The request has a body but no `Content-Length`.",
    412: "It has changed since the ETag in If-Match was read.",
    413: "The body is larger than one megabyte (26 with files), or has too many values.",
    415: "The body is not `application/json`, or not a form when sending files.",
    422: "Some fields are invalid; see `errors`.",
    429: "Too many requests, or too many invalid tokens.",
    500: "An unexpected error on the server.",
    503: "The database is unavailable, or too many files are arriving.",
    507: "The server is out of disk space.",
}
ERROR_HEADERS = {
    401: ("WWW-Authenticate", "Asks for a bearer token."),
    405: ("Allow", "The supported methods."),
}
STRING = {"type": "string"}
ETAG = {
    "description": "Identifies this state, for If-None-Match and for If-Match of a change.",
    "required": True,
    "schema": STRING,
}
FILES = {
    "type": "object",
    "properties": {
        "file": {"type": "array", "items": STRING | {"format": "binary"}, "minItems": 1}
    },
    "required": ["file"],
}
LOCATION = {"description": "The address of the new resource.", "required": True, "schema": STRING}

SchemaReferences = Mapping[Any, dict[str, Any]]


class Problem(Shape):
    """An error response (RFC 9457)."""

    type: str
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    detail: str | None = None
    errors: dict[str, list[str]] | None = None


@cache
def openapi_json() -> bytes:
    """Return the serialized OpenAPI description, built once per process."""
    return json.dumps(build_openapi(), ensure_ascii=False, separators=(",", ":")).encode()


@cache
def build_openapi() -> dict[str, Any]:
    operations = [(route, route.load_operation()) for route in ROUTES]
    named, definitions = _schemas([operation for _route, operation in operations])
    paths: dict[str, dict[str, Any]] = {}
    for route, operation in operations:
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route.rule)
        parameters = [
            _parameter(name, "path", STRING | {"format": "uuid"} if kind == "uuid" else STRING)
            for kind, name in re.findall(r"<(?:(\w+):)?(\w+)>", route.rule)
        ]
        entry = paths.setdefault(path, {"parameters": parameters} if parameters else {})
        entry[route.method.lower()] = _operation(route, operation, named)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Cairn",
            "version": VERSION,
            "summary": "A roadmap for machine learning engineers, as an API.",
            "description": API_DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": BASE}],
        "security": [{"token": []}],
        "tags": [{"name": tag} for tag in dict.fromkeys(each.tag for _, each in operations)],
        "paths": paths,
        "components": {
            "schemas": definitions,
            "responses": {
                _response_name(status): _error_response(status) for status in STATUS_DESCRIPTIONS
            },
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "cairn_…",
                    "description": "A personal token, created on your account page.",
                }
            },
        },
    }


def _schemas(operations: list[Operation]) -> tuple[SchemaReferences, dict[str, Any]]:
    """Return a reference for each model and mode, and the referenced definitions."""
    models: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {(Problem, "serialization"): None}
    for operation in operations:
        if operation.body is not None:
            models[operation.body, "validation"] = None
        for model in operation.answers.values():
            if model is not None:
                models[model, "serialization"] = None
    named, found = models_json_schema(list(models), ref_template=REF)
    return named, strip_redundant_keys(found["$defs"])


def strip_redundant_keys(value: Any) -> Any:
    """Remove titles that repeat names, and defaults of null."""
    if isinstance(value, dict):
        return {
            key: strip_redundant_keys(each)
            for key, each in value.items()
            if not (key == "title" and isinstance(each, str))
            and not (key == "default" and each is None)
        }
    return [strip_redundant_keys(each) for each in value] if isinstance(value, list) else value


def _operation(route: Route, operation: Operation, named: SchemaReferences) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "operationId": route.name,
        "tags": [operation.tag],
        "summary": operation.summary,
    }
    if operation.description:
        entry["description"] = operation.description
    if parameters := list(_parameters(route, operation)):
        entry["parameters"] = parameters
    if operation.body is not None:
        content: dict[str, Any] = {"schema": named[operation.body, "validation"]}
        if operation.example is not None:
            content["example"] = dict(operation.example)
        required = operation.body is not Nothing
        entry["requestBody"] = {"required": required, "content": {JSON: content}}
    elif operation.takes_files:
        entry["requestBody"] = {"required": True, "content": {MULTIPART: {"schema": FILES}}}
    entry["responses"] = {
        str(status): _response(operation, status, model, named)
        for status, model in operation.answers.items()
    }
    if operation.has_etag and route.is_safe:
        entry["responses"]["304"] = {
            "description": "Unchanged since the ETag in If-None-Match.",
            "headers": {"ETag": ETAG},
        }
    for status in sorted(_error_statuses(route, operation)):
        reference = f"#/components/responses/{_response_name(status)}"
        entry["responses"][str(status)] = {"$ref": reference}
    return entry


def _error_statuses(route: Route, operation: Operation) -> set[int]:
    has_body = operation.body is not None or operation.takes_files
    conditions = {
        408: has_body,
        412: operation.accepts_if_match,
        415: has_body,
        422: has_body or operation.query is not None,
        507: not route.is_safe,
    }
    possible = (status for status, is_possible in conditions.items() if is_possible)
    return {*COMMON_STATUSES, *operation.refuses, *possible}


def _parameters(route: Route, operation: Operation) -> Iterator[dict[str, Any]]:
    """Yield the query parameters, and the headers of a conditional request."""
    properties = operation.query.model_json_schema()["properties"] if operation.query else {}
    for name, schema in strip_redundant_keys(properties).items():
        about = schema.pop("description", "")
        # A query parameter can be absent, but not null.
        if "anyOf" in schema:
            (given,) = (each for each in schema.pop("anyOf") if each != {"type": "null"})
            schema.update(given)
        yield _parameter(name, "query", schema, about)
    if operation.has_etag and route.is_safe:
        about = "The ETag from an earlier response: 304 if nothing has changed."
        yield _parameter("If-None-Match", "header", STRING, about)
    if operation.accepts_if_match:
        about = "The ETag of the state that you are changing: 412 if it is no longer current."
        yield _parameter("If-Match", "header", STRING, about)


def _parameter(name: str, place: str, schema: dict[str, Any], about: str = "") -> dict[str, Any]:
    facts: dict[str, Any] = {"required": True} if place == "path" else {"description": about}
    return {"name": name, "in": place, **facts, "schema": schema}


def _response(
    operation: Operation, status: int, model: type[BaseModel] | None, named: SchemaReferences
) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if model is not None:
        answer["description"] = (model.__doc__ or answer["description"]).strip().split("\n")[0]
        answer["content"] = {JSON: {"schema": named[model, "serialization"]}}
    elif operation.files:
        answer["description"] = "The file."
        answer["content"] = {
            media_type: {"schema": {} if media_type == JSON else STRING}
            for media_type in operation.files
        }
    if operation.has_etag:
        answer["headers"] = {"ETag": ETAG} | ({"Location": LOCATION} if status == 201 else {})
    return answer


def _error_response(status: int) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": STATUS_DESCRIPTIONS[status],
        "content": {MEDIA_TYPE: {"schema": {"$ref": REF.format(model="Problem")}}},
    }
    if status in ERROR_HEADERS:
        name, about = ERROR_HEADERS[status]
        answer["headers"] = {name: {"description": about, "schema": STRING}}
    return answer


def _response_name(status: int) -> str:
    return HTTPStatus(status).phrase.replace(" ", "")
