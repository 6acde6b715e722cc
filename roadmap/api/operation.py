"""API operations: parse the request, call the handler, and return the response or the problem.

`roadmap.api.openapi` describes each operation from the same declaration.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from inspect import getdoc
from types import NoneType
from typing import Any, NoReturn, get_type_hints

from flask import Response, abort, request
from flask_login import current_user
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import HTTPException

from roadmap.api.field_types import Nothing
from roadmap.core.i18n import _
from roadmap.core.problems import problem_response
from roadmap.evidence import labels
from roadmap.evidence.rules import InvalidInput, Refused, Stale
from roadmap.people.actor import Actor

JSON = "application/json"
# Limits the length of the response to a body full of errors.
MAX_ERRORS = 50
MAX_FIELD_NAME_LENGTH = 200
# Maximum size of a body without its strings, to bound values, depth and digits. No operation needs
# nearly as much.
MAX_STRUCTURE = 20_000
# An unterminated string ends with the body.
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)


@dataclass(frozen=True, slots=True)
class OperationResult:
    """A result with a status other than 200 or 204, or with a Location header."""

    value: BaseModel
    status: int = 200
    location: str = ""


# Returns a model, an OperationResult, a Response or None.
Handler = Callable[..., Any]


class InvalidFields(HTTPException):
    """A 422 response for invalid fields, with error messages by field."""

    def __init__(self, errors: Mapping[str, Sequence[str]]) -> None:
        super().__init__(response=problem_response(422, errors=errors))


@dataclass(frozen=True)
class Operation:
    """One method of one path, callable with the parameters of the path.

    `answers` maps statuses to response models. `refuses` lists error statuses in addition to those
    of every operation. `has_etag` means that the response has an ETag, `accepts_if_match` that the
    handler checks If-Match. `files` lists the media types of responses other than JSON.
    `takes_files` means that the body is a form with files.
    """

    handler: Handler
    tag: str
    answers: Mapping[int, type[BaseModel] | None]
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    refuses: tuple[int, ...] = ()
    has_etag: bool = False
    accepts_if_match: bool = False
    files: tuple[str, ...] = ()
    takes_files: bool = False
    example: Mapping[str, Any] | None = None

    @property
    def summary(self) -> str:
        return (getdoc(self.handler) or "").partition("\n")[0].rstrip(".")

    @property
    def description(self) -> str:
        """Return the handler's docstring without its first line, one line per paragraph."""
        rest = (getdoc(self.handler) or "").partition("\n")[2].strip()
        return re.sub(r"(?<!\n)\n(?!\n)", " ", rest)

    def __call__(self, **values: Any) -> Response:
        if self.query:
            values["query"] = _parse_query(self.query)
        if self.body is Nothing:
            _parse_body(Nothing)
        elif self.body:
            values["body"] = _parse_body(self.body)
        return self._respond(run_handler(self.handler, values))

    def _respond(self, answer: Any) -> Response:
        if isinstance(answer, Response):
            return answer
        if answer is None:
            return empty_response(204)
        if not isinstance(answer, OperationResult):
            answer = OperationResult(answer)
        response = Response(_to_json(answer.value), answer.status, mimetype=JSON)
        if self.has_etag:
            response.set_etag(etag_of(answer.value))
            if request.method in ("GET", "HEAD"):
                # If-Match does not apply to reading.
                environ = request.environ.items()
                response.make_conditional({k: v for k, v in environ if k != "HTTP_IF_MATCH"})
        if answer.location:
            response.headers["Location"] = answer.location
        return response


def run_handler(handler: Handler, values: Mapping[str, Any]) -> Any:
    """Call a handler and turn errors of the evidence rules into problem responses."""
    try:
        return handler(**values)
    except InvalidInput as error:
        raise InvalidFields(_input_errors(error)) from None
    except Stale:
        abort_with_problem(409, str(labels.REFUSAL_MESSAGES["stale"]))
    except Refused as error:
        if error.reason in ("gone", "not_entitled"):
            abort(404)
        abort_with_problem(409, str(labels.REFUSAL_MESSAGES[error.reason]))


def operation(tag: str, **declared: Any) -> Callable[[Handler], Operation]:
    """Turn a function into an operation, described by its docstring and annotations.

    The annotations of its parameters `query` and `body` are their models, and its return annotation
    is the response model, or None for 204. Handlers that return an OperationResult or a file must
    declare `answers`.
    """

    def make(handler: Handler) -> Operation:
        types = get_type_hints(handler)
        model = types.pop("return")
        inferred: dict[str, Any] = {
            name: types[name] for name in ("query", "body") if name in types
        }
        inferred["answers"] = {204: None} if model is NoneType else {200: model}
        return Operation(handler, tag, **(inferred | declared))

    return make


def current_actor() -> Actor:
    """Return the owner of the token."""
    actor: Actor = current_user._get_current_object()
    return actor


def abort_with_problem(status: int, detail: str) -> NoReturn:
    """Abort with a problem response."""
    abort(problem_response(status, detail))


def etag_of(value: BaseModel) -> str:
    """Return an ETag computed from the serialized value."""
    return hashlib.blake2b(_to_json(value).encode(), digest_size=16).hexdigest()


def empty_response(status: int) -> Response:
    """Return a response without content or Content-Type."""
    response = Response(status=status)
    response.headers.pop("Content-Type", None)
    return response


def check_if_match(value: BaseModel) -> None:
    """Abort with 412 if If-Match does not match `value`; call it while holding the user's lock.

    Weak tags match too, because compression makes tags weak. A header without any tag matches
    nothing, because the client meant to guard the change.
    """
    if "If-Match" in request.headers and not request.if_match.contains_weak(etag_of(value)):
        abort(412)


def _to_json(value: BaseModel) -> str:
    return value.model_dump_json(by_alias=True)


def _parse_query(model: type[BaseModel]) -> BaseModel:
    """Parse the query parameters of the model and ignore others."""
    names = [field.alias or name for name, field in model.model_fields.items()]
    submitted = {name: request.args.getlist(name) for name in names}
    for name, values in submitted.items():
        if len(values) > 1:
            raise InvalidFields({name: [_("Give this only once.")]})
    try:
        return model.model_validate(
            {name: values[0] for name, values in submitted.items() if values}
        )
    except ValidationError as error:
        raise InvalidFields(validation_errors(error)) from None


def check_json_body(data: bytes) -> None:
    """Abort with 415 if the body is not JSON, or with 413 if it has too many values."""
    if request.mimetype != JSON:
        abort(415)
    if len(data) > MAX_STRUCTURE and len(_STRING.sub(b"", data)) > MAX_STRUCTURE:
        abort_with_problem(413, _("The body has too many values."))


def _parse_body(model: type[BaseModel]) -> BaseModel:
    data = request.get_data(cache=False)
    if not data and model is Nothing:
        return model()
    check_json_body(data)
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False)
        if any(each["type"] == "json_invalid" for each in errors):
            abort(400)
        raise InvalidFields(validation_errors(error)) from None


def validation_errors(error: ValidationError) -> dict[str, list[str]]:
    """Return pydantic's error messages by field."""
    found: dict[str, list[str]] = {}
    for each in error.errors(include_url=False, include_input=False)[:MAX_ERRORS]:
        name = ".".join(str(part) for part in each["loc"])[:MAX_FIELD_NAME_LENGTH]
        found.setdefault(name or "body", []).append(each["msg"].removeprefix("Value error, "))
    return found


def _input_errors(error: InvalidInput) -> dict[str, list[str]]:
    """Return the error messages of the evidence rules by field."""
    found: dict[str, list[str]] = {}
    for each in error.errors:
        index = each.impact_index
        name = each.field if index is None else f"impacts.{index}.{each.field}"
        parts = ", ".join(each.keys), str(labels.ERROR_MESSAGES[each.code])
        found.setdefault(name, []).append(": ".join(filter(None, parts)))
    return found
