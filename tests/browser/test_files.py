"""Files upload when chosen or dropped, and are saved with the form."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PageOf

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 2_000_000
# Simulates dropping a file on the page.
DROP = """name => {
  const data = new DataTransfer();
  data.items.add(new File([`a,b\\n${name},2\\n`], name));
  const said = { dataTransfer: data, bubbles: true, cancelable: true };
  document.querySelector("h1").dispatchEvent(new DragEvent("dragover", said));
  document.querySelector("h1").dispatchEvent(new DragEvent("drop", said));
}"""


DROP_MANY = """count => {
  const data = new DataTransfer();
  for (let n = 0; n < count; n++) data.items.add(new File([`a,b\\n${n},2\\n`], `${n}.csv`));
  const said = { dataTransfer: data, bubbles: true, cancelable: true };
  document.querySelector("h1").dispatchEvent(new DragEvent("dragover", said));
  document.querySelector("h1").dispatchEvent(new DragEvent("drop", said));
}"""


def fill_in(page: Page, title: str) -> None:
    page.goto("/evidence/new")
    page.get_by_label("Title").fill(title)
    page.get_by_label("Kind", exact=True).select_option("design_doc")
    page.get_by_label("Date", exact=True).fill("2026-03")


def test_chosen_and_dropped_files_arrive_before_the_form(page_of: PageOf) -> None:
    page = page_of("alice")
    fill_in(page, "With files")
    page.evaluate(DROP, "figures.csv")
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


def test_of_too_many_dropped_files_those_that_fit_are_sent_and_the_others_named(
    page_of: PageOf,
) -> None:
    page = page_of("alice")
    fill_in(page, "Many files")
    sent: list[str] = []
    page.on("request", lambda it: sent.append(it.url) if it.url.endswith("/files") else None)
    page.evaluate(DROP_MANY, 200)
    part = page.locator("#files")
    expect(part.get_by_role("alert")).to_contain_text(
        "At most 10 files a piece. Not added: “10.csv”"
    )
    expect(part.get_by_role("alert")).to_contain_text("“14.csv” … (190).")
    expect(part.get_by_role("checkbox")).to_have_count(10)
    # Unchecking a file makes room.
    part.get_by_role("checkbox", name="3.csv").uncheck()
    page.evaluate(DROP, "late.csv")
    expect(part.get_by_role("checkbox", name="late.csv")).to_be_checked()
    # Errors stay above the files until closed.
    expect(part.locator(".file-choices > li").first).to_contain_text("At most 10 files")
    part.get_by_role("alert").get_by_role("button", name="Close").click()
    expect(part.get_by_role("alert")).to_have_count(0)
    assert len(sent) == 11
    page.get_by_role("button", name="Save evidence").click()
    expect(page.get_by_role("link", name="late.csv")).to_be_visible()
    expect(page.get_by_role("link", name="3.csv")).to_have_count(0)


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_file_is_saved_under_its_name(page_of: PageOf, script: bool, tmp_path: Path) -> None:
    page = page_of("alice", java_script_enabled=script)
    fill_in(page, f"Saved {script}")
    page.locator("summary", has_text="Files").click()
    file = {"name": "Übersicht.md", "mimeType": "text/html", "buffer": b"<script>alert(1)</script>"}
    page.get_by_label("Add files").set_input_files(file)
    page.get_by_role("button", name="Save evidence").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Übersicht.md").click()
    assert download.value.suggested_filename == "Übersicht.md"
    download.value.save_as(tmp_path / "saved")
    assert (tmp_path / "saved").read_bytes() == b"<script>alert(1)</script>"


def test_what_is_too_large_leads_back_to_what_was_typed(page_of: PageOf, tmp_path: Path) -> None:
    """The server does not read the body, so the browser must keep the form's fields."""
    large = tmp_path / "large.txt"
    with large.open("wb") as file:
        file.truncate(27_000_000)
    page = page_of("alice", java_script_enabled=False)
    fill_in(page, "Kept by the browser")
    page.locator("summary", has_text="Files").click()
    page.get_by_label("Add files").set_input_files(large)
    page.get_by_role("button", name="Save evidence").click()
    expect(page.get_by_role("heading", name="Too much at once")).to_be_visible()
    expect(page.get_by_text("Files that are sent together may have 25 MB")).to_be_visible()
    expect(page.get_by_role("link", name="Evidence").first).to_be_visible()
    page.go_back()
    expect(page.get_by_label("Title")).to_have_value("Kept by the browser")
    expect(page.get_by_label("Date", exact=True)).to_have_value("2026-03")


def test_two_files_of_the_same_content_are_said_to_be_one(page_of: PageOf) -> None:
    page = page_of("alice")
    fill_in(page, "Twice")
    part = page.locator("#files")
    page.locator("summary", has_text="Files").click()
    for name in ("a.csv", "b.csv"):
        sent = {"name": name, "mimeType": "text/csv", "buffer": b"a,b\n7,7\n"}
        part.get_by_label("Add files").set_input_files([sent])
    expect(part.get_by_role("alert")).to_contain_text(
        "“b.csv” has the same content as “a.csv”, so it is kept once."
    )
    expect(part.get_by_role("checkbox")).to_have_count(1)
