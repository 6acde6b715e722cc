"""The keys of this installation: made with the first badge, rotated by a command.

Private keys are in the database, encrypted with a key that is derived from ROADMAP_SECRET_KEY: the
backup holds them, and nobody signs with a backup alone. With another secret key they cannot be
read; then new ones are made, and the old public keys go on verifying.
"""

from __future__ import annotations

import base64
import datetime as dt
import hmac
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Session

from roadmap.badges.models import ALGORITHMS, ED25519, RS256, SigningKey
from roadmap.badges.proofs import encode_base58
from roadmap.core.types import new_id

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

RSA_BITS = 2048
# Before the 32 bytes of a public Ed25519 key.
ED25519_PREFIX = b"\xed\x01"


class NoKeys(LookupError):
    """There is no key that this installation can sign with."""


@dataclass(frozen=True)
class SigningKeys:
    """The pair of keys in use, ready to sign."""

    ed25519_id: uuid.UUID
    rsa_id: uuid.UUID
    ed25519: Any
    rsa: Any


def load_public_keys(session: Session) -> Sequence[SigningKey]:
    """Load all keys that ever signed here, the newest first."""
    return session.scalars(
        sa.select(SigningKey).order_by(SigningKey.created_at.desc(), SigningKey.id.desc())
    ).all()


def public_half(key: SigningKey) -> Any:
    """Return the public half of a key as the library that verifies with it wants it."""
    from joserfc.jwk import OKPKey, RSAKey

    if key.algorithm == ED25519:
        return OKPKey.import_key(key.public_jwk).public_key
    return RSAKey.import_key(key.public_jwk)


def multikey(key: SigningKey) -> str:
    """Return the public half of an Ed25519 key as a Multikey has it."""
    return encode_base58(ED25519_PREFIX + public_half(key).public_bytes_raw())


def load_keys(session: Session) -> SigningKeys:
    """Load the keys in use. Raises NoKeys where there are none, or none that can be read."""
    from cryptography.fernet import InvalidToken

    rows = {
        row.algorithm: row
        for row in session.scalars(sa.select(SigningKey).where(SigningKey.retired_at.is_(None)))
    }
    try:
        pems = {name: _fernet().decrypt(rows[name].private) for name in ALGORITHMS}
    except (KeyError, InvalidToken):
        raise NoKeys from None
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from joserfc.jwk import RSAKey

    return SigningKeys(
        ed25519_id=rows[ED25519].id,
        rsa_id=rows[RS256].id,
        ed25519=load_pem_private_key(pems[ED25519], None),
        rsa=RSAKey.import_key(pems[RS256]),
    )


def are_locked(session: Session) -> bool:
    """Tell whether there are keys in use that the secret key of this installation does not open."""
    in_use = session.scalar(sa.select(sa.exists().where(SigningKey.retired_at.is_(None))))
    try:
        load_keys(session)
    except NoKeys:
        return bool(in_use)
    return False


def ensure_keys(session: Session, now: dt.datetime) -> SigningKeys:
    """Load the keys in use, and make them where there are none that can be read.

    Two processes that do so at once make one pair.
    """
    try:
        return load_keys(session)
    except NoKeys:
        pass
    try:
        with session.begin_nested():
            rotate_keys(session, now)
    except sa.exc.IntegrityError:
        pass  # The other process made them.
    return load_keys(session)


def rotate_keys(session: Session, now: dt.datetime) -> SigningKeys:
    """Make new keys and retire those in use, whose private halves are deleted."""
    session.execute(
        sa.update(SigningKey)
        .where(SigningKey.retired_at.is_(None))
        .values(retired_at=now, private=b"")
    )
    for algorithm in ALGORITHMS:
        pem, jwk = generate(algorithm)
        session.add(
            SigningKey(
                id=new_id(), algorithm=algorithm, public_jwk=jwk, created_at=now,
                private=encrypt(pem),
            )
        )  # fmt: skip
    session.flush()
    return load_keys(session)


def encrypt(pem: bytes) -> bytes:
    """Encrypt a private key for the database."""
    return _fernet().encrypt(pem)


def generate(algorithm: str) -> tuple[bytes, dict[str, Any]]:
    """Return a new private key as PEM, and its public half as a JWK."""
    from joserfc.jwk import OKPKey, RSAKey

    key: Any
    if algorithm == ED25519:
        key = OKPKey.generate_key("Ed25519", private=True, auto_kid=False)
    else:
        key = RSAKey.generate_key(RSA_BITS, private=True, auto_kid=False)
    return key.as_pem(private=True), key.as_dict(private=False)


def _fernet() -> Fernet:
    from cryptography.fernet import Fernet

    secret = current_app.config["SECRET_KEY"]
    derived = hmac.digest(f"badges:{secret}".encode(), b"private signing keys", "sha256")
    return Fernet(base64.urlsafe_b64encode(derived))
