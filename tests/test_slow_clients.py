"""Idle, slow or malicious clients do not block others."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from roadmap.core.uploads import SENDER_KEY, UNREAD_KEY
from roadmap.server.gateway import UPLOADS_PER_USER, Gateway, Message, make_environ
from tests.support.guides import code_block_with
from tests.support.nginx import nginx_proxy
from tests.support.server import HOST, Server
from tests.support.server_client import RunningServer, ServerClient, run_server_with_cast

CLIENTS = 500
POST = "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 400000\r\n"
FORM = "Content-Type: application/x-www-form-urlencoded\r\n\r\n"

STATIC = "GET /static/app.css HTTP/1.1\r\nHost: localhost\r\n\r\n"
# What a slow client of each kind sends before it stops.
SENT_BYTES = {
    "silent": "",
    "slow header": POST[:30],
    "no body": POST + FORM,
    "slow body": POST + FORM + "email=" + "a" * 1000,
    "slow reading": STATIC * 20,
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with run_server_with_cast(tmp_path_factory.mktemp("slow")) as running:
        yield running


def assert_server_responds(
    kinds: list[str], server: Server, alice: ServerClient, sent: dict[str, str]
) -> None:
    """Connect slow clients of these kinds, and check that others get responses."""
    with ExitStack() as stack:
        for number in range(CLIENTS):
            connection = stack.enter_context(
                socket.create_connection((HOST, server.port), timeout=10)
            )
            connection.sendall(sent[kinds[number % len(kinds)]].encode())
        for _ in range(4):
            began = time.monotonic()
            assert server.answers("/healthz", timeout=1)
            assert alice.request("GET", "/evidence", timeout=3).status == 200
            assert time.monotonic() - began < 4


each_kind_and_all = pytest.mark.parametrize(
    "kinds", [*([kind] for kind in SENT_BYTES), list(SENT_BYTES)], ids=" and ".join
)


@each_kind_and_all
def test_slow_clients_do_not_block_others(kinds: list[str], served: RunningServer) -> None:
    assert_server_responds(kinds, served.server, served.alice, SENT_BYTES)


@pytest.mark.faults
@each_kind_and_all
def test_slow_clients_behind_nginx_do_not_block_others(
    kinds: list[str], served: RunningServer, tmp_path: Path
) -> None:
    upstream = code_block_with("nodes.md", "upstream")
    with nginx_proxy(tmp_path, upstream, [served.server]) as front:
        alice = ServerClient(front, served.app, served.cast.alice)
        # nginx reads the responses itself, so twenty files per client would only be load.
        assert_server_responds(kinds, front, alice, {**SENT_BYTES, "slow reading": STATIC})


def request_scope(*headers: tuple[bytes, bytes]) -> Message:
    return {
        "method": "POST",
        "path": "/login",
        "query_string": b"",
        "http_version": "1.1",
        "scheme": "http",
        "server": (HOST, 80),
        "client": (HOST, 1),
        "headers": list(headers),
    }


def test_header_with_underscores_cannot_spoof_a_proxy_header() -> None:
    environ = make_environ(
        request_scope(
            (b"x-forwarded-for", b"192.0.2.1"),
            (b"x_forwarded_for", b"198.51.100.7"),
            (b"x_forwarded_host", b"other.example"),
        )
    )
    assert environ["HTTP_X_FORWARDED_FOR"] == "192.0.2.1"
    assert "HTTP_X_FORWARDED_HOST" not in environ


def test_missing_body_is_rejected_after_timeout(app: Flask, tmp_path: Path) -> None:
    async def send_request(path: str) -> list[Message]:
        sent: list[Message] = []

        async def receive() -> Message:
            return await asyncio.Future()

        async def send(message: Message) -> None:
            sent.append(message)

        scope = {**request_scope((b"content-length", b"9")), "path": path}
        gateway = Gateway(app, max_body=10, data_dir=tmp_path, body_timeout=0.05)
        await gateway(scope, receive, send)
        return sent

    for path, text in (
        ("/login", b"<h1>The request took too long</h1>"),
        ("/api/v1/me/evidence", b'"detail": "The body did not arrive in time.'),
    ):
        start, body = asyncio.run(send_request(path))
        assert start["status"] == 408
        assert (b"connection", b"close") in start["headers"]
        assert text in body["body"]


def test_upload_beyond_the_limit_gets_a_page_that_says_when_to_retry(app: Flask) -> None:
    refused = app.test_client().post("/evidence", environ_overrides={UNREAD_KEY: 503})
    assert refused.headers["Retry-After"] == "30"
    assert "<h1>The server is busy</h1>" in refused.text
    assert "Send it again in a minute." in refused.text
    assert "Back button takes you back to the form" in refused.text


def test_concurrent_uploads_are_limited_per_user(tmp_path: Path) -> None:
    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        environ.get(SENDER_KEY, []).append(environ["HTTP_COOKIE"])
        start_response(f"{environ.get(UNREAD_KEY, 200)} Status", [])
        return [b"ok"]

    async def upload(gateway: Gateway, person: bytes, *, arrives: bool = True) -> int:
        sent: list[Message] = []

        async def receive() -> Message:
            return (
                {"type": "http.request", "body": b"x" * 20} if arrives else await asyncio.Future()
            )

        async def send(message: Message) -> None:
            sent.append(message)

        headers = (b"content-length", b"20"), (b"content-type", b"multipart/form-data; boundary=x")
        scope = request_scope(*headers, (b"cookie", person))
        await gateway({**scope, "method": "POST", "path": "/evidence"}, receive, send)
        return int(sent[0]["status"])

    async def send_many() -> tuple[int, int, int]:
        gateway = Gateway(answer, max_body=10, data_dir=tmp_path)
        held = [
            asyncio.ensure_future(upload(gateway, b"alice", arrives=False))
            for _ in range(UPLOADS_PER_USER)
        ]
        while gateway._uploads.total() < UPLOADS_PER_USER:
            await asyncio.sleep(0)
        above_limit, other = await upload(gateway, b"alice"), await upload(gateway, b"bob")
        for each in held:
            each.cancel()
        await asyncio.gather(*held, return_exceptions=True)
        return above_limit, other, await upload(gateway, b"alice")

    assert asyncio.run(send_many()) == (503, 200, 200)
