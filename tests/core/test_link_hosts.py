"""A link shows its target host if the link text hides it, on pages and in exports."""

from __future__ import annotations

import dataclasses
import time

import pytest
from flask import Flask

from roadmap.core.link_hosts import deceptive_host
from roadmap.core.markdown import to_html, to_tree
from roadmap.portfolio.formats import pdf, site
from tests.portfolio.sample_documents import ordinary
from tests.support.snapshot import Snapshot

MIXED = "https://\u0440\u0430ypal.com/x"  # the first two letters are Cyrillic
MIXED_HOST = "xn--ypal-43d9g.com"


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://bank.example@evil.example/", "evil.example"),
        ("https://bank.example%2F:x@evil.example/", "evil.example"),
        ("https://a@[::1]:8000/", "::1"),
        (MIXED, MIXED_HOST),
        ("https://\u0430\u0440\u0440\u04cf\u0435.com", "xn--80ak6aa92e.com"),
        ("https://bank.example/\u202egpj.exe", "bank.example"),
        ("https://bank.example:8443/@name?q=a@b", ""),
        ("https://b\u00fccher.example/", ""),
        ("https://\u043f\u0440\u0438\u043c\u0435\u0440.\u0440\u0444/", ""),
        ("https://xn--ypal-43d9g.com", ""),
        ("mailto:alice@example.org", ""),
        ("https://[", ""),
        ("", ""),
    ],
)
def test_hidden_host_of_a_url(url: str, host: str) -> None:
    assert deceptive_host(url) == host


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("https://bank.example@evil.example/", "evil.example"),
        ("[the report](https://bank.example@evil.example/)", "evil.example"),
        (f"<{MIXED}>", MIXED_HOST),
        (f"[the report]({MIXED})", MIXED_HOST),
        (f"![a chart]({MIXED})", MIXED_HOST),
        ("[https://bank.example/report](https://evil.example/)", "evil.example"),
        ("[*www.bank.example*](https://evil.example/)", "evil.example"),
        ("[www.bank.example](https://bank.example/)", ""),
        ("[the report](https://evil.example/)", ""),
        ("<alice@example.org>", ""),
    ],
)
def test_markdown_link_shows_its_hidden_host(app: Flask, text: str, host: str) -> None:
    with app.test_request_context():
        html = to_html(text)
        assert html.count("goes to") == bool(host)
        assert (f"</a> (goes to {host})" in html) == bool(host)
        assert ("goes to" in str(to_tree(text))) == bool(host)


@pytest.mark.parametrize("length", [200, 20_000])
@pytest.mark.parametrize("part", ["\u0430a", "xn--a", "a@", "\u0430."])
def test_hidden_host_is_fast_for_long_urls(part: str, length: int) -> None:
    began = time.thread_time()
    deceptive_host("https://" + part * (length // len(part)))
    assert time.thread_time() - began < 0.1


def test_evidence_and_review_pages_show_hidden_hosts(app: Flask, snapshot: Snapshot) -> None:
    browsers, ids = snapshot.browsers(app), snapshot.ids
    form = {
        "title": "A launch",
        "kind": "launch",
        "occurred_on": "2026-02-01",
        "url": MIXED,
        "visibility": "portfolio",
        "revision": "1",
        "impacts-0-type": "scale",
        "impacts-0-metric": "p95",
        "impacts-0-result": "2",
        "impacts-0-unit": "ms",
        "impacts-0-source_url": "https://bank.example@evil.example/",
    }
    assert browsers["alice"].put(f"/evidence/{ids['submitted']}", form).status_code == 303
    for who, page in (("alice", "evidence"), ("bob", "reviews")):
        text = browsers[who].get(f"/{page}/{ids['submitted']}").text
        assert f"(goes to {MIXED_HOST})" in text
        assert "https://evil.example/" in text
        assert "bank.example" not in text


def test_exports_show_hidden_hosts(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    document = ordinary(1)
    item = dataclasses.replace(document.items[0], url=MIXED)
    document = dataclasses.replace(document, items=(item,))
    pdf_data: list[object] = []
    monkeypatch.setattr(
        "roadmap.core.pdf.render", lambda _template, data, *_more, **_options: pdf_data.append(data)
    )
    with app.test_request_context():
        files = dict(site.render_files(document))
        pdf.render(document)
    assert f"({MIXED_HOST})" in "".join(files.values())
    assert f"({MIXED_HOST})" in str(pdf_data)
