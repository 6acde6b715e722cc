"""Verify a badge that somebody pastes or uploads, against the keys and records kept here.

Nothing is fetched: what names other contexts or other keys was not issued here.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from roadmap.badges.canonical import CREDENTIALS, OPEN_BADGES
from roadmap.badges.credential import ShownBadge, hash_identity, show_credential
from roadmap.badges.keys import load_public_keys, public_half
from roadmap.badges.models import ED25519, RS256, SigningKey
from roadmap.badges.proofs import CRYPTOSUITE, has_valid_proof, has_valid_signature, proofs_of
from roadmap.badges.queries import find_badge, find_revocation, is_owner_leaving
from roadmap.badges.rules import LIST_LENGTH, MAX_BADGE_LENGTH, is_plain, read_jwt, read_object
from roadmap.core.text import clean_line

Verdict = Literal[
    "valid",
    "expired",
    "revoked",
    "changed",
    "forged",
    "foreign",
    "version_2",
    "no_badge",
    "malformed",
]
# What a JWT adds to the credential.
CLAIMS = ("iss", "jti", "sub", "nbf", "exp")


@dataclass(frozen=True, slots=True)
class Finding:
    """What a verification found. `said` is what it says, only where its signature holds.

    `is_on_record` tells that this installation still has the badge; `at` when it was revoked or
    expired; `issuer` whom a foreign one names: a name, a host or both. `is_addressee` tells whether
    an email address is the one that it was issued to; None where nobody asked, or it names none.
    `is_leaving` tells that the account of its owner waits for deletion.
    """

    verdict: Verdict
    said: ShownBadge | None = None
    is_on_record: bool = False
    at: dt.datetime | None = None
    issuer: str = ""
    is_addressee: bool | None = None
    is_leaving: bool = False

    @property
    def is_good(self) -> bool:
        """Tell whether it is valid without any reserve."""
        return self.verdict == "valid" and self.is_addressee is not False and not self.is_leaving


# A credential, the key that it names, and whether the signature of that key holds.
Signed = tuple[dict[str, Any], SigningKey | None, bool]


def verify(
    session: Session, text: str, *, now: dt.datetime, email: str = "", host: str = ""
) -> Finding:
    """Verify a badge: its JSON, or its JWT. `email` is the normalized address to compare.

    `host` is the one of this installation: what names it and no key of it is forged.
    """
    text = text.removeprefix("\ufeff").strip()
    if len(text) > MAX_BADGE_LENGTH:
        return Finding("malformed")
    keys = {key.id: key for key in load_public_keys(session)}
    is_json = text.startswith("{")
    try:
        credential, key, holds = (_read_json if is_json else _read_jwt)(text, keys)
    except ValueError:
        return Finding("malformed")
    if _is_version_2(credential):
        return Finding("version_2")
    if not _types(credential) & {"OpenBadgeCredential", "AchievementCredential"}:
        return Finding("no_badge")
    if key is None:
        name, issuer = _issuer(credential)
        if issuer and issuer == host:
            return Finding("forged", issuer=issuer)
        return Finding(
            "foreign", issuer=f"{name} ({issuer})" if name and issuer else issuer or name
        )
    if not holds:
        return Finding("changed")
    try:
        return _judge(session, credential, text, is_json=is_json, now=now, email=email)
    # It means what was signed, but is written in another way than anything of ours.
    except (AttributeError, LookupError, TypeError, ValueError):
        return Finding("changed")


def _read_json(text: str, keys: Mapping[uuid.UUID, SigningKey]) -> Signed:
    document = read_object(text)
    proofs = proofs_of(document)
    proof = proofs[0] if len(proofs) == 1 else {}
    key = _find(keys, str(proof.get("verificationMethod", "")).rpartition("#")[2], ED25519)
    holds = (
        key is not None
        and proof.get("cryptosuite") == CRYPTOSUITE
        and proof.get("proofPurpose") == "assertionMethod"
        and document.get("@context") == [CREDENTIALS, OPEN_BADGES]
        and is_plain(document, (CREDENTIALS, OPEN_BADGES))
        and has_valid_proof(document, public_half(key))
    )
    return document, key, holds


def _read_jwt(text: str, keys: Mapping[uuid.UUID, SigningKey]) -> Signed:
    header, payload = read_jwt(text)
    key = _find(keys, str(header.get("kid", "")).rpartition("/")[2], RS256)
    holds = key is not None and has_valid_signature(text, public_half(key))
    credential = {name: value for name, value in payload.items() if name not in CLAIMS}
    credential.setdefault("issuer", payload.get("iss", ""))
    return credential, key, holds


def _find(keys: Mapping[uuid.UUID, SigningKey], name: str, algorithm: str) -> SigningKey | None:
    """Return the key of a name, where it is ours: whatever address it was written with."""
    try:
        key = keys.get(uuid.UUID(name))
    except ValueError:
        return None
    return key if key is not None and key.algorithm == algorithm else None


def _judge(
    session: Session,
    credential: dict[str, Any],
    text: str,
    *,
    is_json: bool,
    now: dt.datetime,
    email: str,
) -> Finding:
    """Return what the records say of a badge that was signed here and not changed since."""
    badge = find_badge(session, uuid.UUID(credential["id"].rpartition("/")[2]))
    if badge is not None and badge.document:
        # The signature is over what the document means; on record is every letter.
        stored = badge.document if is_json else badge.jwt
        is_same = read_object(text) == json.loads(stored) if is_json else text == stored
        if not is_same:
            return Finding("changed")
    if (revoked_at := find_revocation(session, _position(credential))) is not None:
        return Finding("revoked", is_on_record=badge is not None, at=revoked_at)
    ends = credential.get("validUntil")
    until = dt.datetime.fromisoformat(ends) if ends else None
    return Finding(
        "expired" if until is not None and until < now else "valid",
        show_credential(credential),
        is_on_record=badge is not None,
        at=until,
        is_addressee=_is_addressee(credential, email),
        is_leaving=badge is not None and is_owner_leaving(session, badge),
    )


def _position(credential: Mapping[str, Any]) -> int:
    """Return the place of a badge of ours in the status lists."""
    status = credential["credentialStatus"]
    number = int(status["statusListCredential"].rpartition("/")[2])
    return number * LIST_LENGTH + int(status["statusListIndex"])


def _is_addressee(credential: Mapping[str, Any], email: str) -> bool | None:
    for each in credential["credentialSubject"]["identifier"]:
        if email and each["identityType"] == "emailAddress":
            return bool(each["identityHash"] == hash_identity(email, each["salt"]))
    return None


def _types(document: Mapping[str, Any]) -> set[str]:
    found = document.get("type", [])
    found = found if isinstance(found, list) else [found]
    return {each for each in found if isinstance(each, str)}


def _is_version_2(document: Mapping[str, Any]) -> bool:
    """Tell whether it is an assertion of Open Badges 1 or 2, which have no such proof."""
    context = str(document.get("@context", ""))
    is_old = "openbadges/v1" in context or "openbadges/v2" in context
    return is_old or bool({"Assertion", "BadgeClass"} & _types(document)) or "badge" in document


def _issuer(credential: Mapping[str, Any]) -> tuple[str, str]:
    """Return the name and the host that a badge gives its issuer, "" for what it does not say."""
    issuer = credential.get("issuer", "")
    said = issuer if isinstance(issuer, dict) else {"id": issuer}
    name = said.get("name", "")
    try:
        host = urlsplit(str(said.get("id", ""))).netloc.rpartition("@")[2].lower()
    except ValueError:
        host = ""
    return clean_line(name)[:200] if isinstance(name, str) else "", host[:200]
