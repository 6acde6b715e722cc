"""GET /evidence/new and POST /evidence"""

from __future__ import annotations

import re

import pytest

from roadmap.evidence.actions import evidence_input as stored_input
from roadmap.evidence.item import Impact
from tests.evidence.builders import DESIGN, LEVELS, add_evidence, all_evidence, evidence_input
from tests.evidence.form_data import form_fields, impact_fields
from tests.support.markup import flat


def test_form_creates_evidence_with_impacts_links_and_skills(session, cast, browser_of):
    sent = {
        **form_fields(milestones=[DESIGN, LEVELS], skills=["mlops"]),
        **impact_fields(0),
        **impact_fields(1, metric="", baseline="", result="", unit=""),
    }
    answer = browser_of(cast.alice).post("/evidence", sent)
    (piece,) = all_evidence(session)
    assert answer.headers["Location"] == f"/evidence/{piece.id}"
    assert answer.status_code == 303
    assert stored_input(piece) == evidence_input(
        impacts=(Impact("scale", "p99 latency", "180", "45", "ms"),)
    )
    assert [row.milestone_key for row in piece.links] == [DESIGN, LEVELS]
    assert [row.skill_key for row in piece.skills] == ["mlops"]


def test_form_preselects_milestone_and_kind_that_proves_it(cast, browser_of):
    page = browser_of(cast.alice).get(f"/evidence/new?milestone={DESIGN}").text
    assert f'value="{DESIGN}" checked' in page
    assert ' selected value="design_doc">' in page


def test_required_fields_come_first_and_others_are_folded(cast, browser_of):
    page = browser_of(cast.alice).get(f"/evidence/new?milestone={DESIGN}&kind=talk").text
    form = page.partition('id="evidence-form"')[2]
    first, *parts = form.split('<details class="fold">')
    names = ("url", "title", "kind", "occurred_on", "issuer", "expires_on", "milestones")
    places = [first.index(f' name="{name}"') for name in names]
    assert places == sorted(places)
    assert 'name="issued_on"' not in form
    for name in ("description", "role", "impacts-0-metric", "skills", "visibility"):
        assert sum(f' name="{name}"' in part for part in parts) == 1, name
    assert 'class="fold" open' not in form


@pytest.mark.parametrize(
    ("sent", "opened"),
    [
        ({}, ["Description and your role"]),
        ({"description": "", "role": "x" * 2001}, ["Description and your role"]),
        ({"description": "", "role": "", "skills": ["mlops"]}, ["Skills it shows"]),
        ({"description": "", "role": "", "visibility": "everyone"}, ["Visibility"]),
        ({"description": "", "role": "", **impact_fields(0, metric="")}, ["Impact"]),
    ],
    ids=["description", "long role", "skills", "visibility", "impact"],
)
def test_section_with_content_or_error_is_open(cast, browser_of, sent, opened):
    page = browser_of(cast.alice).post("/evidence", form_fields(title="", **sent)).text
    assert re.findall(r'class="fold" open>\s*<summary>([^<]*\w)', page) == opened


def test_certification_issue_date_follows_its_date(session, cast, browser_of):
    """The issue date equals the date of the evidence unless it was entered separately."""
    alice = browser_of(cast.alice)
    sent = form_fields(kind="certification", occurred_on="2024-03", expires_on="2027")
    del sent["issued_on"]
    alice.post("/evidence", sent)
    (piece,) = all_evidence(session)
    assert (piece.current.occurred_on, piece.current.issued_on) == ("2024-03", "2024-03")
    address = f"/evidence/{piece.id}"
    form = alice.get(f"{address}/edit").text
    assert 'name="issued_on"' not in form
    assert '<label for="occurred_on">Date</label>' in form
    alice.put(address, {**sent, "occurred_on": "2024-04-02", "revision": piece.revision})
    (piece,) = all_evidence(session)
    assert (piece.current.occurred_on, piece.current.issued_on) == ("2024-04-02", "2024-04-02")
    alice.put(address, {**sent, "issued_on": "2024-05", "revision": piece.revision})
    form = alice.get(f"{address}/edit").text
    assert 'name="issued_on"' in form
    assert '<label for="occurred_on">Earned on</label>' in form
    assert "When you earned it:" in form
    assert re.findall(r"<dt>(Earned on|Date|Issued on)</dt>", alice.get(address).text) == [
        "Earned on", "Issued on",
    ]  # fmt: skip
    wrong = {**sent, "issued_on": "May", "occurred_on": "", "revision": piece.revision}
    assert 'value="May"' in alice.put(address, wrong).text


def test_edit_adds_no_issue_date_to_certification(session, cast, now, browser_of):
    """An added date would create a new version that needs another review."""
    alice = browser_of(cast.alice)
    piece = add_evidence(session, cast, cast.alice, now, kind="certification")
    sent = form_fields(kind="certification", title="Another title", revision=piece.revision)
    del sent["issued_on"]
    alice.put(f"/evidence/{piece.id}", sent)
    (piece,) = all_evidence(session)
    assert (piece.title, piece.current.issued_on) == ("Another title", None)


def test_form_preselects_kind(cast, browser_of):
    page = browser_of(cast.alice).get("/evidence/new?kind=patent&milestone=none").text
    assert ' selected value="patent">' in page


def test_date_field_starts_empty(cast, browser_of):
    """Evidence is rarely from today, and users overlook a date that is already filled in."""
    page = browser_of(cast.alice).get(f"/evidence/new?milestone={DESIGN}").text
    field = re.search(r'<input[^>]*name="occurred_on"[^>]*>', page)
    assert field is not None
    assert 'value=""' in field[0] or "value=" not in field[0]
    assert "2026-03-15, Mar 2026 or 2026" in page
    assert '<span class="optional">' not in page.split('for="occurred_on"')[1].split("</label>")[0]


def test_impact_labels_say_which_fields_are_needed(cast, browser_of):
    page = flat(browser_of(cast.alice).get("/evidence/new").text)
    for name, need in (
        ("metric", "needed to count"),
        ("baseline", "for business and team"),
        ("result", "needed to count"),
        ("unit", "needed to count"),
        ("source_url", "optional"),
    ):
        label = page.split(f'<label for="impacts-0-{name}">')[1].split("</label>")[0]
        assert f'<span class="optional">{need}' in label, name


def test_too_long_text_is_rejected_and_kept_in_form(cast, browser_of):
    """Fields have no maxlength, because browsers would cut pasted text."""
    alice = browser_of(cast.alice)
    page = flat(alice.get("/evidence/new").text)
    for name, most in (
        ("description", "20,000"),
        ("role", "2,000"),
        ("url", None),
        ("title", "200"),
        ("impacts-0-unit", "60"),
    ):
        (field,) = re.findall(rf'<(?:textarea|input)[^>]* name="{name}"[^>]*>', page)
        assert "maxlength" not in field, name
        label = page.split(f'<label for="{name}">')[1].split("</label>")[0]
        assert most is None or f"up to {most} characters" in label
    pasted = "\u91cd" * 25_000
    answer = alice.post("/evidence", form_fields(description=pasted))
    assert answer.status_code == 422
    assert "This is too long" in answer.text
    assert f"{pasted}</textarea>" in answer.text
    answer = alice.post("/evidence", form_fields(title=pasted))
    assert answer.status_code == 422
    assert f'value="{pasted}"' in answer.text


def test_new_page_requires_login(browser_of):
    assert browser_of().get("/evidence/new").status_code == 303


def test_create_requires_csrf_token(cast, browser_of, session):
    assert browser_of(cast.alice).client.post("/evidence", data=form_fields()).status_code == 400
    assert all_evidence(session) == []


def test_unknown_milestone_or_skill_is_rejected(cast, browser_of, session):
    for wrong, message in (
        ({"milestones": [DESIGN, "none-such"]}, "One of these milestones does not exist"),
        ({"skills": ["juggling"]}, "One of these skills does not exist"),
    ):
        answer = browser_of(cast.alice).post("/evidence", form_fields(**wrong))
        assert (answer.status_code, message in answer.text) == (422, True)
    assert all_evidence(session) == []


def test_visibility_defaults_to_team_then_to_last_choice(session, cast, now, browser_of):
    def selected():
        page = browser_of(cast.alice).get("/evidence/new").text
        boxes = re.findall(r'<input[^>]*name="visibility"[^>]*>', page)
        (value,) = (re.search(r'value="(\w+)"', each)[1] for each in boxes if "checked" in each)
        return value

    assert selected() == "team"
    add_evidence(session, cast, cast.carol, now, visibility="portfolio")
    assert selected() == "team", "choices of other users do not matter"
    for chosen in ("portfolio", "private"):
        add_evidence(session, cast, cast.alice, now, visibility=chosen)
        assert selected() == chosen


@pytest.mark.parametrize(
    ("wrong", "field", "message"),
    [
        ({"title": " \0 "}, "title", "Give it a title"),
        ({"title": "x" * 201}, "title", "too long"),
        ({"kind": ""}, "kind", "Choose a kind."),
        ({"kind": "nonsense"}, "kind", "Choose a kind."),
        ({"occurred_on": ""}, "occurred_on", "A month or a year is enough"),
        ({"occurred_on": "03/04/2026"}, "occurred_on", "can be read in two ways"),
        ({"occurred_on": "13/04/2026"}, "occurred_on", "This is not a date"),
        ({"occurred_on": "2026-02-30"}, "occurred_on", "This is not a date"),
        ({"occurred_on": "2999-01-01"}, "occurred_on", "This date is in the future"),
        ({"occurred_on": "0202-01-01"}, "occurred_on", "Check the year"),
        ({"url": "", "description": ""}, "url", "Add a link, a file or a description"),
        ({"url": "javascript:alert(1)"}, "url", "not a web address"),
        ({"url": "https://"}, "url", "not a web address"),
        ({"url": "https://[::1"}, "url", "not a web address"),
        ({"expires_on": "2026-01-01"}, "expires_on", "cannot expire before"),
        ({"issued_on": "2999-01-01"}, "issued_on", "This date is in the future"),
        ({"visibility": "everyone"}, "visibility", "Choose who may see it"),
        (impact_fields(0, metric=""), "impacts-0-metric", "Name the metric"),
        (impact_fields(0, type="money"), "impacts-0-type", "Choose what it changed"),
        (impact_fields(0, source_url="ftp://x"), "impacts-0-source_url", "not a web address"),
        (impact_fields(0, unit="u" * 61), "impacts-0-unit", "too long"),
        (impact_fields(0, result="very fast"), "impacts-0-result", "Enter a number"),
        (impact_fields(0, result="1e400"), "impacts-0-result", "Enter a number"),
        (impact_fields(0, baseline="slow"), "impacts-0-baseline", "Enter a number"),
    ],
)
def test_invalid_field_is_rejected_with_message(cast, browser_of, session, wrong, field, message):
    answer = browser_of(cast.alice).post(
        "/evidence", form_fields(**{"role": "Kept as typed", **wrong})
    )
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert message in answer.text
    assert "Kept as typed" in answer.text
    assert all_evidence(session) == []


def test_https_is_added_to_links_and_reported(cast, browser_of, session):
    alice = browser_of(cast.alice)
    sent = {
        **form_fields(url="example.org/x"),
        **impact_fields(0, source_url="dash.example.org/p99"),
        **impact_fields(1, source_url="https://dash.example.org/all"),
    }
    answer = alice.post("/evidence", sent)
    assert answer.status_code == 303
    (piece,) = all_evidence(session)
    links = [piece.current.url, *(row.source_url for row in piece.current.impacts)]
    added = "https://example.org/x, https://dash.example.org/p99"
    assert ", ".join(links) == f"{added}, https://dash.example.org/all"
    assert f"https:// was added to {added}." in alice.get(answer.location).text
    # Form parts do not change the link, and do not consume the message.
    for part in ("impacts", "preview"):
        page = alice.post(f"/evidence/{part}", sent).text
        assert 'value="dash.example.org/p99"' in page
    edited = {**form_fields(url="example.org/y"), "revision": piece.revision}
    alice.put(f"/evidence/{piece.id}", edited)
    assert "https:// was added to https://example.org/y." in alice.get(answer.location).text


def test_all_errors_are_shown_and_input_is_kept(cast, browser_of):
    sent = {
        **form_fields(
            title="", occurred_on="soon", url="nowhere", milestones=[DESIGN], skills=["mlops"]
        ),
        **impact_fields(0, metric="", baseline="", result="", unit="", type="team"),
        **impact_fields(1, metric="", result="7"),
    }
    page = browser_of(cast.alice).post("/evidence", sent).text
    assert "Please fix 4 things" in page
    assert 'id="impacts-1-metric-error"' in page
    assert 'id="impacts-0-metric-error"' not in page
    for kept in ('value="soon"', 'value="nowhere"', 'value="7"', f'value="{DESIGN}" checked'):
        assert kept in page
    assert 'value="mlops" checked' in page


def test_sixth_milestone_is_rejected(cast, browser_of):
    keys = [
        DESIGN,
        LEVELS,
        "lead-design-reviews",
        "growth-with-a-capacity-model",
        "ml-interview-loop",
    ]
    answer = browser_of(cast.alice).post(
        "/evidence", form_fields(milestones=[*keys, "hand-over-a-system"])
    )
    assert (answer.status_code, "At most five milestones" in answer.text) == (422, True)


def test_malformed_bytes_cause_no_server_error(cast, browser_of, session):
    answer = browser_of(cast.alice).client.post(
        "/evidence",
        data=b"kind=talk&title=A%ED%A0%80%00B&occurred_on=2026-03-02&visibility=team"
        b"&description=x%00y%0D%0Az&url=&impacts-9999999999999999999999-metric=x",
        headers={"X-CSRFToken": browser_of(cast.alice).csrf()},
        content_type="application/x-www-form-urlencoded",
    )
    assert answer.status_code in (303, 400, 422)
