"""Badge signatures verify in Cairn and in third-party libraries."""

from __future__ import annotations

import base64
import copy
import json
from pathlib import Path

import jsonschema
import jwt as pyjwt
import pytest

from roadmap.badges import actions
from roadmap.badges.models import Badge
from roadmap.badges.rules import MAX_BADGE_LENGTH
from roadmap.badges.verification import verify
from roadmap.core.dates import PartialDate
from tests.badges.samples import add_verified, issue
from tests.evidence.builders import DESIGN, LEVELS
from tests.support.node import run_node
from tests.support.signing_keys import BASE, add_keys

SCHEMA = Path(__file__).parent / "open-badges-3.0.schema.json"
CONTEXT = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
OLD_BADGE = {
    "@context": "https://w3id.org/openbadges/v2",
    "type": "Assertion",
    "id": "https://badges.example.org/a/1",
    "recipient": {"type": "email", "hashed": True, "salt": "s", "identity": "sha256$0000"},
    "issuedOn": "2026-02-28T23:30:00-08:00",
    "badge": "https://badges.example.org/c/1",
    "verification": {"type": "HostedBadge"},
}


@pytest.fixture
def badge(cast, session, now) -> Badge:
    add_keys(session, now)
    piece = add_verified(session, cast, now, milestones=[DESIGN, LEVELS])
    return issue(session, cast, piece.id, now)


def changed_document(badge: Badge, **values: object) -> dict[str, object]:
    return {**json.loads(badge.document), **values}


def tampered(badge: Badge) -> dict[str, str]:
    """Return copies of the badge's JSON, each changed in one place."""
    document = json.loads(badge.document)
    renamed = copy.deepcopy(document)
    renamed["credentialSubject"]["identifier"][0]["identityHash"] = "Mallory"
    relisted = copy.deepcopy(document)
    relisted["credentialStatus"]["statusListIndex"] = "7"
    unendorsed = {**document, "endorsement": []}
    found = {
        "other name": renamed,
        "other list position": relisted,
        "no endorsement": unendorsed,
        "undefined term": {**document, "grade": "A"},
        "undefined type": {**document, "type": [*document["type"], "Doctorate"]},
        "later expiry": {**document, "validUntil": "2099-01-01T00:00:00Z"},
    }
    return {name: json.dumps(each) for name, each in found.items()}


def test_badge_is_valid_against_the_published_schema(badge):
    schema = json.loads(SCHEMA.read_text())
    validator = jsonschema.Draft201909Validator(
        schema, format_checker=jsonschema.Draft201909Validator.FORMAT_CHECKER
    )
    assert list(validator.iter_errors(json.loads(badge.document))) == []


def test_json_and_jwt_badges_are_valid(badge, session, now):
    for text in (badge.document, badge.jwt, f"\ufeff  {badge.document}\n"):
        found = verify(session, text, now=now, email="alice@example.org")
        assert (found.verdict, found.is_on_record, found.email_matches) == ("valid", True, True)
        assert found.content.name == "Feature store design"
    assert verify(session, badge.jwt, now=now, email="mallory@example.org").email_matches is False


def test_digital_bazaar_accepts_badge_and_rejects_changes(
    badge, cast, session, now, browser_of, app, monkeypatch
):
    other = issue(session, cast, add_verified(session, cast, now, title="Revoked").id, now)
    actions.revoke_badge(session, other, by=cast.actor(session, cast.alice), now=now)
    session.commit()
    document, revoked, changes = badge.document, other.document, tampered(badge)
    monkeypatch.setitem(app.config, "BASE_URL", BASE)
    visitor = browser_of()
    issuer, status = (
        json.loads(visitor.get(path).text)
        for path in ("/credentials/issuer", "/credentials/status/0")
    )
    endorsement = json.loads(document)["endorsement"][0]
    forged = {**endorsement, "name": "Confirmation by Carol"}
    contexts = Path("roadmap/badges/contexts/open-badges-3.0.3.json")
    request = {
        "credentials": {
            "badge": json.loads(document),
            "confirmation": endorsement,
            "status list": status,
            "revoked": json.loads(revoked),
            "forged confirmation": forged,
            **{name: json.loads(text) for name, text in changes.items()},
        },
        "documents": {
            f"{BASE}/credentials/issuer": issuer,
            f"{BASE}/credentials/status/0": status,
            CONTEXT: json.loads(contexts.read_text()),
        },
    }
    found = json.loads(run_node("verify_badges.js", json.dumps(request)))
    valid = {name for name, verdict in found.items() if verdict == "verified"}
    assert valid == {"badge", "confirmation", "status list"}, found
    assert "Invalid signature" in found["other name"]
    assert found["revoked"] == "revoked"


def test_pyjwt_accepts_badge_and_rejects_changes(badge, browser_of, app, monkeypatch):
    token = badge.jwt
    monkeypatch.setitem(app.config, "BASE_URL", BASE)
    keys = pyjwt.PyJWKSet.from_dict(browser_of().get("/.well-known/jwks.json").json)
    kid = pyjwt.get_unverified_header(token)["kid"]
    key = keys[kid]
    claims = pyjwt.decode(token, key, algorithms=["RS256"])
    assert claims["iss"] == f"{BASE}/credentials/issuer"
    assert claims["jti"] == claims["id"]
    assert claims["sub"] == claims["credentialSubject"]["id"]
    assert claims["type"] == ["VerifiableCredential", "OpenBadgeCredential"]
    # The key id is a URL that returns the same key.
    assert (
        browser_of().get(kid.removeprefix(BASE)).json["n"]
        == keys[kid].Algorithm.to_jwk(key.key, as_dict=True)["n"]
    )
    head, payload, signature = token.split(".")
    other = base64.urlsafe_b64encode(
        base64.urlsafe_b64decode(payload + "==").replace(b"Alice", b"Carol")
    )
    with pytest.raises(pyjwt.InvalidSignatureError):
        pyjwt.decode(f"{head}.{other.decode().rstrip('=')}.{signature}", key, algorithms=["RS256"])


def test_changed_badge_is_rejected(badge, session, now):
    changes = tampered(badge)
    head, payload, signature = badge.jwt.split(".")
    changes["cut payload"] = f"{head}.{payload[:-8]}.{signature}"
    changes["other signature"] = badge.jwt[:-9] + "AAAAAAAAA"
    # The same JSON-LD meaning, but another text.
    changes["object for list"] = json.dumps(
        changed_document(badge, proof=json.loads(badge.document)["proof"][0])
    )
    found = {name: verify(session, text, now=now).verdict for name, text in changes.items()}
    assert set(found.values()) <= {"changed", "malformed"}, found


def test_badge_without_record_must_match_the_issued_form(session, cast, now):
    # Without a record only the signature is left, and it covers the meaning, not the text.
    add_keys(session, now)
    piece = add_verified(
        session, cast, now, kind="certification", expires_on=PartialDate("2099-05")
    )
    badge = issue(session, cast, piece.id, now)
    document = json.loads(badge.document)
    session.delete(badge)
    session.flush()
    found = verify(session, json.dumps(document), now=now)
    assert (found.verdict, found.is_on_record) == ("valid", False)
    later = now.replace(year=2100)
    assert verify(session, json.dumps(document), now=later).verdict == "expired"
    ends = {
        "@type": "http://www.w3.org/2001/XMLSchema#dateTime",
        "@value": document.pop("validUntil"),
    }
    hidden = {**document, "https://www.w3.org/2018/credentials#validUntil": ends}
    assert verify(session, json.dumps(hidden), now=later).verdict == "changed"
    unlisted = {**document, "validUntil": ends["@value"], "evidence": document["evidence"][0]}
    assert verify(session, json.dumps(unlisted), now=now).verdict == "changed"


@pytest.mark.parametrize("on_record", [True, False], ids=["on record", "off record"])
def test_badge_with_other_proof_or_context_is_rejected(on_record, badge, session, now):
    document = json.loads(badge.document)
    proof = document["proof"][0]
    if not on_record:
        session.delete(badge)
        session.flush()
    invalid = (
        {**document, "proof": [{**proof, "proofPurpose": "authentication"}]},
        {**document, "proof": [{**proof, "cryptosuite": "eddsa-jcs-2022"}]},
        {**document, "proof": [{**proof, "proofValue": "z1"}]},
        {**document, "proof": [{**proof, "created": "2020-01-01T00:00:00Z"}]},
        {**document, "@context": [*document["@context"], "https://evil.example/c"]},
        {**document, "@context": [{"@vocab": "https://evil.example/"}]},
        {**document, "grade": "A"},
        {**document, "type": [*document["type"], "Doctorate"]},
    )
    for each in invalid:
        assert verify(session, json.dumps(each), now=now).verdict == "changed"


def test_jwt_algorithm_from_the_header_is_not_trusted(badge, session, now):
    _head, payload, _signature = badge.jwt.split(".")
    kid = pyjwt.get_unverified_header(badge.jwt)["kid"]
    for algorithm in ("none", "HS256"):
        head = base64.urlsafe_b64encode(json.dumps({"alg": algorithm, "kid": kid}).encode())
        forged = f"{head.decode().rstrip('=')}.{payload}.AAAA"
        assert verify(session, forged, now=now).verdict == "changed"


def test_foreign_and_old_badges_are_recognised(badge, session, now):
    document = json.loads(badge.document)
    foreign = copy.deepcopy(document)
    foreign["issuer"] = {"id": "https://badges.example.net/issuer", "type": ["Profile"]}
    foreign["proof"][0]["verificationMethod"] = "did:key:z6Mk#z6Mk"
    found = verify(session, json.dumps(foreign), now=now)
    assert (found.verdict, found.issuer) == ("foreign", "badges.example.net")
    foreign["issuer"]["name"] = "Example\nUniversity"
    found = verify(session, json.dumps(foreign), now=now)
    assert found.issuer == "Example University (badges.example.net)"
    unsigned = {name: value for name, value in document.items() if name != "proof"}
    assert verify(session, json.dumps(unsigned), now=now).verdict == "foreign"
    assert verify(session, json.dumps(OLD_BADGE), now=now).verdict == "version_2"
    assert verify(session, json.dumps(document["endorsement"][0]), now=now).verdict == "no_badge"


# Canonicalizing two lists of identical nodes would take practically forever.
IDENTICAL_NODES = [{"type": ["Achievement"]} for _number in range(40)]
HOSTILE = {
    "empty": "",
    "word": "badge",
    "number": "7",
    "list": "[]",
    "nan": '{"type": NaN}',
    "long number": '{"type": ' + "9" * 10_000 + "}",
    "duplicate name": '{"type": "A", "type": "B"}',
    "deep objects": '{"a":' * 5_000 + "1" + "}" * 5_000,
    "deep lists": '{"a":' + "[" * 500 + "]" * 500 + "}",
    "large": '{"a": "' + "x" * MAX_BADGE_LENGTH + '"}',
    "too many values": json.dumps({"evidence": [{"id": "a:b"}] * 6_000}),
    "image": "\x89PNG\r\n\x1a\n\x00\x00",
    "half a JWT": "eyJhbGciOiJSUzI1NiJ9.e30",
    "not base64": "a.b.c",
    "surrogate": '{"type": "\\ud800"}',
    "wrong types": '{"type": {"a": 1}, "proof": 7, "issuer": [], "@context": 3}',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_rejected(name, badge, session, now):
    assert verify(session, HOSTILE[name], now=now).verdict in ("malformed", "no_badge")


@pytest.mark.parametrize(
    "values",
    [
        {"evidence": IDENTICAL_NODES},
        {"credentialSubject": {"achievement": IDENTICAL_NODES, "b": IDENTICAL_NODES}},
        {"@context": [None]},
        {"id": None},
        {"validFrom": {"@value": 1, "@type": 2}},
        {"credentialSubject": []},
        {"name": {"@id": "_:b0", "@type": "_:b1"}},
        {"issuer": {"@graph": [{"@set": [[]]}]}},
        {"name": "\ud800"},
    ],
    ids=lambda values: next(iter(values)),
)
def test_hostile_json_with_our_key_is_rejected(values, badge, session, now):
    assert (
        verify(session, json.dumps(changed_document(badge, **values)), now=now).verdict == "changed"
    )
