"""Readers of redacted evidence see the replacement text and nothing of the original."""

from __future__ import annotations

import datetime as dt
import io
import re
import uuid
import zipfile
from dataclasses import fields, replace

import pytest
from sqlalchemy.orm import Session

from roadmap.core.dates import PartialDate
from roadmap.evidence.item import LABELLED_TEXTS, File, Impact
from roadmap.portfolio import actions
from roadmap.portfolio.document import DocumentItem
from roadmap.portfolio.formats.registry import FORMATS
from roadmap.portfolio.models import Redaction
from roadmap.portfolio.queries import load_document, redacted
from roadmap.portfolio.selection import load_selection
from tests.portfolio import evidence_rows
from tests.support.cast import Cast

TODAY = dt.date(2026, 11, 23)
SECRET = "ACMECORP"
KEY = "trace-inference-request"
# The fields of redacted evidence that readers still see, apart from the replacement text.
KEPT = {
    *("kind", "kind_label", "occurred_on", "issued_on", "expires_on", "verified_for", "linked_to"),
    *("skills", "is_draft", "verified_by", "verified_on", "verifiers", "newer_since"),
}


@pytest.fixture
def piece(session: Session, cast: Cast, now: dt.datetime) -> uuid.UUID:
    """Add verified evidence with the secret in each text, and redact it; return its id."""
    evidence = evidence_rows.add(
        session, cast.alice, f"{SECRET} title", at=0, url=f"https://{SECRET}.example/design",
        description=f"For {SECRET}", role=f"Lead at {SECRET}", issuer=SECRET, milestones=(KEY,),
        kind="case_study", skills=("mlops",),
        impacts=({"type": "scale", "metric": f"{SECRET} p99", "baseline": "2", "result": "1",
                  "unit": "ms", "source_url": f"https://{SECRET}.example/source"},),
    )  # fmt: skip
    evidence_rows.verify(session, evidence, cast.bob, milestones=(KEY,), comment=SECRET)
    evidence.title = f"{SECRET} renamed"
    redaction = Redaction("A ranking system", "Details are under *NDA*.")
    alice = cast.actor(session, cast.alice)
    portfolio = actions.lock_portfolio(session, cast.alice, by=alice, now=now)
    actions.redact_item(session, portfolio, evidence.id, redaction, now=now)
    session.commit()
    return evidence.id


def test_redacted_texts_are_in_no_export_and_no_page(
    session: Session, cast: Cast, piece: uuid.UUID, browser_of
) -> None:
    alice = browser_of(cast.alice)
    alice.post("/portfolio/links", {"label": "", "lives": "30"})
    document = load_document(session, cast.alice, TODAY)
    assert SECRET not in str(document)
    (item,) = document.items
    assert (item.title, item.verified_by, item.tone) == ("A ranking system", "Bob", "redacted")
    assert item.is_redacted
    assert item.verified_for
    for name, format_ in FORMATS.items():
        data = format_.render(document)
        texts = [data]
        if data.startswith(b"PK"):
            archive = zipfile.ZipFile(io.BytesIO(data))
            texts = [archive.read(each) for each in archive.namelist()]
            assert SECRET not in str(archive.namelist())
        for text in texts:
            for needle in (SECRET, str(piece)):
                assert needle.lower().encode() not in text.lower(), name
    preview = alice.get("/portfolio/preview").text
    assert SECRET not in preview
    assert "1 piece of evidence: 1 verified in full by 1 person but redacted here." in preview
    assert "No one reviewed the text that the author shows instead." in preview
    assert re.search(r'tone-evidenced"[^>]*></span>Verified by Bob', preview)


def test_redaction_keeps_only_listed_fields() -> None:
    """A new field is left out until it is added to KEPT."""
    # Every field differs from its default.
    full = DocumentItem(
        kind="talk", occurred_on=PartialDate("2026"), url="u", description="d", role="r",
        issuer="i", issued_on=PartialDate("2025"), expires_on=PartialDate("2027"),
        impacts=(Impact("scale"),), files=(File("a", "b", 1, "c"),), id=str(uuid.uuid4()),
        title="t", kind_label="k", verified_for=("v",), linked_to=("l",), witnessed=("w",),
        also_witnessed=("a",), skills=("s",), tone="verified", is_draft=True, verified_by="Bob",
        verified_on=TODAY, verified_title="vt", newer_since=TODAY, verifiers=frozenset({"b"}),
        **dict.fromkeys(LABELLED_TEXTS, "f"),
    )  # fmt: skip
    shown = redacted(full, Redaction("Redacted", "For readers"), uuid.uuid4())
    assert (shown.title, shown.description, shown.impacts) == ("Redacted", "For readers", ())
    assert shown.id != full.id
    assert shown.tone == "redacted"
    assert replace(shown, **{name: getattr(full, name) for name in KEPT}) == shown
    left_out = {each.name for each in fields(full)} - KEPT
    assert left_out == {
        *("title", "description", "id", "is_redacted", "tone", "impacts", "badges"),
        *("url", "role", "issuer", "files", "witnessed", "also_witnessed", "verified_title"),
        "reviewed_elsewhere",
        *LABELLED_TEXTS,
    }


def test_redacted_impacts_are_opt_in_without_sources(
    session: Session, cast: Cast, piece: uuid.UUID, browser_of
) -> None:
    path = f"/portfolios/{cast.alice}/items/{piece}/redaction"
    browser_of(cast.alice).put(path, {"title": "A system", "shows_impacts": "y"})
    (item,) = load_document(session, cast.alice, TODAY).items
    assert [(each.metric, each.source_url) for each in item.impacts] == [(f"{SECRET} p99", "")]


def test_item_stays_redacted_when_added_again(
    session: Session, cast: Cast, piece: uuid.UUID, browser_of
) -> None:
    alice, path = browser_of(cast.alice), f"/portfolios/{cast.alice}/items/{piece}"
    alice.delete(path)
    assert load_document(session, cast.alice, TODAY).items == ()
    assert "Redacted when you show it: A ranking system" in alice.get("/portfolio").text
    session.rollback()
    assert load_selection(session, cast.alice, cast.alice, TODAY).addable == []
    alice.put(path)
    assert SECRET not in str(load_document(session, cast.alice, TODAY))


def test_new_portfolio_warns_and_does_not_add_redacted_evidence(
    session: Session, cast: Cast, piece: uuid.UUID, browser_of
) -> None:
    alice = browser_of(cast.alice)
    path = alice.post("/portfolios", {"name": "CV", "copy_of": ""}).location
    assert "Redacted in another portfolio" in alice.get(path).text
    alice.put(f"{path}/items")
    assert "Redacted in another portfolio" in alice.get(path).text


def test_redaction_can_be_removed(
    session: Session, cast: Cast, piece: uuid.UUID, browser_of
) -> None:
    alice, path = browser_of(cast.alice), f"/portfolios/{cast.alice}/items/{piece}"
    assert "A ranking system" in alice.get(path).text
    untitled = alice.put(f"{path}/redaction", {"title": " ", "description": "Typed"})
    assert (untitled.status_code, "Typed" in untitled.text) == (422, True)
    assert alice.delete(f"{path}/redaction").status_code == 303
    assert SECRET in str(load_document(session, cast.alice, TODAY))


def test_stale_redaction_is_rejected_with_both_versions(
    session: Session, cast: Cast, piece: uuid.UUID, browser_of
) -> None:
    alice, path = browser_of(cast.alice), f"/portfolios/{cast.alice}/items/{piece}"
    [seen] = re.findall(r'name="seen"[^>]* value="(\w+)"', alice.get(path).text)
    alice.put(f"{path}/redaction", {"title": "A first tab", "seen": seen})
    conflict = alice.put(f"{path}/redaction", {"title": "A second tab", "seen": seen})
    assert conflict.status_code == 409
    assert "Changed in the meantime" in conflict.text
    assert "A first tab" in conflict.text
    assert 'value="A second tab"' in conflict.text
    [shown] = load_document(session, cast.alice, TODAY).items
    assert shown.title == "A first tab"
    [seen] = re.findall(r'name="seen"[^>]* value="(\w+)"', conflict.text)
    again = alice.put(f"{path}/redaction", {"title": "A second tab", "seen": seen})
    assert again.status_code == 303


def test_form_names_portfolios_that_show_evidence_in_full(
    session: Session, cast: Cast, piece: uuid.UUID, browser_of
) -> None:
    alice = browser_of(cast.alice)
    cv = alice.post("/portfolios", {"name": "Public CV", "copy_of": ""}).location
    path = f"/portfolios/{cast.alice}/items/{piece}"
    assert "see it in full" not in alice.get(path).text
    alice.put(f"{cv}/items/{piece}")
    assert f'href="{cv}/items/{piece}">Public CV</a>' in alice.get(path).text
    assert "see it in full" not in alice.get(f"{cv}/items/{piece}").text
    alice.put(f"{cv}/items/{piece}/redaction", {"title": "A system"})
    assert "see it in full" not in alice.get(path).text
