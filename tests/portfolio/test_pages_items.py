"""PUT and DELETE …/items/<id>, PUT …/items, PUT …/items/<id>/place, below /portfolios/<id>."""

from __future__ import annotations

import json
import re
import uuid

import pytest
from sqlalchemy.orm import Session

from roadmap.core.dates import PartialDate
from roadmap.portfolio import actions
from roadmap.portfolio.selection import load_selection
from tests.portfolio import evidence_rows
from tests.support.cast import Cast


def shown_titles(session: Session, cast: Cast) -> list[str]:
    shown = load_selection(session, cast.alice, cast.alice, evidence_rows.DAY).shown
    titles = [piece.title for piece in shown]
    session.rollback()
    return titles


@pytest.fixture
def items(session: Session, cast: Cast) -> dict[str, uuid.UUID]:
    """Add evidence a, b and c of Alice to her portfolio in this order; return the ids."""
    ids = {
        title: evidence_rows.add(session, cast.alice, title, at=at * 10).id
        for at, title in enumerate("abc")
    }
    session.commit()
    return ids


def test_item_is_added_and_removed(session: Session, cast: Cast, browser_of) -> None:
    path = f"/portfolios/{cast.alice}/items/{evidence_rows.add(session, cast.alice, 'Design').id}"
    session.commit()
    browser = browser_of(cast.alice)

    assert browser.post(f"{path}?_method=PUT").status_code == 303
    assert browser.put(path).status_code == 303, "adding again changes nothing"
    assert shown_titles(session, cast) == ["Design"]
    assert browser.post(f"{path}?_method=DELETE").status_code == 303
    assert browser.delete(path).status_code == 303
    assert shown_titles(session, cast) == []


def test_fragment_announces_change_and_sets_focus(session: Session, cast: Cast, browser_of) -> None:
    piece = evidence_rows.add(session, cast.alice, "Design")
    session.commit()
    browser = browser_of(cast.alice)

    added = browser.put(f"/portfolios/{cast.alice}/items/{piece.id}", fragment=True)
    removed = browser.delete(f"/portfolios/{cast.alice}/items/{piece.id}", fragment=True)

    assert added.text.lstrip().startswith('<div id="pieces">')
    assert "<html" not in added.text
    assert json.loads(added.headers["HX-Trigger"]) == {"announce": "Design is shown."}
    assert json.loads(removed.headers["HX-Trigger"]) == {"announce": "Design is removed."}
    for answer in (added, removed):
        assert answer.text.count("autofocus") == 1


def test_lapsed_evidence_is_only_added_individually(
    session: Session, cast: Cast, browser_of
) -> None:
    lapsed = evidence_rows.add(
        session, cast.alice, "Lapsed", state="submitted", expires_on=PartialDate(evidence_rows.DAY)
    )
    evidence_rows.add(session, cast.alice, "Valid", state="submitted")
    session.commit()
    browser = browser_of(cast.alice)

    page = browser.get("/portfolio").text
    assert "Add the one available piece" in page
    assert "Readers see that lapsed pieces no longer count" in page
    browser.put(f"/portfolios/{cast.alice}/items")
    assert shown_titles(session, cast) == ["Valid"]
    browser.put(f"/portfolios/{cast.alice}/items/{lapsed.id}")
    assert shown_titles(session, cast) == ["Valid", "Lapsed"]


def test_add_all_includes_drafts_of_person_without_manager(
    session: Session, cast: Cast, browser_of
) -> None:
    for title in ("One", "Two"):
        evidence_rows.add(session, cast.mallory, title)
    session.commit()
    mallory = browser_of(cast.mallory)

    page = mallory.get("/portfolio").text
    assert "Add all 2 available pieces" in page
    assert "A draft is not added" not in page
    assert "2 pieces shown" in mallory.put(f"/portfolios/{cast.mallory}/items", fragment=True).text


def test_add_all_adds_available_evidence_except_drafts(
    session: Session, cast: Cast, browser_of
) -> None:
    evidence_rows.add(session, cast.alice, "First choice", at=4)
    for title in ("older", "newer"):
        evidence_rows.add(session, cast.alice, title, state="submitted")
    evidence_rows.add(session, cast.alice, "Draft")
    evidence_rows.add(session, cast.alice, "Team", visibility="team")
    evidence_rows.add(session, cast.alice, "Private", visibility="private")
    evidence_rows.add(session, cast.carol, "Carol's")
    session.commit()

    assert browser_of(cast.alice).put(f"/portfolios/{cast.alice}/items").status_code == 303
    assert shown_titles(session, cast) == ["First choice", "newer", "older"]
    assert (
        browser_of(cast.alice).put(f"/portfolios/{cast.alice}/items", fragment=True).status_code
        == 200
    )


def test_draft_is_marked_and_its_page_shows_if_public(
    session: Session, cast: Cast, browser_of
) -> None:
    draft = evidence_rows.add(session, cast.alice, "Unfinished")
    session.commit()
    browser = browser_of(cast.alice)
    page = browser.get("/portfolio").text
    assert "Draft</span>" in page
    assert "Evidenced" not in page
    assert '/items"' not in page
    path = f"/evidence/{draft.id}"
    assert "in your portfolio;" not in browser.get(path).text
    browser.put(f"/portfolios/{cast.alice}/items/{draft.id}")
    assert "no public link shows it now" in browser.get(path).text
    browser.post("/portfolio/links", {"label": "", "lives": "30"})
    page = browser.get(path).text
    assert "Public now" in page
    assert "Anyone with your public link sees it. In Cairn, no manager sees a draft." in page
    asked = browser.get(f"{path}/delete").text
    assert "its place in your portfolios, which one public link shows</li>" in asked


def test_pages_about_public_links_say_what_is_redacted(
    session: Session, cast: Cast, browser_of
) -> None:
    piece = evidence_rows.add(session, cast.alice, "Under NDA", at=0)
    session.commit()
    alice = browser_of(cast.alice)
    alice.post("/portfolio/links", {"label": "", "lives": "30"})
    pages = [f"/evidence/{piece.id}", "/portfolios", "/portfolio/links"]
    assert "redacted text" not in alice.get(pages[0]).text

    redaction = {"title": "Shown instead", "description": "What readers may know"}
    path = f"/portfolios/{cast.alice}/items/{piece.id}/redaction"
    assert alice.put(path, redaction).status_code == 303
    shown, listed, links = (alice.get(path).text for path in pages)
    assert "Readers see your redacted text instead." in shown
    assert "1 piece, 1 redacted" in listed
    assert "One piece is redacted." in links

    # Another portfolio shows the piece in full.
    other = alice.post("/portfolios", {"name": "In full", "copy_of": ""}).location
    alice.put(f"{other}/items/{piece.id}")
    alice.post("/portfolio/links", {"portfolio": other.split("/")[-1], "label": "2", "lives": "30"})
    assert "One of the links shows your redacted text instead." in alice.get(pages[0]).text


@pytest.mark.parametrize(
    ("moved", "to", "order"),
    [
        ("c", 1, "acb"),
        ("a", 1, "bac"),
        ("a", 2, "bca"),
        ("c", 0, "cab"),
        ("b", 1, "abc"),
        ("a", 99, "bca"),
    ],
)
def test_item_is_moved(
    session: Session, cast: Cast, browser_of, items, moved: str, to: int, order: str
) -> None:
    path = f"/portfolios/{cast.alice}/items/{items[moved]}/place"

    assert browser_of(cast.alice).put(path, {"to": str(to)}).status_code == 303
    assert "".join(shown_titles(session, cast)) == order


def test_moved_item_keeps_focus(cast: Cast, browser_of, items) -> None:
    browser = browser_of(cast.alice)

    middle = browser.put(
        f"/portfolios/{cast.alice}/items/{items['c']}/place?way=up", {"to": "1"}, fragment=True
    )
    top = browser.put(
        f"/portfolios/{cast.alice}/items/{items['c']}/place?way=up", {"to": "0"}, fragment=True
    )

    assert _focused(middle.text).startswith(f'id="up-{items["c"]}"')
    assert _focused(top.text).startswith(f'id="down-{items["c"]}"'), "up is disabled at the top"


def test_move_skips_hidden_items(session: Session, cast: Cast, browser_of, items) -> None:
    evidence_rows.add(session, cast.alice, "hidden", visibility="private", at=15)
    session.commit()

    browser_of(cast.alice).put(f"/portfolios/{cast.alice}/items/{items['c']}/place", {"to": "1"})

    assert "".join(shown_titles(session, cast)) == "acb"


def test_sign_in_is_required(session: Session, cast: Cast, browser_of, items) -> None:
    browser = browser_of()
    for method, path in _requests(cast.alice, items["a"]):
        assert browser.send(method, path, {"to": "2"}).status_code == 401
    assert shown_titles(session, cast) == ["a", "b", "c"]


@pytest.mark.parametrize("name", ["bob", "carol", "erin", "mallory"])
@pytest.mark.parametrize("state", ["draft", "submitted"])
def test_evidence_of_other_people_cannot_be_changed(
    session: Session, cast: Cast, browser_of, name: str, state: str
) -> None:
    piece = evidence_rows.add(session, cast.alice, "a", at=0, state=state)
    session.commit()
    browser = browser_of(getattr(cast, name))
    status = 403 if (name, state) == ("bob", "submitted") else 404

    for method, path in _requests(getattr(cast, name), piece.id):
        assert browser.send(method, path, {"to": "0"}).status_code == status
    assert shown_titles(session, cast) == ["a"]


@pytest.mark.parametrize("visibility", ["private", "team"])
@pytest.mark.parametrize("fragment", [False, True], ids=["page", "fragment"])
def test_private_and_team_evidence_is_rejected(
    session: Session, cast: Cast, browser_of, visibility: str, fragment: bool
) -> None:
    piece = evidence_rows.add(session, cast.alice, visibility=visibility)
    session.commit()

    answer = browser_of(cast.alice).put(
        f"/portfolios/{cast.alice}/items/{piece.id}", fragment=fragment
    )

    assert answer.status_code == 422
    assert "This piece is not for the portfolio" in answer.text
    assert shown_titles(session, cast) == []


@pytest.mark.parametrize("visibility", ["private", "team"])
@pytest.mark.parametrize("start", ["/portfolio", "/evidence/{}"])
def test_confirmed_publication_adds_verified_evidence_in_one_step(
    session: Session, cast: Cast, browser_of, visibility: str, start: str
) -> None:
    piece = evidence_rows.add(
        session, cast.alice, "Design", visibility=visibility, description="What changed"
    )
    evidence_rows.verify(session, piece, cast.bob)
    session.commit()
    alice = browser_of(cast.alice)
    page = alice.get(start.format(piece.id)).text
    question, form = page.split("Change who may see it to “Portfolio”?")
    [path] = re.findall(r'action="(/portfolio\S+\?visibility=portfolio)"', question + form)
    assert question.rindex("<details") > question.rindex("</details>"), "asks first"

    assert alice.post(f"{path}&_method=PUT").location.startswith("/portfolio")

    assert shown_titles(session, cast) == ["Design"]
    session.refresh(piece)
    assert (piece.visibility, piece.state) == ("portfolio", "verified")
    assert "Show in your portfolio" not in alice.get(f"/evidence/{piece.id}").text


def test_evidence_page_asks_nothing_about_public_evidence_and_never_for_drafts(
    session: Session, cast: Cast, browser_of
) -> None:
    draft = evidence_rows.add(session, cast.alice, "Draft")
    piece = evidence_rows.add(session, cast.alice, "Design", state="submitted")
    session.commit()
    alice = browser_of(cast.alice)
    assert "Show in your portfolio" not in alice.get(f"/evidence/{draft.id}").text
    page = alice.get(f"/evidence/{piece.id}").text
    assert f'action="/portfolio/items/{piece.id}"' in page
    assert "Change who may see it to" not in page
    alice.put(f"/portfolio/items/{piece.id}")
    assert "Design is shown in" in alice.get("/portfolio").text
    assert shown_titles(session, cast) == ["Design"]


def test_evidence_redacted_elsewhere_is_not_published_from_its_page(
    session: Session, cast: Cast, browser_of
) -> None:
    piece = evidence_rows.add(session, cast.alice, "Design")
    session.commit()
    alice = browser_of(cast.alice)
    path = alice.post("/portfolios", {"name": "CV", "copy_of": ""}).location
    alice.put(f"{path}/items/{piece.id}")
    alice.put(f"{path}/items/{piece.id}/redaction", {"title": "A system"})
    piece.visibility = "team"
    session.commit()

    alice.put(f"/portfolio/items/{piece.id}?visibility=portfolio")

    assert "redacted in another portfolio and was not added" in alice.get("/portfolio").text
    assert shown_titles(session, cast) == []
    session.refresh(piece)
    assert piece.visibility == "team"


def test_full_portfolio_leaves_visibility_unchanged(
    session: Session, cast: Cast, browser_of, items, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "MAX_ITEMS", 3)
    piece = evidence_rows.add(session, cast.alice, "Design", visibility="team")
    session.commit()
    path = f"/portfolios/{cast.alice}/items/{piece.id}?visibility=portfolio"
    answer = browser_of(cast.alice).put(path)
    assert answer.status_code == 422
    assert "A portfolio holds at most 3 pieces" in answer.text
    assert "Team: only for the" in answer.text
    session.refresh(piece)
    assert piece.visibility == "team"


@pytest.mark.parametrize("to", ["", "-1", "up", "99999999999999999999"])
def test_invalid_input_is_rejected(
    session: Session, cast: Cast, browser_of, items, to: str
) -> None:
    browser = browser_of(cast.alice)

    assert (
        browser.put(f"/portfolios/{cast.alice}/items/{items['a']}/place", {"to": to}).status_code
        == 422
    )
    assert (
        browser.put(f"/portfolios/{cast.alice}/items/{uuid.uuid4()}/place", {"to": "1"}).status_code
        == 404
    )
    assert browser.put(f"/portfolios/{cast.alice}/items/none").status_code == 404
    assert shown_titles(session, cast) == ["a", "b", "c"]


def test_moving_unselected_evidence_is_not_found(session: Session, cast: Cast, browser_of) -> None:
    piece = evidence_rows.add(session, cast.alice)
    session.commit()

    answer = browser_of(cast.alice).put(
        f"/portfolios/{cast.alice}/items/{piece.id}/place", {"to": "0"}
    )

    assert answer.status_code == 404


def test_full_portfolio_rejects_more_items(
    session: Session, cast: Cast, browser_of, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "MAX_ITEMS", 3)
    for at in range(3):
        evidence_rows.add(session, cast.alice, at=at)
    more = evidence_rows.add(session, cast.alice, "One more")
    session.commit()
    browser = browser_of(cast.alice)

    answer = browser.put(f"/portfolios/{cast.alice}/items/{more.id}")
    browser.put(f"/portfolios/{cast.alice}/items")

    assert answer.status_code == 422
    assert "Remove one first" in answer.text
    assert len(shown_titles(session, cast)) == 3


def _requests(owner: uuid.UUID, evidence_id: uuid.UUID) -> list[tuple[str, str]]:
    path = f"/portfolios/{owner}/items/{evidence_id}"
    return [("PUT", path), ("DELETE", path), ("PUT", f"{path}/place")]


def _focused(page: str) -> str:
    """Return the opening tag that takes the focus, starting with its id."""
    end = page.index(" autofocus")
    return page[page.rindex(" id=", 0, end) + 1 : end]
