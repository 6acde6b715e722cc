"""Keys that sign badges, generated once for all tests of a process: a pair takes a while."""

from __future__ import annotations

import datetime as dt
import functools
from typing import Any

from sqlalchemy.orm import Session

from roadmap.badges import keys
from roadmap.badges.models import ALGORITHMS, SigningKey

BASE = "https://cairn.example.org"


@functools.cache
def _pairs() -> dict[str, Any]:
    return {name: keys.generate(name) for name in ALGORITHMS}


def add_keys(session: Session, now: dt.datetime) -> None:
    """Keys in use, as the first badge would make them."""
    for name, (pem, jwk) in _pairs().items():
        private = keys.encrypt(pem)
        session.add(SigningKey(algorithm=name, public_jwk=jwk, private=private, created_at=now))
    session.flush()
