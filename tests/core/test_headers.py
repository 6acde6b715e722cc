"""Response headers, the session cookie, and trusted forwarded addresses."""

from __future__ import annotations

import html
import json
import re
import time
from collections.abc import Callable

import pytest
from flask import Flask, request
from werkzeug.exceptions import RequestEntityTooLarge

from roadmap import create_app
from roadmap.core.database import db
from roadmap.people.permissions import permit
from tests.support.browser_client import BrowserClient, IsolatedClient
from tests.support.cast import Cast

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'; manifest-src 'self'"
)
CARRIED = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
HSTS = "max-age=31536000"
SLUG = "senior-ml-engineer"
HTTP, HTTPS = "http://cairn.example.org", "https://cairn.example.org"
ANSWERS = {
    "page": (200, "GET", "/login", {}),
    "fragment": (200, "GET", "/evidence", {"HX-Request": "true"}),
    "API": (401, "GET", "/api/v1/me", {}),
    "kept": (304, "GET", f"/roadmaps/{SLUG}", {}),
    "nothing there": (404, "GET", "/nowhere", {}),
    "static": (200, "GET", "/static/css/styles.css", {}),
    "fault": (500, "GET", "/fault-of-a-test", {}),
    "chunked": (411, "POST", "/login", {"Transfer-Encoding": "chunked"}),
    "chunked to the API": (411, "POST", "/api/v1/me", {"Transfer-Encoding": "chunked"}),
    "no length": (400, "POST", "/login", {"Content-Length": "many"}),
}


@pytest.fixture(scope="module")
def made(app: Flask, database_url: str):
    """`made(**settings)` is an application of the test's own on the same database."""
    apps: dict[str, Flask] = {}

    def make(**settings: str) -> Flask:
        key = repr(settings)
        if key not in apps:
            names = ("SECRET_KEY", "DATA_DIR", "PASSWORD_TIME_COST", "PASSWORD_MEMORY_KIB")
            own = create_app(
                {name: app.config[name] for name in names}
                | {"DATABASE_URL": database_url, "RATELIMIT_ENABLED": False, **settings}
            )
            add_views(own)
            apps[key] = own
        return apps[key]

    yield make
    for own in apps.values():
        with own.app_context():
            db.engine.dispose()


def add_views(app: Flask) -> None:
    @app.get("/fault-of-a-test")
    @permit("public")
    def fault() -> str:
        raise ZeroDivisionError

    @app.get("/seen-by-a-test")
    @permit("public")
    def seen() -> dict[str, str]:
        return {
            "address": request.remote_addr or "",
            "scheme": request.scheme,
            "host": request.host,
        }


@pytest.mark.parametrize(
    ("settings", "address", "tls"),
    [
        ({}, HTTP, False),
        ({}, HTTPS, True),
        ({"BASE_URL": HTTPS}, HTTP, True),
    ],
)
@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer_carries_them(
    made: Callable[..., Flask],
    app: Flask,
    cast: Cast,
    name: str,
    settings: dict[str, str],
    address: str,
    tls: bool,
) -> None:
    status, method, path, headers = ANSWERS[name]
    own = made(**settings)
    client = IsolatedClient(own, own.response_class, use_cookies=True)
    if status in (200, 304) and path != "/login":
        # The cookie of a signed-in person, under the name that this server reads.
        cookie = BrowserClient.of(app, cast.alice).client.get_cookie(
            app.config["SESSION_COOKIE_NAME"]
        )
        assert cookie is not None
        headers = {"Cookie": f"{'__Host-' if tls else ''}{cookie.key}={cookie.value}", **headers}
        client = IsolatedClient(own, own.response_class, use_cookies=False)
    if name == "kept":
        browser = BrowserClient.of(app, cast.alice)
        browser.post(f"{path}/enrollment", {})
        first = client.get(path, base_url=address, headers=headers)
        headers["If-None-Match"] = first.headers["ETag"]
    answer = client.open(path, method=method, base_url=address, headers=headers)
    assert answer.status_code == status
    assert {name: answer.headers.get(name) for name in CARRIED} == CARRIED
    assert answer.headers.get("Strict-Transport-Security") == (HSTS if tls else None)
    answer.close()


@pytest.mark.parametrize(
    ("settings", "address", "headers", "tls"),
    [
        ({}, HTTP, {}, False),
        ({"BASE_URL": HTTPS}, HTTP, {}, True),
        ({"BASE_URL": HTTPS, "TRUSTED_PROXIES": "1"}, HTTP, {}, True),
        ({"TRUSTED_PROXIES": "1"}, HTTP, {"X-Forwarded-Proto": "https"}, True),
        ({"TRUSTED_PROXIES": "1"}, HTTP, {"X-Forwarded-Proto": "http"}, False),
        ({}, HTTP, {"X-Forwarded-Proto": "https"}, False),
    ],
)
def test_the_cookie(
    made: Callable[..., Flask],
    settings: dict[str, str],
    address: str,
    headers: dict[str, str],
    tls: bool,
) -> None:
    own = made(**settings)
    client = IsolatedClient(own, own.response_class, use_cookies=False)
    answer = client.get("/login", base_url=address, headers=headers)
    (cookie,) = answer.headers.getlist("Set-Cookie")
    given, *attributes = cookie.split("; ")
    expected = ("__Host-" if tls else "") + own.config["SESSION_COOKIE_NAME"]
    assert given.partition("=")[0] == expected
    assert ("Secure" in attributes) is tls
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(attributes)
    assert not any(each.startswith("Domain") for each in attributes)
    assert ("Strict-Transport-Security" in answer.headers) is tls
    # It is read again under the name under which it was given.
    again = client.get("/login", base_url=address, headers={**headers, "Cookie": given})
    assert "Set-Cookie" not in again.headers


def test_two_installations_on_one_host_keep_their_cookies(made: Callable[..., Flask]) -> None:
    """A browser sends a host's cookies to all its ports."""
    one, other = made(), made(SECRET_KEY="the key of another installation")
    jar: dict[str, str] = {}
    for address in (HTTP, HTTPS):
        for own in (one, other, one, other):
            cookies = "; ".join(f"{name}={value}" for name, value in jar.items())
            client = own.test_client(use_cookies=False)
            answer = client.get("/login", base_url=address, headers={"Cookie": cookies})
            for header in answer.headers.getlist("Set-Cookie"):
                name, _equals, value = header.split("; ")[0].partition("=")
                assert name not in jar
                jar[name] = value
    assert len(jar) == 4


@pytest.mark.parametrize(
    ("proxies", "address", "scheme", "host"),
    [
        ("0", "127.0.0.1", "http", "localhost"),
        ("1", "192.0.2.3", "ftp", "three.example.org"),
        ("2", "192.0.2.2", "https", "two.example.org"),
    ],
)
def test_as_many_proxies_are_believed_as_there_are(
    made: Callable[..., Flask], proxies: str, address: str, scheme: str, host: str
) -> None:
    own = made(TRUSTED_PROXIES=proxies)
    answer = own.test_client().get(
        "/seen-by-a-test",
        headers={
            "X-Forwarded-For": "192.0.2.1, 192.0.2.2, 192.0.2.3",
            "X-Forwarded-Proto": "gopher, https, ftp",
            "X-Forwarded-Host": "one.example.org, two.example.org, three.example.org",
        },
    )
    assert answer.get_json() == {"address": address, "scheme": scheme, "host": host}


def test_htmx_is_kept_short(browser_of) -> None:
    page = browser_of().get("/login").text
    found = re.search(r'<meta name="htmx-config" content="([^"]+)"', page)
    assert found is not None
    config = json.loads(html.unescape(found.group(1)))
    asked = {
        "allowEval": False,
        "allowScriptTags": False,
        "includeIndicatorStyles": False,
        "selfRequestsOnly": True,
        "historyCacheSize": 0,
        # Keys pressed right after an answer are not set back by a focus that comes later.
        "defaultSettleDelay": 0,
    }
    assert {name: config.get(name) for name in asked} == asked


URLENCODED, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"


@pytest.mark.parametrize("content_type", [URLENCODED, MULTIPART])
@pytest.mark.parametrize(("parts", "status"), [(600, 200), (601, 413)])
def test_a_form_has_six_hundred_parts_at_most(
    app: Flask, content_type: str, parts: int, status: int
) -> None:
    with app.test_request_context(
        method="POST",
        data={f"f{number}": "x" for number in range(parts)},
        content_type=content_type,
    ):
        if status == 413:
            with pytest.raises(RequestEntityTooLarge):
                len(request.form)
        else:
            assert len(request.form) == parts


@pytest.mark.parametrize("content_type", [URLENCODED, MULTIPART])
@pytest.mark.parametrize(("length", "status"), [(499_000, 200), (500_001, 413)])
def test_a_form_has_half_a_megabyte_at_most(
    app: Flask, content_type: str, length: int, status: int
) -> None:
    with app.test_request_context(
        method="POST", data={"text": "x" * length}, content_type=content_type
    ):
        if status == 413:
            with pytest.raises(RequestEntityTooLarge):
                len(request.form)
        else:
            assert len(request.form["text"]) == length


@pytest.mark.parametrize("path", ["/login", "/evidence", "/nowhere", "/api/v1/me/evidence"])
@pytest.mark.parametrize("field", ["a=1&", "a&", "&"])
def test_a_form_of_very_many_fields_is_refused_unread(
    path: str, field: str, app: Flask, cast: Cast
) -> None:
    """Of processor time, which does not count what others do; all of them took 0.2 s to parse."""
    client = BrowserClient.of(app, cast.alice).client
    body = (field * 240_000).encode()
    began = time.thread_time()
    answer = client.post(path, data=body, content_type=URLENCODED)
    took = time.thread_time() - began
    assert answer.status_code in (401, 404, 413)
    assert took < 0.1
