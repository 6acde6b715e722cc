"""Passwords: which are good enough, and argon2id with at most two hashes at once.

Parameters (t=2, 64 MiB, p=2) take about 100 ms; see the OWASP password storage cheat sheet. A
password is taken byte for byte as it was typed: nothing is trimmed, folded or normalised.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask import current_app
from flask_babel import gettext as _
from werkzeug.exceptions import ServiceUnavailable

MIN_BYTES = 10
MAX_BYTES = 1024
# A hash takes two cores and 64 MiB for a tenth of a second; more at once would starve the ticks.
MAX_CONCURRENT_HASHES = 2
MAX_WAIT_SECONDS = 10
PARALLELISM = 2
COMMON_PASSWORDS_FILE = Path(__file__).with_name("common_passwords.txt")

# Rows and columns of keys that fingers run along, and the alphabet.
KEY_SEQUENCES = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "yxcvbnm",
    "azertyuiop",
    "qsdfghjklm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "!@#$%^&*()",
)
MIN_SEQUENCE_LENGTH = 4
MIN_CHARS_OUTSIDE_SEQUENCES = 5
MIN_DISTINCT_CHARS = 5
MAX_REPEATED_LENGTH = 8
MIN_NAME_LENGTH = 4

_slots = threading.BoundedSemaphore(MAX_CONCURRENT_HASHES)


def hash_password(password: str) -> str:
    """The argon2id hash that is stored. Raises ServiceUnavailable when too many wait."""
    with HashingSlot():
        return _hasher().hash(_bytes(password))


def verify(password_hash: str | None, password: str) -> bool:
    """Whether the password belongs to the hash. Without a hash it takes as long and is False.

    Whoever serves a request holds a `Slot` meanwhile, and for as long as a failure takes to count.
    """
    try:
        _hasher().verify(password_hash or _dummy_hash(), _bytes(password))
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def needs_rehash(password_hash: str) -> bool:
    """Whether the hash was made with other parameters than those of today."""
    return _hasher().check_needs_rehash(password_hash)


def find_weakness(password: str, *, name: str = "", email: str = "") -> str | None:
    """Why this password is not good enough, in words for the person; None where it is."""
    length = len(_bytes(password))
    if length < MIN_BYTES:
        return _(
            "Use at least %(least)s characters; a few words in a row are easy to remember.",
            least=MIN_BYTES,
        )
    if length > MAX_BYTES:
        return _("Use at most %(most)s bytes.", most=MAX_BYTES)
    folded = password.casefold()
    if folded in load_common_passwords() or _stem(folded) in load_common_passwords():
        return _("This is one of the passwords that are tried first. Choose another.")
    if _is_repetition(folded):
        return _("This repeats itself and is easily guessed. Choose another.")
    if _is_sequence(folded):
        return _("This is a sequence of keys and easily guessed. Choose another.")
    if any(part in folded for part in _personal_words(name, email)):
        return _("This contains your name or e-mail address. Choose another.")
    return None


@lru_cache(maxsize=1)
def load_common_passwords() -> frozenset[str]:
    """The shipped list of common passwords, case folded."""
    lines = COMMON_PASSWORDS_FILE.read_text("utf-8").splitlines()
    return frozenset(line.casefold() for line in lines if line and not line.startswith("# "))


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")


def _stem(folded: str) -> str:
    """Without the digits and signs that people add at the end of a common password."""
    return folded.rstrip("0123456789!?.,*#$@&+-_ ")


def _is_repetition(text: str) -> bool:
    if len(set(text)) < MIN_DISTINCT_CHARS:
        return True
    longest = min(MAX_REPEATED_LENGTH, len(text) // 2)
    return any(
        text == (text[:period] * (len(text) // period + 1))[: len(text)]
        for period in range(1, longest + 1)
    )


def _is_sequence(text: str) -> bool:
    """Whether little is left of it once the runs along keys and alphabet are taken out."""
    rest, place = 0, 0
    while place < len(text):
        run = max((_run_length(text, place, row) for row in _rows()), default=0)
        if run >= MIN_SEQUENCE_LENGTH:
            place += run
        else:
            rest += 1
            place += 1
    return rest < MIN_CHARS_OUTSIDE_SEQUENCES


def _rows() -> Iterator[str]:
    for row in KEY_SEQUENCES:
        yield row
        yield row[::-1]


def _run_length(text: str, place: int, row: str) -> int:
    start = row.find(text[place])
    length = 0
    while (
        start >= 0
        and start + length < len(row)
        and place + length < len(text)
        and text[place + length] == row[start + length]
    ):
        length += 1
    return length


def _personal_words(name: str, email: str) -> Iterator[str]:
    local = email.casefold().partition("@")[0]
    words = [*name.casefold().split(), "".join(name.casefold().split()), local, email.casefold()]
    return (word for word in words if len(word) >= MIN_NAME_LENGTH)


class HashingSlot:
    """One of the places in which a hash may be computed, waited for at most so long.

    Not to be taken twice by one request: two of them would wait for each other.
    """

    def __enter__(self) -> None:
        if not _slots.acquire(timeout=MAX_WAIT_SECONDS):
            raise ServiceUnavailable(retry_after=5)

    def __exit__(self, *_error: object) -> None:
        _slots.release()


def _hasher() -> PasswordHasher:
    hasher: PasswordHasher | None = current_app.extensions.get("password_hasher")
    if hasher is None:
        hasher = PasswordHasher(
            time_cost=current_app.config["PASSWORD_TIME_COST"],
            # Argon2 itself asks for eight KiB a lane.
            memory_cost=max(current_app.config["PASSWORD_MEMORY_KIB"], 8 * PARALLELISM),
            parallelism=PARALLELISM,
        )
        current_app.extensions["password_hasher"] = hasher
    return hasher


def _dummy_hash() -> str:
    """A hash that nobody has the password of, made once with the parameters of today."""
    dummy: str | None = current_app.extensions.get("password_dummy")
    if dummy is None:
        dummy = _hasher().hash(secrets.token_bytes(32))
        current_app.extensions["password_dummy"] = dummy
    return dummy
