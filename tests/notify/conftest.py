"""The house of these tests, and mail that nobody delivers."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.notify.house import House
from tests.support.cast import Cast


@pytest.fixture
def house(session: Session, cast: Cast) -> House:
    return House(session, cast)


@pytest.fixture
def with_mail(app: Flask) -> Any:
    """Mail is configured; nobody delivers it."""
    before = {name: app.config[name] for name in ("SMTP_URL", "MAIL_FROM", "BASE_URL")}
    app.config.update(
        SMTP_URL="smtp://127.0.0.1:9",
        MAIL_FROM="cairn@example.org",
        BASE_URL="https://cairn.example.org",
    )
    yield
    app.config.update(before)
