"""Forms are accepted only from Cairn's own pages, whatever headers browser and proxy pass on."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from roadmap import create_app
from roadmap.core.database import db
from tests.support.cast import Cast
from tests.support.login import PASSWORD, set_password

PUBLIC = "https://cairn.example.org"
OTHER_PORT = "https://cairn.example.org:8443"
FOREIGN = "https://other.example"
FORWARDED = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "cairn.example.org"}


@pytest.fixture
def own(app: Flask, database_url: str, request: pytest.FixtureRequest) -> Iterator[Flask]:
    """An application with settings of its own."""
    names = ("SECRET_KEY", "DATA_DIR", "PASSWORD_TIME_COST", "PASSWORD_MEMORY_KIB")
    made = create_app(
        {name: app.config[name] for name in names}
        | {"DATABASE_URL": database_url, "RATELIMIT_ENABLED": False, **request.param}
    )
    yield made
    with made.app_context():
        db.engine.dispose()


def sign_in(own: Flask, opened: str, forwarded: Mapping[str, str], sent: Mapping[str, str]):
    """Sign Alice in by a browser that keeps cookies as the scheme of `opened` demands."""
    client = own.test_client()
    page = client.get("/login", base_url=opened, headers=forwarded)
    found = re.search(r'name="csrf_token"[^>]*?value="([^"]+)"', page.text)
    assert found is not None
    form = {"csrf_token": found[1], "email": "alice@example.org", "password": PASSWORD}
    answer: TestResponse = client.post(
        "/login", base_url=opened, headers={**forwarded, **sent}, data=form
    )
    return answer


BEHIND_A_PROXY = {"BASE_URL": PUBLIC, "TRUSTED_PROXIES": "1"}


@pytest.mark.parametrize(
    ("own", "forwarded", "sent", "status"),
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
        # A proxy that leaves out the port.
        ({"BASE_URL": OTHER_PORT, "TRUSTED_PROXIES": "1"}, FORWARDED, {"Origin": OTHER_PORT}, 303),
        (
            {"BASE_URL": OTHER_PORT, "TRUSTED_PROXIES": "1"},
            FORWARDED,
            {"Referer": f"{OTHER_PORT}/login"},
            303,
        ),
        # A proxy that is not trusted, with and without a configured address.
        ({"BASE_URL": PUBLIC}, {}, {"Origin": PUBLIC}, 303),
        ({}, {}, {"Origin": PUBLIC}, 303),
        # No proxy.
        ({}, {}, {"Origin": "http://cairn.example.org"}, 303),
        ({}, {}, {}, 303),
        ({}, {}, {"Origin": FOREIGN}, 400),
    ],
    indirect=["own"],
)
def test_a_form_with_a_good_token_is_taken_from_our_own_pages(
    session: Session,
    cast: Cast,
    own: Flask,
    forwarded: dict[str, str],
    sent: dict[str, str],
    status: int,
) -> None:
    set_password(session, cast.alice)
    # The client's cookies follow the scheme: what a proxy ends is TLS for the browser.
    opened = PUBLIC if own.config["BASE_URL"] else "http://cairn.example.org"
    assert sign_in(own, opened, forwarded, sent).status_code == status


@pytest.mark.parametrize("own", [{"BASE_URL": PUBLIC}], indirect=True)
def test_a_form_from_another_address_is_told_the_right_one(
    own: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    """A browser keeps no `Secure` cookie that it gets over plain HTTP, so it sends none."""
    here = "http://cairn.example.org:8000"
    for sent in ({"Origin": here}, {"Referer": f"{here}/login"}, {}):
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            answer = own.test_client().post("/login", base_url=here, headers=sent)
        assert answer.status_code == 400
        assert f"sent from {here}, but the address of this Cairn is {PUBLIC}." in answer.text
        assert f"Open {PUBLIC} and try again" in answer.text
        assert "cookies" not in answer.text
        assert [record.getMessage() for record in caplog.records] == [
            f"a form came from {here}, not from {PUBLIC}; check ROADMAP_BASE_URL and proxy"
        ]


@pytest.mark.parametrize(
    ("own", "host", "sent", "status"),
    [
        ({"BASE_URL": PUBLIC}, "cairn.example.org", {}, 200),
        ({"BASE_URL": PUBLIC}, "Cairn.Example.org.:443", {}, 200),
        ({"BASE_URL": OTHER_PORT}, "cairn.example.org", {}, 200),
        ({"BASE_URL": "https://b\u00fccher.example"}, "xn--bcher-kva.example", {}, 200),
        # What the machine calls itself: a proxy that does not pass the host on asks for it.
        ({"BASE_URL": PUBLIC}, "127.0.0.1:8000", {}, 200),
        ({"BASE_URL": PUBLIC}, "[::1]:8000", {}, 200),
        ({"BASE_URL": PUBLIC}, "other.example", {}, 400),
        ({"BASE_URL": PUBLIC}, "192.0.2.10:8000", {}, 400),
        ({"BASE_URL": PUBLIC}, "cairn.example.org.other.example", {}, 400),
        ({"BASE_URL": PUBLIC}, "cairn.example.org@other.example", {}, 400),
        ({"BASE_URL": PUBLIC}, "", {}, 400),
        # Nobody believes an address that no trusted proxy passes on, and a proxy's word is one.
        ({"BASE_URL": PUBLIC}, "cairn.example.org", {"X-Forwarded-Host": "other.example"}, 200),
        (BEHIND_A_PROXY, "app:8000", {"X-Forwarded-Host": "cairn.example.org"}, 200),
        (BEHIND_A_PROXY, "cairn.example.org", {"X-Forwarded-Host": "other.example"}, 400),
        ({}, "other.example", {}, 200),
    ],
    indirect=["own"],
)
def test_a_request_for_another_host_is_refused(
    own: Flask, host: str, sent: dict[str, str], status: int
) -> None:
    headers = {"Host": host, **sent}
    for path in ("/login", "/nowhere", "/static/css/styles.css", "/api/v1/me"):
        answer = own.test_client().get(path, headers=headers)
        assert (answer.status_code == 400) == (status == 400), path
        if status == 400:
            assert f"The address of this Cairn is {PUBLIC}" in answer.text
            assert "other.example" not in answer.text
            assert "Set-Cookie" not in answer.headers
            is_api = path.startswith("/api/")
            assert answer.mimetype == ("application/problem+json" if is_api else "text/plain")
    # Load balancers ask by the machine's address.
    for path in ("/healthz", "/readyz"):
        assert own.test_client().get(path, headers=headers).status_code == 200


@pytest.mark.parametrize("own", [{"BASE_URL": PUBLIC}], indirect=True)
def test_an_old_form_of_the_right_address_is_told_so(own: Flask) -> None:
    for sent in ({"Origin": PUBLIC}, {}):
        answer = own.test_client().post("/login", base_url=PUBLIC, headers=sent)
        assert answer.status_code == 400
        assert "security token did not match" in answer.text
