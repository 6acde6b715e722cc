"""A local stand-in for GitHub, GitLab and ORCID, with configurable responses."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit


@dataclass
class Reply:
    """A response sent once instead of the list."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    # Bytes of the body to send, fewer than Content-Length says; None sends all.
    bytes_sent: int | None = None
    hangs: bool = False


@dataclass
class CodeHost:
    """The content the host lists, and a log of the requests it received."""

    url: str = ""
    per_page: int = 100
    merged: list[dict[str, Any]] = field(default_factory=list)
    reviewed: list[dict[str, Any]] = field(default_factory=list)
    # ORCID work groups by ORCID iD.
    works: dict[str, list[Any]] = field(default_factory=dict)
    # Responses that replace the next regular ones.
    queued: list[Reply] = field(default_factory=list)
    requests: list[tuple[str, dict[str, str], dict[str, str]]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    def answer(self, path: str, query: dict[str, str], own_url: str) -> Reply:
        if path.startswith("/v3.0/"):
            groups = self.works.get(path.split("/")[2])
            return (
                Reply(404) if groups is None else Reply(body=json.dumps({"group": groups}).encode())
            )
        is_github = path == "/search/issues"
        reviews = "reviewed-by:" in query.get("q", "") or "reviewer_username" in query
        items = self.reviewed if reviews else self.merged
        page = int(query.get("page", "1"))
        shown = items[(page - 1) * self.per_page : page * self.per_page]
        headers = {} if is_github else {"X-Total": str(len(items))}
        if page * self.per_page < len(items):
            following = f"{own_url}{path}?{urlencode({**query, 'page': page + 1})}"
            headers["Link"] = f'<{following}>; rel="next", <{own_url}{path}?page=9>; rel="last"'
        body: Any = shown
        if is_github:
            body = {"total_count": len(items), "incomplete_results": False, "items": shown}
        return Reply(200, headers, json.dumps(body).encode())


def pull_request(
    number: int, at: str, title: str = "", place: str = "acme/ranker"
) -> dict[str, Any]:
    """Return an item of GitHub's issue search, with the fields Cairn reads and a few others."""
    return {
        "url": f"https://api.github.com/repos/{place}/issues/{number}",
        "repository_url": f"https://api.github.com/repos/{place}",
        "html_url": f"https://github.com/{place}/pull/{number}",
        "id": 10_000 + number,
        "number": number,
        "title": title or f"Change {number}",
        "user": {"login": "octo-alice", "id": 1},
        "state": "closed",
        "closed_at": at,
        "pull_request": {
            "html_url": f"https://github.com/{place}/pull/{number}",
            "merged_at": at,
        },
        "body": None,
        "score": 1.0,
    }


def merge_request(
    number: int, at: str, title: str = "", place: str = "acme/ml/ranker"
) -> dict[str, Any]:
    """Return an item of GitLab's merge request list."""
    return {
        "id": 20_000 + number,
        "iid": number,
        "title": title or f"Change {number}",
        "state": "merged",
        "merged_at": at,
        "updated_at": at,
        "web_url": f"https://gitlab.com/{place}/-/merge_requests/{number}",
        "references": {"full": f"{place}!{number}"},
        "author": {"username": "alice"},
    }


@contextlib.contextmanager
def code_host() -> Iterator[CodeHost]:
    """Serve a host whose content can be changed while it runs."""
    host = CodeHost()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            host.requests.append((parts.path, query, dict(self.headers.items())))
            response = (
                host.queued.pop(0) if host.queued else host.answer(parts.path, query, host.url)
            )
            if response.hangs:
                host.released.wait(30)
                return
            self.send_response(response.status)
            for name, value in response.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(response.body)))
            self.end_headers()
            self.wfile.write(response.body[: response.bytes_sent])

        def log_message(self, *_args: object) -> None:
            """Suppress request logging."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    host.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield host
    finally:
        host.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
