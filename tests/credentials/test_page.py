"""/credentials: recommendations, the person's certifications, and vendor certifications."""

from __future__ import annotations

import datetime as dt
import html
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from roadmap.core.dates import PartialDate
from roadmap.credentials.models import CredentialCost
from roadmap.credentials.queries import credential_content
from roadmap.evidence import actions
from roadmap.evidence.rules import EvidenceInput, renewed_dates
from tests.support.markup import text_of
from tests.support.statements import record_session_statements


@pytest.fixture
def alice(cast, browser_of):
    return browser_of(cast.alice)


@pytest.fixture
def add_certification(session, cast, now):
    """Record a certification of Alice that expires on a day, or never."""

    def add(title: str, expires_on: str | dt.date | None, **values: Any):
        piece = actions.create(
            session,
            cast.alice,
            EvidenceInput(
                kind="certification",
                title=title,
                occurred_on=PartialDate("2024-03-01"),
                url="https://example.org/",
                issuer="Example Institute",
                expires_on=PartialDate(str(expires_on)) if expires_on else None,
                visibility="private",
                **values,
            ),
            by=cast.actor(session, cast.alice),
            now=now,
        )
        session.commit()
        return piece

    return add


def test_recommendations_precede_certifications(alice):
    text = text_of(alice.get("/credentials").text)
    content = credential_content()
    places = [text.index(f" {each.what}") for each in content.matters_most]
    places.append(text.index(content.certifications_introduction))
    assert places == sorted(places)
    for each in content.matters_most:
        assert each.honest in text
        for line in (*each.counts, *each.does_not_count):
            assert line in text


def test_certifications_show_price_state_and_dated_source(alice):
    page = alice.get("/credentials").text
    for each in credential_content().certifications:
        part = page.partition(f'<h3 id="{each.key}">')[2].partition("</section>")[0]
        text = text_of(part)
        assert each.source in text
        assert "looked up 29 Nov 2026" in text
        price = f"{each.price.amount} USD ({each.price.as_of}" if each.price else "not confirmed"
        assert price in text
        if each.guide_price:
            assert f"In the guide {each.guide_price.amount} USD (2025)" in text
        if each.successors:
            assert "Retired" in text
            assert all(f'href="#{key}"' in part for key in each.successors)


def test_page_shows_the_guide_statements(alice):
    text = text_of(alice.get("/credentials").text)
    for phrase in (
        *("What matters most", "NeurIPS, ICML and CVPR", "counts for more than a certificate"),
        *("Open-source contributions", "Technical writing", "Patents", "cloud-focused roles"),
        *("AWS's ML services", "Google Cloud's ML platform", "ML on Microsoft Azure"),
        *("Senior ML Engineer career guide", "Taylor Rupe, Hakia, 2025"),
    ):
        assert phrase in text


def test_link_prefills_title_and_issuer_of_a_certification(alice):
    page = alice.get("/credentials").text
    part = page.partition('<h3 id="aws-ml-engineer-associate">')[2].partition("</section>")[0]
    url = html.unescape(re.search(r'href="(/evidence/new[^"]+)"', part)[1])
    assert parse_qs(urlsplit(url).query) == {
        "kind": ["certification"],
        "title": ["AWS Certified Machine Learning Engineer - Associate"],
        "issuer": ["Amazon Web Services"],
    }
    form = alice.get(url).text
    assert 'value="AWS Certified Machine Learning Engineer - Associate"' in form
    assert 'value="Amazon Web Services"' in form
    assert ' selected value="certification">' in form


def test_title_from_the_url_is_escaped_and_cut(alice):
    form = alice.get("/evidence/new", query_string={"title": '"><b>' + "x" * 300}).text
    assert '"><b>' not in form
    assert "x" * 201 not in form


def test_empty_list_explains_how_to_record_a_certification(alice):
    text = text_of(alice.get("/credentials").text)
    assert "None yet. A certification is a piece of evidence" in text
    assert "lapse" not in text.partition("What matters most")[2].partition("Publications")[0]


def test_own_certifications_are_sorted_by_expiry_with_days_left(alice, add_certification, now):
    today = now.date()
    for title, days in (("gone", -1), ("long gone", -400), ("soon", 60), ("near", 14)):
        add_certification(title, today + dt.timedelta(days=days))
    add_certification("for ever", None)
    add_certification("far", today + dt.timedelta(days=61))
    page = alice.get("/credentials").text
    rows = page.partition('id="yours"')[2].partition("</ul>")[0].split("<li>")[1:]
    texts = [text_of(row) for row in rows]
    assert [text.split(" Example")[0] for text in texts] == [
        *("near", "soon", "far", "for ever", "gone", "long gone"),
    ]
    assert "14 days left" in texts[0]
    assert "60 days left" in texts[1]
    assert "left" not in texts[2]
    assert "no expiry date" in texts[3]
    assert "Lapsed" in texts[4]
    top = page.partition('<nav class="cluster')[0].rpartition('class="note brick"')[2]
    assert (
        "near : 14 days left. In total, 2 of your certifications lapse within 60 days."
        in text_of(top)
    )
    assert page.index('id="yours"') < page.index('id="most"')


def test_certifications_are_private_to_their_owner(cast, browser_of, add_certification):
    add_certification("Mine alone", "2027-01-01")
    for name in ("bob", "carol", "dave", "erin", "mallory"):
        assert "Mine alone" not in browser_of(getattr(cast, name)).get("/credentials").text


def test_recommendations_without_evidence_say_none_yet(alice):
    text = text_of(alice.get("/credentials").text)
    assert "Publication: none yet" in text
    assert "of your pieces" not in text


def test_page_is_in_the_menu_and_requires_sign_in(cast, browser_of):
    assert browser_of().get("/credentials").location == "/login?next=/credentials"
    assert 'href="/credentials"' in browser_of(cast.mallory).get("/").text


def test_statement_count_does_not_grow_with_certifications(alice, add_certification, session):
    counts = []
    for number in (1, 2, 3):
        add_certification(f"Certificate {number}", "2027-01-01")
        add_certification(f"Another {number}", None)
        with record_session_statements(session) as statements:
            alice.get("/credentials")
        counts.append(len(statements))
    assert counts[0] == counts[1] == counts[2]


def test_costs_are_stored_by_year_and_summed_for_their_owner(
    alice, add_certification, cast, browser_of, session
):
    cloud, agile = add_certification("Cloud", "2027-01-01"), add_certification("Agile", None)
    path = f"/credentials/costs/{cloud.id}"
    assert path in alice.get("/credentials").text
    for piece, year, amount, currency in (
        (cloud, "2024", "1,300", "USD"),
        (cloud, "2026", "150", "usd"),
        (agile, "2026", "90", "EUR"),
        (agile, "2026", "100", "EUR"),
    ):
        payload = {"year": year, "amount": amount, "currency": currency}
        response = alice.put(f"/credentials/costs/{piece.id}", payload)
        assert response.location == "/credentials#yours"
    text = text_of(alice.get("/credentials").text)
    assert "visible only to you: 2026 100 EUR + 150 USD; 2024 1,300 USD" in text
    assert "1,300" in alice.get(path).text
    alice.put(path, {"year": "2024", "amount": "", "currency": "USD"})
    assert "2024 1,300" not in text_of(alice.get("/credentials").text)
    assert "2024" not in text_of(alice.get(path).text)
    for invalid in ({"year": "soon"}, {"amount": "9.50"}, {"currency": "dollars"}):
        payload = {"year": "2026", "amount": "150", "currency": "USD", **invalid}
        assert alice.put(path, payload).status_code == 422
    for name in ("bob", "carol", "erin", "mallory"):
        other = browser_of(getattr(cast, name))
        assert other.get(path).status_code == 404
        assert (
            other.put(path, {"year": "2026", "amount": "1", "currency": "USD"}).status_code == 404
        )
    assert len(session.scalars(sa.select(CredentialCost)).all()) == 2


def test_renewal_form_is_linked_and_prefilled(alice, add_certification, now, session):
    today = now.date()
    piece = add_certification(
        "Cloud", today + dt.timedelta(days=9), issued_on=PartialDate("2024-12-08")
    )
    page = alice.get("/credentials").text
    url = html.unescape(re.search(r'href="(/evidence/[^"]+renew=1)"', page)[1])
    form = alice.get(url).text
    fields = dict(
        re.findall(r'name="(issued_on|expires_on|revision|title|url)"[^>]*value="([^"]*)"', form)
    )
    assert PartialDate(fields["issued_on"]) == PartialDate(today)
    sent = {
        "occurred_on": "2024-03-01",
        "kind": "certification",
        "visibility": "private",
        "issuer": "Example Institute",
        **fields,
    }
    assert alice.put(f"/evidence/{piece.id}", sent).status_code == 303
    text = text_of(alice.get("/credentials").text)
    assert "days left" not in text
    assert f"Valid through {today.day} " in text
    assert "Enter the renewal" not in text


@pytest.mark.parametrize(
    ("issued", "expires", "renewed"),
    [
        ("2023-11-29", "2026-11-29", "2029-12-01"),
        ("2024-12", "2026-11", "2028-12-01"),
        ("2026-11-29", "2026-12-02", "2027-01-01"),
        (None, "2026-12-02", None),
        ("2026-11-29", None, None),
    ],
)
def test_renewed_certificate_keeps_its_validity_period(issued, expires, renewed):
    dates = [PartialDate(each) if each else None for each in (issued, expires)]
    expected = (PartialDate("2026-12-01"), PartialDate(renewed) if renewed else None)
    assert renewed_dates(*dates, dt.date(2026, 12, 1)) == expected
