"""Accepted file types and file names."""

from __future__ import annotations

import io
import zipfile

import pytest

from roadmap.evidence.file_rules import MAX_NAME_LENGTH, clean_name, find_type

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj"


def zip_of(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, b"\0" * 1_000_000)
    return file.getvalue()


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\alice\\plan.docx", "plan.docx"),
        ("..", "file"),
        (None, "file"),
        ("  .hidden. ", "hidden"),
        ("nul\0l\r\nX-Header: 1.txt", "null X-Header_ 1.txt"),
        # Displayed as "invoiceexe.pdf" because of the direction override.
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("تقرير.pdf", "تقرير.pdf"),
        ("設計書.pdf", "設計書.pdf"),
        ('a<b>"c"|d?.txt', "a_b__c__d_.txt"),
    ],
)
def test_file_name_is_sanitized(sent: str | None, name: str) -> None:
    assert clean_name(sent) == name


def test_long_file_name_keeps_its_extension() -> None:
    name = clean_name("設" * 5000 + ".pdf")
    assert len(name) == MAX_NAME_LENGTH
    assert name.endswith("….pdf")


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("figure.png", PNG, "image/png"),
        ("Paper.PDF", PDF, "application/pdf"),
        ("notes.md", "Über 90 %".encode(), "text/plain"),
        ("bmw.txt", b"BMW sold more", "text/plain"),
        ("LICENSE", b"MIT", "text/plain"),
        # A ZIP bomb is accepted because Cairn never unpacks it.
        ("bomb.zip", zip_of("a", "b"), "application/zip"),
        ("plan.docx", zip_of("a"), "application/zip"),
        # Files that a browser would execute are served as text.
        ("page.html", b"<script>alert(1)</script>", "text/plain"),
        ("figure.svg", b"<svg onload='alert(1)'/>", "text/plain"),
        # A polyglot file has the type of its first bytes.
        ("figure.gif", b"GIF89a/*<script>*/=1;", "image/gif"),
        ("figure.html", b"GIF89a/*\0<script>*/=1;", None),
        ("report.pdf", PNG, None),
        ("report.pdf", b"no PDF at all", None),
        ("report.png", b"<script>alert(1)</script>", None),
        ("setup.exe", b"MZ\x90\0" + b"\0" * 60, None),
        ("setup.txt", b"MZ\x90\0" + b"\0" * 60, None),
        ("run.bat", b"del *.*", None),
        ("macros.docm", zip_of("word/vbaProject.bin"), None),
        ("latin.txt", "Über".encode("latin-1"), None),
    ],
)
def test_file_type_is_detected_from_content_and_name(
    name: str, content: bytes, media_type: str | None
) -> None:
    assert find_type(name, io.BytesIO(content)) == media_type
