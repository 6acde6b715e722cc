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

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'; manifest-src 'self'"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
HSTS = "max-age=31536000"
SLUG = "senior-ml-engineer"
HTTP, HTTPS = "http://cairn.example.org", "https://cairn.example.org"
RESPONSES = {
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
def make_app(app: Flask, database_url: str):
    """Return `make(**settings)`, which makes an application on the same database."""
    apps: dict[str, Flask] = {}

    def make(**settings: str) -> Flask:
        key = repr(settings)
        if key not in apps:
            names = ("SECRET_KEY", "DATA_DIR", "PASSWORD_TIME_COST", "PASSWORD_MEMORY_KIB")
            custom_app = create_app(
                {name: app.config[name] for name in names}
                | {"DATABASE_URL": database_url, "RATELIMIT_ENABLED": False, **settings}
            )
            add_views(custom_app)
            apps[key] = custom_app
        return apps[key]

    yield make
    for custom_app in apps.values():
        with custom_app.app_context():
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
@pytest.mark.parametrize("name", RESPONSES)
def test_every_response_has_the_security_headers(
    make_app: Callable[..., Flask],
    app: Flask,
    cast: Cast,
    name: str,
    settings: dict[str, str],
    address: str,
    tls: bool,
) -> None:
    status, method, path, headers = RESPONSES[name]
    custom_app = make_app(**settings)
    client = IsolatedClient(custom_app, custom_app.response_class, use_cookies=True)
    if status in (200, 304) and path != "/login":
        # The cookie of a signed-in user, with the name that this server expects.
        cookie = BrowserClient.of(app, cast.alice).client.get_cookie(
            app.config["SESSION_COOKIE_NAME"]
        )
        assert cookie is not None
        headers = {"Cookie": f"{'__Host-' if tls else ''}{cookie.key}={cookie.value}", **headers}
        client = IsolatedClient(custom_app, custom_app.response_class, use_cookies=False)
    if name == "kept":
        browser = BrowserClient.of(app, cast.alice)
        browser.post(f"{path}/enrollment", {})
        first = client.get(path, base_url=address, headers=headers)
        headers["If-None-Match"] = first.headers["ETag"]
    answer = client.open(path, method=method, base_url=address, headers=headers)
    assert answer.status_code == status
    assert {name: answer.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS
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
def test_session_cookie_attributes(
    make_app: Callable[..., Flask],
    settings: dict[str, str],
    address: str,
    headers: dict[str, str],
    tls: bool,
) -> None:
    custom_app = make_app(**settings)
    client = IsolatedClient(custom_app, custom_app.response_class, use_cookies=False)
    answer = client.get("/login", base_url=address, headers=headers)
    (cookie,) = answer.headers.getlist("Set-Cookie")
    given, *attributes = cookie.split("; ")
    expected = ("__Host-" if tls else "") + custom_app.config["SESSION_COOKIE_NAME"]
    assert given.partition("=")[0] == expected
    assert ("Secure" in attributes) is tls
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(attributes)
    assert not any(each.startswith("Domain") for each in attributes)
    assert ("Strict-Transport-Security" in answer.headers) is tls
    # The server accepts the cookie under the same name.
    again = client.get("/login", base_url=address, headers={**headers, "Cookie": given})
    assert "Set-Cookie" not in again.headers


def test_installations_on_one_host_use_different_cookie_names(
    make_app: Callable[..., Flask],
) -> None:
    """Browsers send the cookies of a host to all its ports."""
    one, other = make_app(), make_app(SECRET_KEY="the key of another installation")
    jar: dict[str, str] = {}
    for address in (HTTP, HTTPS):
        for custom_app in (one, other, one, other):
            cookies = "; ".join(f"{name}={value}" for name, value in jar.items())
            client = custom_app.test_client(use_cookies=False)
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
def test_forwarded_headers_of_the_configured_number_of_proxies_are_trusted(
    make_app: Callable[..., Flask], proxies: str, address: str, scheme: str, host: str
) -> None:
    custom_app = make_app(TRUSTED_PROXIES=proxies)
    answer = custom_app.test_client().get(
        "/seen-by-a-test",
        headers={
            "X-Forwarded-For": "192.0.2.1, 192.0.2.2, 192.0.2.3",
            "X-Forwarded-Proto": "gopher, https, ftp",
            "X-Forwarded-Host": "one.example.org, two.example.org, three.example.org",
        },
    )
    assert answer.get_json() == {"address": address, "scheme": scheme, "host": host}


def test_htmx_configuration_is_restricted(browser_of) -> None:
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
        # A later focus would undo keys pressed right after a response.
        "defaultSettleDelay": 0,
    }
    assert {name: config.get(name) for name in asked} == asked


URLENCODED, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"


@pytest.mark.parametrize("content_type", [URLENCODED, MULTIPART])
@pytest.mark.parametrize(("parts", "status"), [(600, 200), (601, 413)])
def test_form_has_at_most_600_fields(
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
def test_form_has_at_most_500_kb(app: Flask, content_type: str, length: int, status: int) -> None:
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
def test_form_with_too_many_fields_is_rejected_without_parsing(
    path: str, field: str, app: Flask, cast: Cast
) -> None:
    """Parsing all fields took 0.2 s of processor time, which other processes do not affect."""
    client = BrowserClient.of(app, cast.alice).client
    body = (field * 240_000).encode()
    began = time.thread_time()
    answer = client.post(path, data=body, content_type=URLENCODED)
    took = time.thread_time() - began
    assert answer.status_code in (401, 404, 413)
    assert took < 0.1
