"""PUT and DELETE …/items/<id>, PUT …/items, PUT …/items/<id>/place, below /portfolios/<id>."""

from __future__ import annotations

import json
import uuid

import pytest
from sqlalchemy.orm import Session

from roadmap.core.dates import PartialDate
from roadmap.portfolio import actions
from roadmap.portfolio.selection import load_selection
from tests.portfolio import evidence_rows
from tests.support.cast import Cast


def shown(session: Session, cast: Cast) -> list[str]:
    chosen = load_selection(session, cast.alice, cast.alice, evidence_rows.DAY).shown
    titles = [piece.title for piece in chosen]
    session.rollback()
    return titles


@pytest.fixture
def three(session: Session, cast: Cast) -> dict[str, uuid.UUID]:
    """Pieces a, b and c of Alice's, shown in this order."""
    made = {
        title: evidence_rows.add(session, cast.alice, title, at=at * 10).id
        for at, title in enumerate("abc")
    }
    session.commit()
    return made


def test_it_works(session: Session, cast: Cast, browser_of) -> None:
    path = f"/portfolios/{cast.alice}/items/{evidence_rows.add(session, cast.alice, 'Design').id}"
    session.commit()
    browser = browser_of(cast.alice)

    assert browser.post(f"{path}?_method=PUT").status_code == 303
    assert browser.put(path).status_code == 303, "twice is once"
    assert shown(session, cast) == ["Design"]
    assert browser.post(f"{path}?_method=DELETE").status_code == 303
    assert browser.delete(path).status_code == 303
    assert shown(session, cast) == []


def test_it_works_as_a_fragment(session: Session, cast: Cast, browser_of) -> None:
    piece = evidence_rows.add(session, cast.alice, "Design")
    session.commit()
    browser = browser_of(cast.alice)

    chosen = browser.put(f"/portfolios/{cast.alice}/items/{piece.id}", fragment=True)
    left = browser.delete(f"/portfolios/{cast.alice}/items/{piece.id}", fragment=True)

    assert chosen.text.lstrip().startswith('<div id="pieces">')
    assert "<html" not in chosen.text
    assert json.loads(chosen.headers["HX-Trigger"]) == {"announce": "Design is shown."}
    assert json.loads(left.headers["HX-Trigger"]) == {"announce": "Design is removed."}
    for answer in (chosen, left):
        assert answer.text.count("autofocus") == 1


def test_what_has_lapsed_is_added_by_itself(session: Session, cast: Cast, browser_of) -> None:
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
    assert shown(session, cast) == ["Valid"]
    browser.put(f"/portfolios/{cast.alice}/items/{lapsed.id}")
    assert shown(session, cast) == ["Valid", "Lapsed"]


def test_drafts_of_somebody_whom_nobody_can_review_are_added_with_the_others(
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


def test_all_that_may_be_shown_is_added_at_once(session: Session, cast: Cast, browser_of) -> None:
    evidence_rows.add(session, cast.alice, "First choice", at=4)
    for title in ("older", "newer"):
        evidence_rows.add(session, cast.alice, title, state="submitted")
    evidence_rows.add(session, cast.alice, "Draft")
    evidence_rows.add(session, cast.alice, "House", visibility="team")
    evidence_rows.add(session, cast.alice, "Own", visibility="private")
    evidence_rows.add(session, cast.carol, "Carol's")
    session.commit()

    assert browser_of(cast.alice).put(f"/portfolios/{cast.alice}/items").status_code == 303
    assert shown(session, cast) == ["First choice", "newer", "older"]
    assert (
        browser_of(cast.alice).put(f"/portfolios/{cast.alice}/items", fragment=True).status_code
        == 200
    )


def test_a_draft_is_marked_and_its_page_says_that_it_is_public(
    session: Session, cast: Cast, browser_of
) -> None:
    draft = evidence_rows.add(session, cast.alice, "Unfinished")
    session.commit()
    browser = browser_of(cast.alice)
    page = browser.get("/portfolio").text
    assert "Draft</span>" in page
    assert "Evidenced" not in page
    assert '/items"' not in page
    address = f"/evidence/{draft.id}"
    assert "in your portfolio;" not in browser.get(address).text
    browser.put(f"/portfolios/{cast.alice}/items/{draft.id}")
    assert "no public link shows it now" in browser.get(address).text
    browser.post("/portfolio/links", {"label": "", "lives": "30"})
    page = browser.get(address).text
    assert "Public now" in page
    assert "Anyone with your public link sees it. In Cairn, no manager sees a draft." in page


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
def test_a_piece_is_moved(
    session: Session, cast: Cast, browser_of, three, moved: str, to: int, order: str
) -> None:
    path = f"/portfolios/{cast.alice}/items/{three[moved]}/place"

    assert browser_of(cast.alice).put(path, {"to": str(to)}).status_code == 303
    assert "".join(shown(session, cast)) == order


def test_a_moved_piece_keeps_the_focus(cast: Cast, browser_of, three) -> None:
    browser = browser_of(cast.alice)

    middle = browser.put(
        f"/portfolios/{cast.alice}/items/{three['c']}/place?way=up", {"to": "1"}, fragment=True
    )
    top = browser.put(
        f"/portfolios/{cast.alice}/items/{three['c']}/place?way=up", {"to": "0"}, fragment=True
    )

    assert _focused(middle.text).startswith(f'id="up-{three["c"]}"')
    assert _focused(top.text).startswith(f'id="down-{three["c"]}"'), "up is disabled at the top"


def test_hidden_pieces_are_in_nobodys_way(session: Session, cast: Cast, browser_of, three) -> None:
    evidence_rows.add(session, cast.alice, "hidden", visibility="private", at=15)
    session.commit()

    browser_of(cast.alice).put(f"/portfolios/{cast.alice}/items/{three['c']}/place", {"to": "1"})

    assert "".join(shown(session, cast)) == "acb"


def test_it_needs_sign_in(session: Session, cast: Cast, browser_of, three) -> None:
    browser = browser_of()
    for method, path in _requests(cast.alice, three["a"]):
        assert browser.send(method, path, {"to": "2"}).status_code == 401
    assert shown(session, cast) == ["a", "b", "c"]


@pytest.mark.parametrize("name", ["bob", "carol", "erin", "mallory"])
@pytest.mark.parametrize("state", ["draft", "submitted"])
def test_it_hides_what_is_foreign(
    session: Session, cast: Cast, browser_of, name: str, state: str
) -> None:
    piece = evidence_rows.add(session, cast.alice, "a", at=0, state=state)
    session.commit()
    browser = browser_of(getattr(cast, name))
    seen = 403 if (name, state) == ("bob", "submitted") else 404

    for method, path in _requests(getattr(cast, name), piece.id):
        assert browser.send(method, path, {"to": "0"}).status_code == seen
    assert shown(session, cast) == ["a"]


@pytest.mark.parametrize("visibility", ["private", "team"])
@pytest.mark.parametrize("fragment", [False, True])
def test_it_rejects_what_may_not_be_shown(
    session: Session, cast: Cast, browser_of, visibility: str, fragment: bool
) -> None:
    piece = evidence_rows.add(session, cast.alice, visibility=visibility)
    session.commit()

    answer = browser_of(cast.alice).put(
        f"/portfolios/{cast.alice}/items/{piece.id}", fragment=fragment
    )

    assert answer.status_code == 422
    assert "This piece is not for the portfolio" in answer.text
    assert shown(session, cast) == []


@pytest.mark.parametrize("to", ["", "-1", "up", "99999999999999999999"])
def test_it_rejects_bad_input(session: Session, cast: Cast, browser_of, three, to: str) -> None:
    browser = browser_of(cast.alice)

    assert (
        browser.put(f"/portfolios/{cast.alice}/items/{three['a']}/place", {"to": to}).status_code
        == 422
    )
    assert (
        browser.put(f"/portfolios/{cast.alice}/items/{uuid.uuid4()}/place", {"to": "1"}).status_code
        == 404
    )
    assert browser.put(f"/portfolios/{cast.alice}/items/none").status_code == 404
    assert shown(session, cast) == ["a", "b", "c"]


def test_it_rejects_to_move_what_is_not_shown(session: Session, cast: Cast, browser_of) -> None:
    piece = evidence_rows.add(session, cast.alice)
    session.commit()

    answer = browser_of(cast.alice).put(
        f"/portfolios/{cast.alice}/items/{piece.id}/place", {"to": "0"}
    )

    assert answer.status_code == 404


def test_a_full_portfolio_says_so(session: Session, cast: Cast, browser_of) -> None:
    for at in range(actions.MAX_ITEMS):
        evidence_rows.add(session, cast.alice, at=at)
    more = evidence_rows.add(session, cast.alice, "One more")
    session.commit()
    browser = browser_of(cast.alice)

    answer = browser.put(f"/portfolios/{cast.alice}/items/{more.id}")
    browser.put(f"/portfolios/{cast.alice}/items")

    assert answer.status_code == 422
    assert "Remove one first" in answer.text
    assert len(shown(session, cast)) == actions.MAX_ITEMS


def _requests(owner: uuid.UUID, evidence_id: uuid.UUID) -> list[tuple[str, str]]:
    path = f"/portfolios/{owner}/items/{evidence_id}"
    return [("PUT", path), ("DELETE", path), ("PUT", f"{path}/place")]


def _focused(page: str) -> str:
    """The opening tag that takes the focus, from its id on."""
    end = page.index(" autofocus")
    return page[page.rindex(" id=", 0, end) + 1 : end]
