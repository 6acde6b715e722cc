"""Passwords for the cast, and signing in through the form."""

from __future__ import annotations

import re
import uuid
from html import unescape

import sqlalchemy as sa
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from roadmap.auth import passwords
from roadmap.people.models import User
from tests.support.browser_client import BrowserClient

PASSWORD = "granite scree and lichen"
OTHER_PASSWORD = "another heap of slate"


def set_password(session: Session, person: uuid.UUID, password: str = PASSWORD) -> None:
    hashed = passwords.hash_password(password)
    session.execute(sa.update(User).where(User.id == person).values(password_hash=hashed))
    session.commit()


def sign_in(
    browser: BrowserClient, email: str, password: str = PASSWORD, **more: str
) -> TestResponse:
    answer = browser.post("/login", {"email": email, "password": password, **more})
    browser._csrf = None
    return answer


def hidden_inputs(page: TestResponse, prefix: str) -> dict[str, str]:
    """Return name and value of a page's hidden inputs whose names start with `prefix`."""
    hidden = rf'<input type="hidden" name="({re.escape(prefix)}[^"]*)" value="([^"]*)"'
    found = re.findall(hidden, page.text)
    return {name: unescape(value) for name, value in found}


def is_signed_in(browser: BrowserClient) -> bool:
    return browser.get("/account").status_code == 200
