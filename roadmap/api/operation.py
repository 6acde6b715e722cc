"""Operations of the API: read the request, call the handler, send the answer or the refusal.

The same declaration also describes the operation in OpenAPI (`roadmap.api.openapi`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from flask import Response, abort, request
from flask_babel import gettext as _
from flask_login import current_user
from pydantic import BaseModel, ValidationError

from roadmap.api.field_types import Nothing
from roadmap.core.problems import problem_response
from roadmap.evidence import labels
from roadmap.evidence.rules import FieldError, InvalidInput, Refused, Stale
from roadmap.people.actor import Actor

JSON = "application/json"
SAFE_METHODS = ("GET", "HEAD")
# Limits the length of the response to a body full of errors.
MAX_ERRORS = 50
MAX_FIELD_NAME_LENGTH = 200


@dataclass(frozen=True, slots=True)
class OperationResult:
    """The result of an operation: a value of its model, a file, or nothing."""

    value: BaseModel | None = None
    status: int = 200
    location: str = ""
    file: Response | None = None


Handler = Callable[..., OperationResult]


class InvalidFields(Exception):
    """Fields with invalid values; sentences by field."""

    def __init__(self, errors: Mapping[str, Sequence[str]]) -> None:
        self.errors = errors
        super().__init__(", ".join(errors))


class PreconditionFailed(Exception):
    """The client's ETag is not the current one."""


@dataclass(frozen=True)
class Operation:
    """One method of one path, callable with the parameters of the path.

    `refuses` are statuses beyond those that every operation has; `has_etag` says that the
    response has an ETag; `accepts_if_match` that a change checks one; `files` are the media
    types of responses that are not JSON.
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
    example: Mapping[str, Any] | None = None
    about: Mapping[str, str] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        return (self.handler.__doc__ or "").strip().partition("\n")[0].rstrip(".")

    @property
    def description(self) -> str:
        """Return the handler's docstring without its first line."""
        rest = (self.handler.__doc__ or "").strip().partition("\n")[2]
        return re.sub(r"\s*\n\s*\n\s*", "\n\n", rest.strip()).replace("\n    ", " ").strip()

    def __call__(self, **values: Any) -> Response:
        try:
            if self.query is not None:
                values["query"] = _parse_query(self.query)
            if self.body is not None:
                body = _parse_body(self.body)
                if self.body is not Nothing:
                    values["body"] = body
            answer = self.handler(**values)
        except InvalidFields as error:
            return problem_response(422, errors=error.errors)
        except InvalidInput as error:
            return problem_response(422, errors=errors_by_field(error.faults))
        except PreconditionFailed:
            return problem_response(412)
        except Stale:
            return problem_response(409, str(labels.REFUSAL_MESSAGES["stale"]))
        except Refused as error:
            if error.reason in ("gone", "not_entitled"):
                abort(404)
            return problem_response(409, str(labels.REFUSAL_MESSAGES[error.reason]))
        return self._sent(answer)

    def _sent(self, answer: OperationResult) -> Response:
        if answer.file is not None:
            return answer.file
        if answer.value is None:
            nothing = Response(status=204)
            # A response without content has no type.
            nothing.headers.pop("Content-Type", None)
            return nothing
        response = Response(serialize(answer.value), answer.status, mimetype=JSON)
        if self.has_etag:
            response.set_etag(etag_of(answer.value))
            if request.method in SAFE_METHODS:
                response.make_conditional(_environ_without_if_match())
        if answer.location:
            response.headers["Location"] = answer.location
        return response


def operation(tag: str, **declared: Any) -> Callable[[Handler], Operation]:
    """Turn a function into an operation; its docstring becomes the description."""

    def make(handler: Handler) -> Operation:
        return Operation(handler, tag, **declared)

    return make


def current_actor() -> Actor:
    """Return the person of the token."""
    actor: Actor = current_user._get_current_object()
    return actor


def abort_with_problem(status: int, detail: str) -> NoReturn:
    """Abort the operation with a problem that explains the refusal."""
    abort(problem_response(status, detail))


def etag_of(value: BaseModel) -> str:
    """Return a tag that changes with every byte of the serialized value."""
    return hashlib.blake2b(serialize(value).encode(), digest_size=16).hexdigest()


def serialize(value: BaseModel) -> str:
    """Serialize a value as JSON."""
    return value.model_dump_json(by_alias=True)


def _environ_without_if_match() -> dict[str, Any]:
    """Return the environment without `If-Match`, which does not apply to reading."""
    return {name: value for name, value in request.environ.items() if name != "HTTP_IF_MATCH"}


def check_if_match(value: BaseModel) -> None:
    """Raise PreconditionFailed if the client read another state; call it below the person's lock.

    A tag that compression made weak counts as equal. A header without any tag matches nothing,
    because the client meant to guard the change.
    """
    if "If-Match" in request.headers and not request.if_match.contains_weak(etag_of(value)):
        raise PreconditionFailed


def errors_by_field(faults: Sequence[FieldError]) -> dict[str, list[str]]:
    """Group the errors that the rules of evidence found by field."""
    found: dict[str, list[str]] = {}
    for fault in faults:
        name = fault.field if fault.place is None else f"impacts.{fault.place}.{fault.field}"
        found.setdefault(name, []).append(str(labels.ERROR_MESSAGES[fault.code]))
    return found


def _parse_query(model: type[BaseModel]) -> BaseModel:
    """Parse the query parameters that the model names and ignore others."""
    given: dict[str, str] = {}
    for name in model.model_fields:
        values = request.args.getlist(name)
        if len(values) > 1:
            raise InvalidFields({name: [_("Give this only once.")]})
        if values:
            given[name] = values[0]
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise InvalidFields(_validation_errors(error)) from None


def _parse_body(model: type[BaseModel]) -> BaseModel:
    data = request.get_data(cache=False)
    if not data and model is Nothing:
        return model()
    if request.mimetype != JSON:
        abort(415)
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        if any(each["type"] == "json_invalid" for each in error.errors(include_url=False)):
            abort(400)
        raise InvalidFields(_validation_errors(error)) from None


def _validation_errors(error: ValidationError) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in error.errors(include_url=False, include_input=False)[:MAX_ERRORS]:
        name = ".".join(str(part) for part in each["loc"])[:MAX_FIELD_NAME_LENGTH]
        said = each["msg"].removeprefix("Value error, ")
        found.setdefault(name or "body", []).append(said)
    return found
