"""POST /mcp: the Model Context Protocol endpoint, one JSON-RPC message per request.

`tests/api/test_mcp_client.py` tests it with a real client.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from roadmap.auth.models import SCOPES
from roadmap.evidence import actions
from roadmap.people.models import AuditEntry
from tests.api.conftest import MILESTONE, PIECE, SLUG
from tests.support.api_client import ApiClient, make_token
from tests.support.browser_client import IsolatedClient
from tests.support.cast import Cast

HANDSHAKE, MODERN = "2025-11-25", "2026-07-28"
READ_TOOLS = {"list_milestones", "find", "read_evidence"}
DRAFT_TOOLS = {"create_draft", "change_draft", "attach_link"}
DRAFT = {**PIECE, "title": "By an agent"}


class Agent:
    """Sends messages with a token."""

    def __init__(self, app: Flask, token: str | None) -> None:
        self.client = IsolatedClient(app, app.response_class, use_cookies=False)
        self.token = token

    def post(self, body: Any, *, method: str = "POST", **headers: str) -> TestResponse:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"Content-Type": "application/json", "Accept": "application/json", **given}
        if self.token is not None:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        data = body if isinstance(body, bytes) else json.dumps(body)
        return self.client.open("/mcp", method=method, data=data, headers=sent)

    def request(self, method: str, params: Any = None, **headers: str) -> dict[str, Any]:
        """Return the response to a request: a result or an error."""
        message = {"jsonrpc": "2.0", "id": 7, "method": method}
        response = self.post(
            message | ({"params": params} if params is not None else {}), **headers
        )
        found: dict[str, Any] = response.get_json()
        assert (found["jsonrpc"], found["id"]) == ("2.0", 7)
        return found

    def call(self, name: str, **arguments: Any) -> dict[str, Any]:
        """Return the result of a tool call."""
        params = {"name": name, "arguments": arguments}
        found = self.request("tools/call", params, MCP_Protocol_Version=HANDSHAKE)
        result: dict[str, Any] = found["result"]
        return result

    def value(self, name: str, **arguments: Any) -> dict[str, Any]:
        """Return the structured content of a successful tool call."""
        result = self.call(name, **arguments)
        assert not result.get("isError"), result
        value: dict[str, Any] = result["structuredContent"]
        assert json.loads(result["content"][0]["text"]) == value
        return value

    def refusal(self, name: str, **arguments: Any) -> str:
        result = self.call(name, **arguments)
        assert result["isError"] is True, result
        return str(result["content"][0]["text"])


AgentOf = Callable[..., Agent]


@pytest.fixture
def agent_of(app: Flask) -> AgentOf:
    return lambda person, scope="draft": Agent(app, make_token(app, person, scope))


@pytest.fixture
def agent(agent_of: AgentOf, cast: Cast, alice: ApiClient) -> Agent:
    """Return the agent of Alice, who is enrolled in the roadmap."""
    alice.put(f"/me/roadmaps/{SLUG}", {})
    return agent_of(cast.alice)


# --- The protocol ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("requested", "agreed"),
    [(HANDSHAKE, HANDSHAKE), ("2025-03-26", "2025-03-26"), ("1999-01-01", HANDSHAKE)],
    ids=["newest", "older", "unknown"],
)
def test_initialize_negotiates_protocol_version(requested: str, agreed: str, agent: Agent) -> None:
    params = {
        "protocolVersion": requested,
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    }
    result = agent.request("initialize", params)["result"]
    assert result["protocolVersion"] == agreed
    assert result["serverInfo"]["name"] == "cairn"
    assert result["capabilities"] == {"tools": {}}
    assert "cannot submit" in result["instructions"]


def with_envelope(version: str = MODERN, **params: Any) -> dict[str, Any]:
    meta = {
        "io.modelcontextprotocol/protocolVersion": version,
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    return {**params, "_meta": meta}


def test_enveloped_request_must_match_its_headers(agent: Agent) -> None:
    headers = {"MCP_Protocol_Version": MODERN, "Mcp_Method": "server/discover"}
    found = agent.request("server/discover", with_envelope(), **headers)["result"]
    assert found["supportedVersions"] == [MODERN]
    headers["Mcp_Method"] = "tools/list"
    listed = agent.request("tools/list", with_envelope(), **headers)["result"]
    assert {each["name"] for each in listed["tools"]} == READ_TOOLS | DRAFT_TOOLS
    # A request whose headers do not match its body is rejected.
    called = {**headers, "Mcp_Method": "tools/call", "Mcp_Name": "find"}
    for wrong in (headers, {**called, "Mcp_Name": "create_draft"}, {**called, "Mcp_Method": "ping"},
                  {**called, "MCP_Protocol_Version": HANDSHAKE}):  # fmt: skip
        params = with_envelope(name="find", arguments={})
        assert agent.request("tools/call", params, **wrong)["error"]["code"] == -32020
    assert "result" in agent.request(
        "tools/call", with_envelope(name="find", arguments={}), **called
    )
    # Methods of earlier versions do not exist.
    gone = {"jsonrpc": "2.0", "id": 7, "method": "ping", "params": with_envelope()}
    response = agent.post(gone, MCP_Protocol_Version=MODERN, Mcp_Method="ping")
    assert (response.status_code, response.get_json()["error"]["code"]) == (404, -32601)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, -32700),
        (b"[" * 9_000, 400, -32700),
        ([{"jsonrpc": "2.0", "id": 1, "method": "ping"}], 400, -32600),
        ("ping", 400, -32600),
        ({"id": 1, "method": "ping"}, 400, -32600),
        ({"jsonrpc": "2.0", "id": {}, "method": "ping"}, 400, -32600),
        ({"jsonrpc": "2.0", "id": 1, "method": "tools/forget"}, 200, -32601),
        ({"jsonrpc": "2.0", "id": 1, "method": "resources/list"}, 200, -32601),
        ({"jsonrpc": "2.0", "id": 1, "method": "tools/call"}, 200, -32602),
        ({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "x"}}, 200, -32602),
    ],
    ids=[
        *("unfinished json", "deep json", "batch", "string", "no version", "id as object"),
        *("unknown method", "unsupported method", "no parameters", "unknown tool"),
    ],
)
def test_invalid_message_returns_json_rpc_error(
    body: Any, status: int, code: int, agent: Agent
) -> None:
    response = agent.post(body)
    assert (response.status_code, response.mimetype) == (status, "application/json")
    found = response.get_json()
    assert found["error"]["code"] == code
    assert found["error"]["message"]
    assert found["id"] == (1 if status == 200 else None)


@pytest.mark.parametrize(
    "message",
    [
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 3}},
        {"jsonrpc": "2.0", "id": 3, "result": {}},
    ],
    ids=["initialized", "cancelled", "response"],
)
def test_notification_or_response_is_accepted_without_body(message: Any, agent: Agent) -> None:
    response = agent.post(message)
    assert (response.status_code, response.data) == (202, b"")


def test_unsupported_protocol_version_is_rejected(agent: Agent) -> None:
    assert agent.request("ping")["result"] == {}
    message = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    response = agent.post(message, MCP_Protocol_Version="1999-01-01")
    error = response.get_json()["error"]
    assert (response.status_code, error["code"]) == (400, -32022)
    assert HANDSHAKE in error["data"]["supported"]


def test_invalid_http_request_is_rejected(agent: Agent, app: Flask) -> None:
    message = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    assert agent.post(message, Origin="http://localhost").status_code == 200
    for status, headers in (
        (403, {"Origin": "https://evil.example"}),
        (403, {"Origin": "null"}),
        (406, {"Accept": "text/html"}),
        (415, {"Content_Type": "text/plain"}),
    ):
        response = agent.post(message, **headers)
        assert (response.status_code, response.mimetype) == (status, "application/problem+json")
    assert agent.post(b'"' + b"x" * 1_000_001 + b'"').status_code == 413
    assert agent.post({"params": [0] * 20_000}).status_code == 413
    for method in ("GET", "DELETE"):
        response = agent.post(b"", method=method)
        assert (response.status_code, response.headers["Allow"]) == (405, "POST")


def test_mcp_requires_a_token(app: Flask, cast: Cast, browser_of) -> None:
    message = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    for token in (None, "cairn_" + "a" * 43):
        response = Agent(app, token).post(message)
        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"].startswith('Bearer realm="cairn"')
    # A session cookie is not enough.
    assert browser_of(cast.alice).client.post("/mcp", json=message).status_code == 401


# --- The tools ------------------------------------------------------------------------------------


def test_list_milestones_filters_by_stage_and_status(agent: Agent) -> None:
    found = agent.value("list_milestones")
    assert found["roadmap"] == SLUG
    by_key = {each["key"]: each for each in found["milestones"]}
    assert by_key[MILESTONE]["status"] == "not_started"
    assert "design_doc" in by_key[MILESTONE]["evidence"]
    assert by_key[MILESTONE]["done_when"]
    some = agent.value("list_milestones", stage="leadership", status="not_started")["milestones"]
    assert 0 < len(some) < len(by_key)
    assert {each["stage"] for each in some} == {"leadership"}
    assert agent.value("list_milestones", status="done")["milestones"] == []


@pytest.mark.parametrize(
    ("tool", "arguments", "message"),
    [
        ("list_milestones", {"stage": "nope"}, "stage: Choose one of: foundations, experience,"),
        ("list_milestones", {"stage": "No stage!"}, "stage: Choose one of: foundations,"),
        ("list_milestones", {"roadmap": "nope"}, f"roadmap: Choose one of: {SLUG}"),
        ("list_milestones", {"status": "nope"}, "status: Choose one of: not_started, in_progress,"),
        ("list_milestones", {"stages": "leadership"}, "stages: "),
        ("find", {"words": "x"}, "words: "),
        ("create_draft", {**DRAFT, "kind": "nope"}, "kind: Choose one of: design_doc,"),
        ("create_draft", {**DRAFT, "visibility": "all"}, "visibility: Choose one of: private,"),
        ("create_draft", {**DRAFT, "milestones": [MILESTONE, "nope"]}, "milestones: nope: One of"),
        ("create_draft", {**DRAFT, "skills": ["mlops", "nope"]}, "skills: nope: One of"),
        (
            "create_draft",
            {**DRAFT, "impacts": [{"type": "nope", "metric": "m"}]},
            "impacts.0.type: Choose one of: scale,",
        ),
        ("read_evidence", {"evidence_id": "nope"}, "evidence_id: "),
    ],
    ids=[
        *("unknown stage", "malformed stage", "roadmap", "status", "misspelt name", "unknown name"),
        *("kind", "visibility", "milestones", "skills", "impact type", "evidence id"),
    ],
)
def test_invalid_argument_is_rejected_by_name(
    tool: str, arguments: dict[str, Any], message: str, agent: Agent
) -> None:
    assert message in agent.refusal(tool, **arguments)


def test_list_milestones_without_enrollment_states_the_reason(
    agent_of: AgentOf, cast: Cast
) -> None:
    assert "not on a roadmap yet" in agent_of(cast.mallory).refusal("list_milestones")


def test_draft_is_created_found_changed_and_linked(
    agent: Agent, alice: ApiClient, cast: Cast, browser_of
) -> None:
    made = agent.value("create_draft", **DRAFT)
    assert (made["review_state"], made["drafted_by"]) == ("draft", "draft of a test")
    found = agent.value("find", query="agent")
    assert [each["id"] for each in found["evidence"]] == [made["id"]]
    assert MILESTONE in {each["key"] for each in agent.value("find", query="design")["milestones"]}
    changed = agent.value("change_draft", evidence_id=made["id"], role="Author", milestones=[])
    assert (changed["role"], changed["milestones"], changed["url"]) == ("Author", [], PIECE["url"])
    link = {"evidence_id": made["id"], "url": "https://example.org/pull/7", "label": "The [fix]"}
    for _twice in range(2):
        linked = agent.value("attach_link", **link)
        assert linked["description"] == "- [The \\[fix\\]](<https://example.org/pull/7>)"
    assert agent.value("read_evidence", evidence_id=made["id"]) == linked
    page = browser_of(cast.alice).get(f"/evidence/{made['id']}").text
    assert 'href="https://example.org/pull/7"' in page
    assert "Accept as it is" in page
    # The first link of a draft becomes its main link.
    bare = agent.value("create_draft", **{**DRAFT, "url": None, "description": "What I did."})
    own = agent.value("attach_link", evidence_id=bare["id"], url="https://example.org/doc")
    assert (own["url"], own["description"]) == ("https://example.org/doc", "What I did.")


def test_tool_results_contain_evidence_id_and_link_warnings(
    agent: Agent,
) -> None:
    made = agent.value("create_draft", **{**DRAFT, "url": "https://ann:pass@example.org/a"})
    assert made["url"] == "https://example.org/a"
    assert made["warnings"] == [
        "The name and password in the link were removed; they are not stored."
    ]
    assert made["evidence_id"] == made["id"]
    [found] = agent.value("find", query="agent")["evidence"]
    assert found["evidence_id"] == made["evidence_id"]
    piece = {"evidence_id": made["evidence_id"]}
    changed = agent.value("change_draft", **piece, url="https://example.org/b?access_token=s3cret")
    [warning] = changed["warnings"]
    assert "what looks like a password or an access token (access_token)" in warning
    assert agent.value("change_draft", **piece, role="Author")["warnings"] == []
    source = {"type": "scale", "metric": "p99", "source_url": "https://ann:pass@example.org/c"}
    assert "removed" in agent.value("change_draft", **piece, impacts=[source])["warnings"][0]
    linked = agent.value("attach_link", **piece, url="https://example.org/d?api_key=s3cret")
    assert "(api_key)" in linked["warnings"][0]
    assert agent.value("read_evidence", **piece)["warnings"] == []


def test_draft_visibility_defaults_to_the_owners_last_choice(
    agent: Agent, alice: ApiClient, cast: Cast, browser_of
) -> None:
    def checked_visibility() -> list[str]:
        page = browser_of(cast.alice).get("/evidence/new").text
        radios = re.findall(r'<input[^>]*name="visibility"[^>]*>', page)
        return [re.findall('value="([a-z]+)"', each)[0] for each in radios if " checked" in each]

    def create_draft(**more: Any) -> str:
        more = {"url": f"https://example.org/{uuid.uuid4()}", **more}
        made = agent.value("create_draft", **{**DRAFT, **more})
        return str(made["visibility"])

    assert create_draft() == "team"
    assert (create_draft(visibility="portfolio"), create_draft(visibility=None)) == (
        "portfolio",
        "team",
    )
    # The documented default of the API stays and does not change that of the pages.
    assert alice.post("/me/evidence", PIECE).get_json()["visibility"] == "portfolio"
    assert checked_visibility() == ["team"]
    form = {"kind": "other", "title": "Mine", "occurred_on": "2026-01", "description": "x"}
    browser_of(cast.alice).post("/evidence", {**form, "visibility": "private"})
    assert (create_draft(), create_draft(visibility="team")) == ("private", "team")
    assert checked_visibility() == ["private"]


def test_duplicate_link_returns_existing_evidence(agent: Agent, alice: ApiClient) -> None:
    link = "https://github.com/acme/ranker/pull/7"
    made = agent.value("create_draft", **{**DRAFT, "url": link})
    again = agent.value("create_draft", **{**DRAFT, "title": "Again", "url": f"{link}?x=1"})
    assert made["already_recorded"] is False
    assert again == {**made, "already_recorded": True}
    assert len(alice.get("/me/evidence").get_json()["items"]) == 1
    # Without a link, a duplicate is not recognized.
    bare = {**DRAFT, "url": None, "description": "What I did."}
    assert len({agent.value("create_draft", **bare)["id"] for _twice in range(2)}) == 2


def test_rejected_tool_call_states_reason_and_stores_nothing(
    agent: Agent, make_evidence, alice: ApiClient, agent_of: AgentOf, cast: Cast, monkeypatch
) -> None:
    before = alice.get("/me/evidence").get_json()
    with monkeypatch.context() as full:
        full.setattr(actions, "MAX_PIECES", 0)
        assert "the maximum" in agent.refusal("create_draft", **DRAFT)
    wrong = agent.refusal("create_draft", **{**DRAFT, "occurred_on": "2999-01-01"})
    assert wrong.startswith(
        "Some fields need a correction:\noccurred_on: This date is in the future."
    )
    assert "milestones: " in agent.refusal("create_draft", **{**DRAFT, "milestones": ["none"]})
    assert "titel: " in agent.refusal("create_draft", **DRAFT, titel="Misspelt")
    assert alice.get("/me/evidence").get_json() == before
    mine = make_evidence()
    for name, more in (("read_evidence", {}), ("change_draft", {"title": "Mine"}),
                       ("attach_link", {"url": "https://example.org"})):  # fmt: skip
        stranger = agent_of(cast.mallory)
        assert "does not exist" in stranger.refusal(name, evidence_id=mine["id"], **more)
        assert "does not exist" in agent.refusal(name, evidence_id=str(uuid.uuid4()), **more)
    bad = agent.refusal("attach_link", evidence_id=mine["id"], url="javascript:alert(1)")
    assert "url: This is not a web address." in bad
    alice.put(f"/me/evidence/{mine['id']}/submission")
    assert "only change drafts" in agent.refusal(
        "change_draft", evidence_id=mine["id"], title="New"
    )
    assert "only change drafts" in agent.refusal(
        "attach_link", evidence_id=mine["id"], url="https://a.b"
    )


@pytest.mark.parametrize("scope", SCOPES)
def test_tools_by_token_scope(
    scope: str, agent_of: AgentOf, cast: Cast, alice: ApiClient, session: Session, app: Flask
) -> None:
    """Even a write token can only write drafts here."""
    alice.put(f"/me/roadmaps/{SLUG}", {})
    agent = agent_of(cast.alice, scope)
    listed = {each["name"]: each for each in agent.request("tools/list")["result"]["tools"]}
    assert listed.keys() == (READ_TOOLS if scope == "read" else READ_TOOLS | DRAFT_TOOLS)
    for name, each in listed.items():
        assert each["description"], name
        assert each["inputSchema"]["type"] == "object", name
        assert each["annotations"]["readOnlyHint"] is (name in READ_TOOLS), name
    if scope == "read":
        assert "can only read" in agent.refusal("create_draft", **DRAFT)
        with app.app_context():
            (line,) = session.query(AuditEntry).filter_by(action="access.refused")
            assert line.target == "POST /mcp create_draft"
        assert agent.value("find")["evidence"] == []
    else:
        made = agent.value("create_draft", **DRAFT)
        assert made["drafted_by"] == f"{scope} of a test"


def test_statement_count_does_not_grow_with_evidence(
    agent: Agent, make_evidence, statements
) -> None:
    def count_statements() -> int:
        with statements() as seen:
            agent.value("find", query="feature")
        return len(seen)

    make_evidence()
    count_statements()
    before = count_statements()
    for number in range(3):
        make_evidence(title=f"Feature {number}")
    assert count_statements() == before
