"""Passwords: their strength, and their argon2id hashes, at most two computed at once.

Parameters (t=2, 64 MiB, p=2) take about 100 ms; see the OWASP password storage cheat sheet. A
password is hashed exactly as entered, without trimming, case folding or normalization.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask import current_app
from werkzeug.exceptions import ServiceUnavailable

from roadmap.core.i18n import _

MIN_BYTES = 10
MAX_BYTES = 1024
# A hash takes two cores and 64 MiB for 100 ms, so more at once would delay other requests.
MAX_CONCURRENT_HASHES = 2
MAX_WAIT_SECONDS = 10
PARALLELISM = 2
COMMON_PASSWORDS_FILE = Path(__file__).with_name("common_passwords.txt")

# Passwords with a lower zxcvbn score can be cracked with about a million guesses.
MIN_STRENGTH_SCORE = 2
# zxcvbn tries all substitutions of look-alike characters, which takes a second for 72 characters. A
# password is at least as strong as its first characters.
MAX_SCORED_CHARS = 32
MIN_NAME_LENGTH = 4

_slots = threading.BoundedSemaphore(MAX_CONCURRENT_HASHES)


def hash_password(password: str) -> str:
    """Return the argon2id hash to store. Raises ServiceUnavailable after waiting too long."""
    with hashing_slot():
        return _hasher().hash(_bytes(password))


def verify(password_hash: str | None, password: str) -> bool:
    """Return whether the password has this hash. False without a hash, after the same time.

    The caller must hold a `hashing_slot`, and keep it while counting a failure.
    """
    try:
        _hasher().verify(password_hash or _dummy_hash(), _bytes(password))
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def needs_rehash(password_hash: str) -> bool:
    """Return whether the hash was made with parameters other than the current ones."""
    return _hasher().check_needs_rehash(password_hash)


def find_weakness(password: str, *, name: str = "", email: str = "") -> str | None:
    """Return why this password is too weak, as a message for the person, or None."""
    length = len(_bytes(password))
    if length < MIN_BYTES:
        return _(
            "Use at least %(least)s characters; a few words in a row are easy to remember.",
            least=MIN_BYTES,
        )
    if length > MAX_BYTES:
        return _("Use at most %(most)s bytes.", most=MAX_BYTES)
    folded = password.casefold()
    # People append digits and symbols to common passwords.
    if {folded, folded.rstrip("0123456789!?.,*#$@&+-_ ")} & load_common_passwords():
        return _("This is one of the passwords that attackers try first. Choose another.")
    name, email = name.casefold(), email.casefold()
    personal = [*name.split(), "".join(name.split()), email.partition("@")[0], email]
    if any(word in folded for word in personal if len(word) >= MIN_NAME_LENGTH):
        return _("This contains your name or e-mail address. Choose another.")
    return _find_pattern(password)


@lru_cache(maxsize=1)
def load_common_passwords() -> frozenset[str]:
    """Load the shipped list of common passwords, case folded."""
    lines = COMMON_PASSWORDS_FILE.read_text("utf-8").splitlines()
    return frozenset(line.casefold() for line in lines if line and not line.startswith("# "))


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")


def _find_pattern(password: str) -> str | None:
    """Return what makes a password easy to guess: words, dates, key sequences or repetition."""
    from zxcvbn_rs_py import zxcvbn  # takes 9 MiB, so only loaded when setting a password

    start = password[:MAX_SCORED_CHARS].encode("utf-8", "replace").decode()
    found = zxcvbn(start)
    if int(found.score) >= MIN_STRENGTH_SCORE:
        return None
    warning = str(found.feedback and found.feedback.warning)
    if "Repeats" in warning:
        return _("This is repetitive and easily guessed. Choose another.")
    if any(word in warning for word in ("Rows", "Patterns", "Sequences")):
        return _("This is a sequence of keys and easily guessed. Choose another.")
    return _("This is easily guessed. Add a few words that do not belong together.")


@contextlib.contextmanager
def hashing_slot() -> Iterator[None]:
    """Acquire one of the slots for hashing, waiting at most MAX_WAIT_SECONDS.

    A request must not acquire a second slot, because two such requests could deadlock.
    """
    if not _slots.acquire(timeout=MAX_WAIT_SECONDS):
        raise ServiceUnavailable(retry_after=5)
    try:
        yield
    finally:
        _slots.release()


def _hasher() -> PasswordHasher:
    return PasswordHasher(
        time_cost=current_app.config["PASSWORD_TIME_COST"],
        # Argon2 requires at least 8 KiB per lane.
        memory_cost=max(current_app.config["PASSWORD_MEMORY_KIB"], 8 * PARALLELISM),
        parallelism=PARALLELISM,
    )


def _dummy_hash() -> str:
    """Return the hash of a random password, computed once with the current parameters."""
    dummy: str | None = current_app.extensions.get("password_dummy")
    if dummy is None:
        dummy = _hasher().hash(secrets.token_bytes(32))
        current_app.extensions["password_dummy"] = dummy
    return dummy
