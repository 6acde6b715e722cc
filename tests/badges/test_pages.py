"""Badge pages as seen by the owner, an employer and a visitor."""

from __future__ import annotations

import base64
import io
import json
import uuid

import pytest

from roadmap.badges.credential import extract_content
from roadmap.badges.models import Badge
from roadmap.portfolio import actions as portfolio
from roadmap.portfolio.models import Redaction
from tests.badges.samples import add_verified, issue
from tests.support.signing_keys import BASE, add_keys


@pytest.fixture
def badge(cast, session, now) -> Badge:
    add_keys(session, now)
    return issue(session, cast, add_verified(session, cast, now).id, now)


def test_verified_evidence_leads_to_an_issued_badge(cast, session, now, browser_of):
    piece = add_verified(session, cast, now)
    alice = browser_of(cast.alice)
    assert f"/badges/new?for={piece.id}" in alice.get(f"/evidence/{piece.id}").text
    preview = alice.get(f"/badges/new?for={piece.id}").text
    assert "Bob" in preview
    assert "ROADMAP_BASE_URL" in preview
    made = alice.post("/badges", {"for": str(piece.id)})
    assert made.status_code == 303
    listed = alice.get("/badges").text
    assert "The badge “Feature store design” is issued." in listed
    assert "Each verified piece has a badge." in listed


def test_page_without_active_badges_says_whether_there_were_any(badge, cast, browser_of):
    key, alice = badge.id, browser_of(cast.alice)
    assert "You have no badges yet." in browser_of(cast.carol).get("/badges").text
    alice.delete(f"/badges/{key}")
    page = alice.get("/badges").text
    assert "All your badges are revoked." in page
    assert "no badges yet" not in page


def test_preview_names_portfolios_that_redact_the_evidence(cast, session, now, browser_of):
    add_keys(session, now)
    piece = add_verified(session, cast, now)
    url, alice = f"/badges/new?for={piece.id}", browser_of(cast.alice)
    assert "redacted" not in alice.get(url).text
    by = cast.actor(session, cast.alice)
    mine = (session, portfolio.lock_portfolio(session, cast.alice, by=by, now=now))
    portfolio.add_item(*mine, piece, now=now)
    portfolio.redact_item(*mine, piece.id, Redaction("A store"), now=now)
    session.commit()
    assert "“Feature store design” in “" in alice.get(url).text


def test_public_badge_page_is_readable_until_revoked(badge, cast, session, browser_of):
    key, employer = badge.id, browser_of()
    page = employer.get(f"/credentials/{key}")
    assert page.headers["X-Robots-Tag"].startswith("noindex")
    for text in ("Feature store design", "Alice", "Bob, then a manager of Alice", "Done when:"):
        assert text in page.text
    assert "alice@example.org" not in page.text
    assert "this badge on 20" not in page.text  # no ISO date
    assert page.text.count("Done when:") == 1
    assert "The criteria are addressed to the person to whom the badge is issued." in page.text
    [_intro, _blank, criterion] = extract_content(json.loads(badge.document)).criteria.splitlines()
    milestone = criterion.removeprefix("- ").partition(". Done when:")[0]
    assert page.text.count(milestone) == 1  # not repeated below "By whom"
    code = employer.get(f"/credentials/{key}/qr.svg")
    assert code.mimetype == "image/svg+xml"
    assert employer.get(f"/credentials/{key}/badge.json").text == badge.document
    browser_of(cast.alice).delete(f"/badges/{key}")
    gone = employer.get(f"/credentials/{key}")
    assert gone.status_code == 410
    assert "Feature store" not in gone.text
    for file in ("badge.json", "badge.jwt", "qr.svg"):
        assert employer.get(f"/credentials/{key}/{file}").status_code == 410


def test_new_badge_without_evidence_redirects_to_the_choices(cast, browser_of):
    alice = browser_of(cast.alice)
    assert alice.get("/badges/new").location == "/badges#pieces-title"
    assert alice.get("/badges/new?for=nothing").status_code == 404


@pytest.mark.parametrize("form", ["pasted", "file"])
def test_visitor_verifies_a_badge(form, badge, browser_of):
    document, employer = badge.document, browser_of()
    sent = (
        {"badge": badge.jwt}
        if form == "pasted"
        else {"file": (io.BytesIO(document.encode()), "badge.json")}
    )
    found = employer.post("/credentials/verify", {**sent, "email": " ALICE@example.org "})
    assert "unchanged since, and not revoked" in found.text
    assert "issued to the e-mail address that you entered" in found.text
    other = employer.post("/credentials/verify", {"badge": badge.jwt, "email": "b@example.org"})
    assert "Not issued to this e-mail address</h2>" in other.text
    assert "Valid</h2>" not in other.text
    changed = employer.post("/credentials/verify", {"badge": document.replace("Alice", "Carol")})
    assert "Changed after signing" in changed.text
    assert "Feature store design</h2>" not in changed.text


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ('{"@context": "https://w3id.org/openbadges/v2", "type": "Assertion"}', "Open Badges 2"),
        ("no badge at all", "Cannot be read"),
        ("https://b.example/credentials/1", "this page fetches nothing: open it, download"),
        (f"http://localhost/credentials/{'-' * 36}", "An address, not a badge"),
        (f"http://localhost/credentials/{uuid.uuid4()}", "An address, not a badge"),
        ('{"type": ["OpenBadgeCredential"], "issuer": "https://b.example/i"}', "Not issued here"),
        (
            '{"type": "OpenBadgeCredential", "issuer": {"id": "https://b.example/i", "name": "B"}}',
            "B (b.example) issued it. Its signature was not checked",
        ),
    ],
    ids=[
        "version 2",
        "no badge",
        "address",
        "wrong address",
        "unknown badge",
        "other issuer",
        "named issuer",
    ],
)
def test_unverifiable_badge_is_explained(text, answer, browser_of):
    page = browser_of().post("/credentials/verify", {"badge": text})
    assert page.status_code == 200
    assert answer in page.text


def test_address_of_a_badge_is_checked_here(badge, cast, session, now, browser_of):
    employer, address = browser_of(), f"http://localhost/credentials/{badge.id}"

    def check(text):
        sent = {"badge": f" {text}\n", "email": "alice@example.org"}
        return employer.post("/credentials/verify", sent).text

    for text in (address, address.upper(), f"{address}/badge.json", f"{address}?a#b"):
        found = check(text)
        assert "unchanged since, and not revoked" in found
        assert "issued to the e-mail address that you entered" in found
        assert "Feature store design</h2>" in found
    browser_of(cast.alice).delete(f"/badges/{badge.id}")
    # An erased verifier leaves a revoked badge without its document.
    for document in (badge.document, ""):
        session.get_one(Badge, badge.id).document = document
        session.commit()
        found = check(address)
        assert "Revoked on" in found
        assert "Feature store design" not in found.partition("</textarea>")[0]


def test_unsigned_badge_in_our_name_is_called_forged(browser_of):
    issuer = {"type": ["OpenBadgeCredential"], "issuer": "http://localhost/credentials/issuer"}
    parts = ({"alg": "none"}, issuer)
    head, payload = (base64.urlsafe_b64encode(json.dumps(each).encode()).decode() for each in parts)
    for text in (json.dumps(issuer), f"{head.rstrip('=')}.{payload.rstrip('=')}."):
        page = browser_of().post("/credentials/verify", {"badge": text}).text
        assert "Changed or forged" in page
        assert "verify it at that address" not in page


def test_empty_verification_form_is_rejected(browser_of):
    page = browser_of().post("/credentials/verify", {"badge": "  "})
    assert page.status_code == 422
    assert "Paste a badge, or choose its file." in page.text


def test_statement_count_does_not_grow_with_badges(
    badge, cast, session, now, browser_of, statements
):
    alice, counted = browser_of(cast.alice), []
    for more in (0, 3):
        for number in range(more):
            piece = add_verified(session, cast, now, title=f"Piece {number}")
            issue(session, cast, piece.id, now)
            add_verified(session, cast, now, title=f"Other {number}")
        with statements() as seen:
            assert alice.get("/badges").status_code == 200
        counted.append(len(seen))
    assert counted[0] == counted[1]


def test_issuer_profile_publishes_the_keys(badge, browser_of, app, monkeypatch):
    monkeypatch.setitem(app.config, "BASE_URL", BASE)
    visitor = browser_of()
    issuer = visitor.get("/credentials/issuer")
    assert issuer.headers["Access-Control-Allow-Origin"] == "*"
    assert issuer.headers["Cache-Control"] == "public, max-age=3600"
    kinds = {method["type"] for method in issuer.json["verificationMethod"]}
    assert kinds == {"Multikey", "JsonWebKey"}
    assert visitor.get("/credentials/status/1").status_code == 404
    assert visitor.get(f"/credentials/status/{10**30}").status_code == 404
