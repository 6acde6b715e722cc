"""GET /portfolio/export/<format>."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from roadmap import create_app
from roadmap.career.models import Position
from roadmap.core.database import db
from roadmap.core.dates import PartialDate
from roadmap.core.file_store import file_store
from roadmap.core.limiter import export_slot, limiter
from roadmap.evidence.models import EvidenceFile
from roadmap.people.models import User
from roadmap.portfolio.export import file_stem
from roadmap.portfolio.formats.registry import FORMATS
from roadmap.portfolio.models import Portfolio
from roadmap.progress.models import MilestonePlan, MilestoneStatus
from tests.portfolio import evidence_rows
from tests.portfolio.readers import READERS
from tests.support.browser_client import BrowserClient
from tests.support.cast import Cast
from tests.support.statements import statements_of

CANARY = "kestrel7391"


@pytest.mark.parametrize("name", FORMATS)
def test_export_is_downloaded_with_name_and_type(
    session: Session, cast: Cast, browser_of, name: str
) -> None:
    evidence_rows.add(session, cast.alice, "Feature store design", at=0)
    session.commit()

    answer = browser_of(cast.alice).get(f"/portfolio/export/{name}")

    assert answer.status_code == 200
    assert answer.mimetype == FORMATS[name].mimetype
    disposition = f"attachment; filename=alice-portfolio.{FORMATS[name].extension}"
    assert answer.headers["Content-Disposition"] == disposition
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Feature store design" in READERS[name](answer.data)


@pytest.mark.parametrize("name", FORMATS)
def test_empty_portfolio_is_exported(cast: Cast, browser_of, name: str) -> None:
    answer = browser_of(cast.alice).get(f"/portfolio/export/{name}")

    assert answer.status_code == 200
    # CSV has no rows and so no name.
    assert name == "csv" or "Alice" in READERS[name](answer.data)


def test_concurrent_export_is_refused_with_retry_after(
    cast: Cast, browser_of, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("roadmap.core.limiter.EXPORT_WAIT_SECONDS", 0.01)
    with export_slot():
        answer = browser_of(cast.alice).get("/portfolio/export/markdown")
        assert answer.status_code == 503
        assert "Retry-After" in answer.headers
        assert "The server is busy" in answer.text
    assert browser_of(cast.alice).get("/portfolio/export/markdown").status_code == 200


def test_sign_in_is_required(browser_of) -> None:
    for name in FORMATS:
        assert browser_of().get(f"/portfolio/export/{name}").status_code == 303


@pytest.mark.parametrize("name", ["bob", "carol", "erin", "mallory"])
def test_export_contains_no_evidence_of_other_people(
    session: Session, cast: Cast, browser_of, name: str
) -> None:
    evidence_rows.add(session, cast.alice, CANARY, at=0, state="submitted")
    session.commit()

    answer = browser_of(getattr(cast, name)).get("/portfolio/export/markdown")

    assert CANARY not in answer.text


@pytest.mark.parametrize("name", ["doc", "PDF", "..", "json_resume", "%00", "ä"])
def test_unknown_format_is_not_found(cast: Cast, browser_of, name: str) -> None:
    answer = browser_of(cast.alice).get(f"/portfolio/export/{name}")

    assert answer.status_code == 404
    assert "Nothing here" in answer.text


@pytest.mark.parametrize("name", FORMATS)
def test_withheld_evidence_does_not_change_export(
    session: Session, cast: Cast, browser_of, name: str
) -> None:
    """Every field of withheld evidence, notes and reasons contains the canary."""
    evidence_rows.add(session, cast.alice, "Shown first", at=1, milestones=("point-in-time-sql",))
    evidence_rows.add(session, cast.alice, "Shown last", at=8)
    session.add(
        Position(user_id=cast.alice, title="Engineer", started_on=PartialDate(evidence_rows.DAY))
    )
    session.commit()
    browser = browser_of(cast.alice)
    before = browser.get(f"/portfolio/export/{name}").data

    for at, visibility in ((0, "private"), (5, "team"), (9, "private"), (None, "portfolio")):
        add_withheld_evidence(session, cast, visibility, at)
    session.add(
        MilestoneStatus(
            user_id=cast.alice,
            milestone_key="cloud-ml-certification",
            status="not_applicable",
            reason=CANARY,
            changed_at=evidence_rows.MOMENT,
        )
    )
    session.add(
        MilestonePlan(
            user_id=cast.alice,
            milestone_key="point-in-time-sql",
            note=CANARY,
            updated_at=evidence_rows.MOMENT,
        )
    )
    session.commit()
    after = browser.get(f"/portfolio/export/{name}").data

    assert CANARY.encode() not in after
    assert CANARY not in READERS[name](after)
    # No order or count reveals the withheld evidence.
    assert READERS[name](after) == READERS[name](before)


@pytest.mark.parametrize("name", FORMATS)
def test_email_is_exported_only_if_chosen(
    session: Session, cast: Cast, browser_of, name: str
) -> None:
    browser = browser_of(cast.alice)
    evidence_rows.add(session, cast.alice, at=0)
    evidence_rows.portfolio(session, cast.alice, shows_email=False)
    session.commit()
    assert "alice@example.org" not in READERS[name](browser.get(f"/portfolio/export/{name}").data)

    session.get_one(Portfolio, cast.alice).shows_email = True
    session.commit()
    assert "alice@example.org" in READERS[name](browser.get(f"/portfolio/export/{name}").data)


def test_pdf_export_first_shows_unsupported_characters(
    session: Session, cast: Cast, browser_of
) -> None:
    evidence_rows.add(session, cast.alice, "A design \U0001e2f0", at=0)
    session.commit()
    browser = browser_of(cast.alice)

    page = browser.get("/portfolio/export/pdf")

    assert page.mimetype == "text/html"
    assert "The PDF cannot show 1 character" in page.text
    assert "\U0001e2f0" in page.text
    assert '/export/pdf?anyway=1"' in page.text
    assert browser.get("/portfolio/export/pdf?anyway=1").data.startswith(b"%PDF")
    assert browser.get("/portfolio/export/json-resume").mimetype == "application/json"


@pytest.mark.parametrize("name", FORMATS)
def test_statement_count_does_not_grow_with_evidence(
    app, session: Session, cast: Cast, browser_of, name: str
) -> None:
    evidence_rows.add(session, cast.alice, at=0)
    session.commit()
    browser = browser_of(cast.alice)
    path = f"/portfolio/export/{name}"
    browser.get(path)
    few = statements_of(app, lambda: browser.get(path))
    for at in range(1, 20):
        evidence_rows.add(session, cast.alice, f"Piece {at}", at=at, skills=("mlops",))
    session.commit()

    assert len(statements_of(app, lambda: browser.get(path))) == len(few)


@pytest.fixture
def rate_limited_app(database_url: str, app: Flask) -> Iterator[Flask]:
    """Return an application with rate limits on the same database."""
    names = ("SECRET_KEY", "DATA_DIR", "PASSWORD_TIME_COST", "PASSWORD_MEMORY_KIB")
    settings = {name: app.config[name] for name in names}
    settings |= {"DATABASE_URL": database_url, "TESTING": True, "RATELIMIT_ENABLED": True}
    limited = create_app(settings)
    yield limited
    limiter.enabled = False
    with limited.app_context():
        db.engine.dispose()


def test_exports_are_rate_limited_by_person(cast: Cast, rate_limited_app: Flask) -> None:
    alice = BrowserClient.of(rate_limited_app, cast.alice)
    bob = BrowserClient.of(rate_limited_app, cast.bob)
    path = "/portfolio/export/markdown"

    assert {alice.get(path).status_code for _ in range(30)} == {200}
    refused = alice.get(path)

    assert refused.status_code == 429
    assert "at most 30 times a minute" in refused.text
    assert 0 < int(refused.headers["Retry-After"]) <= 61
    assert bob.get(path).status_code == 200


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("Ana López", "ana-lopez-portfolio"),
        ("Øyvind Łaska-Groß", "oyvind-laska-gross-portfolio"),
        ("../../etc/passwd", "etc-passwd-portfolio"),
        ('x"; filename="evil.exe\r\nSet-Cookie: a', "x-filename-evil-exe-set-cookie-a-portfolio"),
        ("王小明", "portfolio"),
        ("", "portfolio"),
        ("n" * 200, "n" * 60 + "-portfolio"),
    ],
)
def test_file_name_is_safe(name: str, stem: str) -> None:
    assert file_stem(User(name=name)) == stem


def test_unusual_name_is_exported(session: Session, cast: Cast, browser_of) -> None:
    session.get_one(User, cast.alice).name = '王 "小" \u202e明; a=b'
    session.commit()

    answer = browser_of(cast.alice).get("/portfolio/export/json-resume")

    assert answer.headers["Content-Disposition"] == "attachment; filename=a-b-portfolio.json"
    assert "王" in json.loads(answer.data)["basics"]["name"]


def add_withheld_evidence(session: Session, cast: Cast, visibility: str, at: int | None) -> None:
    """Add evidence that is not shown, with the canary in all its fields."""
    piece = evidence_rows.add(
        session,
        cast.alice,
        f"{CANARY} title",
        visibility=visibility,
        at=at,
        kind="certification",
        url=f"https://example.org/{CANARY}",
        description=CANARY,
        role=CANARY,
        issuer=CANARY,
        milestones=("cloud-ml-certification",),
        skills=("mlops",),
        impacts=(
            {
                "type": "scale",
                "metric": CANARY,
                "baseline": CANARY,
                "result": CANARY,
                "unit": CANARY,
                "source_url": f"https://example.org/{CANARY}",
            },
        ),
    )
    evidence_rows.verify(session, piece, cast.bob, name=f"Bob {CANARY}", comment=CANARY)


def test_two_hundred_files_are_shown_and_exported_in_time(
    session: Session, cast: Cast, browser_of
) -> None:
    names = [f"figures {number}.txt" for number in range(200)]
    for at in range(20):
        piece = evidence_rows.add(session, cast.alice, f"Design {at}", at=at)
        for position, name in enumerate(names[10 * at : 10 * at + 10]):
            values = {
                "sha256": file_store().put(io.BytesIO(name.encode())),
                "name": name, "size": len(name), "media_type": "text/plain",
            }  # fmt: skip
            owner = {"version_id": piece.current_id, "user_id": cast.alice}
            session.add(EvidenceFile(**owner, **values, position=position))
    session.commit()
    alice = browser_of(cast.alice)
    assert all(name in alice.get(f"/evidence/{piece.id}").text for name in names[-10:])
    pages = ("/", "/evidence", "/portfolio/preview", "/search?q=design")
    for path in (*pages, *(f"/portfolio/export/{name}" for name in FORMATS)):
        began = time.thread_time()
        answer = alice.get(path)
        assert time.thread_time() - began < 2, path
        assert answer.status_code == 200
        if path == "/portfolio/export/site":
            with zipfile.ZipFile(io.BytesIO(answer.data)) as website:
                packed = {
                    website.read(each).decode() for each in website.namelist() if "files/" in each
                }
            assert packed == set(names)


def test_files_are_named_in_exports_and_packed_in_site(
    session: Session, cast: Cast, browser_of
) -> None:
    """The preview names the files of selected evidence without links to them."""
    content = b"sources -> features -> serving"
    sha256 = file_store().put(io.BytesIO(content))
    piece = evidence_rows.add(session, cast.alice, "A design", at=0)
    team_piece = evidence_rows.add(session, cast.alice, "Team design", visibility="team", at=1)
    for row, name in ((piece, "Übersicht.txt"), (team_piece, "secret.txt")):
        values = {"name": name, "size": len(content), "media_type": "text/plain", "position": 0}
        file = EvidenceFile(version_id=row.current_id, user_id=cast.alice, sha256=sha256, **values)
        session.add(file)
    session.commit()
    alice = browser_of(cast.alice)
    exports = {name: alice.get(f"/portfolio/export/{name}").data for name in FORMATS}
    for name, data in exports.items():
        text = READERS[name](data)
        assert "secret.txt" not in text
        if name != "pdf":
            assert "Übersicht.txt" in text
            assert sha256 in text
    with zipfile.ZipFile(io.BytesIO(exports["site"])) as website:
        path = f"files/{sha256[:16]}-Übersicht.txt"
        assert website.read(path) == content
        page = website.read(f"pieces/{piece.id}.html").decode()
        assert f'href="../{quote(path)}"' in page
    preview = alice.get("/portfolio/preview").text
    assert sha256 in preview
    assert f"/files/{sha256}" not in preview
