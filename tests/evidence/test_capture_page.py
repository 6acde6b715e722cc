"""POST /evidence/capture"""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from roadmap.evidence.capture import roadmap_return_url
from roadmap.evidence.models import Evidence
from roadmap.progress.actions import set_status
from tests.evidence.builders import DESIGN, LEVELS, MENTOR, PIPELINE, add_evidence
from tests.support.catalog import enroll
from tests.support.markup import flat
from tests.support.sample_data import SLUG

PULL = "https://github.com/acme/ranker/pull/1"
DOC = "https://docs.google.com/document/d/1aBcD/edit?usp=sharing"
SELECTED = r'<option[^>]* selected[^>]* value="(\w+)"'
ROADMAP = f"/roadmaps/{SLUG}"
MILESTONE = f"{ROADMAP}/milestones/{DESIGN}"


def saved(session):
    session.expire_all()
    return session.scalars(sa.select(Evidence)).all()


def inputs_of(form: str) -> dict[str, str]:
    """The inputs of a form as they are filled in."""
    found = {}
    for field in re.findall(r"<input[^>]*>", form):
        name, value = (re.search(rf' {each}="([^"]*)"', field) for each in ("name", "value"))
        if name and value and name[1] != "csrf_token":
            found[name[1]] = value[1]
    return found


def proposed(page: str) -> tuple[str, dict[str, str]]:
    """The address of the proposal's form, and what a browser sends when it is saved as it is."""
    form = page.split('action="/evidence?', 1)[1].split("</form>")[0]
    sent = {**inputs_of(form), "kind": re.findall(SELECTED, form)[0]}
    visibility = form.split('name="visibility"')[1]
    sent["visibility"] = re.findall(r'value="(\w+)" selected', visibility)[0]
    sent["description"] = "".join(re.findall(r"<textarea[^>]*>\s*([^<]*)</textarea>", form))
    return "/evidence?" + form.split('"')[0].replace("&amp;", "&"), sent


def test_it_works(session, cast, browser_of):
    """A link from the dashboard is saved by the second request, and its page comes next."""
    alice = browser_of(cast.alice)
    page = alice.post("/evidence/capture", {"captured": f"{PULL}?utm_source=x", "back": "/"}).text
    assert "Recognized: GitHub pull request" in page
    assert saved(session) == []
    answer = alice.post(*proposed(page))
    (piece,) = saved(session)
    assert answer.location == f"/evidence/{piece.id}?another=/"
    # From there the next one is a key away.
    assert 'href="/#captured" autofocus' in alice.get(answer.location).text
    assert "Add another" not in alice.get(f"/evidence/{piece.id}?another=//evil.example").text
    assert (piece.title, piece.current.kind, piece.current.url) == (
        "acme/ranker #1", "open_source", PULL
    )  # fmt: skip
    assert (piece.state, piece.visibility, piece.milestone_keys) == ("draft", "team", [])


def test_it_works_without_a_link(session, cast, browser_of, now):
    alice = browser_of(cast.alice)
    page = alice.post("/evidence/capture", {"captured": "Mentored Jonas", "back": "/"}).text
    assert alice.post(*proposed(page)).status_code == 303
    (piece,) = saved(session)
    assert (piece.title, piece.current.description, piece.current.kind) == (
        "Mentored Jonas", "Mentored Jonas", "mentoring"
    )  # fmt: skip
    assert len(piece.current.occurred_on) == len("2026-03-05")


def test_it_says_who_may_see_it_and_lets_one_choose(session, cast, browser_of):
    alice = browser_of(cast.alice)
    page = alice.post("/evidence/capture", {"captured": "Mentored Jonas"}).text
    assert re.search(r"Who may see it once you submit it\s*<span[^>]*>Team</span>", page)
    address, fields = proposed(page)
    alice.post(address, {**fields, "visibility": "private"})
    assert [piece.visibility for piece in saved(session)] == ["private"]
    # The next one takes what was chosen.
    page = alice.post("/evidence/capture", {"captured": PULL}).text
    assert proposed(page)[1]["visibility"] == "private"


def test_milestones_that_are_open_and_proved_come_first_and_none_that_is_set_aside(
    session, cast, browser_of, now
):
    enroll(session, cast.alice, now, SLUG)
    for key, status in ((LEVELS, "done"), (PIPELINE, "not_applicable")):
        set_status(session, cast.alice, key, status, reason="x", by=cast.alice, now=now)
    session.commit()
    page = browser_of(cast.alice).post("/evidence/capture", {"captured": DOC}).text
    groups = re.findall(r'<optgroup label="([^"]+)">(.*?)</optgroup>', page, re.S)
    (open_ones, first), (_others, second) = groups
    assert open_ones == "Open, and proved by this kind"
    assert f'"{DESIGN}"' in first
    assert f'"{LEVELS}"' in second
    assert f'"{MENTOR}"' in second
    assert f'"{PIPELINE}"' not in page


def test_a_date_that_the_link_carries_is_proposed(cast, browser_of):
    alice = browser_of(cast.alice)
    page = alice.post("/evidence/capture", {"captured": "arXiv:2403.01234"}).text
    assert 'value="2024-03"' in page
    assert "Today" not in page
    page = alice.post("/evidence/capture", {"captured": PULL}).text
    assert "Today: change it if it was earlier" in page
    assert len(proposed(page)[1]["occurred_on"]) == len("2026-03-05")


def test_a_date_that_the_link_should_carry_is_asked_for(session, cast, browser_of):
    alice = browser_of(cast.alice)
    page = alice.post("/evidence/capture", {"captured": "https://youtu.be/dQw4w9WgXcQ"}).text
    assert "The link does not say when it was" in page
    assert "The link does not say what it is called" in page
    assert re.search(r'<input[^>]*autofocus[^>]* name="title"', page)
    named = alice.post("/evidence/capture", {"captured": "Talk https://youtu.be/dQw4w9WgXcQ"}).text
    assert re.search(r'<input[^>]*autofocus[^>]* name="occurred_on"', named)
    address, fields = proposed(page)
    assert "occurred_on" not in {name for name, value in fields.items() if value}
    assert alice.post(address, fields).status_code == 422
    assert saved(session) == []
    # The box asks for both before anything is sent.
    form = page.split('action="/evidence?')[1].split("</form>")[0]
    assert "novalidate" not in form.split(">")[0]
    for name in ("title", "occurred_on"):
        assert re.search(rf'<input[^>]* name="{name}"[^>]* required', form)
    alice.post(address, {**fields, "title": "Keynote", "occurred_on": "Mar 2024"})
    assert [piece.current.occurred_on for piece in saved(session)] == ["2024-03"]


def test_a_date_in_words_is_proposed_and_one_that_cannot_be_read_is_asked_for(cast, browser_of):
    alice = browser_of(cast.alice)
    page = alice.post("/evidence/capture", {"captured": "Led an incident on 12 March 2024"}).text
    assert 'value="2024-03-12"' in page
    page = alice.post("/evidence/capture", {"captured": "Led an incident on 03/04/2024"}).text
    assert "“03/04/2024” can be read in two ways" in page
    assert re.search(r'<input[^>]*autofocus[^>]* name="occurred_on"[^>]* value=""', page)


def test_a_link_with_a_password_or_a_token(session, cast, browser_of):
    """The password is never sent back; the token stays, and the portfolio is not proposed."""
    alice = browser_of(cast.alice)
    link = "https://me:hunter2@example.org/a?token=abc"
    address, fields = proposed(alice.post("/evidence/capture", {"captured": PULL}).text)
    alice.post(address, {**fields, "visibility": "portfolio"})
    page = alice.post("/evidence/capture", {"captured": link}).text
    assert "hunter2" not in page.split('class="proposal"')[-1]
    assert "name and password in the link were removed" in page
    assert "looks like a password or an access token (token)" in page
    assert "proposed for your team, not for the portfolio as before" in page
    address, fields = proposed(page)
    assert (fields["visibility"], fields["title"]) == ("team", "example.org/a")
    # By the whole form it is the same, and said once it is saved.
    answer = alice.post("/evidence", {**fields, "url": link, "description": f"See {link}"})
    said = alice.get(answer.location).text
    assert "hunter2" not in said
    assert "name and password in the link were removed" in said
    assert "an access token (token)" in said
    (piece,) = [each for each in saved(session) if each.title == "example.org/a"]
    assert piece.current.url == "https://example.org/a?token=abc"
    assert piece.current.description == "See https://example.org/a?token=abc"


def test_several_links_are_one_piece_and_none_is_lost(session, cast, browser_of):
    alice = browser_of(cast.alice)
    page = alice.post("/evidence/capture", {"captured": f"{PULL} {DOC}"}).text
    assert "This piece is the first link." in page
    alice.post(*proposed(page))
    (piece,) = saved(session)
    assert (piece.title, piece.current.url) == ("acme/ranker #1", PULL)
    assert piece.current.description == DOC.split("?")[0]


@pytest.mark.parametrize(
    "back", [ROADMAP, f"{ROADMAP}/leadership", f"{ROADMAP}/milestones/{DESIGN}"]
)
def test_it_is_linked_to_its_milestone_and_leads_back_to_the_row(
    session, cast, browser_of, now, back
):
    enroll(session, cast.alice, now, SLUG)
    alice = browser_of(cast.alice)
    line = alice.get(f"{ROADMAP}/milestones/{DESIGN}").text.split('class="capture"')[1]
    sent = {**inputs_of(line.split("</form>")[0]), "captured": f"Ranker {DOC}", "back": back}
    page = alice.post("/evidence/capture", sent).text
    # A document can be several kinds of evidence: the one that proves the milestone is proposed.
    assert re.findall(SELECTED, page) == ["design_doc"]
    answer = alice.post(*proposed(page))
    assert answer.location == f"{back}?captured={DESIGN}"
    (piece,) = saved(session)
    assert piece.milestone_keys == [DESIGN]
    assert piece.skill_keys
    assert alice.get(answer.location).text.count(">Ranker</a>") == 1


def test_it_says_that_the_kind_does_not_prove_the_milestone(cast, browser_of):
    alice = browser_of(cast.alice)
    page = alice.post("/evidence/capture", {"captured": PULL, "milestone": DESIGN}).text
    assert "It does not prove this milestone as this kind. What does: design document" in flat(page)


def test_a_link_that_is_there_already_leads_to_its_piece(session, cast, browser_of, now):
    enroll(session, cast.alice, now, SLUG)
    piece = add_evidence(session, cast, cast.alice, now, url=f"{PULL}/files", milestones=[])
    add_evidence(session, cast, cast.carol, now, url=DOC)
    alice = browser_of(cast.alice)
    sent = {"captured": PULL.replace("https", "http"), "milestone": DESIGN, "back": ROADMAP}
    page = alice.post("/evidence/capture", sent).text
    assert "You already have this link" in page
    assert f'href="/evidence/{piece.id}"' in page
    # It can be linked to the milestone, and leads back to the row as a new one does.
    link = page.split(f'action="{ROADMAP}/milestones/{DESIGN}/evidence"')[1].split("</form>")[0]
    linking = alice.post(f"{ROADMAP}/milestones/{DESIGN}/evidence", inputs_of(link))
    assert linking.location == f"{ROADMAP}?captured={DESIGN}"
    assert f"/milestones/{DESIGN}/evidence" not in alice.post("/evidence/capture", sent).text
    # What somebody else has says nothing.
    foreign = alice.post("/evidence/capture", {"captured": DOC}).text
    assert "You already have" not in foreign


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
def test_another_link_to_the_same_thing_is_known(session, cast, browser_of, now, stored, pasted):
    piece = add_evidence(session, cast, cast.alice, now, url=stored)
    page = browser_of(cast.alice).post("/evidence/capture", {"captured": pasted}).text
    assert f'href="/evidence/{piece.id}"' in page


def test_what_is_wrong_with_the_proposal_comes_back_in_the_whole_form(session, cast, browser_of):
    alice = browser_of(cast.alice)
    sent = {"captured": PULL, "milestone": DESIGN, "back": ROADMAP}
    address, fields = proposed(alice.post("/evidence/capture", sent).text)
    answer = alice.post(address, {**fields, "title": "", "occurred_on": "soon"})
    assert answer.status_code == 422
    for kept in ('value="soon"', f'value="{PULL}"', f'value="{DESIGN}" checked'):
        assert kept in answer.text
    # The way back to the row is not lost.
    assert f"back={ROADMAP.replace('/', '%2F')}" in answer.text
    assert saved(session) == []


def test_more_fields_is_the_whole_form_with_what_was_proposed(cast, browser_of):
    alice = browser_of(cast.alice)
    address, fields = proposed(alice.post("/evidence/capture", {"captured": PULL}).text)
    page = alice.post(address.replace("/evidence?", "/evidence/milestones?"), fields).text
    assert 'value="acme/ranker #1"' in page
    assert f'value="{PULL}"' in page
    assert 'name="role"' in page


def test_it_answers_htmx_with_the_proposal_alone(cast, browser_of):
    answer = browser_of(cast.alice).post("/evidence/capture", {"captured": PULL}, fragment=True)
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert 'action="/evidence?' in answer.text
    assert "announce" in answer.headers["HX-Trigger"]


def test_it_needs_sign_in(browser_of):
    answer = browser_of().post("/evidence/capture", {"captured": PULL})
    assert answer.status_code == 401
    assert PULL in answer.text


@pytest.mark.parametrize(
    ("text", "said"), [("  \0 ", "Paste a link, or write"), ("x" * 20_001, "too long for one line")]
)
def test_it_rejects_bad_input(cast, browser_of, text, said):
    alice = browser_of(cast.alice)
    for fragment in (False, True):
        answer = alice.post("/evidence/capture", {"captured": text}, fragment=fragment)
        assert (answer.status_code, said in answer.text) == (422, True)
    answer = alice.post("/evidence/capture", {"captured": text, "milestone": "none", "back": "//x"})
    assert '"//x"' not in answer.text


@pytest.mark.parametrize("link", ["javascript:alert(1)", "https://[::1", "ftp://example.org/x"])
def test_what_is_no_web_address_is_no_link(cast, browser_of, link):
    page = browser_of(cast.alice).post("/evidence/capture", {"captured": link}).text
    _address, fields = proposed(page)
    assert (fields["url"], fields["title"]) == ("", link)


def test_it_leads_back_to_pages_of_roadmaps_alone():
    assert roadmap_return_url(f"{ROADMAP}?captured=a", "b c") == f"{ROADMAP}?captured=b+c"
    assert roadmap_return_url(f"{ROADMAP}?show=open", "b") == f"{ROADMAP}?show=open&captured=b"
    for elsewhere in (None, "", "/", "/evidence", "//evil.example/roadmaps/x", "/roadmaps/\r\nx"):
        assert roadmap_return_url(elsewhere, DESIGN) == ""


def test_statements_do_not_grow_with_the_pieces(session, cast, browser_of, now, statements):
    alice = browser_of(cast.alice)
    alice.post("/evidence/capture", {"captured": PULL})
    with statements() as before:
        alice.post("/evidence/capture", {"captured": PULL})
    for number in range(5):
        add_evidence(session, cast, cast.alice, now, url=f"https://example.org/{number}")
    with statements() as after:
        alice.post("/evidence/capture", {"captured": PULL})
    assert len(after) == len(before)


def test_on_no_roadmap_the_dashboard_has_the_line_and_a_milestone_says_what_it_waits_for(
    session, cast, browser_of
):
    alice = browser_of(cast.alice)
    assert 'name="captured"' in alice.get("/").text
    page = alice.get(MILESTONE).text
    sent = {"captured": DOC, "milestone": DESIGN, "back": MILESTONE}
    assert 'name="captured"' in page
    address, fields = proposed(alice.post("/evidence/capture", sent).text)
    answer = alice.post(address, {**fields, "title": "Feature store", "occurred_on": "2026-03"})
    assert "counts once you have started this roadmap" in alice.get(answer.location).text
    (piece,) = saved(session)
    page = alice.get(f"/evidence/{piece.id}").text
    assert "you have not started the roadmap" in page
    assert "none that it is linked to" not in page
    start = f"{ROADMAP}/enrollment"
    assert f'action="{start}"' in page
    assert alice.post(start, {}).status_code == 303
    assert "you have not started" not in alice.get(f"/evidence/{piece.id}").text
