"""The rules of the house hold; and the checks that say so see what they are there to see."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import architecture
from tests.support.architecture import CHECKS

ROOT = Path(__file__).resolve().parents[1]

Check = Callable[[Path], list[str]]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_house_keeps_its_rules(check: Check) -> None:
    broken = check(ROOT)
    assert not broken, "\n".join(broken)


# Each row: the check, the files of a small tree that breaks its rule, and what must be said.
BROKEN: list[tuple[Check, dict[str, str], str]] = [
    (
        architecture.ladder,
        {"roadmap/evidence/queries.py": "from roadmap.readiness.rules import score"},
        "roadmap/evidence/queries.py:1 imports upwards from readiness",
    ),
    (
        architecture.ladder,
        {"roadmap/evidence/queries.py": "import roadmap.skills.models"},
        "roadmap/evidence/queries.py:1 imports its neighbour skills",
    ),
    (
        architecture.ladder,
        {"roadmap/core/web.py": "def f():\n    from roadmap.people import permissions"},
        "roadmap/core/web.py:2 imports upwards from people",
    ),
    (
        architecture.ladder,
        {"roadmap/people/actor.py": "from roadmap import evidence"},
        "roadmap/people/actor.py:1 imports upwards from evidence",
    ),
    (
        architecture.ladder,
        {"roadmap/people/actor.py": "from roadmap import create_app"},
        "roadmap/people/actor.py:1 imports upwards from app",
    ),
    (
        architecture.ladder,
        {"roadmap/auth/tokens.py": "import importlib as i\ni.import_module('roadmap.catalog')"},
        "roadmap/auth/tokens.py:2 imports its neighbour catalog",
    ),
    (
        architecture.ladder,
        {"roadmap/skills/queries.py": "from ..evidence import models"},
        "roadmap/skills/queries.py:1 imports its neighbour evidence",
    ),
    (
        architecture.ladder,
        {"roadmap/helpers/text.py": "import re"},
        "roadmap/helpers stands on no floor",
    ),
    (
        architecture.foreign_routes,
        {"roadmap/dashboard/routes.py": "from roadmap.readiness.routes import say"},
        "roadmap/dashboard/routes.py:1 imports the routes of another room",
    ),
    (
        architecture.foreign_routes,
        {"roadmap/dashboard/recent_activity.py": "from roadmap.account import routes_tokens"},
        "roadmap/dashboard/recent_activity.py:1 imports the routes of another room",
    ),
    (
        architecture.room_layers,
        {"roadmap/skills/queries.py": "from roadmap.skills.actions import assess"},
        "roadmap/skills/queries.py:1 imports upwards inside its room",
    ),
    (
        architecture.room_layers,
        {"roadmap/skills/forms.py": "from roadmap.skills import routes_history"},
        "roadmap/skills/forms.py:1 imports upwards inside its room",
    ),
    (
        architecture.purity,
        {"roadmap/evidence/rules.py": "import sqlalchemy as sa"},
        "roadmap/evidence/rules.py:1 imports sqlalchemy",
    ),
    (
        architecture.purity,
        {"roadmap/readiness/gates.py": "from flask_babel import gettext"},
        "roadmap/readiness/gates.py:1 imports flask_babel",
    ),
    (
        architecture.purity,
        {"roadmap/journey/rules.py": "import datetime as dt\ndef f():\n    return dt.date.today()"},
        "roadmap/journey/rules.py:3 reads the clock (date.today)",
    ),
    (
        architecture.purity,
        {
            "roadmap/journey/rules.py": "from roadmap.journey.dates import soon",
            "roadmap/journey/dates.py": "import time\nsoon = time.time()",
        },
        "roadmap/journey/rules.py > roadmap/journey/dates.py:2 reads the clock (time.time)",
    ),
    (
        architecture.rows_without_access,
        {"roadmap/evidence/routes.py": "def f():\n    return db.session.get(Evidence, 1)"},
        "roadmap/evidence/routes.py:2 loads a row by session.get",
    ),
    (
        architecture.rows_without_access,
        {"roadmap/account/routes.py": "def f(session):\n    session.get_one(User, 1)"},
        "roadmap/account/routes.py:2 loads a row by session.get_one",
    ),
    (
        architecture.commits,
        {"roadmap/evidence/actions.py": "def f(session):\n    session.commit()"},
        "roadmap/evidence/actions.py:2 commits",
    ),
    (
        architecture.unsafe_markup,
        {"templates/a/page.html": "<p>{{ text | safe }}</p>"},
        "templates/a/page.html:1 marks text as safe",
    ),
    (
        architecture.unsafe_markup,
        {"templates/a/page.html": "<p>\n<i style='color: red'></i></p>"},
        "templates/a/page.html:2 has a style attribute",
    ),
    (
        architecture.unsafe_markup,
        {"templates/a/page.html": "<script>go()</script>"},
        "templates/a/page.html:1 has an inline script",
    ),
    (
        architecture.unsafe_markup,
        {"templates/a/page.html": "<a href='/' onclick='go()'>"},
        "templates/a/page.html:1 has an event handler",
    ),
    (
        architecture.unsafe_markup,
        {"templates/a/page.html": "<a hx-on:click='go()'>"},
        "templates/a/page.html:1 has an event handler of htmx",
    ),
    (
        architecture.fragments,
        {"templates/a/row.html": "<li>one</li>"},
        "templates/a/row.html is a fragment by another's name",
    ),
    (
        architecture.fragments,
        {"templates/a/_page.html": '{% extends "base.html" %}'},
        "templates/a/_page.html is a page by another's name",
    ),
    (
        architecture.fragments,
        {"templates/a/_row.html": '{% include "a/other.html" %}'},
        "templates/a/_row.html includes a/other.html, which is no fragment",
    ),
]


def plant(root: Path, files: dict[str, str]) -> None:
    (root / "roadmap").mkdir()
    for place, text in files.items():
        path = root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("check", "files", "said"), BROKEN, ids=lambda value: getattr(value, "__name__", "")
)
def test_a_broken_rule_is_seen(
    check: Check, files: dict[str, str], said: str, tmp_path: Path
) -> None:
    plant(tmp_path, files)
    assert [line for line in check(tmp_path) if line.startswith(said)], check(tmp_path)


def test_every_check_is_known_to_see_something() -> None:
    assert {check for check, _files, _said in BROKEN} == set(CHECKS)


# What looks like a broken rule and is none.
ALLOWED = {
    "roadmap/app.py": "from roadmap.evidence.routes import evidence\nfrom roadmap.core import web",
    "roadmap/core/web.py": "def f(session):\n    session.commit()",
    "roadmap/journey/routes.py": (
        "from flask import session\n"
        "from roadmap.readiness.presentation import render_message\n"
        "from roadmap import __version__\n"
        "x = session.get('who')"
    ),
    "roadmap/journey/rules.py": "def f(by, now):\n    return by.today(now)",
    "templates/base.html": "<!doctype html><script src='/static/app.js' defer></script>",
    "templates/a/page.html": '{% extends "base.html" %}{# no style="…" here #}<p class="on">',
    "templates/a/_row.html": "<li>one",
}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_what_is_allowed_is_left_alone(check: Check, tmp_path: Path) -> None:
    plant(tmp_path, ALLOWED)
    assert check(tmp_path) == []
