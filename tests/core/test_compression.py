"""Responses are compressed, and compression cannot be used as an oracle."""

from __future__ import annotations

import gzip

import pytest

STYLES = "/static/css/styles.css"
GZIP = {"Accept-Encoding": "gzip, deflate, br"}


def test_page_is_compressed_if_the_browser_accepts_gzip(browser_of):
    browser = browser_of()
    plain = browser.get("/login")
    packed = browser.get("/login", headers=GZIP)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data)
    assert b"<!doctype html>" in gzip.decompress(packed.data)
    assert "Content-Encoding" not in plain.headers
    for answer in (plain, packed):
        assert "accept-encoding" in answer.headers["Vary"].lower()


def test_response_with_foreign_input_is_not_compressed(browser_of):
    browser = browser_of()
    assert "Content-Encoding" not in browser.get("/login?next=/chosen", headers=GZIP).headers
    assert "Content-Encoding" not in browser.get("/chosen-by-others", headers=GZIP).headers
    assert "Content-Encoding" not in browser.client.post("/login", headers=GZIP).headers
    from_us = {**GZIP, "Sec-Fetch-Site": "same-origin"}
    assert browser.get("/login?next=/chosen", headers=from_us).headers["Content-Encoding"] == "gzip"


def test_static_file_is_compressed_and_can_be_revalidated(browser_of):
    browser = browser_of()
    plain = browser.get(STYLES)
    packed = browser.get(STYLES, headers=GZIP)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    plain.close()
    assert packed.headers["ETag"].startswith("W/")
    seen = {**GZIP, "If-None-Match": packed.headers["ETag"]}
    with browser.get(STYLES, headers=seen) as again:
        assert again.status_code == 304


@pytest.mark.parametrize("encodings", ["", "br", "gzip;q=0"])
def test_response_is_not_compressed_without_gzip_support(browser_of, encodings):
    with browser_of().get(STYLES, headers={"Accept-Encoding": encodings}) as answer:
        assert "Content-Encoding" not in answer.headers


def test_head_has_the_content_length_of_get(browser_of):
    client = browser_of().client
    head = client.head(STYLES, headers=GZIP)
    assert head.headers["Content-Encoding"] == "gzip"
    assert (
        head.headers["Content-Length"] == client.get(STYLES, headers=GZIP).headers["Content-Length"]
    )
    assert head.data == b""
