"""GET and POST /me/evidence/{id}/files, GET and DELETE /me/evidence/{id}/files/{sha256}."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from typing import Any

from werkzeug.test import TestResponse

from tests.api.conftest import ApiClientOf
from tests.support.api_client import ApiClient
from tests.support.cast import Cast

Add = Callable[..., dict[str, Any]]
NOTES = b"p99 fell from 180 to 45 ms"
SHA256 = hashlib.sha256(NOTES).hexdigest()
SHOWN = {"name": "notes.md", "size": len(NOTES), "type": "text/plain", "sha256": SHA256}


def send(
    client: ApiClient, piece: dict[str, Any], *files: tuple[bytes, str], **more: Any
) -> TestResponse:
    data = {"file": [(io.BytesIO(content), name) for content, name in files]}
    return client.post(f"/me/evidence/{piece['id']}/files", data=data, **more)


def test_it_works(add: Add, alice: ApiClient) -> None:
    piece = add()
    path = f"/me/evidence/{piece['id']}"
    answer = send(alice, piece, (NOTES, "notes.md"), (NOTES, "twice.md"))
    assert answer.status_code == 200
    assert answer.get_json()["files"] == [SHOWN]
    assert alice.get(path).headers["ETag"] == answer.headers["ETag"]
    assert alice.get(f"{path}/files").get_json() == {"items": [SHOWN]}
    with alice.get(f"{path}/files/{SHA256}") as file:
        assert file.data == NOTES
        assert file.headers["Content-Disposition"] == "attachment; filename=notes.md"
    # What is changed otherwise keeps the files.
    assert alice.patch(path, {"role": "Author"}).get_json()["files"] == [SHOWN]
    assert alice.delete(f"{path}/files/{SHA256}").status_code == 204
    assert alice.get(f"{path}/files").get_json() == {"items": []}
    assert alice.delete(f"{path}/files/{SHA256}").status_code == 404
    assert alice.get(f"{path}/files/{SHA256}").status_code == 404


def test_a_change_can_be_guarded(add: Add, alice: ApiClient) -> None:
    piece = add()
    old = alice.get(f"/me/evidence/{piece['id']}").headers["ETag"]
    assert send(alice, piece, (NOTES, "a.md"), headers={"If-Match": old}).status_code == 200
    assert send(alice, piece, (b"b", "b.md"), headers={"If-Match": old}).status_code == 412
    path = f"/me/evidence/{piece['id']}/files/{SHA256}"
    assert alice.delete(path, headers={"If-Match": old}).status_code == 412


def test_it_takes_all_files_or_none(add: Add, alice: ApiClient) -> None:
    piece = add()
    answer = send(alice, piece, (NOTES, "notes.md"), (b"MZ\0", "setup.exe"))
    assert answer.status_code == 422
    assert answer.get_json()["errors"]["file"][0].startswith("“setup.exe” is not accepted")
    assert alice.post(f"/me/evidence/{piece['id']}/files", {"file": "x"}).status_code == 415
    assert alice.get(f"/me/evidence/{piece['id']}").get_json()["files"] == []


def test_a_piece_needs_something_to_look_at(add: Add, alice: ApiClient) -> None:
    piece = add()
    assert send(alice, piece, (NOTES, "notes.md")).status_code == 200
    path = f"/me/evidence/{piece['id']}"
    assert alice.patch(path, {"url": None, "description": None}).status_code == 200
    assert alice.delete(f"{path}/files/{SHA256}").status_code == 422


def test_it_hides_what_is_foreign(
    add: Add, alice: ApiClient, cast: Cast, api_client_of: ApiClientOf
) -> None:
    piece = add()
    send(alice, piece, (NOTES, "notes.md"))
    mallory = api_client_of(cast.mallory)
    path = f"/me/evidence/{piece['id']}/files"
    assert mallory.get(path).status_code == 404
    assert mallory.get(f"{path}/{SHA256}").status_code == 404
    assert mallory.delete(f"{path}/{SHA256}").status_code == 404
    assert send(mallory, piece, (NOTES, "mine.md")).status_code == 404
