"""A form submitted after its session ended is preserved."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections import defaultdict

import sqlalchemy as sa
from wtforms import DateField, DecimalField, Form, HiddenField, PasswordField, StringField
from wtforms.fields.core import UnboundField

import roadmap
from roadmap.auth.models import LoginSession
from roadmap.auth.preserved_form import COMMON_LABELS, text_field_labels
from roadmap.people.models import User
from tests.support.browser_client import IsolatedClient
from tests.support.login import PASSWORD, hidden_inputs, set_password, sign_in

TYPED = {"name": "Alice <Liddell> & co", "timezone": "Europe/Berlin", "theme": "dark"}


def open_account_page(session, cast, browser_of):
    """Return a browser of Alice with an account page opened while signed in."""
    set_password(session, cast.alice)
    browser = browser_of()
    sign_in(browser, "alice@example.org")
    browser.get("/account")
    browser.csrf()
    return browser


def end_sessions(session) -> None:
    session.execute(sa.delete(LoginSession))
    session.commit()


def sign_in_again(browser, page, email="alice@example.org"):
    return sign_in(browser, email, **hidden_inputs(page, "kept."))


def test_form_is_preserved_and_resent_after_sign_in(session, cast, browser_of):
    browser = open_account_page(session, cast, browser_of)
    end_sessions(session)
    page = browser.post("/account?_method=PUT", TYPED)
    assert page.status_code == 401
    assert 'action="/login"' in page.text
    again = sign_in_again(browser, page)
    assert again.status_code == 200
    assert "You are signed in again" in again.text
    assert 'action="/account" data-sends-draft' in again.text
    assert session.get(User, cast.alice).name == "Alice"
    sent = hidden_inputs(again, "")
    assert sent["_method"] == "PUT"
    assert browser.post("/account", sent).status_code == 303
    assert session.get(User, cast.alice).name == TYPED["name"]


def test_form_is_preserved_after_sign_out_in_another_tab(session, cast, browser_of):
    browser = open_account_page(session, cast, browser_of)
    token = browser.csrf()
    browser.post("/logout")
    page = browser.client.post("/account?_method=PUT", data={**TYPED, "csrf_token": token})
    assert page.status_code == 401
    assert "You are signed in again" in sign_in_again(browser, page).text


def test_form_is_preserved_without_cookie(session, cast, app):
    """Forms are sent as rendered, with their own CSRF token."""
    set_password(session, cast.alice)
    client = IsolatedClient(app, app.response_class, use_cookies=True)
    page = client.post("/account?_method=PUT", data=TYPED)
    assert page.status_code == 401
    entry = {"email": "alice@example.org", "password": PASSWORD}
    again = client.post("/login", data={**hidden_inputs(page, ""), **entry})
    assert again.status_code == 200
    assert "You are signed in again" in again.text
    saved = client.post("/account?_method=PUT", data=hidden_inputs(again, ""))
    assert saved.status_code == 303
    assert session.get(User, cast.alice).name == TYPED["name"]


def test_typed_fields_are_shown_and_all_fields_resent(session, cast, browser_of):
    browser = open_account_page(session, cast, browser_of)
    end_sessions(session)
    sent = {
        "title": "Feature store",
        "kind": "design_doc",
        "occurred_on": "2026-03-01",
        "description": "First line\nSecond line",
        "impacts-0-type": "scale",
        "impacts-0-metric": "Requests a second",
        "role": " ",
        "revision": "1",
        "about": str(cast.alice),
    }
    again = sign_in_again(browser, browser.post("/evidence", sent))
    shown = re.findall(r"<dt>(.*?)</dt>\s*<dd[^>]*>(.*?)</dd>", again.text, re.DOTALL)
    assert shown == [
        ("Title", "Feature store"),
        ("Date", "2026-03-01"),
        ("Description", "First line\nSecond line"),
        ("Metric", "Requests a second"),
    ]
    assert sent.items() <= hidden_inputs(again, "").items()


def test_every_text_field_has_one_label(app):
    labels = defaultdict(set)
    for module in pkgutil.walk_packages(roadmap.__path__, "roadmap."):
        if not module.name.endswith(".forms"):
            continue
        for form in vars(importlib.import_module(module.name)).values():
            if not (inspect.isclass(form) and issubclass(form, Form)):
                continue
            for name, field in inspect.getmembers(form):
                typed = isinstance(field, UnboundField) and issubclass(
                    field.field_class, (StringField, DateField, DecimalField)
                )
                if typed and not issubclass(field.field_class, (PasswordField, HiddenField)):
                    labels[name].add(str(field.args[0]))
    for name in labels.keys() - COMMON_LABELS.keys() - {"q"}:
        assert labels[name] == {str(text_field_labels()[name])}, f"{name} needs a common label"


def test_preserved_comment_is_shown(session, cast, browser_of):
    browser = open_account_page(session, cast, browser_of)
    end_sessions(session)
    page = browser.post(f"/evidence/{cast.alice}/comments", {"text": "It was harder than that."})
    assert "It was harder than that." in sign_in_again(browser, page).text


def test_preserved_form_without_text_says_so(session, cast, browser_of):
    browser = open_account_page(session, cast, browser_of)
    end_sessions(session)
    again = sign_in_again(browser, browser.put("/account", {"theme": "dark"}))
    assert "It contains no text" in again.text
    assert "<dt>" not in again.text
    assert hidden_inputs(again, "theme") == {"theme": "dark"}


def test_open_form_works_after_same_person_signs_in_again(session, cast, browser_of):
    browser = open_account_page(session, cast, browser_of)
    token = browser.csrf()
    end_sessions(session)
    sign_in(browser, "alice@example.org")
    response = browser.client.post("/account?_method=PUT", data={**TYPED, "csrf_token": token})
    assert response.status_code == 303


def test_form_is_preserved_after_wrong_password(session, cast, browser_of):
    browser = open_account_page(session, cast, browser_of)
    end_sessions(session)
    page = browser.put("/account", TYPED)
    data = {
        "email": "alice@example.org",
        "password": "wrong wrong wrong",
        **hidden_inputs(page, "kept."),
    }
    page = browser.post("/login", data)
    assert page.status_code == 422
    assert hidden_inputs(page, "kept.field.")["kept.field.name"] == TYPED["name"]
    assert "You are signed in again" in sign_in_again(browser, page).text


def test_preserved_form_is_discarded_for_another_person(session, cast, browser_of):
    browser = open_account_page(session, cast, browser_of)
    set_password(session, cast.bob)
    end_sessions(session)
    page = browser.put("/account", TYPED)
    response = sign_in_again(browser, page, "bob@example.org")
    assert (response.status_code, response.location) == (303, "/")
    assert "belongs to someone else" in browser.get("/account").text
    assert session.get(User, cast.bob).name == "Bob"


def test_passwords_are_not_preserved(session, cast, browser_of):
    browser = open_account_page(session, cast, browser_of)
    end_sessions(session)
    page = browser.put("/account/password", {"current_password": PASSWORD, "password": "secret 12"})
    assert PASSWORD not in page.text
    assert "secret 12" not in page.text


def test_form_of_another_site_is_not_preserved(app, session, cast):
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Referer": "https://evil.example/page"},
    ):
        response = app.test_client().post("/account?_method=PUT", data=TYPED, headers=headers)
        assert response.status_code == 303
        assert "Liddell" not in response.text


def test_preserved_form_is_sent_to_own_paths_only(session, cast, browser_of):
    set_password(session, cast.alice)
    for target in ("https://evil.example/", "//evil.example/", "javascript:alert(1)", ""):
        kept = {"kept.method": "POST", "kept.target": target, "kept.field.name": "x"}
        response = sign_in(browser_of(), "alice@example.org", **kept)
        assert (response.status_code, response.location) == (303, "/")


def test_preserved_text_has_a_maximum_length(session, cast, browser_of):
    browser = open_account_page(session, cast, browser_of)
    end_sessions(session)
    page = browser.put("/account", {**TYPED, "name": "ä" * 70_000})
    assert page.status_code == 401
    again = sign_in_again(browser, page)
    assert again.status_code == 200
    assert hidden_inputs(again, "name")["name"] == "ä" * 70_000
    end_sessions(session)
    response = browser.put("/account", {**TYPED, "name": "x" * 600_000})
    assert response.status_code == 303
    assert response.location.startswith("/login")


def test_htmx_request_is_redirected_to_login(session, cast, browser_of):
    browser = open_account_page(session, cast, browser_of)
    end_sessions(session)
    headers = {"HX-Request": "true", "HX-Current-URL": "http://localhost/skills?a=1"}
    response = browser.client.put("/account", data=TYPED, headers=headers)
    assert response.status_code == 204
    assert response.headers["HX-Redirect"] == "/login?next=/skills?a%3D1"
    message = "You were signed out, so your last change was not saved."
    sign_in = browser.get("/login?next=/skills").text
    assert message in sign_in
    assert "text that you entered is kept" in sign_in
    away = {**headers, "HX-Current-URL": "https://evil.example/x"}
    response = browser.client.put("/account", data=TYPED, headers=away)
    assert response.headers["HX-Redirect"] == "/login?next=/"
