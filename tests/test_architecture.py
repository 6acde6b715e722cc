"""The source follows the architecture rules, and each check detects a violation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import architecture
from tests.support.architecture import CHECKS

ROOT = Path(__file__).resolve().parents[1]

Check = Callable[[Path], list[str]]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_source_follows_architecture_rules(check: Check) -> None:
    found = check(ROOT)
    assert not found, "\n".join(found)


# Each row: a check, the files of a small tree that violates it, and the expected message.
VIOLATIONS: list[tuple[Check, dict[str, str], str]] = [
    (
        architecture.ladder,
        {"roadmap/evidence/queries.py": "from roadmap.readiness.rules import score_of"},
        "roadmap/evidence/queries.py:1 imports upwards from readiness",
    ),
    (
        architecture.ladder,
        {"roadmap/evidence/queries.py": "import roadmap.skills.models"},
        "roadmap/evidence/queries.py:1 imports from its own floor: skills",
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
        "roadmap/auth/tokens.py:2 imports from its own floor: catalog",
    ),
    (
        architecture.ladder,
        {"roadmap/skills/queries.py": "from ..evidence import models"},
        "roadmap/skills/queries.py:1 imports from its own floor: evidence",
    ),
    (
        architecture.ladder,
        {"roadmap/helpers/text.py": "import re"},
        "roadmap/helpers is missing from FLOORS",
    ),
    (
        architecture.foreign_routes,
        # Routes are recognized by their decorator, not the file name.
        {
            "roadmap/dashboard/routes.py": "from roadmap.readiness.pages import say",
            "roadmap/readiness/pages.py": "@bp.get('/readiness')\ndef say():\n    return ''",
        },
        "roadmap/dashboard/routes.py:1 imports the routes of another room",
    ),
    (
        architecture.foreign_routes,
        {
            "roadmap/dashboard/recent_activity.py": "from roadmap.account import tokens",
            "roadmap/account/tokens.py": "@account.post('/tokens')\ndef create(): ...",
        },
        "roadmap/dashboard/recent_activity.py:1 imports the routes of another room",
    ),
    (
        architecture.foreign_routes,
        {
            "roadmap/cli/teams.py": "def f():\n    from roadmap.api.me import me",
            "roadmap/api/me.py": "@operation('You', answers={})\ndef me(): ...",
        },
        "roadmap/cli/teams.py:2 imports the routes of another room",
    ),
    (
        architecture.foreign_routes,
        {
            "roadmap/wsgi.py": "from roadmap.core.health import init_health",
            "roadmap/core/health.py": "def init_health(app):\n    app.add_url_rule('/healthz')",
        },
        "roadmap/wsgi.py:1 imports the routes of another room",
    ),
    (
        architecture.import_cycles,
        {
            "roadmap/skills/queries.py": "from roadmap.skills import rules",
            "roadmap/skills/rules.py": "import roadmap.skills.dates",
            "roadmap/skills/dates.py": "def f():\n    from roadmap.skills.queries import newest",
            "roadmap/skills/forms.py": "from roadmap.skills import rules",
        },
        "roadmap.skills.dates is in an import cycle",
    ),
    (
        architecture.room_layers,
        {
            "roadmap/skills/queries.py": "from roadmap.skills.actions import assess",
            "roadmap/skills/actions.py": "",
        },
        "roadmap/skills/queries.py:1 imports upwards inside its room",
    ),
    (
        architecture.room_layers,
        {
            "roadmap/skills/forms.py": "from roadmap.skills import history",
            "roadmap/skills/history.py": "@skills.get('/skills')\ndef show(): ...",
        },
        "roadmap/skills/forms.py:1 imports upwards inside its room",
    ),
    (
        architecture.purity,
        {"roadmap/evidence/rules.py": "import sqlalchemy as sa"},
        "roadmap/evidence/rules.py:1 imports sqlalchemy",
    ),
    (
        architecture.purity,
        {"roadmap/readiness/gates/years.py": "from flask_babel import gettext"},
        "roadmap/readiness/gates/years.py:1 imports flask_babel",
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
        architecture.rows_without_access,
        {"roadmap/portfolio/queries.py": "def f(session):\n    return session.get(Link, 1)"},
        "roadmap/portfolio/queries.py:2 loads a row by session.get",
    ),
    (
        architecture.rows_without_access,
        {"roadmap/skills/actions.py": "@skills.post('/')\ndef f():\n    db.session.get(Skill, 1)"},
        "roadmap/skills/actions.py:3 loads a row by session.get",
    ),
    (
        architecture.ambient_actor,
        {"roadmap/evidence/queries.py": "def f():\n    from flask_login import current_user"},
        "roadmap/evidence/queries.py:2 uses current_user",
    ),
    (
        architecture.querying_templates,
        {
            "roadmap/journey/unticked.py": (
                "from roadmap.progress import queries\n"
                "@journey.app_template_global()\ndef unticked(): ..."
            )
        },
        "roadmap/journey/unticked.py:1 serves templates and imports roadmap.progress.queries",
    ),
    (
        architecture.querying_templates,
        {
            "roadmap/core/badges.py": (
                "from roadmap.core.database import db\n"
                "def init(app):\n    app.jinja_env.globals.update(badge=badge)"
            )
        },
        "roadmap/core/badges.py:1 serves templates and imports roadmap.core.database.db",
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
        "templates/a/row.html is a fragment without an underscore",
    ),
    (
        architecture.fragments,
        {"templates/a/_page.html": '{% extends "base.html" %}'},
        "templates/a/_page.html is a page with an underscore",
    ),
    (
        architecture.fragments,
        {"templates/a/_row.html": '{% include "a/other.html" %}'},
        "templates/a/_row.html includes a/other.html, whose name has no underscore",
    ),
    (
        architecture.long_template_lines,
        {"templates/a/page.html": "<p>\n" + "x" * 121},
        "templates/a/page.html:2 has 121 characters",
    ),
    (
        architecture.fields_without_macro,
        {"templates/a/page.html": '<div class="field wrong">'},
        "templates/a/page.html:1 has a field without a macro",
    ),
    (
        architecture.methods_in_urls,
        {"templates/a/page.html": '<form method="post" action="/a?_method=PUT">'},
        "templates/a/page.html has _method in a URL",
    ),
    (
        architecture.bare_element_selectors,
        {"static/css/rows.css": "/* no span */\n.rows > li > em { color: red; }"},
        "static/css/rows.css styles a bare em",
    ),
    (
        architecture.unused_styles,
        {
            "static/css/rows.css": ".row-title:hover { gap: .5rem; }",
            "templates/a/page.html": '<p class="title">',
        },
        "static/css/rows.css styles .row-title, which is unused",
    ),
    (
        architecture.role_comparisons,
        {"roadmap/teams/queries.py": 'x = members.c.role == "manager"'},
        "roadmap/teams/queries.py:1 compares a role with a string",
    ),
    (
        architecture.role_comparisons,
        {"roadmap/teams/routes.py": 'x = data["role"] not in ("member", "mentor")'},
        "roadmap/teams/routes.py:1 compares a role with a string",
    ),
    (
        architecture.role_comparisons,
        {"templates/a/_row.html": '<li>\n{% if row.role == "manager" %}'},
        "templates/a/_row.html:2 compares a role with a string",
    ),
    (
        architecture.team_tree_walks,
        {"roadmap/teams/queries.py": "nested = teams.cte(recursive=True)"},
        "roadmap/teams/queries.py:1 has a recursive query",
    ),
    (
        architecture.password_entry_times,
        {"roadmap/invitations/routes.py": "Session(fresh_at=now())"},
        "roadmap/invitations/routes.py:1 sets the time of a password entry",
    ),
]


def write_files(root: Path, files: dict[str, str]) -> None:
    (root / "roadmap").mkdir()
    for place, text in files.items():
        path = root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("check", "files", "message"), VIOLATIONS, ids=lambda value: getattr(value, "__name__", "")
)
def test_check_reports_violation(
    check: Check, files: dict[str, str], message: str, tmp_path: Path
) -> None:
    write_files(tmp_path, files)
    assert [line for line in check(tmp_path) if line.startswith(message)], check(tmp_path)


def test_every_check_has_a_violation_example() -> None:
    assert {check for check, _files, _message in VIOLATIONS} == set(CHECKS)


# Code that resembles a violation but breaks no rule.
ALLOWED = {
    "roadmap/app.py": "from roadmap.evidence.routes import evidence\nfrom roadmap.core import web",
    "roadmap/evidence/routes.py": (
        "from flask_login import current_user\n@evidence.get('/')\ndef f(): ..."
    ),
    "roadmap/evidence/actions.py": "def f(session):\n    session.get(Evidence, 1)",
    "roadmap/core/web.py": "def f(session):\n    session.commit()",
    "roadmap/journey/routes.py": (
        "from flask import session\n"
        "from roadmap.readiness.presentation import message_filter\n"
        "from roadmap import __version__\n"
        "@journey.get('/')\ndef f():\n    return session.get('who')"
    ),
    "roadmap/teams/queries.py": "x = role.allows('review'), a.role == b.role, side == 'manager'",
    "roadmap/journey/rules.py": "def f(by, now):\n    return by.today(now)",
    "templates/base.html": "<!doctype html><script src='/static/app.js' defer></script>",
    "templates/a/page.html": '{% extends "base.html" %}{# no style="…" here #}<p class="on">',
    "templates/a/_row.html": "<li>one",
}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_check_accepts_allowed_code(check: Check, tmp_path: Path) -> None:
    write_files(tmp_path, ALLOWED)
    assert check(tmp_path) == []
