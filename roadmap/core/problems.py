"""Errors of the REST API and `/mcp` as `application/problem+json` (RFC 9457)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus

from flask import Response, request

from roadmap.core.i18n import _

API_PREFIX = "/api/"
# The MCP endpoint for agents, which authenticate with tokens like API clients.
MCP_PATH = "/mcp"
MEDIA_TYPE = "application/problem+json"


def is_api_path(path: str) -> bool:
    """Return whether a path belongs to the API or the MCP endpoint."""
    return path.startswith(API_PREFIX) or path in ("/api", MCP_PATH)


def is_api() -> bool:
    """Return whether this request is for the API, even if no view matches."""
    return is_api_path(request.path)


def problem_response(
    status: int, detail: str = "", errors: Mapping[str, Sequence[str]] | None = None
) -> Response:
    """Return the response for an API error.

    `errors` maps fields such as `impacts.0.metric` to messages.
    """
    title, detail = HTTPStatus(status).phrase, detail or explain_status(status)
    values = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    if errors:
        values["errors"] = {field: list(texts) for field, texts in errors.items()}
    return Response(json.dumps(values, ensure_ascii=False), status, mimetype=MEDIA_TYPE)


def explain_status(status: int) -> str:
    """Return the default detail text for a status."""
    texts = {
        400: _("The request could not be read: it is not JSON, or its address contains a NUL."),
        401: _(
            "Send a personal token, from the page of your account: `Authorization: Bearer cairn_…`."
        ),
        403: _("This token, or the person it belongs to, is not allowed to do that."),
        404: _("It does not exist, or it is not shared with you."),
        405: _("The address exists, but not with this method; see the Allow header."),
        408: _("The body did not arrive in time. Nothing was saved."),
        409: _("This is not possible in the current state."),
        411: _("Send the length of the body: Content-Length."),
        412: _("It was changed in the meantime. Read it again, and send the newer ETag."),
        413: _("The body is larger than one megabyte; with files it may have 26."),
        415: _("Send the body as application/json."),
        422: _("Some fields need a correction; `errors` says which and why."),
        429: _("Too many requests. Wait as long as Retry-After says."),
        503: _("The database does not answer. Nothing is lost; try again in a minute."),
        507: _("The server has no space left. The change was not saved."),
    }
    return texts.get(status, _("Something went wrong on our side; see the server log."))
