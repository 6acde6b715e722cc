"""Forms are accepted only from Cairn's own pages, whatever headers browser and proxy pass on."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from roadmap import create_app
from roadmap.core.database import db
from roadmap.core.headers import log_other_host
from roadmap.core.proxy import log_untrusted_proxy
from tests.support.cast import Cast
from tests.support.login import PASSWORD, set_password

PUBLIC = "https://cairn.example.org"
OTHER_PORT = "https://cairn.example.org:8443"
FOREIGN = "https://other.example"
FORWARDED = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "cairn.example.org"}


@pytest.fixture(scope="module")
def create_custom_app(app: Flask, database_url: str) -> Iterator[Callable[..., Flask]]:
    """Return a function that creates an application, once for the same settings."""
    names = ("SECRET_KEY", "DATA_DIR", "PASSWORD_TIME_COST", "PASSWORD_MEMORY_KIB")
    defaults = {name: app.config[name] for name in names}
    defaults |= {"DATABASE_URL": database_url, "RATELIMIT_ENABLED": False}
    created = []

    @cache
    def create(**settings: str) -> Flask:
        created.append(create_app(defaults | settings))
        return created[-1]

    yield create
    for each in created:
        with each.app_context():
            db.engine.dispose()


@pytest.fixture
def custom_app(create_custom_app: Callable[..., Flask], request: pytest.FixtureRequest) -> Flask:
    """Return an application with the settings of the parameter."""
    return create_custom_app(**request.param)


def sign_in(
    custom_app: Flask, base_url: str, forwarded: Mapping[str, str], sent: Mapping[str, str]
):
    """Sign Alice in with a browser that sends cookies by the scheme of `base_url`."""
    client = custom_app.test_client()
    page = client.get("/login", base_url=base_url, headers=forwarded)
    found = re.search(r'name="csrf_token"[^>]*?value="([^"]+)"', page.text)
    assert found is not None
    form = {"csrf_token": found[1], "email": "alice@example.org", "password": PASSWORD}
    response: TestResponse = client.post(
        "/login", base_url=base_url, headers={**forwarded, **sent}, data=form
    )
    return response


BEHIND_A_PROXY = {"BASE_URL": PUBLIC, "TRUSTED_PROXIES": "1"}


@pytest.mark.parametrize(
    ("custom_app", "forwarded", "sent", "status"),
    [
        (BEHIND_A_PROXY, FORWARDED, {"Referer": f"{PUBLIC}/login"}, 303),
        (BEHIND_A_PROXY, FORWARDED, {"Origin": PUBLIC}, 303),
        (BEHIND_A_PROXY, FORWARDED, {}, 303),
        (BEHIND_A_PROXY, FORWARDED, {"Origin": "null"}, 303),
        (BEHIND_A_PROXY, FORWARDED, {"Origin": FOREIGN}, 400),
        (BEHIND_A_PROXY, FORWARDED, {"Origin": OTHER_PORT}, 400),
        (BEHIND_A_PROXY, FORWARDED, {"Origin": "http://cairn.example.org"}, 400),
        (BEHIND_A_PROXY, FORWARDED, {"Referer": f"{FOREIGN}/login"}, 400),
        (BEHIND_A_PROXY, FORWARDED, {"Origin": "null", "Referer": f"{FOREIGN}/"}, 400),
        (BEHIND_A_PROXY, FORWARDED, {"Referer": "http://["}, 400),
        # A proxy that omits the port.
        ({"BASE_URL": OTHER_PORT, "TRUSTED_PROXIES": "1"}, FORWARDED, {"Origin": OTHER_PORT}, 303),
        (
            {"BASE_URL": OTHER_PORT, "TRUSTED_PROXIES": "1"},
            FORWARDED,
            {"Referer": f"{OTHER_PORT}/login"},
            303,
        ),
        # An untrusted proxy, with and without a configured address.
        ({"BASE_URL": PUBLIC}, {}, {"Origin": PUBLIC}, 303),
        ({}, {}, {"Origin": PUBLIC}, 303),
        # No proxy.
        ({}, {}, {"Origin": "http://cairn.example.org"}, 303),
        ({}, {}, {}, 303),
        ({}, {}, {"Origin": FOREIGN}, 400),
    ],
    indirect=["custom_app"],
    ids=[
        "proxy and referrer",
        "proxy and origin",
        "proxy without headers",
        "proxy and null origin",
        "proxy and foreign origin",
        "proxy and other port",
        "proxy and other scheme",
        "proxy and foreign referrer",
        "proxy and null origin with foreign referrer",
        "proxy and malformed referrer",
        "proxy without port and origin",
        "proxy without port and referrer",
        "untrusted proxy",
        "untrusted proxy without address",
        "no proxy and origin",
        "no proxy without headers",
        "no proxy and foreign origin",
    ],
)
def test_form_is_accepted_from_own_origin_only(
    session: Session,
    cast: Cast,
    custom_app: Flask,
    forwarded: dict[str, str],
    sent: dict[str, str],
    status: int,
) -> None:
    set_password(session, cast.alice)
    # Behind a proxy that terminates TLS, the browser uses HTTPS and sends secure cookies.
    base_url = PUBLIC if custom_app.config["BASE_URL"] else "http://cairn.example.org"
    assert sign_in(custom_app, base_url, forwarded, sent).status_code == status


@pytest.mark.parametrize(
    "custom_app",
    [{"BASE_URL": PUBLIC}],
    indirect=True,
    ids=["public"],
)
def test_form_from_another_address_names_the_configured_address(
    custom_app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    """Browsers ignore secure cookies over plain HTTP, so no CSRF token is compared."""
    here = "http://cairn.example.org:8000"
    for sent in ({"Origin": here}, {"Referer": f"{here}/login"}, {}):
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            response = custom_app.test_client().post("/login", base_url=here, headers=sent)
        assert response.status_code == 400
        assert f"sent from {here}, but the address of this Cairn is {PUBLIC}." in response.text
        assert f"Open {PUBLIC} and try again" in response.text
        assert "cookies" not in response.text
        assert [record.getMessage() for record in caplog.records] == [
            f"a form came from {here}, not from {PUBLIC}; check ROADMAP_BASE_URL and proxy"
        ]


@pytest.mark.parametrize(
    ("custom_app", "host", "sent", "status"),
    [
        ({"BASE_URL": PUBLIC}, "cairn.example.org", {}, 200),
        ({"BASE_URL": PUBLIC}, "Cairn.Example.org.:443", {}, 200),
        ({"BASE_URL": OTHER_PORT}, "cairn.example.org", {}, 200),
        ({"BASE_URL": "https://b\u00fccher.example"}, "xn--bcher-kva.example", {}, 200),
        # The local address, used by proxies that do not forward the host.
        ({"BASE_URL": PUBLIC}, "127.0.0.1:8000", {}, 200),
        ({"BASE_URL": PUBLIC}, "[::1]:8000", {}, 200),
        ({"BASE_URL": PUBLIC}, "other.example", {}, 400),
        ({"BASE_URL": PUBLIC}, "192.0.2.10:8000", {}, 400),
        ({"BASE_URL": PUBLIC}, "cairn.example.org.other.example", {}, 400),
        ({"BASE_URL": PUBLIC}, "cairn.example.org@other.example", {}, 400),
        ({"BASE_URL": PUBLIC}, "", {}, 400),
        # X-Forwarded-Host counts only behind a trusted proxy.
        ({"BASE_URL": PUBLIC}, "cairn.example.org", {"X-Forwarded-Host": "other.example"}, 200),
        (BEHIND_A_PROXY, "app:8000", {"X-Forwarded-Host": "cairn.example.org"}, 200),
        (BEHIND_A_PROXY, "cairn.example.org", {"X-Forwarded-Host": "other.example"}, 400),
        ({}, "other.example", {}, 200),
    ],
    indirect=["custom_app"],
    ids=[
        "own host",
        "other spelling",
        "omitted port",
        "international domain",
        "ipv4 loopback",
        "ipv6 loopback",
        "other host",
        "other ip address",
        "suffix",
        "user name",
        "no host",
        "untrusted forwarded host",
        "forwarded host",
        "foreign forwarded host",
        "no configured address",
    ],
)
def test_request_for_another_host_is_rejected(
    custom_app: Flask,
    caplog: pytest.LogCaptureFixture,
    host: str,
    sent: dict[str, str],
    status: int,
) -> None:
    headers = {"Host": host, **sent}
    log_other_host.cache_clear()
    for path in ("/login", "/nowhere", "/static/css/styles.css", "/api/v1/me"):
        response = custom_app.test_client().get(path, headers=headers)
        assert (response.status_code == 400) == (status == 400), path
        if status == 400:
            assert f"The address of this Cairn is {PUBLIC}" in response.text
            assert "other.example" not in response.text
            assert "Set-Cookie" not in response.headers
            is_api = path.startswith("/api/")
            assert response.mimetype == ("application/problem+json" if is_api else "text/plain")
    logged = [text for text in caplog.messages if text.startswith("a request was for ")]
    assert len(logged) in ((1, 2) if status == 400 else (0,)), "at most once a minute"
    # Load balancers use the address of the machine.
    for path in ("/healthz", "/readyz"):
        assert custom_app.test_client().get(path, headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("custom_app", "logged"),
    [({}, 1), (BEHIND_A_PROXY, 0)],
    indirect=["custom_app"],
    ids=["untrusted", "trusted"],
)
def test_untrusted_proxy_is_logged_once(
    custom_app: Flask, caplog: pytest.LogCaptureFixture, logged: int
) -> None:
    """Its address would count for everyone in rate limits and the audit log."""
    log_untrusted_proxy.cache_clear()
    headers = {"X-Forwarded-For": "203.0.113.9", "Authorization": "Bearer unknown"}
    for _ in range(2):
        custom_app.test_client().get("/api/v1/me", base_url=PUBLIC, headers=headers)
    assert [text.startswith("a request has X-Forwarded-For") for text in caplog.messages].count(
        True
    ) == logged


@pytest.mark.parametrize(
    "custom_app",
    [{"BASE_URL": PUBLIC}],
    indirect=True,
    ids=["public"],
)
def test_form_without_token_from_own_origin_explains_the_mismatch(custom_app: Flask) -> None:
    for sent in ({"Origin": PUBLIC}, {}):
        response = custom_app.test_client().post("/login", base_url=PUBLIC, headers=sent)
        assert response.status_code == 400
        assert "security token did not match" in response.text


def test_form_of_another_person_is_explained(cast, browser_of) -> None:
    """In a tab from before someone else signed in with the same browser."""
    form = {"csrf_token": browser_of(cast.alice).csrf()}
    response = browser_of(cast.bob).client.put("/account/keyboard", data=form)
    assert response.status_code == 400
    assert "someone else signed in with this browser since" in " ".join(response.text.split())
