"""Sign and verify badges with embedded proofs (`eddsa-rdfc-2022`) and as VC-JWT (RS256).

Proofs and keys are encoded as multibase base58btc. Sources: W3C Data Integrity EdDSA Cryptosuites
1.0, section 3.2; Open Badges 3.0, section 8.2.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import TYPE_CHECKING, Any

from roadmap.badges.canonical import NotCanonical, canonicalize

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

CRYPTOSUITE = "eddsa-rdfc-2022"
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
SIGNATURE_BYTES = 64


def encode_base58(data: bytes) -> str:
    """Encode bytes as multibase base58btc, with the prefix `z`."""
    number, digits = int.from_bytes(data), ""
    while number:
        number, rest = divmod(number, 58)
        digits = BASE58[rest] + digits
    zeros = len(data) - len(data.lstrip(b"\0"))
    return "z" + "1" * zeros + digits


def _decode_signature(text: str) -> bytes:
    """Decode a base58btc signature. Raises ValueError or OverflowError."""
    number = 0
    # Longer input cannot be a signature, and would be slow to decode.
    for digit in text[1 : 2 * SIGNATURE_BYTES]:
        number = number * 58 + BASE58.index(digit)
    data = number.to_bytes(SIGNATURE_BYTES)
    if encode_base58(data) != text:
        raise ValueError("no signature")
    return data


def format_timestamp(moment: dt.datetime) -> str:
    """Format a moment for a badge: ISO 8601 in UTC, to the second."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def add_proof(
    document: dict[str, Any], private: Ed25519PrivateKey, method: str, now: dt.datetime
) -> dict[str, Any]:
    """Return the document with a proof by the key with the verification method URL `method`."""
    proof = {
        "type": "DataIntegrityProof",
        "cryptosuite": CRYPTOSUITE,
        "created": format_timestamp(now),
        "verificationMethod": method,
        "proofPurpose": "assertionMethod",
    }
    signature = private.sign(_hash(document, proof))
    return {**document, "proof": [{**proof, "proofValue": encode_base58(signature)}]}


def has_valid_proof(document: dict[str, Any], public: Ed25519PublicKey) -> bool:
    """Return whether the document's single proof is a valid signature by the public key."""
    from cryptography.exceptions import InvalidSignature

    [proof] = proofs_of(document)
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    unsigned = {name: value for name, value in document.items() if name != "proof"}
    try:
        signature = _decode_signature(str(proof.get("proofValue")))
        public.verify(signature, _hash(unsigned, options))
    except (InvalidSignature, NotCanonical, ValueError, OverflowError):
        return False
    return True


def proofs_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the proofs of a document as a list."""
    found = document.get("proof", [])
    found = found if isinstance(found, list) else [found]
    return [each for each in found if isinstance(each, dict)]


def _hash(document: dict[str, Any], proof: dict[str, Any]) -> bytes:
    """Return the signed bytes: the hash of the proof options, then the hash of the document."""
    options = {"@context": document.get("@context"), **proof}
    return b"".join(hashlib.sha256(canonicalize(each)).digest() for each in (options, document))


def make_jwt(document: dict[str, Any], private: Any, key_url: str) -> str:
    """Sign a document without proof as a VC-JWT. `private` is a joserfc RSA key."""
    from joserfc import jws

    begins = dt.datetime.fromisoformat(document["validFrom"])
    payload: dict[str, Any] = {
        **document,
        "iss": document["issuer"]["id"],
        "jti": document["id"],
        "sub": document["credentialSubject"]["id"],
        "nbf": int(begins.timestamp()),
    }
    if "validUntil" in document:
        payload["exp"] = int(dt.datetime.fromisoformat(document["validUntil"]).timestamp())
    header = {"alg": "RS256", "typ": "JWT", "kid": key_url}
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    return str(jws.serialize_compact(header, text.encode(), private, algorithms=["RS256"]))


def has_valid_signature(jwt: str, public: Any) -> bool:
    """Return whether a VC-JWT has a valid signature. `public` is a joserfc RSA key."""
    from joserfc import jws
    from joserfc.errors import JoseError

    try:
        jws.deserialize_compact(jwt.encode(), public, algorithms=["RS256"])
    except (JoseError, ValueError):
        return False
    return True
