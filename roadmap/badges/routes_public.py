"""Public pages and documents: badges, their files, issuer, keys, status lists, verification."""

from __future__ import annotations

import json
import uuid
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort

from roadmap.auth.email_addresses import email_key
from roadmap.badges import keys, qr_code, queries
from roadmap.badges.canonical import CREDENTIALS, OPEN_BADGES
from roadmap.badges.credential import (
    extract_content,
    issuer_url,
    key_url,
    method_url,
    write_issuer,
)
from roadmap.badges.forms import VerifyForm
from roadmap.badges.models import ED25519, RS256, Badge, SigningKey
from roadmap.badges.proofs import add_proof, format_timestamp
from roadmap.badges.rules import encode_status_list
from roadmap.badges.verification import verify
from roadmap.core.database import db
from roadmap.core.i18n import _
from roadmap.core.limiter import limiter
from roadmap.core.problems import problem_response
from roadmap.core.proxy import public_base_url
from roadmap.core.web import now, prevent_indexing, render_page
from roadmap.people.permissions import permit

public_badges = Blueprint("public_badges", __name__)

# Bundled with most verifiers, unlike the newer https://www.w3.org/ns/cid/v1.
PROFILE_CONTEXTS = [
    "https://www.w3.org/ns/did/v1",
    "https://w3id.org/security/multikey/v1",
    "https://w3id.org/security/jwk/v1",
    OPEN_BADGES,
]
# Cache lifetimes for verifiers. STATUS_SECONDS is the maximum delay of a revocation.
STATUS_SECONDS = 300
KEYS_SECONDS = 3600


@public_badges.get("/credentials/<uuid:badge_id>")
@permit("public")
@limiter.limit("120/minute")
def show(badge_id: uuid.UUID) -> Response:
    """Show a badge to anyone with its URL. A revoked one shows only that it was revoked."""
    badge = queries.find_public_badge(db.session, badge_id)
    if badge is None:
        return prevent_indexing(render_page("badges/not_found.html", 404))
    if badge.revoked_at is not None:
        page = render_page("badges/revoked.html", 410, revoked_at=badge.revoked_at)
        return prevent_indexing(page)
    return prevent_indexing(
        render_page(
            "badges/public.html",
            badge=badge,
            badge_content=(content := extract_content(json.loads(badge.document))),
            has_expired=content.valid_until is not None and content.valid_until < now(),
            address=f"{public_base_url()}/credentials/{badge.id}",
            host=urlsplit(public_base_url()).netloc,
        )
    )


@public_badges.get("/credentials/<uuid:badge_id>/badge.json")
@permit("public")
@limiter.limit("120/minute")
def download_json(badge_id: uuid.UUID) -> Response:
    badge = _active_badge(badge_id)
    return _document(badge.document, "application/vc", name=f"badge-{badge.id}.json")


@public_badges.get("/credentials/<uuid:badge_id>/badge.jwt")
@permit("public")
@limiter.limit("120/minute")
def download_jwt(badge_id: uuid.UUID) -> Response:
    badge = _active_badge(badge_id)
    return _document(badge.jwt, "application/vc+jwt", name=f"badge-{badge.id}.jwt")


@public_badges.get("/credentials/<uuid:badge_id>/qr.svg")
@permit("public")
@limiter.limit("120/minute")
def draw_code(badge_id: uuid.UUID) -> Response:
    """Return the URL of the badge's public page as a QR code."""
    badge = _active_badge(badge_id)
    drawn = qr_code.draw_code(f"{public_base_url()}/credentials/{badge.id}")
    return Response(drawn, mimetype="image/svg+xml")


@public_badges.get("/credentials/issuer")
@permit("public")
@limiter.limit("120/minute")
def show_issuer() -> Response:
    """Return the issuer profile with all current and retired keys."""
    base = public_base_url()
    methods = [_method(base, key) for key in keys.load_public_keys(db.session)]
    profile = {
        "@context": PROFILE_CONTEXTS,
        **write_issuer(base),
        "verificationMethod": methods,
        "assertionMethod": [method["id"] for method in methods],
    }
    return _document(profile, "application/ld+json", seconds=KEYS_SECONDS)


@public_badges.get("/credentials/keys/<uuid:key_id>")
@permit("public")
@limiter.limit("120/minute")
def show_key(key_id: uuid.UUID) -> Response:
    """Return a public key as a JWK. The `kid` of a JWT is this URL."""
    found = {key.id: key for key in keys.load_public_keys(db.session)}
    key = found.get(key_id) or abort(404)
    return _document(_jwk(public_base_url(), key), "application/jwk+json", seconds=KEYS_SECONDS)


@public_badges.get("/.well-known/jwks.json")
@permit("public")
@limiter.limit("120/minute")
def show_key_set() -> Response:
    """Return all public keys as a JWK Set."""
    base = public_base_url()
    found = [_jwk(base, key) for key in keys.load_public_keys(db.session)]
    return _document({"keys": found}, "application/jwk-set+json", seconds=KEYS_SECONDS)


@public_badges.get("/credentials/status/<int:number>")
@permit("public")
@limiter.limit("60/minute")
def show_status_list(number: int) -> Response:
    """Return a signed status list of revoked badges."""
    # Larger numbers could overflow the database's integer type.
    revoked = queries.revoked_indexes(db.session, number) if number < 10_000 else None
    if revoked is None:
        abort(404)
    try:
        signing = keys.load_keys(db.session)
    except keys.NoSigningKeys:
        # Status lists are read by programs, so answer with JSON.
        return problem_response(
            503,
            _(
                "The keys that sign this list cannot be read. The operator can create "
                "new ones with the command “badges rotate-keys”."
            ),
        )
    base = public_base_url()
    address = f"{base}/credentials/status/{number}"
    status_list = {
        "@context": [CREDENTIALS],
        "id": address,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer_url(base),
        "validFrom": format_timestamp(now()),
        "credentialSubject": {
            "id": f"{address}#list",
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
            "encodedList": encode_status_list(revoked),
        },
    }
    method = method_url(base, signing.ed25519_id)
    signed = add_proof(status_list, signing.ed25519, method, now())
    return _document(signed, "application/vc", seconds=STATUS_SECONDS)


@public_badges.get("/credentials/verify")
@permit("public")
def show_form() -> Response:
    return render_page("badges/verify.html", form=VerifyForm(formdata=None), finding=None)


@public_badges.post("/credentials/verify")
@permit("public")
@limiter.limit("20/minute")
def check() -> Response:
    """Verify a pasted or uploaded badge without storing it."""
    form = VerifyForm()
    if not form.validate():
        return render_page("badges/verify.html", 422, form=form, finding=None)
    email = email_key(form.email.data or "")
    host = urlsplit(public_base_url()).netloc
    finding = verify(db.session, form.text, now=now(), email=email, host=host)
    return render_page(
        "badges/verify.html",
        form=form,
        finding=finding,
        badge_content=finding.content,
        host=host,
    )


def _active_badge(badge_id: uuid.UUID) -> Badge:
    badge = queries.find_public_badge(db.session, badge_id)
    if badge is None:
        abort(404)
    if badge.revoked_at is not None:
        abort(410)
    return badge


def _method(base: str, key: SigningKey) -> dict[str, Any]:
    """Return a key as a verification method of the issuer."""
    method: dict[str, Any] = {
        "id": method_url(base, key.id),
        "controller": issuer_url(base),
    }
    if key.algorithm == ED25519:
        return {**method, "type": "Multikey", "publicKeyMultibase": keys.multikey(key)}
    return {**method, "type": "JsonWebKey", "publicKeyJwk": _jwk(base, key)}


def _jwk(base: str, key: SigningKey) -> dict[str, Any]:
    algorithm = "RS256" if key.algorithm == RS256 else "EdDSA"
    return {**key.public_jwk, "kid": key_url(base, key.id), "alg": algorithm, "use": "sig"}


def _document(
    content: str | dict[str, Any], media_type: str, *, seconds: int = 0, name: str = ""
) -> Response:
    """Return a badge file, or a public document that verifiers may cache for `seconds`.

    Public documents contain no personal data, and allow cross-origin requests.
    """
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    response = Response(text, mimetype=media_type)
    if seconds:
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Cache-Control"] = f"public, max-age={seconds}"
    if name:
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        prevent_indexing(response)
    return response
