"""An employer verifies a badge file without an account."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import PageOf


def test_employer_verifies_badge_file_without_account(page_of: PageOf, tmp_path: Path) -> None:
    alice = page_of("alice")
    alice.goto("/badges")
    address = alice.get_by_label("Address of “").first.input_value()

    employer = page_of("nobody", java_script_enabled=False)
    employer.goto(address)
    expect(employer.get_by_alt_text("QR code of the address of this page")).to_be_visible()
    assert employer.context.cookies() == [], "a visitor gets no cookie"
    with employer.expect_download() as download:
        employer.get_by_role("link", name="Download JSON").click()
    file, forged = tmp_path / "badge.json", tmp_path / "forged.json"
    download.value.save_as(file)
    forged.write_text(file.read_text().replace("Alice", "Mallory"))
    employer.get_by_role("link", name="Verify a badge").click()
    for path, answer in ((file, "Valid"), (forged, "Changed after signing")):
        employer.get_by_label("Or its file").set_input_files(path)
        employer.get_by_role("button", name="Verify").click()
        expect(employer.get_by_role("status").get_by_role("heading")).to_have_text(answer)
