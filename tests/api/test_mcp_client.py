"""The reference client of the Model Context Protocol against the production server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client

from roadmap.core.database import db
from tests.api.conftest import PIECE, SLUG
from tests.support.api_client import ApiClient
from tests.support.cast import Cast
from tests.support.server import run_server


def test_reference_client_creates_and_finds_draft(tmp_path: Path) -> None:
    """Both by handshake, as current clients do, and by envelope, as the newest do."""
    with run_server(tmp_path) as (server, app):
        with app.app_context():
            cast = Cast.create(db.session)
            db.session.commit()
            api = ApiClient.of(app, cast.alice)
            api.put(f"/me/roadmaps/{SLUG}", {})
            agent = ApiClient.of(app, cast.alice, "draft")
        for mode in ("legacy", "auto"):
            anyio.run(_use_tools, f"{server.url}/mcp", agent.token or "", mode, api)
        anyio.run(_connect_with_wrong_token, f"{server.url}/mcp")


async def _connect(
    url: str, token: str, mode: Any, use: Callable[[Client], Awaitable[None]]
) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        httpx2.AsyncClient(headers=headers) as http,
        Client(streamable_http_client(url, http_client=http), mode=mode) as client,
    ):
        await use(client)


async def _use_tools(url: str, token: str, mode: str, api: ApiClient) -> None:
    async def use(client: Client) -> None:
        version = client.session.protocol_version
        assert version == ("2025-11-25" if mode == "legacy" else "2026-07-28")
        listed = {each.name for each in (await client.list_tools()).tools}
        assert "create_draft" in listed
        found = await client.call_tool("list_milestones", {"stage": "leadership"})
        assert found.structured_content["milestones"]
        draft = {**PIECE, "title": f"By {mode}", "url": f"https://example.org/{mode}"}
        made = await client.call_tool("create_draft", draft)
        key = made.structured_content["id"]
        link = {"evidence_id": key, "url": "https://example.org/pull/7"}
        assert not (await client.call_tool("attach_link", link)).is_error
        changed = await client.call_tool("change_draft", {"evidence_id": key, "role": "Author"})
        read = await client.call_tool("read_evidence", {"evidence_id": key})
        assert read.structured_content == changed.structured_content
        hits = (await client.call_tool("find", {"query": f"By {mode}"})).structured_content
        assert [each["id"] for each in hits["evidence"]] == [key]
        refused = await client.call_tool("change_draft", {"evidence_id": key, "title": ""})
        assert refused.is_error
        assert "title: " in refused.content[0].text
        with pytest.raises(Exception, match="There is no tool"):
            await client.call_tool("submit", {"evidence_id": key})
        assert api.get(f"/me/evidence/{key}").get_json()["drafted_by"] == "draft of a test"

    await _connect(url, token, mode, use)


async def _connect_with_wrong_token(url: str) -> None:
    async def use(_client: Client) -> None:
        raise AssertionError("connected with a wrong token")

    with pytest.raises(ExceptionGroup) as refused:
        await _connect(url, "cairn_wrong", "legacy", use)
    assert "Server returned an error response" in repr(refused.value)
