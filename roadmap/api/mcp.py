"""A stateless Model Context Protocol server: one JSON-RPC message in, one out.

It implements the streamable HTTP transport without streams, which the protocol allows. It supports
both the handshake (`initialize`, up to version 2025-11-25) and the envelope of each request (from
2026-07-28). The message types come from `mcp-types`.
"""

from __future__ import annotations

import json
from typing import Any

from flask import Response, request
from mcp_types import (
    PROTOCOL_VERSION_META_KEY,
    SERVER_INFO_META_KEY,
    CallToolRequestParams,
    CallToolResult,
    DiscoverResult,
    EmptyResult,
    Implementation,
    InitializeResult,
    ListToolsResult,
    Result,
    ServerCapabilities,
    TextContent,
    Tool,
    ToolAnnotations,
    ToolsCapability,
    jsonrpc,
    methods,
)
from mcp_types.jsonrpc import ErrorData, JSONRPCError, JSONRPCRequest, JSONRPCResponse
from mcp_types.version import (
    HANDSHAKE_PROTOCOL_VERSIONS,
    LATEST_HANDSHAKE_VERSION,
    MODERN_PROTOCOL_VERSIONS,
)
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from roadmap.api.mcp_tools import TOOLS, permitted_tools, refuse_tool
from roadmap.api.openapi import strip_redundant_keys
from roadmap.api.operation import (
    JSON,
    abort_with_problem,
    check_json_body,
    current_actor,
    empty_response,
)
from roadmap.core.config import VERSION
from roadmap.core.database import db
from roadmap.core.i18n import _
from roadmap.core.limits import LimitReached
from roadmap.core.problems import explain_status
from roadmap.core.proxy import is_own_origin

# The protocol version of a request that does not name one.
DEFAULT_VERSION = "2025-03-26"
INSTRUCTIONS = """Cairn keeps a person's roadmap towards an engineering role, and the evidence
for its milestones. You may read both and write drafts of evidence; the person reads a draft, edits
or accepts it, and submits it for review. You cannot submit, tick, share, delete or judge.

Look with `find` before you write, so that nothing is recorded twice. Link a draft to the milestones
whose "done when" it meets, and state only what the linked source shows: what was done, by whom, on
which day, with figures before and after where there are any. Leave out what you do not know."""
# HTTP statuses of errors in enveloped requests. Handshake versions answer most errors with 200.
STATUSES = {jsonrpc.METHOD_NOT_FOUND: 404, jsonrpc.INTERNAL_ERROR: 500}


class ProtocolError(Exception):
    """A JSON-RPC error."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.error = ErrorData(code=code, message=message, data=data)


def handle_message() -> Response:
    """Answer the message in the request body on behalf of the owner of the API token."""
    origin = request.headers.get("Origin")
    if origin and not is_own_origin(origin):
        # A page of another site, perhaps through DNS rebinding.
        abort_with_problem(403, _("Requests from pages of other sites are refused."))
    if not request.accept_mimetypes.accept_json:
        abort_with_problem(
            406, _("The response is application/json, which the Accept header excludes.")
        )
    body = request.get_data(cache=False)
    check_json_body(body)
    actor = current_actor()
    if actor.scope == "write":
        # Agents only write drafts, marked as such, even with a token that may do more elsewhere.
        actor.scope = "draft"
    request_id: jsonrpc.RequestId | None = None
    version = ""
    try:
        message = _parse_message(body)
        if message is None:
            return empty_response(202)
        request_id = message.id
        version = _negotiate(message)
        return _respond(
            JSONRPCResponse(jsonrpc="2.0", id=message.id, result=_request_result(message, version))
        )
    except ProtocolError as refusal:
        reply = JSONRPCError(jsonrpc="2.0", id=request_id, error=refusal.error)
        is_read = request_id is not None and version in HANDSHAKE_PROTOCOL_VERSIONS
        return _respond(reply, 200 if is_read else STATUSES.get(refusal.error.code, 400))


def _respond(message: JSONRPCResponse | JSONRPCError, status: int = 200) -> Response:
    values = message.model_dump(mode="json", by_alias=True, exclude_none=True)
    # A request that could not be parsed has no id; the error must then have a null id.
    values.setdefault("id", None)
    return Response(json.dumps(values), status, mimetype=JSON)


def _parse_message(body: bytes) -> JSONRPCRequest | None:
    """Return the request in a body, or None if it needs no answer. Raises ProtocolError."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise ProtocolError(jsonrpc.PARSE_ERROR, "The body is no JSON.") from None
    if isinstance(data, list):
        raise ProtocolError(jsonrpc.INVALID_REQUEST, "Send one message: batches are not served.")
    try:
        if isinstance(data, dict) and "method" in data and "id" in data:
            return JSONRPCRequest.model_validate(data)
        jsonrpc.jsonrpc_message_adapter.validate_python(data)
    except ValidationError:
        text = "The body is no JSON-RPC 2.0 message."
        raise ProtocolError(jsonrpc.INVALID_REQUEST, text) from None
    # A notification, or a response, although this server sends no requests.
    return None


def _negotiate(message: JSONRPCRequest) -> str:
    """Return the protocol version of a request. Raises ProtocolError."""
    params = message.params or {}
    if message.method == "initialize":
        requested = params.get("protocolVersion")
        known = requested in HANDSHAKE_PROTOCOL_VERSIONS
        return str(requested) if known else LATEST_HANDSHAKE_VERSION
    header = request.headers.get("MCP-Protocol-Version")
    meta = params.get("_meta")
    enveloped = meta.get(PROTOCOL_VERSION_META_KEY) if isinstance(meta, dict) else None
    if header in MODERN_PROTOCOL_VERSIONS or enveloped is not None:
        _check_headers(message, enveloped)
    version = header or DEFAULT_VERSION
    known_versions = (*HANDSHAKE_PROTOCOL_VERSIONS, *MODERN_PROTOCOL_VERSIONS)
    if version not in known_versions:
        raise ProtocolError(
            jsonrpc.UNSUPPORTED_PROTOCOL_VERSION,
            "This version of the protocol is not served.",
            {"supported": list(known_versions), "requested": version},
        )
    return version


def _check_headers(message: JSONRPCRequest, version: Any) -> None:
    """Raise ProtocolError if the headers of an enveloped request contradict its body."""
    expected = {"MCP-Protocol-Version": version, "Mcp-Method": message.method}
    if message.method == "tools/call":
        expected["Mcp-Name"] = (message.params or {}).get("name")
    for name, value in expected.items():
        if request.headers.get(name) != value:
            text = f"The header {name} is missing, or says another thing than the body."
            raise ProtocolError(jsonrpc.HEADER_MISMATCH, text)


def _request_result(message: JSONRPCRequest, version: str) -> dict[str, Any]:
    """Return the result of a request, serialized for this version. Raises ProtocolError."""
    handler = HANDLERS.get(message.method)
    if handler is None or (message.method, version) not in methods.CLIENT_REQUESTS:
        raise ProtocolError(jsonrpc.METHOD_NOT_FOUND, "This method is not served.")
    try:
        parsed = methods.parse_client_request(message.method, version, message.params)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in wrong["loc"])[:200]
        raise ProtocolError(jsonrpc.INVALID_PARAMS, f"{place}: {wrong['msg']}") from None
    result: Result = handler(parsed.params, version)
    values = result.model_dump(by_alias=True, mode="json", exclude_none=True)
    if version in MODERN_PROTOCOL_VERSIONS:
        values["_meta"] = {SERVER_INFO_META_KEY: _server_info().model_dump(exclude_none=True)}
    return methods.serialize_server_result(message.method, version, values)


def _server_info() -> Implementation:
    return Implementation(name="cairn", title="Cairn", version=VERSION)


def _initialize(_params: Any, version: str) -> Result:
    return InitializeResult(
        protocol_version=version,
        capabilities=ServerCapabilities(tools=ToolsCapability()),
        server_info=_server_info(),
        instructions=INSTRUCTIONS,
    )


def _discover(_params: Any, _version: str) -> Result:
    return DiscoverResult(
        supported_versions=list(MODERN_PROTOCOL_VERSIONS),
        capabilities=ServerCapabilities(tools=ToolsCapability()),
        instructions=INSTRUCTIONS,
    )


def _ping(_params: Any, _version: str) -> Result:
    return EmptyResult()


def _list_tools(params: Any, _version: str) -> Result:
    if params is not None and params.cursor:
        raise ProtocolError(jsonrpc.INVALID_PARAMS, "There is one page of tools, and no cursor.")
    return ListToolsResult(
        tools=[
            Tool(
                name=each.name,
                title=each.title,
                description=each.description,
                input_schema=strip_redundant_keys(each.arguments.model_json_schema()),
                annotations=ToolAnnotations(
                    title=each.title,
                    read_only_hint=each.only_reads,
                    destructive_hint=False,
                    idempotent_hint=each.is_idempotent,
                    open_world_hint=False,
                ),
            )
            for each in permitted_tools()
        ]
    )


def _call_tool(params: CallToolRequestParams, _version: str) -> Result:
    """Call a tool. A refusal is returned as a result, so that the agent can act on it."""
    requested = TOOLS.get(params.name)
    if requested is None:
        raise ProtocolError(jsonrpc.INVALID_PARAMS, f"There is no tool “{params.name[:100]}”.")
    if refusal := refuse_tool(requested):
        return _tool_error(refusal)
    try:
        found = requested(params.arguments or {})
    except HTTPException as error:
        return _tool_error(_describe_problem(error))
    except LimitReached as limit:
        return _tool_error(str(limit))
    values = found.model_dump(mode="json", by_alias=True)
    text = json.dumps(values, ensure_ascii=False)
    return CallToolResult(content=[TextContent(text=text)], structured_content=values)


def _tool_error(text: str) -> CallToolResult:
    """Roll back what the tool wrote, and return its refusal."""
    db.session.rollback()
    return CallToolResult(content=[TextContent(text=text)], is_error=True)


def _describe_problem(error: HTTPException) -> str:
    """Return the text of a problem response, with a line for each invalid field."""
    found = error.response
    problem: Any = found.get_json(force=True) if isinstance(found, Response) else {}
    errors = problem.get("errors", {})
    lines = [
        _("Some fields need a correction:")
        if errors
        else problem.get("detail") or explain_status(error.code or 500)
    ]
    for name, texts in errors.items():
        lines.append(f"{name}: {' '.join(texts)}")
    return "\n".join(lines)


HANDLERS = {
    "initialize": _initialize,
    "server/discover": _discover,
    "ping": _ping,
    "tools/list": _list_tools,
    "tools/call": _call_tool,
}
