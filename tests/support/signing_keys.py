"""Badge signing keys, generated once per process because key generation is slow."""

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
    """Add active signing keys, like those created with the first badge."""
    for name, (pem, jwk) in _pairs().items():
        private = keys.encrypt(pem)
        session.add(SigningKey(algorithm=name, public_jwk=jwk, private=private, created_at=now))
    session.flush()
