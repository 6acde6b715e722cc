"""Every export includes the badge of verified evidence, and the PDF has its QR code."""

from __future__ import annotations

import io

from pypdf import PdfReader

from roadmap.portfolio.actions import add_all_items, lock_portfolio
from roadmap.portfolio.formats import pdf
from roadmap.portfolio.formats.markdown import render
from roadmap.portfolio.queries import load_document
from tests.badges.samples import add_verified, issue
from tests.support.signing_keys import add_keys


def test_markdown_and_pdf_exports_link_the_badge(cast, session, now):
    add_keys(session, now)
    piece = add_verified(session, cast, now)
    add_verified(session, cast, now, title="Without")
    mine = lock_portfolio(session, cast.alice, by=cast.actor(session, cast.alice), now=now)
    add_all_items(session, mine, now.date(), now=now)
    session.commit()
    assert "Signed badge" not in render(load_document(session, cast.alice, now.date())).decode()
    badge = issue(session, cast, piece.id, now)
    document = load_document(session, cast.alice, now.date())
    path = f"/credentials/{badge.id}"
    assert [len(item.badges) for item in document.items].count(1) == 1
    assert path in render(document).decode()
    links = [
        annotation.get_object()["/A"]["/URI"]
        for page in PdfReader(io.BytesIO(pdf.render(document))).pages
        for annotation in page.get("/Annots", [])
        if "/URI" in annotation.get_object().get("/A", {})
    ]
    assert any(link.endswith(path) for link in links)
