"""Commands on an empty PostgreSQL database."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import sqlalchemy as sa

from roadmap import create_app
from roadmap.core.database import db
from tests.support.postgres import create_database, drop_database


@pytest.mark.postgres
def test_missing_schema_is_reported_without_the_password(tmp_path: Path) -> None:
    server = os.environ.get("TEST_DATABASE_URL")
    if not server:
        pytest.skip("TEST_DATABASE_URL names no PostgreSQL")
    url = create_database(server, "test_empty")
    app = create_app(
        {
            "SECRET_KEY": "a secret of the tests, long enough",
            "DATABASE_URL": url,
            "DATA_DIR": str(tmp_path),
            "TESTING": True,
        }
    )
    try:
        done = app.test_cli_runner().invoke(args=["user", "list"])
        with app.app_context():
            db.engine.dispose()
    finally:
        drop_database(server, "test_empty")
    password = sa.make_url(url).password
    assert "test_empty" in done.stderr
    assert "run `.venv/bin/flask --app roadmap db upgrade` first" in done.stderr
    assert password is None or password not in done.stderr
