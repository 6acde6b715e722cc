"""Sign and verify a badge: `eddsa-rdfc-2022` within the document, and RS256 around it (VC-JWT).

Proofs and keys are written in base58btc with the prefix of multibase. Sources: W3C Data Integrity
EdDSA Cryptosuites 1.0, section 3.2; Open Badges 3.0, section 8.2.
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
    """Return bytes as multibase base58btc: `z`, then the digits."""
    number, digits = int.from_bytes(data), ""
    while number:
        number, rest = divmod(number, 58)
        digits = BASE58[rest] + digits
    zeros = len(data) - len(data.lstrip(b"\0"))
    return "z" + "1" * zeros + digits


def _decode_signature(text: str) -> bytes:
    """Return a signature that is written in base58btc. Raises ValueError or OverflowError."""
    number = 0
    # A longer text is no signature, and takes long to compute.
    for digit in text[1 : 2 * SIGNATURE_BYTES]:
        number = number * 58 + BASE58.index(digit)
    data = number.to_bytes(SIGNATURE_BYTES)
    if encode_base58(data) != text:
        raise ValueError("no signature")
    return data


def show_moment(moment: dt.datetime) -> str:
    """Return a moment as badges write it: UTC, to the second."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def add_proof(
    document: dict[str, Any], private: Ed25519PrivateKey, method: str, now: dt.datetime
) -> dict[str, Any]:
    """Return the document with a proof by the key whose address is `method`."""
    proof = {
        "type": "DataIntegrityProof",
        "cryptosuite": CRYPTOSUITE,
        "created": show_moment(now),
        "verificationMethod": method,
        "proofPurpose": "assertionMethod",
    }
    signature = private.sign(_hash(document, proof))
    return {**document, "proof": [{**proof, "proofValue": encode_base58(signature)}]}


def has_valid_proof(document: dict[str, Any], public: Ed25519PublicKey) -> bool:
    """Tell whether the one proof of a document is by a key, over all that the document says."""
    from cryptography.exceptions import InvalidSignature

    [proof] = proofs_of(document)
    said = {name: value for name, value in proof.items() if name != "proofValue"}
    unsigned = {name: value for name, value in document.items() if name != "proof"}
    try:
        signature = _decode_signature(str(proof.get("proofValue")))
        public.verify(signature, _hash(unsigned, said))
    except (InvalidSignature, NotCanonical, ValueError, OverflowError):
        return False
    return True


def proofs_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the proofs of a document, whether it has a list of them or one."""
    found = document.get("proof", [])
    found = found if isinstance(found, list) else [found]
    return [each for each in found if isinstance(each, dict)]


def _hash(document: dict[str, Any], proof: dict[str, Any]) -> bytes:
    """Return what is signed: the hash of the proof's options, then that of the document."""
    options = {"@context": document.get("@context"), **proof}
    return b"".join(hashlib.sha256(canonicalize(each)).digest() for each in (options, document))


def make_jwt(document: dict[str, Any], private: Any, key_address: str) -> str:
    """Return an unsigned document as a VC-JWT, signed by an RSA key of joserfc."""
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
    header = {"alg": "RS256", "typ": "JWT", "kid": key_address}
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    return str(jws.serialize_compact(header, text.encode(), private, algorithms=["RS256"]))


def has_valid_signature(jwt: str, public: Any) -> bool:
    """Tell whether a VC-JWT is signed by an RSA key of joserfc."""
    from joserfc import jws
    from joserfc.errors import JoseError

    try:
        jws.deserialize_compact(jwt.encode(), public, algorithms=["RS256"])
    except (JoseError, ValueError):
        return False
    return True
