"""/account/archive: export and import all of a person's data."""

from __future__ import annotations

import datetime as dt
import io
from html import unescape

import pytest
import sqlalchemy as sa

from roadmap.archive.models import ArchiveImport
from roadmap.auth.models import LoginSession
from roadmap.core.database import db
from roadmap.evidence.models import Evidence, UploadedFile
from roadmap.people.models import AuditEntry, HistoryEntry
from roadmap.readiness.models import ReadinessSummary
from tests.archive.packing import export, import_archive, minimal, pack, unpack
from tests.evidence.builders import add_evidence, review_evidence, submit_evidence

PAGE, IMPORTS = "/account/archive", "/account/archive/imports"


@pytest.fixture
def contents(cast, session, now):
    """Return an archive of Alice with one evidence that Bob has verified."""
    evidence = add_evidence(session, cast, cast.alice, now, title="The feature store")
    submit_evidence(session, cast, evidence, now)
    review_evidence(session, cast, evidence, now)
    return export(session, cast.alice, now)


def upload(browser, packed: io.BytesIO):
    packed.seek(0)
    return browser.post(IMPORTS, {"file": (packed, "alice.zip")})


def test_archive_download_is_complete_and_audited(cast, browser_of, session, contents):
    alice = browser_of(cast.alice)
    assert 'href="/account/archive/file"' in alice.get(PAGE).text
    answer = alice.get(f"{PAGE}/file")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/zip"
    assert "cairn-archive-" in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    found = unpack(answer.data)
    assert found["records/evidence.json"][0]["title"] == "The feature store"
    assert found["manifest.json"]["person"] == "Alice"
    session.rollback()
    last = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
    assert (last.action, last.actor_id) == ("archive.exported", cast.alice)


def test_form_says_how_large_an_archive_may_be(cast, browser_of):
    page = browser_of(cast.mallory).get(PAGE).text
    assert "up to 25 MB; the operator of this server can import a larger one" in page


def test_archive_is_sent_without_an_open_transaction(app, cast, browser_of, contents):
    client = browser_of(cast.alice)
    with app.app_context():
        held = db.engine.pool.checkedout()
        answer = client.get(f"{PAGE}/file")
        assert db.engine.pool.checkedout() == held
    assert answer.data


def test_archive_is_imported_after_a_preview_without_verification(
    cast, browser_of, session, contents
):
    mallory = browser_of(cast.mallory)
    sent = upload(mallory, pack(contents))
    assert sent.status_code == 303
    page = mallory.get(sent.location)
    assert "The archive of Alice" in page.text
    assert "Pieces of evidence" in page.text
    assert "Reviews, as history" in page.text
    assert "past readiness scores are not kept" in page.text
    session.rollback()
    assert session.scalar(sa.select(Evidence).where(Evidence.user_id == cast.mallory)) is None

    assert mallory.put(sent.location).location == f"{PAGE}#imports"
    done = mallory.get(PAGE).text
    assert "records are imported" in done
    assert "https://old.example" in done
    assert "already has records" in done
    session.rollback()
    evidence = session.scalars(sa.select(Evidence).where(Evidence.user_id == cast.mallory)).one()
    assert (evidence.state, evidence.verified_version_id) == ("draft", None)
    shown = mallory.get(f"/evidence/{evidence.id}").text
    assert "Elsewhere, Bob verified version 1" in shown
    assert "No one has reviewed it here yet." in shown
    assert "No one has reviewed it yet." not in shown
    assert "Read twice." in shown
    assert "No one here has checked it" in shown
    assert "tone-verified" not in mallory.get("/evidence").text.partition('id="list"')[2]
    # The uploaded file is deleted, and the history marks imported entries.
    assert session.scalars(sa.select(UploadedFile)).all() == []
    actions = session.scalars(
        sa.select(HistoryEntry.action).where(HistoryEntry.user_id == cast.mallory)
    ).all()
    assert {each.partition(".")[0] for each in actions} == {"imported", "archive"}
    assert session.scalars(sa.select(ArchiveImport.person)).all() == ["Alice"]
    # A double submit succeeds; a second import is rejected.
    assert mallory.put(sent.location).location == f"{PAGE}#imports"
    again = mallory.put(upload(mallory, pack(contents)).location)
    assert again.status_code == 422
    assert "does not merge two sets of records" in again.text

    # Readers of the portfolio read who reviewed it, and that no one here did.
    mallory.put(f"/portfolio/items/{evidence.id}?visibility=portfolio")
    readings = [mallory.get("/portfolio/preview"), mallory.get("/portfolio/export/markdown")]
    for read in (unescape(each.text) for each in readings):
        assert "Not verified here; reviewed in another installation by Bob" in read
        assert "1 piece of evidence, not verified yet." in read


def test_imported_evidence_lowers_the_score_as_it_is_unverified(
    cast, browser_of, session, now, contents
):
    alice = browser_of(cast.alice)
    alice.post("/roadmaps/senior-ml-engineer/enrollment", {"hours_per_week": "5"})
    contents = export(session, cast.alice, now)
    user, _plan = import_archive(session, contents, now)
    summaries = {
        each.user_id: each.own for each in session.scalars(sa.select(ReadinessSummary)).all()
    }
    before, after = summaries[cast.alice], summaries[user.id]
    assert before["score"] > after["score"] > 0


def test_invalid_file_is_reported_on_the_page(cast, browser_of, session):
    mallory = browser_of(cast.mallory)
    for packed, message in (
        (io.BytesIO(b"no ZIP"), "This is not a ZIP file"),
        (pack(minimal(), version=7), "is version 7"),
        (io.BytesIO(), "is not a ZIP file"),
    ):
        answer = upload(mallory, packed)
        assert answer.status_code == 422
        assert message in answer.text
    assert mallory.post(IMPORTS, {}).status_code == 422
    assert session.scalars(sa.select(UploadedFile)).all() == []


def test_pending_import_of_another_user_is_not_found(cast, browser_of):
    sent = upload(browser_of(cast.mallory), pack(minimal()))
    carol = browser_of(cast.carol)
    assert carol.get(sent.location).status_code == 404
    assert carol.put(sent.location).status_code == 404


def test_unknown_records_are_listed_in_the_preview_and_kept(cast, browser_of, session, contents):
    contents["manifest.json"]["titles"]["unknown-key"] = "Run the ranking of another company"
    contents["records/milestone_plan.json"] = [
        {"milestone_key": "unknown-key", "note": "n", "revision": 1, "target_on": None,
         "updated_at": "2026-01-01T00:00:00Z"}
    ]  # fmt: skip
    mallory = browser_of(cast.mallory)
    sent = upload(mallory, pack(contents))
    page = mallory.get(sent.location).text
    assert "1 record cannot be used here" in page
    assert "Run the ranking of another company" in page
    mallory.put(sent.location)
    kept = mallory.get(PAGE).text
    assert "Kept unchanged" in kept
    assert "unknown-key" in kept


def test_archive_pages_need_a_fresh_sign_in(cast, browser_of, session, now):
    alice = browser_of(cast.alice)
    session.execute(sa.update(LoginSession).values(fresh_at=now - dt.timedelta(hours=1)))
    session.commit()
    for path in (PAGE, f"{PAGE}/file"):
        answer = alice.get(path)
        assert (answer.status_code, answer.location.partition("?")[0]) == (303, "/account/confirm")
