"""Import a table with and without JavaScript, and follow the progress of a fetch."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Page, expect

from roadmap.core.database import db
from roadmap.importers.models import PendingImport
from tests.browser.conftest import PageOf
from tests.importers.test_readers import BIBTEX, LINKEDIN_EXPORT, RESUME

TABLE = "Titel;Datum;Link\r\nVortrag über Kosten;03.2024;https://example.org/cost\r\n".encode(
    "cp1252"
)


def open_table_preview(page: Page) -> None:
    """Go from the evidence page to a table's preview."""
    page.goto("/evidence")
    page.get_by_role("link", name="Import", exact=True).click()
    page.get_by_role("link", name="A table (CSV)").click()
    file = {"name": "talks.csv", "mimeType": "text/csv", "buffer": TABLE}
    page.get_by_label("File").set_input_files([file])
    page.get_by_role("button", name="Show its contents").click()
    page.get_by_label("Kind for rows that name none").select_option(label="Talk")
    page.get_by_role("button", name="Show the preview").click()


@pytest.mark.parametrize(
    ("role", "javascript"), [("alice", True), ("carol", False)], ids=["javascript", "no javascript"]
)
def test_csv_table_is_imported_as_drafts(page_of: PageOf, role: str, javascript: bool) -> None:
    page = page_of(role, viewport={"width": 390, "height": 800}, java_script_enabled=javascript)
    open_table_preview(page)
    talk = page.get_by_role("checkbox", name="Vortrag über Kosten")
    expect(talk).to_be_checked()
    page.get_by_role("combobox", name="Kind for those ticked here").select_option(label="Blog post")
    page.get_by_role("link", name="Tick none").click()
    expect(talk).not_to_be_checked()
    page.get_by_role("link", name="Tick all new ones").click()
    expect(talk).to_be_checked()
    # The script keeps the other choices.
    kept = "blog_post" if javascript else "talk"
    kind = page.get_by_role("combobox", name="Kind for those ticked here")
    expect(kind).to_have_value(kept)
    page.get_by_role("button", name="Import selected").click()
    expect(page.get_by_text("1 piece is imported as a draft.")).to_be_visible()
    open_table_preview(page)
    expect(talk).not_to_be_checked()
    expect(page.get_by_role("link", name="imported before")).to_be_visible()


def test_other_file_formats_are_imported_without_javascript(page_of: PageOf) -> None:
    """Each file is previewed before it is saved."""
    page = page_of("mallory", java_script_enabled=False)
    for title, name, data, listed in (
        ("LinkedIn", "export.zip", LINKEDIN_EXPORT, "ML engineer"),
        ("JSON Resume", "resume.json", json.dumps(RESUME).encode(), "Engineer"),
        ("BibTeX", "works.bib", BIBTEX, "On arXiv"),
    ):
        page.goto("/evidence/import")
        page.get_by_role("link", name=title).click()
        file = {"name": name, "mimeType": "application/octet-stream", "buffer": data}
        page.get_by_label("File").set_input_files([file])
        page.get_by_role("button", name="Show its contents").click()
        expect(page.get_by_role("checkbox", name=listed).first).to_be_checked()
        page.get_by_role("button", name="Import selected").click()
        expect(page.get_by_text("imported").first).to_be_visible()
    page.goto("/evidence")
    expect(page.get_by_role("link", name="On arXiv")).to_be_visible()
    page.goto("/career")
    expect(page.get_by_text("ML engineer").first).to_be_visible()


def test_fetch_page_shows_result_when_fetch_completes(page_of: PageOf, server_app: Flask) -> None:
    page = page_of("alice")
    page.goto("/evidence/import/github")
    page.get_by_label("User name").fill("octo-alice")
    page.get_by_role("button", name="Fetch").click()
    expect(page.get_by_role("status").filter(has_text="Nothing found so far")).to_be_visible()
    with server_app.app_context():
        db.session.execute(
            sa.update(PendingImport)
            .where(PendingImport.importer == "github")
            .values(state="ready", todo=[], resume_at=None)
        )
        db.session.commit()
    expect(page.get_by_role("heading", name="Nothing to import")).to_be_visible()
