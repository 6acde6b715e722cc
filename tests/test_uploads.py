"""Uploads to the running server go to disk, not memory, and only signed-in people can upload."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import io
import json
import os
import resource
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from roadmap.core.file_store import FOLDER
from tests.evidence.form_data import form_fields
from tests.support.server import HOST, Server
from tests.support.server_client import Response, RunningServer, run_server_with_cast

MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with run_server_with_cast(tmp_path_factory.mktemp("uploads")) as running:
        yield running


def upload(
    server: Server, headers: dict[str, str], content: bytes, path: str = "/evidence"
) -> Response:
    """Submit the evidence form with a file."""
    fields = {**form_fields(), "new_files": FileStorage(io.BytesIO(content), "large.txt")}
    boundary, body = encode_multipart(fields)
    connection = http.client.HTTPConnection(HOST, server.port, timeout=60)
    try:
        sent = {**headers, "Content-Type": f"multipart/form-data; boundary={boundary}"}
        # A server may reject a body without reading it.
        with contextlib.suppress(BrokenPipeError):
            connection.request("POST", path, body, sent)
        response = connection.getresponse()
        location = response.headers["Location"] or ""
        return Response(response.status, response.read().decode(), location)
    finally:
        connection.close()


def download(served: RunningServer, path: str) -> str:
    """Read a file in chunks and return its digest."""
    connection = http.client.HTTPConnection(HOST, served.server.port, timeout=60)
    try:
        connection.request("GET", path, headers=served.alice.headers())
        return hashlib.file_digest(connection.getresponse(), "sha256").hexdigest()  # type: ignore[arg-type]
    finally:
        connection.close()


def resident_memory(server: Server) -> int:
    """Return the resident_memory memory of the workers in bytes."""
    total = 0
    for pid in server.workers():
        lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
        total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))
    return total


def test_large_files_are_not_kept_in_memory(served: RunningServer) -> None:
    contents = [os.urandom(1).hex().encode() + b"x" * (20 * MEGABYTE + n) for n in range(8)]
    upload(served.server, served.alice.headers(), b"first")
    before = resident_memory(served.server)
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda each: upload(served.server, served.alice.headers(), each), contents)
        )
        assert {answer.status for answer in answers} == {303}
        names = [hashlib.sha256(each).hexdigest() for each in contents]
        paths = [
            f"{answer.location}/files/{name}" for answer, name in zip(answers, names, strict=True)
        ]
        assert list(pool.map(lambda path: download(served, path), paths)) == names
    # 160 MB were transferred.
    assert resident_memory(served.server) - before < 60 * MEGABYTE


def test_anonymous_upload_is_rejected(served: RunningServer) -> None:
    def refused(path: str, **headers: str) -> str:
        answer = upload(served.server, headers, b"x" * 2 * MEGABYTE, path)
        assert answer.status == 401
        return answer.text

    referrer = f"http://{HOST}:{served.server.port}/evidence/new"
    page = refused("/evidence", Referer=referrer)
    assert "<h1>You are not signed in</h1>" in page
    assert 'class="button" href="/login?next=/evidence/new"' in page
    assert "Back button takes you back to the form" in page
    fragment = refused("/evidence", **{"HX-Request": "true"})
    assert fragment.startswith('<p class="flash error"')
    problem = json.loads(refused(f"/api/v1/me/evidence/{uuid.uuid4()}/files"))
    assert problem["detail"] == "This address needs a personal token."


@pytest.mark.sqlite
def test_full_disk_answers_507_and_leaves_no_partial_files(served: RunningServer) -> None:
    folder = Path(served.app.config["DATA_DIR"], FOLDER)
    before = sorted(folder.rglob("*"))
    served.server.wait_for_workers()
    served.server.limit_file_size(1024)
    try:
        for size in (200_000, 2 * MEGABYTE):
            answer = upload(served.server, served.alice.headers(), b"y" * size)
            assert answer.status == 507, answer.text[:300]
            assert "<h1>The server has no space left</h1>" in answer.text
    finally:
        served.server.limit_file_size(resource.RLIM_INFINITY)
    assert sorted(folder.rglob("*")) == before
    answer = upload(served.server, served.alice.headers(), b"y" * 2 * MEGABYTE)
    assert answer.status == 303
