"""The password policy, and the limit on concurrent hash computations."""

from __future__ import annotations

import threading
import time
from functools import cache

import pytest
from flask import Flask
from flask_babel import Babel
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import ServiceUnavailable

from roadmap.auth import passwords
from roadmap.core.config import build_config


@pytest.mark.parametrize(
    "password",
    [
        "granite scree and lichen",
        "zq8v!Lx2pW",
        "пять тихих камней",
        "岩と苔と雪と風",
        "    x  y  z w v",
    ],
    ids=["words", "random", "cyrillic", "japanese", "spaces"],
)
def test_strong_password_is_accepted(app, password):
    with app.test_request_context():
        assert passwords.find_weakness(password, name="Bo", email="bo@example.org") is None


def test_list_of_common_passwords_is_long_enough(app):
    long_enough = [
        p for p in passwords.load_common_passwords() if len(p.encode()) >= passwords.MIN_BYTES
    ]
    assert len(long_enough) > 1000
    assert "password123" in passwords.load_common_passwords()


@pytest.mark.parametrize(
    "password",
    [
        *("Password123", "PASSWORD1234!!", "1234567890", "aaaaaaaaaaaa", "abababababab"),
        *("zyxwvutsrqpo", "mississippi", "asdfghjklzxc", "hunter2hunter2"),
    ],
)
def test_weak_password_is_rejected(app, password):
    with app.test_request_context():
        assert passwords.find_weakness(password) is not None


@cache
def small_app() -> Flask:
    """Create an application with translations only; the fixture `app` needs a database."""
    app = Flask("passwords")
    Babel(app)
    return app


@given(st.text(max_size=40))
def test_any_text_can_be_checked(text):
    with small_app().test_request_context():
        reason = passwords.find_weakness(text)
        if len(text.encode("utf-8", "surrogatepass")) < passwords.MIN_BYTES:
            assert reason is not None


@pytest.mark.parametrize(
    "text",
    ["4@8({[<369!1|0$5+7%2", "password1", "11.12.2013", "0123", "a", "ä😀é"],
    ids=["leetspeak", "common", "date", "digits", "letter", "unicode"],
)
def test_longest_password_is_checked_quickly(app, text):
    longest = (text * passwords.MAX_BYTES).encode()[: passwords.MAX_BYTES].decode(errors="ignore")
    with app.test_request_context():
        passwords.find_weakness("load the library first")
        began = time.process_time()
        passwords.find_weakness(longest)
        assert time.process_time() - began < 0.5


def test_password_is_compared_byte_for_byte(app):
    composed, decomposed = "caf\u00e9 au lait noir", "cafe\u0301 au lait noir"
    with app.app_context():
        hashed = passwords.hash_password(composed)
        assert hashed.startswith("$argon2id$")
        assert passwords.verify(hashed, composed)
        assert not passwords.verify(hashed, decomposed)
        assert not passwords.verify(hashed, composed + "\x00")
        assert not passwords.verify(None, composed)
        assert not passwords.verify("not a hash", composed)


def test_default_argon2_parameters():
    config = build_config({"SECRET_KEY": "x" * 32})
    assert (config["PASSWORD_TIME_COST"], config["PASSWORD_MEMORY_KIB"]) == (2, 65536)
    assert (passwords.PARALLELISM, passwords.MAX_CONCURRENT_HASHES) == (2, 2)


def test_third_concurrent_hash_gives_up_after_waiting(app, monkeypatch):
    monkeypatch.setattr(passwords, "MAX_WAIT_SECONDS", 0.01)
    busy, done = threading.Barrier(3), threading.Event()

    def hold() -> None:
        with passwords.hashing_slot():
            busy.wait(10)
            done.wait(10)

    threads = [threading.Thread(target=hold) for _ in range(2)]
    for thread in threads:
        thread.start()
    busy.wait(10)
    with app.app_context(), pytest.raises(ServiceUnavailable):
        passwords.hash_password("granite scree and lichen")
    done.set()
    for thread in threads:
        thread.join(10)
    with app.app_context():
        assert passwords.hash_password("granite scree and lichen")
