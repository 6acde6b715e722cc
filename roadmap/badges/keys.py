"""The signing keys of this installation, created with the first badge and rotated by a command.

Private keys are stored in the database, encrypted with a key derived from ROADMAP_SECRET_KEY, so
that a backup alone cannot be used for signing. After a change of the secret key they cannot be
decrypted and new ones are created. Old public keys remain valid for verification.
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
# Multicodec prefix of a 32-byte Ed25519 public key.
ED25519_PREFIX = b"\xed\x01"


class NoSigningKeys(LookupError):
    """Raised if there are no usable signing keys."""


@dataclass(frozen=True)
class SigningKeys:
    """The current signing keys, decrypted."""

    ed25519_id: uuid.UUID
    rsa_id: uuid.UUID
    ed25519: Any
    rsa: Any


def load_public_keys(session: Session) -> Sequence[SigningKey]:
    """Load all current and retired keys, newest first."""
    return session.scalars(
        sa.select(SigningKey).order_by(SigningKey.created_at.desc(), SigningKey.id.desc())
    ).all()


def load_public_key(key: SigningKey) -> Any:
    """Return the public key as an object of the library that verifies with it."""
    from joserfc.jwk import OKPKey, RSAKey

    if key.algorithm == ED25519:
        return OKPKey.import_key(key.public_jwk).public_key
    return RSAKey.import_key(key.public_jwk)


def multikey(key: SigningKey) -> str:
    """Return the public key of an Ed25519 pair in Multikey encoding."""
    return encode_base58(ED25519_PREFIX + load_public_key(key).public_bytes_raw())


def load_keys(session: Session) -> SigningKeys:
    """Load the current keys. Raises NoSigningKeys if there are none or they cannot be decrypted."""
    from cryptography.fernet import InvalidToken

    rows = {
        row.algorithm: row
        for row in session.scalars(sa.select(SigningKey).where(SigningKey.retired_at.is_(None)))
    }
    try:
        pems = {name: _fernet().decrypt(rows[name].private) for name in ALGORITHMS}
    except (KeyError, InvalidToken):
        raise NoSigningKeys from None
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from joserfc.jwk import RSAKey

    return SigningKeys(
        ed25519_id=rows[ED25519].id,
        rsa_id=rows[RS256].id,
        ed25519=load_pem_private_key(pems[ED25519], None),
        rsa=RSAKey.import_key(pems[RS256]),
    )


def has_undecryptable_keys(session: Session) -> bool:
    """Return whether there are current keys that cannot be decrypted with the secret key."""
    in_use = session.scalar(sa.select(sa.exists().where(SigningKey.retired_at.is_(None))))
    try:
        load_keys(session)
    except NoSigningKeys:
        return bool(in_use)
    return False


def ensure_keys(session: Session, now: dt.datetime) -> SigningKeys:
    """Load the current keys, or create them if there are no usable ones.

    Concurrent calls create only one pair.
    """
    try:
        return load_keys(session)
    except NoSigningKeys:
        pass
    try:
        with session.begin_nested():
            rotate_keys(session, now)
    except sa.exc.IntegrityError:
        pass  # Another process created them concurrently.
    return load_keys(session)


def rotate_keys(session: Session, now: dt.datetime) -> SigningKeys:
    """Create new keys, retire the current ones and delete their private keys."""
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
    """Generate a key pair, and return the private key as PEM and the public key as JWK."""
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
