"""The claims of docs/security-checks.md that no other test covers."""

from __future__ import annotations

import ast
import json
import logging
import re
from collections import Counter
from functools import cache

import pytest
from flask import Flask

from roadmap.auth.tokens import new_token
from roadmap.core.config import ROOT
from roadmap.core.database import db
from roadmap.core.logs import JsonFormatter
from roadmap.people.models import User
from tests.support.api_client import ApiClient
from tests.support.cast import Cast
from tests.support.route_manifest import PAGES, VIEWABLE_PAGES
from tests.support.snapshot import Snapshot

PAGE = (ROOT / "docs/security-checks.md").read_text("utf-8")
# Number of level 1 and 2 requirements per chapter of ASVS 5.0.0.
REQUIREMENTS = {
    1: 27, 2: 11, 3: 19, 4: 10, 5: 9, 6: 35, 7: 18, 8: 7, 9: 7,
    11: 14, 12: 9, 13: 13, 14: 9, 15: 13, 16: 16,
}  # fmt: skip
WITHOUT_SIGN_OUT_FORM = ("/login", "/password", "/api/", "/p/", "/credentials/{badge}")


# The table


@cache
def function_names(path: str) -> set[str]:
    tree = ast.parse((ROOT / "tests" / path).read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_named_tests_exist() -> None:
    named = re.findall(r"`([\w/]+\.py)(?:::(\w+))?`", PAGE)
    assert len(named) > 100
    for path, name in named:
        assert (ROOT / "tests" / path).exists(), path
        assert not name or name in function_names(path), f"{path}::{name}"


def test_table_lists_every_level_two_requirement_once() -> None:
    rows = [line for line in PAGE.splitlines() if re.match(r"\| V\d", line)]
    listed = [each for row in rows for each in re.findall(r"V\d+\.\d+\.\d+", row.split("|")[1])]
    assert not [each for each, times in Counter(listed).items() if times > 1]
    assert Counter(int(each[1:].partition(".")[0]) for each in listed) == REQUIREMENTS
    for row in rows:
        _before, _numbers, requirement, tests, _after = row.split("|")
        assert requirement.strip(), row
        assert "`" in tests or re.match(r" (Not|Does not apply)\b", tests), row


def test_summary_lists_unmet_requirements() -> None:
    rows = [line for line in PAGE.splitlines() if re.match(r"\| V\d", line) and "Not met" in line]
    summary = PAGE.partition("**Not met, in short:**")[2].partition("\n- [")[0]
    assert len(rows) > 10
    for row in rows:
        numbers = re.findall(r"V\d+\.\d+\.\d+", row.split("|")[1])
        assert any(number in summary for number in numbers), row


# Not covered by other tests

# Badge keys and status lists identify nobody, and verifiers run on other origins.
CROSS_ORIGIN_RULES = {
    *("/credentials/issuer", "/credentials/keys/<uuid:key_id>", "/.well-known/jwks.json"),
    "/credentials/status/<int:number>",
}


def test_responses_have_no_cors_headers(app: Flask, snapshot: Snapshot) -> None:
    """V3.4.2, V3.5.2: nothing relies on CORS preflights, and none is answered."""
    ids, browsers = snapshot.ids, snapshot.browsers(app)
    sender = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "PUT"}
    for page in PAGES:
        if page.rule in CROSS_ORIGIN_RULES:
            continue
        for method in ("GET", "OPTIONS"):
            response = browsers["alice"].client.open(page.of(ids), method=method, headers=sender)
            found = [name for name, _value in response.headers if name.startswith("Access-Control")]
            assert not found, page.url
            response.close()


def test_responses_have_content_type_and_charset(app: Flask, snapshot: Snapshot) -> None:
    """V4.1.1: text responses include the charset."""
    ids, browsers = snapshot.ids, snapshot.browsers(app)
    for page in PAGES:
        for role in ("alice", "erin"):
            response = browsers[role].get(page.of(ids))
            if response.get_data():
                kind = response.headers.get("Content-Type", "")
                assert "/" in kind, page.url
                assert "charset=utf-8" in kind or not kind.startswith("text/"), page.url


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "DEBUG"])
def test_trace_and_debug_methods_are_rejected(method: str, app: Flask) -> None:
    """V13.4.4."""
    for path in ("/", "/login", "/healthz", "/api/v1/me"):
        response = app.test_client().open(path, method=method, headers={"X-Secret": "moraine"})
        assert response.status_code in (401, 405), path
        assert "moraine" not in response.text


@pytest.mark.parametrize(
    "path",
    [
        *("/.git/config", "/.env", "/.env.example", "/instance/secret-key", "/requirements.txt"),
        *("/static", "/static/", "/static/css/", "/static/vendor/", "/console", "/debug"),
        *("/static/../.env", "/static/%2e%2e/.env", "/static/..%2f.env", "/static/....//.env"),
        *(
            "/static//etc/passwd",
            "/static/%2fetc/passwd",
            "/templates/base.html",
            "/roadmap/app.py",
        ),
    ],
)
def test_files_outside_static_are_not_served(path: str, app: Flask, cast: Cast) -> None:
    """V5.3.2, V13.4.1, V13.4.3."""
    assert app.test_client().get(path, follow_redirects=True).status_code == 404


def test_password_fields_are_masked_and_named_for_password_managers(
    app: Flask, snapshot: Snapshot
) -> None:
    """V6.2.6, V6.2.7."""
    ids, found = snapshot.ids, []
    for role in ("nobody", "alice"):
        browser = snapshot.browsers(app)[role]
        for row in VIEWABLE_PAGES:
            text = browser.get(row.of(ids)).text
            found += re.findall(r"<input[^>]*name=\"[^\"]*password[^\"]*\"[^>]*>", text)
    assert found
    for field in found:
        assert 'type="password"' in field, field
        assert re.search(r'autocomplete="(current|new)-password"', field), field
        assert "onpaste" not in field


def test_signed_in_pages_have_a_sign_out_form(app: Flask, snapshot: Snapshot) -> None:
    """V7.4.4."""
    ids = snapshot.ids
    for role in ("alice", "bob", "erin"):
        browser = snapshot.browsers(app)[role]
        for row in VIEWABLE_PAGES:
            if row.is_viewable(role) and not row.url.startswith(WITHOUT_SIGN_OUT_FORM):
                assert 'action="/logout"' in browser.get(row.of(ids)).text, row.url


def test_columns_outside_the_form_are_not_changed(app: Flask, snapshot: Snapshot) -> None:
    """V15.3.3: every column of an account is submitted."""
    alice, names = snapshot.browsers(app)["alice"], [column.name for column in User.__table__.c]

    def row() -> dict[str, object]:
        with app.app_context():
            found = db.session.get(User, snapshot.cast.alice)
            return {name: getattr(found, name) for name in names}

    before = row()
    form = dict.fromkeys(names, "1")
    form |= {"name": "Alice A.", "email": "root@example.org", "role": "admin", "is_admin": "yes"}
    form |= {"timezone": "Europe/Berlin", "locale": "en_GB", "theme": "dark"}
    assert alice.put("/account", form).status_code == 303
    after = row()
    changed = {name for name in before if before[name] != after[name]}
    assert "name" in changed
    assert changed <= {"name", "search_text", "timezone", "locale", "theme", "version"}


def test_query_parameters_are_not_body_fields(app: Flask, cast: Cast) -> None:
    """V15.3.7."""
    alice = ApiClient.of(app, cast.alice)
    response = alice.client.open(
        "/api/v1/me/evidence?title=Notes&kind=note", method="POST", json={},
        headers={"Authorization": f"Bearer {alice.token}"},
    )  # fmt: skip
    assert response.status_code == 422


def test_log_record_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    """V16.2.2, V16.2.4, V16.4.1: for any text, with a UTC time."""
    text = 'name"}\n{"event": "ready"}\r\x1b[2J\u2028\x00'
    record = logging.LogRecord("roadmap", logging.ERROR, __file__, 1, "refused %s", (text,), None)
    line = JsonFormatter().format(record)
    assert len(line.splitlines()) == 1
    assert line.isascii()
    parsed = json.loads(line)
    assert parsed["event"] == f"refused {text}"
    assert parsed["timestamp"].endswith("Z")


def test_tokens_have_256_random_bits() -> None:
    """V7.2.3, V11.5.1: 256 bits, and the stored value grants no access."""
    tokens = {new_token() for _ in range(1000)}
    assert len({token for token, _hash in tokens}) == 1000
    for token, token_hash in tokens:
        assert len(re.sub(r"[^\w-]", "", token)) * 6 >= 256
        assert token not in str(token_hash)
