"""Files of evidence: uploaded with or before the form, part of a version, downloaded only."""

from __future__ import annotations

import hashlib
import io
import re
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from roadmap.core.file_store import FOLDER, file_store
from roadmap.core.uploads import MAX_UPLOAD_BYTES
from roadmap.evidence import file_actions, labels
from roadmap.evidence.models import Evidence, EvidenceFile, UploadedFile
from roadmap.people.models import User
from tests.evidence.builders import add_evidence, review_evidence, submit_evidence
from tests.evidence.form_data import form_fields
from tests.support.concurrency import run_concurrently

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
NOTES = b"p99 fell from 180 to 45 ms"


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def file_form(*files: tuple[bytes, str], **fields: Any) -> dict[str, Any]:
    """Return the fields of a complete form with these files."""
    return {
        **form_fields(**fields),
        "new_files": [(io.BytesIO(each), name) for each, name in files],
    }


def add_file(browser: Any, piece: Evidence, content: bytes, name: str, *keep: bytes) -> None:
    """Save the edit form of evidence with an additional file, keeping the given contents."""
    more = {
        "revision": str(piece.revision),
        "files": [digest(each) for each in keep],
        "milestones": piece.milestone_keys,
    }
    answer = browser.put(f"/evidence/{piece.id}", file_form((content, name), **more))
    assert answer.status_code == 303, answer.text


def send_large(browser: Any, path: str, content: bytes) -> Any:
    """Send the form with a large file, encoded here because the test client leaves files open."""
    fields = {**form_fields(), "new_files": FileStorage(io.BytesIO(content), "large.txt")}
    boundary, body = encode_multipart(fields)
    kind = f"multipart/form-data; boundary={boundary}"
    headers = {"X-CSRFToken": browser.csrf(), "Content-Type": kind}
    return browser.client.post(path, data=body, headers=headers)


def get_status(browser: Any, path: str) -> int:
    """Return the status of a download, and close its file."""
    with browser.get(path) as answer:
        return int(answer.status_code)


def stored_digests(app: Any) -> set[str]:
    return {path.name for path in Path(app.config["DATA_DIR"], FOLDER).glob("??/*")}


def test_uploaded_file_is_downloaded_as_attachment(session, cast, browser_of):
    alice = browser_of(cast.alice)
    answer = alice.post("/evidence", file_form((NOTES, "../größe.html"), url="", description=""))
    assert answer.status_code == 303
    page = alice.get(answer.location).text
    assert "größe.html" in page
    assert digest(NOTES) in page
    [path] = re.findall(r'href="(/evidence/[^"]+/files/[^"]+)"', page)
    with alice.get(path) as download:
        assert download.data == NOTES
    assert download.mimetype == "text/plain"
    headers = download.headers
    assert (
        headers["Content-Disposition"]
        == "attachment; filename=groe.html; filename*=UTF-8''gr%C3%B6%C3%9Fe.html"
    )
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert headers["Content-Length"] == str(len(NOTES))
    assert "Accept-Ranges" not in headers
    assert alice.get(path, headers={"If-None-Match": headers["ETag"]}).status_code == 304


def test_rejected_form_keeps_uploaded_files(session, cast, browser_of):
    alice = browser_of(cast.alice)
    answer = alice.post(
        "/evidence", file_form((NOTES, "notes.md"), (b"", "empty.md"), title="Kept")
    )
    assert answer.status_code == 422
    assert "“empty.md” is empty." in answer.text
    assert f'name="files" value="{digest(NOTES)}" checked' in answer.text
    again = alice.post("/evidence", form_fields(title="Kept", files=digest(NOTES)))
    assert again.status_code == 303
    assert "notes.md" in alice.get(again.location).text


def test_two_files_with_the_same_content_are_kept_once_with_a_message(session, cast, browser_of):
    alice = browser_of(cast.alice)
    files = (NOTES, "notes.md"), (NOTES, "copy.md")
    for path in ("/evidence", "/evidence/files"):
        answer = alice.post(path, file_form(*files))
        page = alice.get(answer.location).text if answer.location else answer.text
        assert "“notes.md” has the same content as “copy.md”, so it is kept once." in page
    piece = session.scalars(sa.select(Evidence)).one()
    add_file(alice, piece, NOTES, "third.md", NOTES)
    page = alice.get(f"/evidence/{piece.id}").text
    assert "“third.md” has the same content as “copy.md”" in page
    assert page.count("has the same content as") == 1


def test_htmx_upload_stores_valid_files(session, cast, browser_of):
    alice = browser_of(cast.alice)
    files = {"new_files": [(io.BytesIO(PNG), "a.png"), (io.BytesIO(PNG), "b.pdf")]}
    answer = alice.post("/evidence/files", files, fragment=True)
    assert answer.status_code == 200
    assert digest(PNG) in answer.text
    assert "“b.pdf” is not accepted" in answer.text
    assert alice.post("/evidence/files", {}, fragment=True).status_code == 422
    assert session.scalar(sa.select(UploadedFile.name)) == "a.png"


def test_file_of_another_user_cannot_be_attached(session, cast, now, browser_of):
    """A form that names the digest of the file is rejected."""
    piece = add_evidence(session, cast, cast.alice, now)
    add_file(browser_of(cast.alice), piece, NOTES, "notes.md")
    answer = browser_of(cast.mallory).post("/evidence", form_fields(files=digest(NOTES)))
    assert answer.status_code == 422
    assert "A file is no longer there." in answer.text


def test_file_is_visible_only_to_readers_of_its_version(session, cast, now, browser_of):
    alice, bob = browser_of(cast.alice), browser_of(cast.bob)
    piece = add_evidence(session, cast, cast.alice, now)
    path = f"/evidence/{piece.id}/files/{digest(NOTES)}"
    add_file(alice, piece, NOTES, "notes.md")
    assert get_status(alice, path) == 200
    # Only the author sees a draft.
    assert get_status(bob, path) == 404
    session.refresh(piece)
    submit_evidence(session, cast, piece, now)
    assert get_status(bob, path) == 200
    assert "notes.md" in bob.get(f"/reviews/{piece.id}").text
    for person in (cast.carol, cast.dave, cast.mallory, cast.erin):
        assert get_status(browser_of(person), path) == 404
    assert get_status(browser_of(), path) == 303
    assert alice.get(f"/evidence/{piece.id}/files/{digest(PNG)}").status_code == 404


def test_added_file_creates_version_and_old_version_keeps_files(session, cast, now, browser_of):
    alice, bob = browser_of(cast.alice), browser_of(cast.bob)
    piece = add_evidence(session, cast, cast.alice, now)
    add_file(alice, piece, NOTES, "notes.md")
    session.refresh(piece)
    submit_evidence(session, cast, piece, now)
    review_evidence(session, cast, piece, now)
    add_file(alice, piece, PNG, "figure.png")
    session.expire_all()
    assert (piece.state, piece.current.number) == ("submitted", 2)
    assert [file.name for file in piece.current.files] == ["figure.png"]
    page = bob.get(f"/reviews/{piece.id}").text
    comparison = page[page.index("comparison") : page.index("</table>")]
    assert "notes.md" in comparison
    assert "figure.png" in comparison
    for content in (NOTES, PNG):
        with bob.get(f"/evidence/{piece.id}/files/{digest(content)}") as download:
            assert download.data == content


def test_saving_same_files_creates_no_revision(session, cast, now, browser_of):
    alice = browser_of(cast.alice)
    piece = add_evidence(session, cast, cast.alice, now)
    add_file(alice, piece, NOTES, "notes.md")
    session.refresh(piece)
    revision = piece.revision
    # The same content under another name is not added again.
    add_file(alice, piece, NOTES, "again.md", NOTES)
    session.refresh(piece)
    assert piece.revision == revision
    assert [file.name for file in piece.current.files] == ["notes.md"]


def test_eleventh_file_is_rejected(session, cast, now, browser_of):
    files = [(f"note {number}".encode(), f"{number}.txt") for number in range(11)]
    answer = browser_of(cast.alice).post("/evidence", file_form(*files))
    assert answer.status_code == 422
    assert "At most 10 files." in answer.text
    assert session.scalar(sa.select(sa.func.count()).select_from(UploadedFile)) == 10


def test_form_with_too_many_files_is_rejected(session, cast, browser_of):
    files = [(b"", f"{number}.txt") for number in range(601)]
    answer = browser_of(cast.alice).post("/evidence", file_form(*files))
    assert answer.status_code == 413
    assert "has more than 600 fields" in answer.text


def test_concurrent_uploads_of_same_content_are_stored_once(app, session, cast, now):
    """Several dropped files are uploaded in separate requests."""
    session.rollback()

    def upload(_session, name):
        for number in range(5):
            content = io.BytesIO(b"the same %d" % number)
            file_actions.store_upload(cast.alice, name, content, quota=1_000_000, now=now)

    run_concurrently(app, upload, [f"{number}.txt" for number in range(4)])
    assert session.scalar(sa.select(sa.func.count()).select_from(UploadedFile)) == 5


def test_small_files_count_as_full_blocks_toward_quota(app, session, cast, browser_of, monkeypatch):
    monkeypatch.setitem(app.config, "FILE_QUOTA_MB", 1)
    monkeypatch.setattr(file_actions, "BLOCK_BYTES", 400_000)
    answer = browser_of(cast.alice).post(
        "/evidence", file_form((b"a", "a.md"), (b"b", "b.md"), (b"c", "c.md"))
    )
    assert "There is no room for “c.md”" in answer.text


def test_upload_over_user_quota_is_rejected(app, session, cast, browser_of, monkeypatch):
    monkeypatch.setitem(app.config, "FILE_QUOTA_MB", 1)
    alice = browser_of(cast.alice)
    assert send_large(alice, "/evidence", b"a" * 700_000).status_code == 303
    answer = send_large(alice, "/evidence", b"b" * 700_000)
    assert answer.status_code == 422
    assert (
        "There is no room for “large.txt”: your files can take up 1 MB, and 0.3 MB are left."
        in answer.text
    )


def test_only_upload_routes_accept_large_bodies(cast, browser_of):
    alice = browser_of(cast.alice)
    two = b"x" * 2_000_000
    assert send_large(alice, "/evidence", two).status_code == 303
    assert send_large(alice, f"/evidence/{cast.alice}/comments", two).status_code == 413
    for path in ("/evidence", f"/evidence/{cast.alice}"):
        answer = send_large(alice, path, b"x" * MAX_UPLOAD_BYTES)
        assert answer.status_code == 413
        assert "Too much at once" in answer.text
        assert "can total at most 25 MB" in answer.text
        assert "Back button takes you back to the form" in answer.text


@pytest.mark.parametrize(
    ("size", "text"), [(1, "1 byte"), (4, "4 bytes"), (999, "999 bytes"), (1_000, "1 kB")]
)
def test_file_size_is_formatted(app, size, text):
    with app.test_request_context():
        assert labels.file_size(size) == text


@pytest.mark.parametrize(
    "left", [None, b"other", NOTES[:-1]], ids=["missing", "other content", "truncated"]
)
def test_missing_or_damaged_file_is_reported_and_can_be_replaced(
    app, session, cast, now, browser_of, left, caplog
):
    alice, piece = browser_of(cast.alice), add_evidence(session, cast, cast.alice, now)
    add_file(alice, piece, NOTES, "notes.md")
    path = Path(app.config["DATA_DIR"], FOLDER, digest(NOTES)[:2], digest(NOTES))
    path.unlink() if left is None else path.write_bytes(left)
    answer = alice.get(f"/evidence/{piece.id}/files/{digest(NOTES)}")
    assert answer.status_code == 404
    assert "The content of “notes.md” is missing or damaged on this server." in answer.text
    assert digest(NOTES) in caplog.text
    assert alice.get(f"/evidence/{piece.id}").status_code == 200
    # Another upload of the same content replaces the file.
    assert alice.post("/evidence", file_form((NOTES, "notes.md"))).status_code == 303
    assert get_status(alice, f"/evidence/{piece.id}/files/{digest(NOTES)}") == 200


def test_file_is_deleted_after_its_last_reference(app, session, cast, now, browser_of):
    alice, carol = browser_of(cast.alice), browser_of(cast.carol)
    piece = add_evidence(session, cast, cast.alice, now)
    add_file(alice, piece, NOTES, "notes.md")
    add_file(
        alice, session.get_one(Evidence, piece.id, populate_existing=True), PNG, "a.png", NOTES
    )
    assert carol.post("/evidence", file_form((PNG, "b.png"))).status_code == 303
    assert alice.delete(f"/evidence/{piece.id}").status_code == 303
    # Uploads also keep a file, for a day.
    session.execute(sa.delete(UploadedFile))
    session.commit()
    file_store().delete_unused(file_actions.find_referenced, grace=-1)
    assert {digest(NOTES), digest(PNG)} & stored_digests(app) == {digest(PNG)}
    # Deleting the other user deletes the last reference.
    session.execute(sa.delete(User).where(User.id == cast.carol))
    session.commit()
    assert session.scalar(sa.select(sa.func.count()).select_from(EvidenceFile)) == 0
    file_store().delete_unused(file_actions.find_referenced, grace=-1)
    assert digest(PNG) not in stored_digests(app)


def test_upload_without_saved_evidence_is_pruned(session, cast, now, browser_of):
    alice = browser_of(cast.alice)
    alice.post("/evidence/files", {"new_files": (io.BytesIO(NOTES), "a.md")}, fragment=True)
    assert file_actions.prune_uploads(session, now=now) == 0
    row = session.scalars(sa.select(UploadedFile)).one()
    row.uploaded_at -= file_actions.dt.timedelta(days=2)
    session.flush()
    assert file_actions.prune_uploads(session, now=now) == 1
    session.commit()
    file_store().delete_unused(file_actions.find_referenced, grace=-1)
    # A form that still refers to the file is rejected, with its other input.
    answer = alice.post("/evidence", form_fields(title="Still here", files=digest(NOTES)))
    assert answer.status_code == 422
    assert "A file is no longer there." in answer.text
    assert "Still here" in answer.text
