"""Texts are extracted for translation, and dates and numbers follow the user's locale."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po
from flask import Flask

from roadmap.core import i18n
from roadmap.core.i18n import FORMAT_LOCALES, page_language, show_date, show_number, show_time
from roadmap.people.models import User

ROOT = Path(__file__).resolve().parents[1]
ACCOUNT = {"name": "Alice", "timezone": "UTC", "theme": "system"}
MOMENT = dt.datetime(2026, 3, 5, 14, 30, tzinfo=dt.UTC)


def test_texts_are_extracted_from_every_kind_of_source(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    template = tmp_path / "messages.pot"
    CommandLineInterface().run(
        ["pybabel", "-q", "extract", "-F", "babel.cfg", "-k", "_l", "-k", "lazy_gettext",
         "-k", "ngettext_noop:1,2", "--no-location", "-o", str(template), "."]
    )  # fmt: skip
    with template.open("rb") as file:
        catalog = read_po(file)
    assert len(catalog) > 1000
    # From a template, a module, a form, the exported site, and a plural.
    for text in (
        "Public links",
        "Nearly ready",
        "Time zone",
        "Measured and verified",
        "image, not loaded from another site",
    ):
        assert text in catalog, text
    hours = "To pass: %(num)s more verified hour, from required milestones that are done"
    assert catalog[hours].pluralizable


def test_lazy_text_is_escaped_in_templates(app):
    with app.test_request_context():
        text = i18n.lazy_gettext("Hello %(name)s", name="<script>")
        shown = app.jinja_env.from_string("{{ text }}|{{ text ~ '<' }}").render(text=text)
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


def test_languages_are_those_with_a_compiled_catalog(tmp_path, monkeypatch):
    assert i18n.list_languages(tmp_path) == ("en",)
    for name, file in (("de", "messages.mo"), ("pt_BR", "messages.mo"), ("fr", "messages.po")):
        (tmp_path / name / "LC_MESSAGES").mkdir(parents=True)
        (tmp_path / name / "LC_MESSAGES" / file).touch()
    languages = i18n.list_languages(tmp_path)
    assert languages == ("en", "de", "pt_BR")
    monkeypatch.setattr(i18n, "LANGUAGES", languages)
    found = [page_language(locale) for locale in ("de_CH", "de", "pt_BR", "fr", "en_GB")]
    assert found == ["de", "de", "pt_BR", "en", "en"]


@pytest.mark.usefixtures("french")
def test_rendering_for_another_person_ends_with_the_block(app: Flask) -> None:
    reader = SimpleNamespace(locale="fr", timezone="Asia/Tokyo")
    with app.test_request_context():
        for _each in range(2):
            assert [i18n.gettext("Sign in"), i18n.number_filter(1234.5)] == ["Sign in", "1,234.5"]
            assert i18n.time_filter(MOMENT) == "14:30"
            with i18n.render_for(reader):
                assert i18n.gettext("Sign in") == "Se connecter"
                assert i18n.number_filter(1234.5) == "1\u202f234,5"
                assert i18n.time_filter(MOMENT) == "23:30"


@pytest.mark.parametrize(
    ("locale", "date", "time", "number"),
    [
        ("en", "5 Mar 2026", "14:30", "1,234.5"),
        ("en_GB", "5 Mar 2026", "14:30", "1,234.5"),
        ("en_US", "Mar 5, 2026", "2:30\u202fPM", "1,234.5"),
        ("de", "05.03.2026", "14:30", "1.234,5"),
    ],
)
def test_dates_and_numbers_follow_the_locale(locale, date, time, number):
    assert locale in FORMAT_LOCALES
    assert page_language(locale) == "en"
    assert show_date(MOMENT.date(), locale) == date
    assert show_time(MOMENT, locale) == time
    assert show_number(1234.5, locale) == number


def test_account_form_stores_the_locale(session, cast, browser_of):
    alice = browser_of(cast.alice)
    assert alice.put("/account", {**ACCOUNT, "locale": "de"}).status_code == 303
    page = alice.get("/account").text
    assert '<option selected value="de">' in page
    assert '<html lang="en"' in page
    # A missing field changes nothing; an unknown locale is rejected.
    assert alice.put("/account", ACCOUNT).status_code == 303
    assert alice.put("/account", {**ACCOUNT, "locale": "xx"}).status_code == 422
    session.expire_all()
    assert session.get(User, cast.alice).locale == "de"


@pytest.mark.usefixtures("snapshot")
def test_matrix_follows_the_locale_but_its_csv_export_does_not(session, cast, browser_of):
    bob = browser_of(cast.bob)
    export = bob.get("/teams/ranking/export/csv").data
    assert re.search(r">\d+\.\d <span", bob.get("/teams/ranking").text)
    session.get(User, cast.bob).locale = "de"
    session.commit()
    page = bob.get("/teams/ranking").text
    assert re.search(r">\d+,\d <span", page)
    assert not re.search(r">\d+\.\d <span", page)
    assert bob.get("/teams/ranking/export/csv").data == export
