"""Random tokens that are stored only as a hash."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import secrets
import uuid

from flask import current_app


def new_token() -> tuple[str, bytes]:
    """Return a 256-bit token for a cookie or a link, and its SHA-256 to store."""
    token = secrets.token_urlsafe(32)
    return token, hash_token(token)


def form_token(key: str, row_id: uuid.UUID, at: dt.datetime) -> str:
    """Return the token of a row that a form creates; a resubmitted form gets the same token.

    The form `key` is not stored, so the token cannot be derived from the database and the secret
    key alone. A row that is deleted and created again gets another token.
    """
    if not key:
        return new_token()[0]
    secret = current_app.config["SECRET_KEY"].encode()
    text = "\0".join(("token of a form", key, row_id.hex, at.isoformat()))
    digest = hmac.digest(secret, text.encode("utf-8", "replace"), "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def hash_token(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
