"""Case and accent folding for search and sorting, and the columns that store it."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from roadmap.account.actions import change_profile
from roadmap.auth.actions import change_email
from roadmap.core.text import fold
from roadmap.evidence.actions import edit, evidence_input
from roadmap.evidence.models import Evidence, EvidenceVersion
from roadmap.people.models import User
from roadmap.people.rules import slugify
from tests.evidence.builders import add_evidence, submit_evidence

NAMES = ["Åsa Berg", "Émile Zed", "łukasz żak", "Øyvind Ås", "von Adler", "Zoe Adams"]


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("ÉLAN vital", "elan vital"),
        ("E\u0301LAN", "elan"),  # decomposed
        ("Straße und Maße", "strasse und masse"),
        ("STRASSE", "strasse"),
        ("Überwachung", "uberwachung"),
        ("łukasz ŻAK", "lukasz zak"),
        ("Øyvind Ås", "oyvind as"),
        ("İstanbul, ılık", "istanbul, ilik"),
        ("Þórður Æ. Œuvre", "thordur ae. oeuvre"),
        ("ΟΔΥΣΣΕΥΣ", "οδυσσευσ"),
        ("οδυσσεύς", "οδυσσευσ"),
        ("Чёрный", "черныи"),
        ("ﬁle ①", "file 1"),
        ("東京", "東京"),
        ("", ""),
    ],
)
def test_fold_removes_case_and_accents(text, folded):
    assert fold(text) == folded


def test_slug_is_derived_from_the_folded_name():
    assert slugify("Søk og Straße: Łódź") == "sok-og-strasse-lodz"


def test_python_and_sql_sort_names_alike(session, now):
    """Also beyond the Basic Multilingual Plane, and where collations ignore spaces."""
    names = [*NAMES, "zoe-adams", "Zoë_Zed", "Ω", "я", "東京", "\ufffd", "😀"]
    assert sorted({*names}, key=fold) == names
    for place, name in enumerate(reversed(names)):
        email = f"order{place}@example.org"
        session.add(User(name=name, email=email, email_key=email, created_at=now))
    session.flush()
    added = sa.select(User.name).where(User.email_key.startswith("order"))
    assert list(session.scalars(added.order_by(User.search_text))) == names


def test_each_text_change_updates_search_text(session, cast, now):
    texts = {"title": "Über", "description": "Größe", "role": "Leiter", "issuer": "Ökohaus"}
    piece = add_evidence(session, cast, cast.alice, now, **texts)
    alice = session.get_one(User, cast.alice)
    assert (piece.search_text, piece.current.search_text) == ("uber", "grosse\nleiter\nokohaus")
    assert alice.search_text == fold(f"{alice.name}\n{alice.email}")
    by = {"by": cast.alice, "now": now}
    change_profile(session, cast.alice, name="Álice", now=now)
    session.flush()
    change_email(session, cast.alice, "Ånd@example.org", address="192.0.2.1", **by)
    actor = {"by": cast.actor(session, cast.alice), "now": now}
    edit(session, piece, replace(evidence_input(piece), title="Ærø"), **actor)
    submit_evidence(session, cast, piece, now)
    edit(session, piece, replace(evidence_input(piece), role="Œuvre"), **actor)
    session.commit()
    stored = sa.select(User.search_text).where(User.id == cast.alice)
    assert session.scalar(stored) == "alice\nand@example.org"
    versions = sa.select(EvidenceVersion.search_text).order_by(EvidenceVersion.number)
    assert session.scalar(sa.select(Evidence.search_text)) == "aero"
    assert list(session.scalars(versions)) == ["grosse\nleiter\nokohaus", "grosse\noeuvre\nokohaus"]
