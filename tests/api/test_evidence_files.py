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
FILE = {"name": "notes.md", "size": len(NOTES), "type": "text/plain", "sha256": SHA256}


def upload(
    client: ApiClient, piece: dict[str, Any], *files: tuple[bytes, str], **more: Any
) -> TestResponse:
    data = {"file": [(io.BytesIO(content), name) for content, name in files]}
    return client.post(f"/me/evidence/{piece['id']}/files", data=data, **more)


def test_file_is_uploaded_listed_downloaded_and_deleted(
    make_evidence: Add, alice: ApiClient
) -> None:
    piece = make_evidence()
    path = f"/me/evidence/{piece['id']}"
    response = upload(alice, piece, (NOTES, "notes.md"), (NOTES, "twice.md"))
    assert response.status_code == 200
    assert response.get_json()["files"] == [FILE]
    assert alice.get(path).headers["ETag"] == response.headers["ETag"]
    assert alice.get(f"{path}/files").get_json() == {"items": [FILE]}
    with alice.get(f"{path}/files/{SHA256}") as file:
        assert file.data == NOTES
        assert file.headers["Content-Disposition"] == "attachment; filename=notes.md"
    # Other changes keep the files.
    assert alice.patch(path, {"role": "Author"}).get_json()["files"] == [FILE]
    assert alice.delete(f"{path}/files/{SHA256}").status_code == 204
    assert alice.get(f"{path}/files").get_json() == {"items": []}
    assert alice.delete(f"{path}/files/{SHA256}").status_code == 404
    assert alice.get(f"{path}/files/{SHA256}").status_code == 404


def test_stale_if_match_is_rejected(make_evidence: Add, alice: ApiClient) -> None:
    piece = make_evidence()
    old = alice.get(f"/me/evidence/{piece['id']}").headers["ETag"]
    assert upload(alice, piece, (NOTES, "a.md"), headers={"If-Match": old}).status_code == 200
    assert upload(alice, piece, (b"b", "b.md"), headers={"If-Match": old}).status_code == 412
    path = f"/me/evidence/{piece['id']}/files/{SHA256}"
    assert alice.delete(path, headers={"If-Match": old}).status_code == 412


def test_upload_with_unaccepted_file_stores_none(make_evidence: Add, alice: ApiClient) -> None:
    piece = make_evidence()
    response = upload(alice, piece, (NOTES, "notes.md"), (b"MZ\0", "setup.exe"))
    assert response.status_code == 422
    assert response.get_json()["errors"]["file"][0].startswith("“setup.exe” is not accepted")
    assert alice.post(f"/me/evidence/{piece['id']}/files", {"file": "x"}).status_code == 415
    assert alice.get(f"/me/evidence/{piece['id']}").get_json()["files"] == []


def test_only_content_of_evidence_cannot_be_deleted(make_evidence: Add, alice: ApiClient) -> None:
    piece = make_evidence()
    assert upload(alice, piece, (NOTES, "notes.md")).status_code == 200
    path = f"/me/evidence/{piece['id']}"
    assert alice.patch(path, {"url": None, "description": None}).status_code == 200
    assert alice.delete(f"{path}/files/{SHA256}").status_code == 422


def test_files_of_other_people_are_not_found(
    make_evidence: Add, alice: ApiClient, cast: Cast, api_client_of: ApiClientOf
) -> None:
    piece = make_evidence()
    upload(alice, piece, (NOTES, "notes.md"))
    mallory = api_client_of(cast.mallory)
    path = f"/me/evidence/{piece['id']}/files"
    assert mallory.get(path).status_code == 404
    assert mallory.get(f"{path}/{SHA256}").status_code == 404
    assert mallory.delete(f"{path}/{SHA256}").status_code == 404
    assert upload(mallory, piece, (NOTES, "mine.md")).status_code == 404
