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

from roadmap.api.blueprint import BASE
from roadmap.api.field_types import Nothing, Shape
from roadmap.api.operation import JSON, Operation
from roadmap.api.route_table import ROUTES, Route, operation_of
from roadmap.core.config import VERSION
from roadmap.core.problems import MEDIA_TYPE

REF = "#/components/schemas/{model}"
SAFE_METHODS = ("GET",)
# Statuses of every operation; those with a body have more.
COMMON_STATUSES = (400, 401, 403, 404, 405, 411, 413, 429, 500, 503)
BODY_STATUSES = (415, 422)
WRITE_STATUSES = (507,)
API_DESCRIPTION = """Everything that Cairn's pages read and write, for scripts and tools.

A request carries a personal token, which is made on the page of your account:
`Authorization: Bearer cairn_…`. It sees and does what its person sees and does, a token of scope
`read` nothing that changes something. Errors are `application/problem+json` (RFC 9457), with
`errors` by field. Lists take `limit` and `cursor`, and answer `next_cursor` while there is more.
In `PUT` and `PATCH` what is left out stays, and `null` clears. Where a change takes `If-Match`,
send the `ETag` in it, and nobody's change is overwritten unseen (412). In `If-None-Match` it asks
for what is new alone (304).
"""
STATUS_DESCRIPTIONS = {
    400: "The request could not be read.",
    401: "There is no token, or it opens nothing.",
    403: "The token may not do that, or it is not open to its person.",
    404: "It does not exist, or it is not shared with the person of the token.",
    405: "The address has no such method.",
    409: "It cannot be done in the state that it is in now; `detail` says why.",
    411: "The body came without its length.",
    412: "It was changed since the ETag in If-Match was read.",
    413: "The body is larger than one megabyte.",
    415: "The body is no `application/json`.",
    422: "Fields that cannot be taken as they are; `errors` says which and why.",
    429: "Too many requests, or too many wrong tokens.",
    500: "Something broke on the server.",
    503: "The database does not answer.",
    507: "The server has no space left.",
}
NOT_MODIFIED = "It is as the ETag in If-None-Match names it."
ETAG = {
    "description": "Names what the answer shows, for If-None-Match, and If-Match of a change.",
    "required": True,
    "schema": {"type": "string"},
}
ERROR_HEADERS = {
    401: {"WWW-Authenticate": "Says that a bearer token is asked for."},
    405: {"Allow": "The methods that there are."},
}


class Problem(Shape):
    """What went wrong (RFC 9457)."""

    type: str
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    detail: str | None = None
    errors: dict[str, list[str]] | None = None


@cache
def openapi_json() -> bytes:
    """Return the serialized description, built once per process."""
    return json.dumps(build_openapi(), ensure_ascii=False, separators=(",", ":")).encode()


@cache
def build_openapi() -> dict[str, Any]:
    """Build the description."""
    operations = [(route, operation_of(route)) for route in ROUTES]
    named, definitions = _schemas(operations)
    paths: dict[str, dict[str, Any]] = {}
    for route, operation in operations:
        path, parameters = _path_item(route)
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
                    "description": "A personal token, made on the page of your account.",
                }
            },
        },
    }


SchemaReferences = Mapping[Any, dict[str, Any]]


def _schemas(operations: list[tuple[Route, Operation]]) -> tuple[SchemaReferences, dict[str, Any]]:
    """Return a reference for each model and mode, and the definitions that they point to."""
    models: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {(Problem, "serialization"): None}
    for _route, operation in operations:
        if operation.body is not None:
            models[operation.body, "validation"] = None
        for model in operation.answers.values():
            if model is not None:
                models[model, "serialization"] = None
    named, found = models_json_schema(list(models), ref_template=REF)
    definitions: dict[str, Any] = _without_noise(found["$defs"])
    return named, definitions


def _without_noise(value: Any) -> Any:
    """Remove titles that repeat names, and defaults of null."""
    if isinstance(value, dict):
        return {
            key: _without_noise(each)
            for key, each in value.items()
            if not (key == "title" and isinstance(each, str))
            and not (key == "default" and each is None)
        }
    return [_without_noise(each) for each in value] if isinstance(value, list) else value


def _path_item(route: Route) -> tuple[str, list[dict[str, Any]]]:
    """Return the path as OpenAPI writes it, and its parameters."""
    parameters = []
    for kind, name in re.findall(r"<(?:(\w+):)?(\w+)>", route.rule):
        schema: dict[str, Any] = {"type": "string"}
        if kind == "uuid":
            schema["format"] = "uuid"
        parameters.append({"name": name, "in": "path", "required": True, "schema": schema})
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route.rule), parameters


def _operation(route: Route, operation: Operation, named: SchemaReferences) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "operationId": route.name,
        "tags": [operation.tag],
        "summary": operation.summary,
    }
    if operation.description:
        entry["description"] = operation.description
    parameters = [*_query_parameters(operation), *_conditional_headers(route, operation)]
    if parameters:
        entry["parameters"] = parameters
    if operation.body is not None:
        content: dict[str, Any] = {"schema": named[operation.body, "validation"]}
        if operation.example is not None:
            content["example"] = dict(operation.example)
        required = operation.body is not Nothing
        entry["requestBody"] = {"required": required, "content": {JSON: content}}
    entry["responses"] = {
        str(status): _response(operation, status, model, named)
        for status, model in operation.answers.items()
    }
    if _is_conditional(route, operation):
        entry["responses"]["304"] = {"description": NOT_MODIFIED, "headers": {"ETag": ETAG}}
    for status in sorted(set(_error_statuses(route, operation))):
        entry["responses"][str(status)] = {
            "$ref": f"#/components/responses/{_response_name(status)}"
        }
    return entry


def _query_parameters(operation: Operation) -> Iterator[dict[str, Any]]:
    if operation.query is None:
        return
    for name, schema in operation.query.model_json_schema()["properties"].items():
        schema = _without_noise(schema)
        about = schema.pop("description", "")
        # A query parameter can be absent, but not null.
        if "anyOf" in schema:
            (given,) = (each for each in schema.pop("anyOf") if each != {"type": "null"})
            schema.update(given)
        yield {"name": name, "in": "query", "description": about, "schema": schema}


def _is_conditional(route: Route, operation: Operation) -> bool:
    return operation.has_etag and route.method in SAFE_METHODS


def _conditional_headers(route: Route, operation: Operation) -> Iterator[dict[str, Any]]:
    if _is_conditional(route, operation):
        yield {
            "name": "If-None-Match",
            "in": "header",
            "description": "The ETag of what was read before: 304 where it is the same.",
            "schema": {"type": "string"},
        }
    if operation.accepts_if_match:
        yield {
            "name": "If-Match",
            "in": "header",
            "description": "The ETag of what the change is made from: 412 where it is not newest.",
            "schema": {"type": "string"},
        }


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
            media_type: {"schema": {} if media_type == JSON else {"type": "string"}}
            for media_type in operation.files
        }
    headers: dict[str, Any] = {}
    if operation.has_etag:
        headers["ETag"] = ETAG
    if operation.has_etag and status == 201:
        headers["Location"] = {
            "description": "Where it is.",
            "required": True,
            "schema": {"type": "string"},
        }
    if headers:
        answer["headers"] = headers
    return answer


def _error_statuses(route: Route, operation: Operation) -> Iterator[int]:
    yield from COMMON_STATUSES
    yield from operation.refuses
    if operation.query is not None:
        yield 422
    if operation.body is not None:
        yield from BODY_STATUSES
    if operation.accepts_if_match:
        yield 412
    if route.method not in SAFE_METHODS:
        yield from WRITE_STATUSES


def _error_response(status: int) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": STATUS_DESCRIPTIONS[status],
        "content": {MEDIA_TYPE: {"schema": {"$ref": REF.format(model="Problem")}}},
    }
    headers = {
        name: {"description": about, "schema": {"type": "string"}}
        for name, about in ERROR_HEADERS.get(status, {}).items()
    }
    if headers:
        answer["headers"] = headers
    return answer


def _response_name(status: int) -> str:
    return HTTPStatus(status).phrase.replace(" ", "")
