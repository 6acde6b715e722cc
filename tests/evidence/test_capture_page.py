"""POST /evidence/capture"""

from __future__ import annotations

import re

import pytest

from roadmap.evidence.capture import roadmap_return_url
from roadmap.progress.actions import set_status
from tests.evidence.builders import (
    DESIGN,
    LEVELS,
    MENTOR,
    PIPELINE,
    add_evidence,
    all_evidence,
)
from tests.support.catalog import enroll
from tests.support.markup import flat
from tests.support.sample_data import SLUG

PULL = "https://github.com/acme/ranker/pull/1"
DOC = "https://docs.google.com/document/d/1aBcD/edit?usp=sharing"
SELECTED = r'<option[^>]* selected[^>]* value="(\w+)"'
ROADMAP = f"/roadmaps/{SLUG}"
MILESTONE = f"{ROADMAP}/milestones/{DESIGN}"


def input_values(form: str) -> dict[str, str]:
    """Return the values of a form's inputs by name."""
    found = {}
    for field in re.findall(r"<input[^>]*>", form):
        name, value = (re.search(rf' {each}="([^"]*)"', field) for each in ("name", "value"))
        if name and value and name[1] != "csrf_token":
            found[name[1]] = value[1]
    return found


def proposal_form(page: str) -> tuple[str, dict[str, str]]:
    """Return the URL of the proposal form and the fields that a browser submits unchanged."""
    form = page.split('action="/evidence?', 1)[1].split("</form>")[0]
    sent = {**input_values(form), "kind": re.findall(SELECTED, form)[0]}
    visibility = form.split('name="visibility"')[1]
    sent["visibility"] = re.findall(r'value="(\w+)" selected', visibility)[0]
    sent["description"] = "".join(re.findall(r"<textarea[^>]*>\s*([^<]*)</textarea>", form))
    return "/evidence?" + form.split('"')[0].replace("&amp;", "&"), sent


def test_captured_link_is_proposed_and_saved_as_draft(session, cast, browser_of):
    alice = browser_of(cast.alice)
    page = alice.post("/evidence/capture", {"captured": f"{PULL}?utm_source=x", "back": "/"}).text
    assert "Recognized by its address: GitHub pull request" in page
    assert all_evidence(session) == []
    answer = alice.post(*proposal_form(page))
    (piece,) = all_evidence(session)
    assert answer.location == f"/evidence/{piece.id}?another=/"
    # The page offers to capture more.
    assert 'href="/#captured" autofocus' in alice.get(answer.location).text
    assert "Add another" not in alice.get(f"/evidence/{piece.id}?another=//evil.example").text
    assert (piece.title, piece.current.kind, piece.current.url) == (
        "acme/ranker #1", "open_source", PULL
    )  # fmt: skip
    assert (piece.state, piece.visibility, piece.milestone_keys) == ("draft", "team", [])


def test_captured_text_without_link_is_saved(session, cast, browser_of, now):
    alice = browser_of(cast.alice)
    page = alice.post("/evidence/capture", {"captured": "Mentored Jonas", "back": "/"}).text
    assert alice.post(*proposal_form(page)).status_code == 303
    (piece,) = all_evidence(session)
    assert (piece.title, piece.current.description, piece.current.kind) == (
        "Mentored Jonas", "Mentored Jonas", "mentoring"
    )  # fmt: skip
    assert len(piece.current.occurred_on) == len("2026-03-05")


def test_proposal_shows_visibility_and_lets_user_change_it(session, cast, browser_of):
    alice = browser_of(cast.alice)
    page = alice.post("/evidence/capture", {"captured": "Mentored Jonas"}).text
    assert re.search(r"Who may see it once you submit it\s*<span[^>]*>Team</span>", page)
    address, fields = proposal_form(page)
    alice.post(address, {**fields, "visibility": "private"})
    assert [piece.visibility for piece in all_evidence(session)] == ["private"]
    # The next proposal uses the visibility chosen last, and says so.
    page = alice.post("/evidence/capture", {"captured": PULL}).text
    assert proposal_form(page)[1]["visibility"] == "private"
    assert ">Private, as in your last piece</span>" in page
    assert ">Private, as in your last piece</span>" in alice.get("/evidence/new").text


def test_proposal_lists_milestones_that_need_this_evidence_first(session, cast, browser_of, now):
    enroll(session, cast.alice, now, SLUG)
    for key in (LEVELS, DESIGN, MENTOR):
        set_status(session, cast.alice, key, "done", now=now)
    set_status(session, cast.alice, PIPELINE, "not_applicable", reason="x", now=now)
    add_evidence(session, cast, cast.alice, now, milestones=[DESIGN])
    page = browser_of(cast.alice).post("/evidence/capture", {"captured": DOC}).text
    found = re.findall(r'<optgroup label="([^"]+)">(.*?)</optgroup>', page, re.S)
    groups = {heading: re.findall(r'value="([^"]+)"', options) for heading, options in found}
    unproven, fitting, others = groups.values()
    assert list(groups) == [
        "Done without evidence so far", "Open milestones that this kind proves", "Others",
    ]  # fmt: skip
    assert unproven == [LEVELS]
    assert fitting
    assert {DESIGN, MENTOR} <= set(others)
    assert not {LEVELS, DESIGN, MENTOR, PIPELINE} & set(fitting)
    assert not {LEVELS, PIPELINE} & set(others)


def test_date_in_link_is_proposed(cast, browser_of):
    alice = browser_of(cast.alice)
    page = alice.post("/evidence/capture", {"captured": "arXiv:2403.01234"}).text
    assert 'value="2024-03"' in page
    assert "Today" not in page
    page = alice.post("/evidence/capture", {"captured": PULL}).text
    assert "Today: change it if it was earlier" in page
    assert len(proposal_form(page)[1]["occurred_on"]) == len("2026-03-05")


def test_proposal_requires_title_and_date_missing_from_link(session, cast, browser_of):
    alice = browser_of(cast.alice)
    page = alice.post("/evidence/capture", {"captured": "https://youtu.be/dQw4w9WgXcQ"}).text
    assert "The link does not give a date" in page
    assert "The link does not give a title" in page
    assert re.search(r'<input[^>]*autofocus[^>]* name="title"', page)
    named = alice.post("/evidence/capture", {"captured": "Talk https://youtu.be/dQw4w9WgXcQ"}).text
    assert re.search(r'<input[^>]*autofocus[^>]* name="occurred_on"', named)
    address, fields = proposal_form(page)
    assert "occurred_on" not in {name for name, value in fields.items() if value}
    assert alice.post(address, fields).status_code == 422
    assert all_evidence(session) == []
    # The browser requires both fields before it submits.
    form = page.split('action="/evidence?')[1].split("</form>")[0]
    assert "novalidate" not in form.split(">")[0]
    for name in ("title", "occurred_on"):
        assert re.search(rf'<input[^>]* name="{name}"[^>]* required', form)
    alice.post(address, {**fields, "title": "Keynote", "occurred_on": "Mar 2024"})
    assert [piece.current.occurred_on for piece in all_evidence(session)] == ["2024-03"]


def test_date_in_text_is_proposed_unless_ambiguous(cast, browser_of):
    alice = browser_of(cast.alice)
    page = alice.post("/evidence/capture", {"captured": "Led an incident on 12 March 2024"}).text
    assert 'value="2024-03-12"' in page
    page = alice.post("/evidence/capture", {"captured": "Led an incident on 03/04/2024"}).text
    assert "“03/04/2024” can be read in two ways" in page
    assert re.search(r'<input[^>]*autofocus[^>]* name="occurred_on"[^>]* value=""', page)


def test_link_password_is_removed_and_token_is_reported(session, cast, browser_of):
    """The token stays in the link, so the portfolio is not proposed as visibility."""
    alice = browser_of(cast.alice)
    link = "https://me:hunter2@example.org/a?token=abc"
    address, fields = proposal_form(alice.post("/evidence/capture", {"captured": PULL}).text)
    alice.post(address, {**fields, "visibility": "portfolio"})
    page = alice.post("/evidence/capture", {"captured": link}).text
    assert "hunter2" not in page.split('class="proposal"')[-1]
    assert "name and password in the link were removed" in page
    assert "looks like a password or an access token (token)" in page
    assert "proposed for your team, not for the portfolio as before" in page
    address, fields = proposal_form(page)
    assert (fields["visibility"], fields["title"]) == ("team", "example.org/a")
    assert "as in your last piece" not in page
    # The full form does the same and reports it after saving.
    answer = alice.post("/evidence", {**fields, "url": link, "description": f"See {link}"})
    page = alice.get(answer.location).text
    assert "hunter2" not in page
    assert "name and password in the link were removed" in page
    assert "an access token (token)" in page
    (piece,) = [each for each in all_evidence(session) if each.title == "example.org/a"]
    assert piece.current.url == "https://example.org/a?token=abc"
    assert piece.current.description == "See https://example.org/a?token=abc"


def test_further_links_are_kept_in_description(session, cast, browser_of):
    alice = browser_of(cast.alice)
    page = alice.post("/evidence/capture", {"captured": f"{PULL} {DOC}"}).text
    assert "This piece is for the first link." in page
    alice.post(*proposal_form(page))
    (piece,) = all_evidence(session)
    assert (piece.title, piece.current.url) == ("acme/ranker #1", PULL)
    assert piece.current.description == DOC.split("?")[0]


@pytest.mark.parametrize(
    "back", [ROADMAP, f"{ROADMAP}/leadership", f"{ROADMAP}/milestones/{DESIGN}"]
)
def test_capture_on_milestone_links_it_and_redirects_to_its_row(
    session, cast, browser_of, now, back
):
    enroll(session, cast.alice, now, SLUG)
    alice = browser_of(cast.alice)
    form = alice.get(f"{ROADMAP}/milestones/{DESIGN}").text.split('class="capture"')[1]
    sent = {**input_values(form.split("</form>")[0]), "captured": f"Ranker {DOC}", "back": back}
    page = alice.post("/evidence/capture", sent).text
    # A document can be evidence of several kinds. The kind that proves the milestone is proposed.
    assert re.findall(SELECTED, page) == ["design_doc"]
    answer = alice.post(*proposal_form(page))
    assert answer.location == f"{back}?captured={DESIGN}"
    (piece,) = all_evidence(session)
    assert piece.milestone_keys == [DESIGN]
    assert piece.skill_keys
    assert alice.get(answer.location).text.count(">Ranker</a>") == 1


def test_proposal_warns_if_kind_does_not_prove_milestone(cast, browser_of):
    alice = browser_of(cast.alice)
    page = alice.post("/evidence/capture", {"captured": PULL, "milestone": DESIGN}).text
    assert "does not prove this milestone. These kinds do: design document" in flat(page)


def test_known_link_shows_existing_evidence(session, cast, browser_of, now):
    enroll(session, cast.alice, now, SLUG)
    piece = add_evidence(session, cast, cast.alice, now, url=f"{PULL}/files", milestones=[])
    add_evidence(session, cast, cast.carol, now, url=DOC)
    alice = browser_of(cast.alice)
    sent = {"captured": PULL.replace("https", "http"), "milestone": DESIGN, "back": ROADMAP}
    page = alice.post("/evidence/capture", sent).text
    assert "You already have this link" in page
    assert f'href="/evidence/{piece.id}"' in page
    # It can be linked to the milestone, which redirects as for new evidence.
    link = page.split(f'action="{ROADMAP}/milestones/{DESIGN}/evidence"')[1].split("</form>")[0]
    linking = alice.post(f"{ROADMAP}/milestones/{DESIGN}/evidence", input_values(link))
    assert linking.location == f"{ROADMAP}?captured={DESIGN}"
    assert f"/milestones/{DESIGN}/evidence" not in alice.post("/evidence/capture", sent).text
    # Evidence of other users is not revealed.
    page = alice.post("/evidence/capture", {"captured": DOC}).text
    assert "You already have" not in page


@pytest.mark.parametrize(
    ("stored", "pasted"),
    [
        ("https://arxiv.org/pdf/2403.01234v2", "https://doi.org/10.48550/ARXIV.2403.01234"),
        ("https://patents.justia.com/patent/10452978",
         "https://image-ppubs.uspto.gov/dirsearch-public/print/downloadPdf/10452978"),
        ("https://m.youtube.com/watch?v=dQw4w9WgXcQ&t=3", "https://youtu.be/dQw4w9WgXcQ"),
        ("https://Example.org/Talks/?utm_source=a", "http://www.example.org/Talks"),
        ("https://example.org/é", "https://example.org/é/"),
    ],
)  # fmt: skip
def test_equivalent_link_shows_existing_evidence(session, cast, browser_of, now, stored, pasted):
    piece = add_evidence(session, cast, cast.alice, now, url=stored)
    page = browser_of(cast.alice).post("/evidence/capture", {"captured": pasted}).text
    assert f'href="/evidence/{piece.id}"' in page


def test_invalid_proposal_is_shown_in_full_form(session, cast, browser_of):
    alice = browser_of(cast.alice)
    sent = {"captured": PULL, "milestone": DESIGN, "back": ROADMAP}
    address, fields = proposal_form(alice.post("/evidence/capture", sent).text)
    answer = alice.post(address, {**fields, "title": "", "occurred_on": "soon"})
    assert answer.status_code == 422
    for kept in ('value="soon"', f'value="{PULL}"', f'value="{DESIGN}" checked'):
        assert kept in answer.text
    assert f"back={ROADMAP.replace('/', '%2F')}" in answer.text
    assert all_evidence(session) == []


def test_more_fields_opens_full_form_with_proposed_values(cast, browser_of):
    alice = browser_of(cast.alice)
    address, fields = proposal_form(alice.post("/evidence/capture", {"captured": PULL}).text)
    page = alice.post(address.replace("/evidence?", "/evidence/milestones?"), fields).text
    assert 'value="acme/ranker #1"' in page
    assert f'value="{PULL}"' in page
    assert 'name="role"' in page


def test_htmx_response_contains_only_the_proposal(cast, browser_of):
    answer = browser_of(cast.alice).post("/evidence/capture", {"captured": PULL}, fragment=True)
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert 'action="/evidence?' in answer.text
    assert "announce" in answer.headers["HX-Trigger"]


def test_capture_requires_login_and_keeps_text(browser_of):
    answer = browser_of().post("/evidence/capture", {"captured": PULL})
    assert answer.status_code == 401
    assert PULL in answer.text


@pytest.mark.parametrize(
    ("text", "message"),
    [("  \0 ", "Paste a link, or write"), ("x" * 20_001, "too long for one line")],
    ids=["empty", "too long"],
)
def test_empty_or_too_long_text_is_rejected(cast, browser_of, text, message):
    alice = browser_of(cast.alice)
    for fragment in (False, True):
        answer = alice.post("/evidence/capture", {"captured": text}, fragment=fragment)
        assert (answer.status_code, message in answer.text) == (422, True)
    answer = alice.post("/evidence/capture", {"captured": text, "milestone": "none", "back": "//x"})
    assert '"//x"' not in answer.text


@pytest.mark.parametrize("link", ["javascript:alert(1)", "https://[::1", "ftp://example.org/x"])
def test_unsupported_address_is_treated_as_text(cast, browser_of, link):
    page = browser_of(cast.alice).post("/evidence/capture", {"captured": link}).text
    _address, fields = proposal_form(page)
    assert (fields["url"], fields["title"]) == ("", link)


def test_return_url_accepts_only_roadmap_pages():
    assert roadmap_return_url(f"{ROADMAP}?captured=a", "b c") == f"{ROADMAP}?captured=b+c"
    assert roadmap_return_url(f"{ROADMAP}?show=open", "b") == f"{ROADMAP}?show=open&captured=b"
    for other in (None, "", "/", "/evidence", "//evil.example/roadmaps/x", "/roadmaps/\r\nx"):
        assert roadmap_return_url(other, DESIGN) == ""


def test_statement_count_does_not_grow_with_evidence(session, cast, browser_of, now, statements):
    alice = browser_of(cast.alice)
    alice.post("/evidence/capture", {"captured": PULL})
    with statements() as before:
        alice.post("/evidence/capture", {"captured": PULL})
    for number in range(5):
        add_evidence(session, cast, cast.alice, now, url=f"https://example.org/{number}")
    with statements() as after:
        alice.post("/evidence/capture", {"captured": PULL})
    assert len(after) == len(before)


def test_capture_before_enrollment_says_when_evidence_counts(session, cast, browser_of):
    alice = browser_of(cast.alice)
    assert 'name="captured"' in alice.get("/").text
    page = alice.get(MILESTONE).text
    sent = {"captured": DOC, "milestone": DESIGN, "back": MILESTONE}
    assert 'name="captured"' in page
    address, fields = proposal_form(alice.post("/evidence/capture", sent).text)
    answer = alice.post(address, {**fields, "title": "Feature store", "occurred_on": "2026-03"})
    assert "counts once you have started this roadmap" in alice.get(answer.location).text
    (piece,) = all_evidence(session)
    page = alice.get(f"/evidence/{piece.id}").text
    assert "you have not started the roadmap" in page
    assert "none of its linked milestones" not in page
    start = f"{ROADMAP}/enrollment"
    assert f'action="{start}"' in page
    assert alice.post(start, {}).status_code == 303
    assert "you have not started" not in alice.get(f"/evidence/{piece.id}").text
