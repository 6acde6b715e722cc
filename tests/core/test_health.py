"""/healthz and /readyz."""

from __future__ import annotations

import logging

import sqlalchemy as sa

from roadmap import create_app
from roadmap.core.database import db
from roadmap.core.routes_health import WAS_READY


def test_healthz_and_readyz_are_ok(app, caplog):
    client = app.test_client()
    assert client.get("/healthz").text == "ok\n"
    app.extensions.pop(WAS_READY, None)
    with caplog.at_level(logging.INFO, "roadmap.core.routes_health"):
        assert [client.get("/readyz").status_code for _ in range(3)] == [200, 200, 200]
    assert caplog.text.count("ready on SQLite 3.") + caplog.text.count("ready on PostgreSQL") == 1


def test_readyz_is_503_without_tables_or_migrations(tmp_path):
    app = create_app(
        {
            "SECRET_KEY": "a secret of the tests, long enough",
            "DATABASE_URL": f"sqlite:///{tmp_path / 'empty.sqlite3'}",
            "DATA_DIR": str(tmp_path),
            "TESTING": True,
        }
    )
    client = app.test_client()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert client.get("/healthz").status_code == 200
    with app.app_context():
        db.create_file()
        with db.engine.begin() as connection:
            connection.execute(sa.text("CREATE TABLE alembic_version (version_num TEXT)"))
        db.engine.dispose()
    assert "migrations are missing" in client.get("/readyz").text
    with app.app_context():
        db.engine.dispose()


def test_readyz_is_503_if_the_database_is_unreachable(tmp_path):
    app = create_app(
        {
            "SECRET_KEY": "a secret of the tests, long enough",
            "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
            "DATA_DIR": str(tmp_path),
            "TESTING": True,
        }
    )
    client = app.test_client()
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503
