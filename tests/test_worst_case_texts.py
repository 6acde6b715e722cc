"""Texts that are slow to parse get a fast response without an error, in every form field."""

from __future__ import annotations

import contextlib
import json
import re
import time
from urllib.parse import quote_plus

import pytest
from flask import Flask
from flask_wtf import FlaskForm
from pydantic import ValidationError
from wtforms import StringField
from wtforms.fields.core import UnboundField

from roadmap.api.route_table import ROUTES
from tests.support.route_manifest import CHANGES, VIEWABLE_PAGES
from tests.support.snapshot import Snapshot

# CPU time, which excludes other processes. An ordinary response takes 10 ms.
SECONDS = 0.3

# Characters of all fields together, close to the maximum size of an encoded form.
LENGTH = 80_000

WORST = {
    "combining marks": "a" + "\u0315\u0300" * 40_000,
    "decomposing marks": "\u0f73" * 60_000,
    "table": "|a|\n|-|\n" + "|\n" * 90_000,
    "urls": "www." * 50_000,
    "brackets": "![" * 100_000,
    "emphasis": "*a **b " * 25_000,
    "digits": "9" * 200_000,
}


def text_fields(form: type[FlaskForm]) -> set[str]:
    """Return the names of free-text fields in a form class and its subclasses."""
    names = {
        name
        for name in dir(form)
        if isinstance(field := getattr(form, name), UnboundField)
        and issubclass(field.field_class, StringField)
    }
    return names.union(*map(text_fields, form.__subclasses__()))


@pytest.mark.parametrize("worst", WORST)
def test_worst_case_text_in_a_form_is_answered_quickly(
    worst: str, app: Flask, snapshot: Snapshot
) -> None:
    ids, browser = snapshot.ids, snapshot.browsers(app)["alice"]
    csrf_token = browser.csrf()
    failures = []
    # Fields of every form, in case the manifest's example omits some.
    every = text_fields(FlaskForm)
    assert {"description", "summary", "note", "reason", "introduction", "comment"} <= every
    for change in CHANGES:
        if change.permission == "public" or change.rule == "/account/email":
            continue  # these end the session or count attempts
        names = every.union(change.body(ids, "alice"))
        # Encoded once, because that takes as long as the response.
        text = quote_plus(WORST[worst][: LENGTH // max(1, len(names))])
        body = "&".join(f"{name}={text}" for name in names)
        began = time.thread_time()
        answer = browser.client.open(
            change.of(ids),
            method=change.method,
            data=body,
            content_type="application/x-www-form-urlencoded",
            headers={"X-CSRFToken": csrf_token},
        )
        took = time.thread_time() - began
        if answer.status_code >= 500 or took > SECONDS:
            failures.append(f"{change.title}: {answer.status_code}, {took:.3f} s")
    assert not failures, "\n".join(failures)


def test_text_fields_have_no_maxlength(app: Flask, snapshot: Snapshot) -> None:
    """Browsers silently cut pasted text; the server rejects it with a message."""
    found = []
    for role in ("alice", "bob", "erin"):
        browser = snapshot.browsers(app)[role]
        for row in VIEWABLE_PAGES:
            if row.is_viewable(role):
                for url in (row.url, *row.variants):
                    found += re.findall(r"<(?:textarea|input)[^>]*>", browser.get(url).text)
    kept = [field for field in found if 'type="search"' not in field]
    assert kept
    assert not [field for field in kept if "maxlength" in field]


@pytest.mark.parametrize("worst", WORST)
def test_worst_case_text_in_an_api_body_is_parsed_quickly(worst: str) -> None:
    models = {body for route in ROUTES if (body := route.load_operation().body)}
    assert len(models) > 5
    for model in models:
        for name in model.model_fields:
            body = json.dumps({name: WORST[worst][:LENGTH]})
            began = time.thread_time()
            with contextlib.suppress(ValidationError):
                model.model_validate_json(body)
            assert time.thread_time() - began < 0.1, (model.__name__, name)


@pytest.mark.parametrize("worst", WORST)
def test_unknown_url_does_not_parse_the_form(worst: str, app: Flask) -> None:
    client = app.test_client()
    for text in (WORST[worst], WORST[worst].encode()):
        began = time.thread_time()
        answer = client.post("/nowhere", data={"text": text})
        assert answer.status_code in (400, 404)
        assert time.thread_time() - began < SECONDS
