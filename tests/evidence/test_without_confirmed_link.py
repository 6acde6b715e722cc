"""Evidence whose confirmed milestone is no longer linked is not shown as verified."""

from __future__ import annotations

import io
import zipfile

import pytest

from roadmap.evidence import actions
from tests.evidence.builders import (
    DESIGN,
    LATENCY,
    LEVELS,
    add_evidence,
    review_evidence,
    submit_evidence,
)
from tests.portfolio.evidence_rows import choose
from tests.support.markup import flat


@pytest.fixture
def piece(session, cast, now):
    """Return evidence confirmed for a milestone that its author then replaced by another."""
    piece = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN], impacts=(LATENCY,))
    submit_evidence(session, cast, piece, now)
    review_evidence(session, cast, piece, now)
    choose(session, piece)
    replace_links(session, cast, piece, [LEVELS], now)
    return piece


def replace_links(session, cast, piece, keys, now):
    alice = cast.actor(session, cast.alice)
    actions.edit(session, piece, actions.evidence_input(piece), milestones=keys, by=alice, now=now)
    session.commit()
    assert piece.state == "verified"


def test_list_counts_evidence_as_not_verified(browser_of, cast, piece):
    alice = browser_of(cast.alice)
    assert "0 verified, 1 not verified" in flat(alice.get("/evidence").text)
    assert piece.title not in alice.get("/evidence?tone=verified").text
    assert piece.title in alice.get("/evidence?tone=evidenced").text


def test_page_says_no_linked_milestone_is_confirmed(browser_of, session, cast, piece, now):
    alice = browser_of(cast.alice)
    page = flat(alice.get(f"/evidence/{piece.id}").text)
    assert "reviewed, but not confirmed for any milestone that it is linked to" in page
    assert "confirmed this version" not in page
    replace_links(session, cast, piece, [], now)
    assert "not confirmed for any milestone" in flat(alice.get(f"/evidence/{piece.id}").text)


def test_managers_see_evidence_as_reviewed(browser_of, cast, piece):
    bob = browser_of(cast.bob)
    for path in (f"/teams/ranking/people/{cast.alice}", f"/reviews/{piece.id}"):
        answer = bob.get(path)
        assert answer.status_code == 200
        assert "Reviewed</span>" in flat(answer.text)


def test_exports_do_not_say_verified(browser_of, cast, piece):
    alice = browser_of(cast.alice)
    for name in ("markdown", "json-resume"):
        text = alice.get(f"/portfolio/export/{name}").text
        assert piece.title in text
        assert "Verified by" not in text
        assert '"verifiedBy": "Bob"' not in text
    site = zipfile.ZipFile(io.BytesIO(alice.get("/portfolio/export/site").data))
    pages = " ".join(site.read(name).decode() for name in site.namelist() if ".html" in name)
    assert piece.title in pages
    assert "Verified by" not in pages
    preview = alice.get("/portfolio/preview").text
    assert "Measured and verified" not in preview
    assert "Not verified" in preview
