"""Files upload when chosen or dropped, and are saved with the form."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PageOf

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 2_000_000
# Simulates dropping files on the page.
DROP_FILES = """names => {
  const data = new DataTransfer();
  for (const name of names) data.items.add(new File([`a,b\\n${name},2\\n`], name));
  const init = { dataTransfer: data, bubbles: true, cancelable: true };
  document.querySelector("h1").dispatchEvent(new DragEvent("dragover", init));
  document.querySelector("h1").dispatchEvent(new DragEvent("drop", init));
}"""


def fill_evidence_form(page: Page, title: str) -> None:
    page.goto("/evidence/new")
    page.get_by_label("Title").fill(title)
    page.get_by_label("Kind", exact=True).select_option("design_doc")
    page.get_by_label("Date", exact=True).fill("2026-03")


def test_chosen_and_dropped_files_upload_before_form_is_saved(page_of: PageOf) -> None:
    page = page_of("alice")
    fill_evidence_form(page, "With files")
    page.evaluate(DROP_FILES, ["figures.csv"])
    part = page.locator("#files")
    expect(part.get_by_role("checkbox", name="figures.csv")).to_be_checked()
    sent = {"name": "figure.png", "mimeType": "image/png", "buffer": PNG}
    wrong = {"name": "setup.exe", "mimeType": "image/png", "buffer": b"MZ\0"}
    part.get_by_label("Add files").set_input_files([sent, wrong])
    expect(part.get_by_role("checkbox", name="figure.png")).to_be_checked()
    expect(part.get_by_role("alert")).to_contain_text("“setup.exe” is not accepted")
    part.get_by_role("checkbox", name="figures.csv").uncheck()
    page.get_by_role("button", name="Save evidence").click()
    expect(page.get_by_role("link", name="figure.png")).to_be_visible()
    expect(page.get_by_role("link", name="figures.csv")).to_have_count(0)


def test_dropped_files_above_limit_are_named_and_not_uploaded(
    page_of: PageOf,
) -> None:
    page = page_of("alice")
    fill_evidence_form(page, "Many files")
    sent: list[str] = []
    page.on(
        "request",
        lambda request: sent.append(request.url) if request.url.endswith("/files") else None,
    )
    page.evaluate(DROP_FILES, [f"{number}.csv" for number in range(200)])
    part = page.locator("#files")
    expect(part.get_by_role("alert")).to_contain_text(
        "At most 10 files per piece. Not added: “10.csv”"
    )
    expect(part.get_by_role("alert")).to_contain_text("“14.csv” … (190).")
    expect(part.get_by_role("checkbox")).to_have_count(10)
    # Unchecking a file makes room.
    part.get_by_role("checkbox", name="3.csv").uncheck()
    page.evaluate(DROP_FILES, ["late.csv"])
    expect(part.get_by_role("checkbox", name="late.csv")).to_be_checked()
    # Errors stay above the files until closed.
    expect(part.locator(".file-choices > li").first).to_contain_text("At most 10 files")
    part.get_by_role("alert").get_by_role("button", name="Close").click()
    expect(part.get_by_role("alert")).to_have_count(0)
    assert len(sent) == 11
    page.get_by_role("button", name="Save evidence").click()
    expect(page.get_by_role("link", name="late.csv")).to_be_visible()
    expect(page.get_by_role("link", name="3.csv")).to_have_count(0)


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no javascript"])
def test_uploaded_file_downloads_with_its_name_and_content(
    page_of: PageOf, javascript: bool, tmp_path: Path
) -> None:
    page = page_of("alice", java_script_enabled=javascript)
    fill_evidence_form(page, f"Saved {javascript}")
    page.locator("summary", has_text="Files").click()
    file = {"name": "Übersicht.md", "mimeType": "text/html", "buffer": b"<script>alert(1)</script>"}
    page.get_by_label("Add files").set_input_files(file)
    page.get_by_role("button", name="Save evidence").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Übersicht.md").click()
    assert download.value.suggested_filename == "Übersicht.md"
    download.value.save_as(tmp_path / "saved")
    assert (tmp_path / "saved").read_bytes() == b"<script>alert(1)</script>"


def test_back_from_too_large_upload_keeps_form_input(page_of: PageOf, tmp_path: Path) -> None:
    """The server does not read the body, so only the browser can keep the fields."""
    large = tmp_path / "large.txt"
    with large.open("wb") as file:
        file.truncate(27_000_000)
    page = page_of("alice", java_script_enabled=False)
    fill_evidence_form(page, "Kept by the browser")
    page.locator("summary", has_text="Files").click()
    page.get_by_label("Add files").set_input_files(large)
    page.get_by_role("button", name="Save evidence").click()
    expect(page.get_by_role("heading", name="Too much at once")).to_be_visible()
    expect(page.get_by_text("Files sent together can total at most 25 MB")).to_be_visible()
    expect(page.get_by_role("link", name="Evidence").first).to_be_visible()
    page.go_back()
    expect(page.get_by_label("Title")).to_have_value("Kept by the browser")
    expect(page.get_by_label("Date", exact=True)).to_have_value("2026-03")


def test_duplicate_file_is_reported_and_kept_once(page_of: PageOf) -> None:
    page = page_of("alice")
    fill_evidence_form(page, "Twice")
    part = page.locator("#files")
    page.locator("summary", has_text="Files").click()
    for name in ("a.csv", "b.csv"):
        sent = {"name": name, "mimeType": "text/csv", "buffer": b"a,b\n7,7\n"}
        part.get_by_label("Add files").set_input_files([sent])
        expect(part.get_by_role("checkbox")).to_have_count(1)
    expect(part.get_by_role("alert")).to_contain_text(
        "“b.csv” has the same content as “a.csv”, so it is kept once."
    )
    expect(part.get_by_role("checkbox")).to_have_count(1)
