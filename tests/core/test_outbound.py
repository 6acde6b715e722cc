"""Outbound fetches and allowed hosts, tested against a local server over TLS."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from roadmap.core.outbound import AllowedHosts, FetchError, check_url, fetch, parse_hosts
from tests.support.calendar_host import CALENDAR, calendar_host


@pytest.fixture
def port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    with calendar_host(tmp_path, huge=b"X" * 2_000_000) as (port, certificate):
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        yield port


def allow_localhost(port: int) -> AllowedHosts:
    return parse_hosts(f"localhost:{port}, 127.0.0.0/8, ::1")


def fetch_error(url: str, allowed: AllowedHosts, seconds: float = 5) -> tuple[str, int]:
    with pytest.raises(FetchError) as refused:
        fetch(url, allowed, most_bytes=1_000_000, seconds=seconds)
    return str(refused.value), refused.value.status


def test_fetch_returns_the_body_or_an_error_code(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, allowed = f"https://localhost:{port}", allow_localhost(port)
    for path in ("/a.ics?key=1", "/to=/a.ics"):
        assert fetch(site + path, allowed, most_bytes=1_000, seconds=5) == CALENDAR
    assert fetch_error(f"{site}/401", allowed) == ("refused", 401)
    assert fetch_error(f"{site}/404", allowed) == ("gone", 404)
    assert fetch_error(f"{site}/503", allowed) == ("status", 503)
    assert fetch_error(f"{site}/huge", allowed) == ("large", 0)
    began = time.monotonic()
    assert fetch_error(f"{site}/slow", allowed, seconds=0.5) == ("slow", 0)
    assert time.monotonic() - began < 3
    # Redirects to another host, another port and plain HTTP, and too many redirects.
    assert fetch_error(f"{site}/to=https://calendar.google.com/", allowed) == ("host", 0)
    assert fetch_error(f"{site}/to=https://localhost/", allowed) == ("host", 0)
    assert fetch_error(f"{site}/to=http://localhost:{port}/", allowed) == ("no-https", 0)
    both = parse_hosts(f"localhost:{port}, localhost, 127.0.0.0/8, ::1")
    assert fetch_error(f"{site}/to=https://localhost/", both) == ("moved", 302)
    assert fetch_error(f"{site}/to=/to=/to=/to=/to=/a.ics", allowed)[0] in ("moved", "gone")
    # The host is listed, but its private address is not.
    assert fetch_error(site, parse_hosts(f"localhost:{port}")) == ("private", 0)
    monkeypatch.delenv("SSL_CERT_FILE")
    assert fetch_error(site, allowed) == ("certificate", 0)


def test_unreachable_and_unknown_hosts_are_reported() -> None:
    assert fetch_error("https://localhost:9", allow_localhost(9)) == ("unreachable", 0)
    assert fetch_error("https://no.invalid/", parse_hosts("no.invalid")) == ("unknown-host", 0)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://calendar.google.com/a", "no-https"),
        ("file:///etc/passwd", "no-https"),
        ("https://calendar.google.com.example.org/a", "host"),
        ("https://calendar.google.com:8443/a", "host"),
        ("https://icloud.com/a", "host"),
        ("https://127.0.0.1/a", "host"),
        ("https://alice:word@calendar.google.com/a", "password"),
        ("https://calendar.google.com/a\r\nHost: b", "no-address"),
        ("https://calendar.google.com:99999/a", "no-address"),
        ("a" * 1_001, "no-address"),
    ],
)
def test_check_url_rejects_invalid_and_unlisted_urls(url: str, expected: str) -> None:
    with pytest.raises(FetchError, match=expected):
        check_url(url, parse_hosts("calendar.google.com, *.icloud.com"))


def test_allowed_hosts_setting_is_parsed_and_validated() -> None:
    allowed = parse_hosts("Calendar.Google.com,*.icloud.com , cloud.example.org:8443,10.0.0.0/8")
    assert allowed.names == ["*.icloud.com", "calendar.google.com", "cloud.example.org:8443"]
    url = "webcal://p12-caldav.icloud.com/published/2/MTc0"
    assert check_url(url, allowed) == "https://p12-caldav.icloud.com/published/2/MTc0"
    assert not parse_hosts("")
    for wrong in ("https://calendar.google.com", "a b", "*.a.org:1", "a.org:0", "a.org:x", "*"):
        with pytest.raises(ValueError, match="must list hosts"):
            parse_hosts(wrong)


def test_ipv6_forms_of_private_addresses_are_private() -> None:
    allowed = parse_hosts("calendar.example.org, 64:ff9b:1::/48")
    for text in ("::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "::10.0.0.1", "fec0::1"):
        assert not allowed.allows_address(ipaddress.ip_address(text)), text
    for text in ("8.8.8.8", "::ffff:8.8.8.8", "2606:4700::1111", "64:ff9b:1::1"):
        assert allowed.allows_address(ipaddress.ip_address(text)), text
