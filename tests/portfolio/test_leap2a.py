"""The LEAP2A export of a portfolio, and its import."""

from __future__ import annotations

import io
import uuid
import zipfile
from dataclasses import replace

import pytest
from lxml import etree

from roadmap.importers.importer import ImportFault
from roadmap.importers.kinds import IMPORTERS
from roadmap.portfolio.formats.registry import FORMATS
from tests.portfolio.sample_documents import ALICE, EMPTY, RANKER

NAMES = {
    "a": "http://www.w3.org/2005/Atom",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "leap2": "http://terms.leapspecs.org/",
}
# The types of the specification that the export uses.
TYPES = {"selection", "achievement", "activity", "publication", "ability", "organization"}


def feed(document) -> etree._Element:
    return etree.fromstring(FORMATS["leap2a"].render(document))


def import_leap2a(data: bytes):
    importer = IMPORTERS["leap2a"]
    return importer.read(importer.load(data), {})


def test_entries_have_required_elements(app):
    with app.test_request_context():
        found = feed(ALICE)
    assert found.findtext("leap2:version", namespaces=NAMES).endswith("/2010-07/2A/")
    assert found.findtext("a:author/a:name", namespaces=NAMES) == ALICE.name
    entries = found.findall("a:entry", NAMES)
    ids = [each.findtext("a:id", namespaces=NAMES) for each in entries]
    ids.append(found.findtext("a:id", namespaces=NAMES))
    assert len(set(ids)) == len(ids)
    assert all(uuid.UUID(each.removeprefix("urn:uuid:")).urn == each for each in ids)
    for each in entries:
        assert each.findtext("a:title", namespaces=NAMES)
        assert each.findtext("a:updated", namespaces=NAMES)
        [kind] = each.findall("rdf:type", NAMES)
        assert kind.get(f"{{{NAMES['rdf']}}}resource").removeprefix("leap2:") in TYPES
    linked = {
        link.get("href") for link in found.iterfind(".//a:link[@rel='leap2:has_part']", NAMES)
    }
    assert linked <= set(ids)
    assert len(linked) >= len(ALICE.items) + len(ALICE.positions) + len(ALICE.degrees)


def test_empty_and_unusual_portfolios_are_valid_feeds(app):
    with app.test_request_context():
        assert len(feed(EMPTY).findall("a:entry", NAMES)) == 1
        unusual = replace(ALICE, name="A\0 <b>&\"'", headline="]]>\x0b", sections=("introduction",))
        assert feed(unusual).findtext("a:author/a:name", namespaces=NAMES) == "A <b>&\"'"


def test_summary_says_what_each_line_is(app):
    with app.test_request_context():
        _about, piece = feed(replace(EMPTY, items=(RANKER,))).findall("a:entry", NAMES)
    lines = piece.findtext("a:summary", namespaces=NAMES).split("\n")
    assert f"Role: {RANKER.role}" in lines
    assert "Skills, named by the author: ML system architecture, Technical direction" in lines


def test_exported_portfolio_can_be_imported(app):
    with app.test_request_context():
        found = import_leap2a(FORMATS["leap2a"].render(ALICE))
    records = [each.record for each in found.candidates]
    assert records.count("evidence") == len(ALICE.items)
    assert records.count("position") == len(ALICE.positions)
    assert records.count("degree") == len(ALICE.degrees)
    assert found.problems == []
    pieces = [each.values for each in found.candidates if each.record == "evidence"]
    for item, values in zip(ALICE.items, pieces, strict=True):
        assert (values["title"], values["kind"]) == (item.title, item.kind)
        assert values["occurred_on"] == item.occurred_on
    jobs = [each.values for each in found.candidates if each.record == "position"]
    assert [each["employer"] for each in jobs] == [each.employer for each in ALICE.positions]


MAHARA = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns:leap2="http://terms.leapspecs.org/" xmlns:categories="http://wiki.leapspecs.org/2A/categories/"
 xmlns:portfolio="http://example.ac.uk/export/1/">
<leap2:version>http://www.leapspecs.org/2010-07/2A/</leap2:version>
<id>http://example.ac.uk/export/1/</id><title>Portfolio</title>
<entry><title>BSc Physics</title><id>portfolio:artefact1</id><content type="text">Hons</content>
 <rdf:type rdf:resource="leap2:achievement"/><leap2:date leap2:point="end">2016-07-01</leap2:date>
 <category term="Education" scheme="categories:life_area#"/>
 <link rel="leap2:relation" href="portfolio:org1"/></entry>
<entry><title>University of X</title><id>portfolio:org1</id><content/>
 <rdf:type rdf:resource="leap2:organization"/></entry>
<entry><title>A paper</title><id>portfolio:artefact2</id>
 <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>On <b>caches</b></p></div>
 </content>
 <published>2020-03-04T10:00:00+01:00</published>
 <rdf:type rdf:resource="leap2:publication"/><link rel="related" href="https://example.org/p"/></entry>
<entry><title>Teamwork</title><id>portfolio:ability1</id><content>x</content>
 <rdf:type rdf:resource="leap2:ability"/></entry>
</feed>"""


def test_mahara_export_can_be_imported(app):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("leap2a.xml", MAHARA)
        archive.writestr("files/a.txt", "a")
    with app.test_request_context():
        for data in (MAHARA.encode(), packed.getvalue()):
            found = import_leap2a(data)
            degree, paper = found.candidates
            assert degree.values["institution"] == "University of X"
            assert (degree.values["level"], degree.values["awarded_on"]) == (
                "bachelor",
                "2016-07-01",
            )
            assert paper.values == {
                "kind": "publication", "title": "A paper", "occurred_on": "2020-03-04",
                "url": "https://example.org/p", "description": "On caches", "issuer": "",
            }  # fmt: skip
            assert "1 ability" in found.notes[0]


@pytest.mark.parametrize(
    "data",
    [
        b"<a/>",
        b"no XML",
        MAHARA.replace("?>", '?><!DOCTYPE a [<!ENTITY b "c">]>', 1).encode(),
        MAHARA.replace("?>", '?><!DOCTYPE a SYSTEM "file:///etc/passwd">', 1).encode("utf-16"),
        b"<a>" * 200_000,
        MAHARA.replace("leap2:", "other:").encode(),
        b"PK no ZIP",
    ],
    ids=[
        "other element",
        "not xml",
        "entity",
        "external document type",
        "deep nesting",
        "other namespace",
        "not zip",
    ],
)
def test_invalid_file_is_rejected(app, data):
    with app.test_request_context(), pytest.raises(ImportFault):
        import_leap2a(data)
