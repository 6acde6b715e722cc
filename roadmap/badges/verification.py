"""Verify pasted or uploaded badges against the stored keys and records.

Nothing is fetched: badges with other contexts or keys were not issued by this installation.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from roadmap.badges.canonical import CREDENTIALS, OPEN_BADGES
from roadmap.badges.credential import BadgeContent, extract_content, hash_identity
from roadmap.badges.keys import load_public_key, load_public_keys
from roadmap.badges.models import ED25519, RS256, Badge, SigningKey
from roadmap.badges.proofs import CRYPTOSUITE, has_valid_proof, has_valid_signature, proofs_of
from roadmap.badges.queries import (
    find_badge,
    find_public_badge,
    find_revocation,
    is_deletion_pending,
)
from roadmap.badges.rules import (
    LIST_LENGTH,
    MAX_BADGE_LENGTH,
    read_jwt,
    read_object,
    uses_plain_terms,
)
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
    "address",
    "malformed",
]
# JWT claims that are not part of the credential.
CLAIMS = ("iss", "jti", "sub", "nbf", "exp")


@dataclass(frozen=True, slots=True)
class VerificationResult:
    """The result of a verification. `content` is the badge's content, if its signature is valid.

    `is_on_record` is set if this installation still has the badge. `at` is when it was revoked or
    expired. `issuer` is the name or host of a foreign issuer, or both. `email_matches` is whether
    the given email address is the recipient's, None if no address was given or the badge has none.
    `is_deletion_pending` is set if the owner's account is pending deletion.
    """

    verdict: Verdict
    content: BadgeContent | None = None
    is_on_record: bool = False
    at: dt.datetime | None = None
    issuer: str = ""
    email_matches: bool | None = None
    is_deletion_pending: bool = False

    @property
    def is_fully_valid(self) -> bool:
        """Return whether the badge is valid without any reservation."""
        return (
            self.verdict == "valid"
            and self.email_matches is not False
            and not self.is_deletion_pending
        )


# A credential, the key it refers to, and whether its signature is valid.
SignatureCheck = tuple[dict[str, Any], SigningKey | None, bool]


def verify(
    session: Session, text: str, *, now: dt.datetime, email: str = "", host: str = ""
) -> VerificationResult:
    """Verify a badge given as JSON, as JWT or by its URL here. `email` is the normalized address.

    A badge that names this installation's `host` but none of its keys is forged.
    """
    text = text.removeprefix("\ufeff").strip()
    if len(text) > MAX_BADGE_LENGTH:
        return VerificationResult("malformed")
    if text.lower().startswith(("http://", "https://")):
        badge = _find_by_address(session, text, host)
        if badge is None:
            return VerificationResult("address")
        if badge.revoked_at is not None:
            return VerificationResult("revoked", is_on_record=True, at=badge.revoked_at)
        text = badge.document
    keys = {key.id: key for key in load_public_keys(session)}
    is_json = text.startswith("{")
    try:
        credential, key, holds = (_read_json if is_json else _read_jwt)(text, keys)
    except ValueError:
        return VerificationResult("malformed")
    if _is_version_2(credential):
        return VerificationResult("version_2")
    if not _types(credential) & {"OpenBadgeCredential", "AchievementCredential"}:
        return VerificationResult("no_badge")
    if key is None:
        name, issuer = _issuer(credential)
        if issuer and issuer == host:
            return VerificationResult("forged", issuer=issuer)
        return VerificationResult(
            "foreign", issuer=f"{name} ({issuer})" if name and issuer else issuer or name
        )
    if not holds:
        return VerificationResult("changed")
    try:
        return _check_records(session, credential, text, is_json=is_json, now=now, email=email)
    # The signature is valid, but the structure differs from that of badges issued here.
    except (AttributeError, LookupError, TypeError, ValueError):
        return VerificationResult("changed")


def _find_by_address(session: Session, address: str, host: str) -> Badge | None:
    """Load the badge whose public page or file has this URL."""
    pattern = rf"https?://{re.escape(host)}/credentials/([0-9a-f-]{{36}})([/?#].*)?"
    found = re.fullmatch(pattern, address, re.IGNORECASE)
    try:
        return find_public_badge(session, uuid.UUID(found[1])) if found else None
    except ValueError:
        return None


def _read_json(text: str, keys: Mapping[uuid.UUID, SigningKey]) -> SignatureCheck:
    document = read_object(text)
    proofs = proofs_of(document)
    proof = proofs[0] if len(proofs) == 1 else {}
    key = _find_key(keys, str(proof.get("verificationMethod", "")).rpartition("#")[2], ED25519)
    holds = (
        key is not None
        and proof.get("cryptosuite") == CRYPTOSUITE
        and proof.get("proofPurpose") == "assertionMethod"
        and document.get("@context") == [CREDENTIALS, OPEN_BADGES]
        and uses_plain_terms(document, (CREDENTIALS, OPEN_BADGES))
        and has_valid_proof(document, load_public_key(key))
    )
    return document, key, holds


def _read_jwt(text: str, keys: Mapping[uuid.UUID, SigningKey]) -> SignatureCheck:
    header, payload = read_jwt(text)
    key = _find_key(keys, str(header.get("kid", "")).rpartition("/")[2], RS256)
    holds = key is not None and has_valid_signature(text, load_public_key(key))
    credential = {name: value for name, value in payload.items() if name not in CLAIMS}
    credential.setdefault("issuer", payload.get("iss", ""))
    return credential, key, holds


def _find_key(keys: Mapping[uuid.UUID, SigningKey], name: str, algorithm: str) -> SigningKey | None:
    """Return our key with this id and algorithm, whatever base URL the badge used."""
    try:
        key = keys.get(uuid.UUID(name))
    except ValueError:
        return None
    return key if key is not None and key.algorithm == algorithm else None


def _check_records(
    session: Session,
    credential: dict[str, Any],
    text: str,
    *,
    is_json: bool,
    now: dt.datetime,
    email: str,
) -> VerificationResult:
    badge = find_badge(session, uuid.UUID(credential["id"].rpartition("/")[2]))
    if badge is not None and badge.document:
        # The proof covers only the RDF content, so compare with the stored document as well.
        stored = badge.document if is_json else badge.jwt
        is_same = read_object(text) == json.loads(stored) if is_json else text == stored
        if not is_same:
            return VerificationResult("changed")
    if (revoked_at := find_revocation(session, _position(credential))) is not None:
        return VerificationResult("revoked", is_on_record=badge is not None, at=revoked_at)
    ends = credential.get("validUntil")
    until = dt.datetime.fromisoformat(ends) if ends else None
    return VerificationResult(
        "expired" if until is not None and until < now else "valid",
        extract_content(credential),
        is_on_record=badge is not None,
        at=until,
        email_matches=_email_matches(credential, email),
        is_deletion_pending=badge is not None and is_deletion_pending(session, badge),
    )


def _position(credential: Mapping[str, Any]) -> int:
    status = credential["credentialStatus"]
    number = int(status["statusListCredential"].rpartition("/")[2])
    return number * LIST_LENGTH + int(status["statusListIndex"])


def _email_matches(credential: Mapping[str, Any], email: str) -> bool | None:
    for each in credential["credentialSubject"]["identifier"]:
        if email and each["identityType"] == "emailAddress":
            return bool(each["identityHash"] == hash_identity(email, each["salt"]))
    return None


def _types(document: Mapping[str, Any]) -> set[str]:
    found = document.get("type", [])
    found = found if isinstance(found, list) else [found]
    return {each for each in found if isinstance(each, str)}


def _is_version_2(document: Mapping[str, Any]) -> bool:
    """Return whether a document is an Open Badges 1 or 2 assertion, which has no such proof."""
    context = str(document.get("@context", ""))
    is_old = "openbadges/v1" in context or "openbadges/v2" in context
    return is_old or bool({"Assertion", "BadgeClass"} & _types(document)) or "badge" in document


def _issuer(credential: Mapping[str, Any]) -> tuple[str, str]:
    """Return the name and host of the issuer that a badge claims, "" if missing."""
    issuer = credential.get("issuer", "")
    claimed = issuer if isinstance(issuer, dict) else {"id": issuer}
    name = claimed.get("name", "")
    try:
        host = urlsplit(str(claimed.get("id", ""))).netloc.rpartition("@")[2].lower()
    except ValueError:
        host = ""
    return clean_line(name)[:200] if isinstance(name, str) else "", host[:200]
