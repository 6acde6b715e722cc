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
WITHOUT_SIGN_OUT = ("/login", "/password", "/api/", "/p/", "/credentials/{badge}")


# The table


@cache
def functions_of(path: str) -> set[str]:
    tree = ast.parse((ROOT / "tests" / path).read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_test_of_the_table_exists() -> None:
    named = re.findall(r"`([\w/]+\.py)(?:::(\w+))?`", PAGE)
    assert len(named) > 100
    for path, name in named:
        assert (ROOT / "tests" / path).exists(), path
        assert not name or name in functions_of(path), f"{path}::{name}"


def test_every_requirement_of_level_two_is_in_the_table_once() -> None:
    rows = [line for line in PAGE.splitlines() if re.match(r"\| V\d", line)]
    listed = [each for row in rows for each in re.findall(r"V\d+\.\d+\.\d+", row.split("|")[1])]
    assert not [each for each, times in Counter(listed).items() if times > 1]
    assert Counter(int(each[1:].partition(".")[0]) for each in listed) == REQUIREMENTS
    for row in rows:
        _before, _numbers, asked, shown, _after = row.split("|")
        assert asked.strip(), row
        assert "`" in shown or re.match(r" (Not|Does not apply)\b", shown), row


def test_what_is_not_met_is_listed_at_the_top() -> None:
    rows = [line for line in PAGE.splitlines() if re.match(r"\| V\d", line) and "Not met" in line]
    summary = PAGE.partition("**Not met, in short:**")[2].partition("\n- [")[0]
    assert len(rows) > 10
    for row in rows:
        numbers = re.findall(r"V\d+\.\d+\.\d+", row.split("|")[1])
        assert any(number in summary for number in numbers), row


# Not covered by other tests


FOR_VERIFIERS = {
    *("/credentials/issuer", "/credentials/keys/<uuid:key_id>", "/.well-known/jwks.json"),
    "/credentials/status/<int:number>",
}


def test_no_answer_lets_another_origin_read_it(app: Flask, snapshot: Snapshot) -> None:
    """V3.4.2, V3.5.2: nothing relies on CORS preflights, and none is answered.

    Badge keys and status lists identify nobody, and verifiers run on other origins.
    """
    ids, browsers = snapshot.ids, snapshot.browsers(app)
    sender = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "PUT"}
    for page in PAGES:
        if page.rule in FOR_VERIFIERS:
            continue
        for method in ("GET", "OPTIONS"):
            answer = browsers["alice"].client.open(page.of(ids), method=method, headers=sender)
            found = [name for name, _value in answer.headers if name.startswith("Access-Control")]
            assert not found, page.url
            answer.close()


def test_every_body_says_what_it_is(app: Flask, snapshot: Snapshot) -> None:
    """V4.1.1: text responses include the charset."""
    ids, browsers = snapshot.ids, snapshot.browsers(app)
    for page in PAGES:
        for role in ("alice", "erin"):
            answer = browsers[role].get(page.of(ids))
            if answer.get_data():
                kind = answer.headers.get("Content-Type", "")
                assert "/" in kind, page.url
                assert "charset=utf-8" in kind or not kind.startswith("text/"), page.url


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "DEBUG"])
def test_a_method_that_tells_of_the_request_is_refused(method: str, app: Flask) -> None:
    """V13.4.4."""
    for path in ("/", "/login", "/healthz", "/api/v1/me"):
        answer = app.test_client().open(path, method=method, headers={"X-Secret": "moraine"})
        assert answer.status_code in (401, 405), path
        assert "moraine" not in answer.text


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
def test_nothing_but_pages_and_static_files_is_served(path: str, app: Flask, cast: Cast) -> None:
    """V5.3.2, V13.4.1, V13.4.3."""
    assert app.test_client().get(path, follow_redirects=True).status_code == 404


def test_passwords_are_typed_into_fields_that_hide_them(app: Flask, snapshot: Snapshot) -> None:
    """V6.2.6, V6.2.7: and that password managers recognize."""
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


def test_every_page_of_somebody_lets_them_sign_out(app: Flask, snapshot: Snapshot) -> None:
    """V7.4.4."""
    ids = snapshot.ids
    for role in ("alice", "bob", "erin"):
        browser = snapshot.browsers(app)[role]
        for row in VIEWABLE_PAGES:
            if row.is_viewable(role) and not row.url.startswith(WITHOUT_SIGN_OUT):
                assert 'action="/logout"' in browser.get(row.of(ids)).text, row.url


def test_what_a_form_does_not_ask_for_is_not_changed(app: Flask, snapshot: Snapshot) -> None:
    """V15.3.3: submitting every column of an account changes only its form's fields."""
    alice, names = snapshot.browsers(app)["alice"], [column.name for column in User.__table__.c]

    def row() -> dict[str, object]:
        with app.app_context():
            found = db.session.get(User, snapshot.cast.alice)
            return {name: getattr(found, name) for name in names}

    before = row()
    sent = dict.fromkeys(names, "1")
    sent |= {"name": "Alice A.", "email": "root@example.org", "role": "admin", "is_admin": "yes"}
    sent |= {"timezone": "Europe/Berlin", "locale": "en_GB", "theme": "dark"}
    assert alice.put("/account", sent).status_code == 303
    after = row()
    changed = {name for name in before if before[name] != after[name]}
    assert "name" in changed
    assert changed <= {"name", "search_text", "timezone", "locale", "theme", "version"}


def test_a_parameter_of_the_address_is_no_field_of_a_form(app: Flask, cast: Cast) -> None:
    """V15.3.7."""
    alice = ApiClient.of(app, cast.alice)
    answer = alice.client.open(
        "/api/v1/me/evidence?title=Notes&kind=note", method="POST", json={},
        headers={"Authorization": f"Bearer {alice.token}"},
    )  # fmt: skip
    assert answer.status_code == 422


def test_a_line_of_the_log_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    """V16.2.2, V16.2.4, V16.4.1: for any content, with UTC times."""
    typed = 'name"}\n{"event": "ready"}\r\x1b[2J\u2028\x00'
    record = logging.LogRecord("roadmap", logging.ERROR, __file__, 1, "refused %s", (typed,), None)
    line = JsonFormatter().format(record)
    assert len(line.splitlines()) == 1
    assert line.isascii()
    read = json.loads(line)
    assert read["event"] == f"refused {typed}"
    assert read["timestamp"].endswith("Z")


def test_a_token_cannot_be_guessed() -> None:
    """V7.2.3, V11.5.1: 256 bits, and the stored value grants no access."""
    made = {new_token() for _again in range(1000)}
    assert len({token for token, _hash in made}) == 1000
    for token, kept in made:
        assert len(re.sub(r"[^\w-]", "", token)) * 6 >= 256
        assert token not in str(kept)
