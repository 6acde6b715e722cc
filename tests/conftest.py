"""Shared fixtures: one application per worker, a clean database per test, and the cast.

Alice is an engineer, Bob her manager, Carol an engineer in the same team, Dave the manager of
another team, Erin the administrator, and Mallory an unrelated user.
"""

from __future__ import annotations

import datetime as dt
import functools
import gc
import os
import uuid
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from flask import Flask
from flask_babel import get_domain
from hypothesis import HealthCheck, settings
from sqlalchemy.orm import ORMExecuteState, Session

from roadmap import create_app
from roadmap.activity.messages import MESSAGES
from roadmap.admin.audit_messages import MESSAGES as AUDIT_MESSAGES
from roadmap.core.database import db
from roadmap.core.signals import PersonChange, person_changed
from roadmap.people.models import AuditEntry
from tests.support import catalog
from tests.support.browser_client import BrowserClient, IsolatedClient
from tests.support.cast import Cast
from tests.support.databases import memory_folder, ready_database, wipe
from tests.support.rendering import PassedNames, forbid_statements_while_rendering
from tests.support.snapshot import Snapshot
from tests.support.sqlite_only import NAMES, is_sqlite_only
from tests.support.statements import record_statements

# Collecting tests creates hardly any garbage, and collecting that would take a third of the time.
gc.disable()

# Slow example generation indicates a busy machine, not a fault in the code.
settings.register_profile("cairn", suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("cairn")

# In a PostgreSQL run, do not import modules that only run on SQLite.
collect_ignore = [
    name.removeprefix("tests/")
    for name in NAMES
    if name.endswith(".py") and "TEST_DATABASE_URL" in os.environ
]


def pytest_collection_finish() -> None:
    """Exclude the modules loaded so far from garbage collection, and collect less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Treat a skip as a failure in `tests/run`, which installs everything tests need on Linux."""
    report = yield
    if report.skipped and "TESTS_NEVER_SKIP" in os.environ:
        report.outcome = "failed"
    return report


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run slow tests first, so that no worker ends on one while the others are idle.

    On PostgreSQL, deselect tests that only run on SQLite.
    """
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
    if "TEST_DATABASE_URL" in os.environ:
        chosen = [item for item in items if _runs_on_postgres(item)]
        config.hook.pytest_deselected(items=[item for item in items if item not in set(chosen)])
        items[:] = chosen


def _runs_on_postgres(item: pytest.Item) -> bool:
    if is_sqlite_only(item.nodeid):
        return False
    if {"app", "database_url"} & set(getattr(item, "fixturenames", ())):
        return True
    # Such modules start servers or create databases of the kind under test.
    source = item.path.read_text("utf-8")
    return any(
        word in source
        for word in ("TEST_DATABASE_URL", "support.databases", "support.server", "support.postgres")
    )


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    """The URL of this worker's database, with the shipped content."""
    with memory_folder() as folder, ready_database(folder) as url:
        yield url


@pytest.fixture(scope="session")
def app(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    app = create_app(
        {
            "SECRET_KEY": "a secret of the tests, long enough",
            "DATABASE_URL": database_url,
            "DATA_DIR": str(tmp_path_factory.mktemp("data")),
            "TESTING": True,
            "PASSWORD_TIME_COST": 1,
            "PASSWORD_MEMORY_KIB": 8,
            "RATELIMIT_ENABLED": False,
            # Off by default, see tests/api/test_review_by_token.py.
            "REVIEW_BY_TOKEN": "on",
        }
    )
    app.test_client_class = IsolatedClient
    app.jinja_env.undefined = PassedNames
    with app.app_context():
        forbid_statements_while_rendering(app, db.engine)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(scope="session", autouse=True)
def _every_action_has_a_message() -> Iterator[None]:
    """Check that the activity page and the audit log have a message for every recorded action."""

    def check(_session: object, change: PersonChange) -> None:
        action = change.action
        assert action in MESSAGES, f"{action}: add a message to roadmap/activity/messages.py"

    def check_audit(executed: ORMExecuteState) -> None:
        if not executed.is_insert or executed.statement.table is not AuditEntry.__table__:
            return
        for entry in executed.parameters or ():
            # Tests use "something." for made-up actions.
            known = entry["action"] in AUDIT_MESSAGES or entry["action"].startswith("something.")
            assert known, f"{entry['action']}: add a message to roadmap/admin/audit_messages.py"

    person_changed.connect(check)
    sa.event.listen(Session, "do_orm_execute", check_audit)
    yield
    sa.event.remove(Session, "do_orm_execute", check_audit)
    person_changed.disconnect(check)


@pytest.fixture(autouse=True)
def _clean(request: pytest.FixtureRequest) -> Iterator[None]:
    """Delete everything except the shipped content after a test that used the database."""
    yield
    if "app" not in request.fixturenames:
        return
    app: Flask = request.getfixturevalue("app")
    app.extensions.pop("refusals", None)
    with app.app_context():
        wipe(db.engine)


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """A database session for the test. Commit whatever a request should see."""
    with app.app_context():
        yield db.session


@pytest.fixture
def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@pytest.fixture
def other_roadmap(session: Session, now: dt.datetime) -> Iterator[str]:
    """The slug of a second published roadmap, removed after the test."""
    yield catalog.publish_other(session, now)
    session.rollback()
    wipe(db.engine)
    catalog.restore_shipped(session)


@pytest.fixture
def reword(session: Session, now: dt.datetime) -> Iterator[Callable[..., None]]:
    """A function that republishes the shipped roadmaps with changed milestone texts. The original
    texts are restored after the test."""
    yield functools.partial(catalog.reword, session, now=now)
    session.rollback()
    wipe(db.engine)
    catalog.restore_shipped(session)


@pytest.fixture
def cast(app: Flask, request: pytest.FixtureRequest) -> Cast:
    """The cast in their teams, taken from `snapshot` if the test uses it."""
    if "snapshot" in request.fixturenames:
        of_snapshot: Cast = request.getfixturevalue("snapshot").cast
        return of_snapshot
    with app.app_context():
        return Cast.create(db.session)


@pytest.fixture(scope="session")
def _snapshots() -> list[Snapshot]:
    return []


@pytest.fixture
def snapshot(app: Flask, _snapshots: list[Snapshot]) -> Snapshot:
    """The cast with a year of sample data, created once per worker and restored for each test."""
    if _snapshots:
        _snapshots[0].restore(app)
    else:
        _snapshots.append(Snapshot.create(app))
    return _snapshots[0]


@pytest.fixture
def browser_of(app: Flask):
    """`browser_of(person)` returns a client signed in as that person, or an anonymous one."""

    def make(person: uuid.UUID | None = None) -> BrowserClient:
        return BrowserClient.of(app, person)

    return make


@pytest.fixture
def statements(app: Flask):
    """`with statements() as seen:` collects executed SQL, except transaction control."""

    with app.app_context():
        return functools.partial(record_statements, db.engine)


@pytest.fixture
def with_mail(app: Flask) -> Iterator[None]:
    """Configure mail, so that messages stay in the outbox; nothing delivers them."""
    settings = {
        "SMTP_URL": "smtp://127.0.0.1:9",
        "MAIL_FROM": "cairn@example.org",
        "BASE_URL": "https://cairn.example.org",
    }
    before = {name: app.config[name] for name in settings}
    app.config.update(settings)
    yield
    app.config.update(before)


@pytest.fixture
def french(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two texts in French; all others stay English."""
    folder = tmp_path / "fr" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    catalog = Catalog(locale="fr")
    catalog.add("Sign in", "Se connecter")
    catalog.add("%(who)s asks you to review “%(title)s”", "%(who)s vous demande une relecture")
    with (folder / "messages.mo").open("wb") as file:
        write_mo(file, catalog)
    with app.app_context():
        domain = get_domain()
    monkeypatch.setattr(domain, "_translation_directories", [str(tmp_path)])
    monkeypatch.setattr(domain, "cache", {})
