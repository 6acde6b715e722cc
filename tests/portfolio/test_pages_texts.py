"""PUT /portfolios/<id> and POST /portfolios/<id>/introduction/preview"""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from roadmap.portfolio.models import Portfolio
from tests.support.cast import Cast

TEXTS = {
    "name": "For the panel",
    "headline": "ML engineer",
    "introduction": "I *build* things",
    "shows_email": "y",
    "shows_self_assessed": "y",
    "revision": "0",
}


def saved(session: Session, cast: Cast) -> tuple[str, str, bool, bool, int] | None:
    row = session.get(Portfolio, cast.alice, populate_existing=True)
    found = row and (
        *(row.headline, row.introduction),
        *(row.shows_email, row.shows_self_assessed, row.revision),
    )
    session.rollback()
    return found


def test_skills_are_left_out(session: Session, cast: Cast, browser_of) -> None:
    browser = browser_of(cast.alice)
    chosen = {"shows_below_bar": "y", "left_out_skills": ["strategy", "mlops", "no-such"]}
    assert browser.put(f"/portfolios/{cast.alice}", {**TEXTS, **chosen}).status_code == 303
    row = session.get_one(Portfolio, cast.alice)
    assert (row.shows_below_bar, row.left_out_skills) == (True, "mlops strategy")
    page = browser.get("/portfolio").text
    assert 'name="left_out_skills" value="mlops" checked' in page
    assert page.count("checked") == 5


def test_it_works(session: Session, cast: Cast, browser_of) -> None:
    browser = browser_of(cast.alice)

    answer = browser.put(f"/portfolios/{cast.alice}", {**TEXTS, "headline": " ML\x00  engineer "})

    assert answer.status_code == 303
    assert saved(session, cast) == ("ML engineer", "I *build* things", True, True, 1)
    page = browser.get("/portfolio").text
    assert 'value="ML engineer"' in page
    assert 'name="revision" type="hidden" value="1"' in page


def test_it_works_from_a_plain_form(session: Session, cast: Cast, browser_of) -> None:
    assert (
        browser_of(cast.alice).post(f"/portfolios/{cast.alice}?_method=PUT", TEXTS).status_code
        == 303
    )
    assert saved(session, cast) is not None


def test_it_needs_sign_in(session: Session, cast: Cast, browser_of) -> None:
    assert browser_of().put(f"/portfolios/{cast.alice}", TEXTS).status_code == 401
    assert (
        browser_of().post(f"/portfolios/{cast.alice}/introduction/preview", TEXTS).status_code
        == 401
    )
    assert saved(session, cast) is None


def test_it_hides_what_is_foreign(session: Session, cast: Cast, browser_of) -> None:
    browser_of(cast.bob).put(f"/portfolios/{cast.alice}", {**TEXTS, "user_id": str(cast.alice)})

    assert saved(session, cast) is None


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("headline", "x" * 201, "At most 200 characters"),
        ("introduction", "x" * 10_001, "At most 10000 characters"),
        ("revision", "newest", "revision"),
        ("revision", "", "revision"),
    ],
)
def test_it_rejects_bad_input(
    session: Session, cast: Cast, browser_of, field: str, value: str, said: str
) -> None:
    typed = {**TEXTS, "introduction": "typed with care", field: value}

    answer = browser_of(cast.alice).put(f"/portfolios/{cast.alice}", typed)

    assert answer.status_code == 422
    assert said in answer.text
    assert typed["introduction"] in answer.text
    assert saved(session, cast) is None


def test_a_stale_edit_shows_both_versions_and_overwrites_nothing(
    session: Session, cast: Cast, browser_of
) -> None:
    browser = browser_of(cast.alice)
    browser.put(f"/portfolios/{cast.alice}", {**TEXTS, "introduction": "from the first tab"})
    second = {**TEXTS, "introduction": "from the second tab"}

    answer = browser.put(f"/portfolios/{cast.alice}", second)

    assert answer.status_code == 409
    assert "from the first tab" in answer.text
    assert "from the second tab</textarea>" in answer.text
    assert saved(session, cast)[1] == "from the first tab"
    assert 'name="revision" type="hidden" value="1"' in answer.text
    assert browser.put(f"/portfolios/{cast.alice}", {**second, "revision": "1"}).status_code == 303
    assert saved(session, cast)[1] == "from the second tab"


def test_the_same_texts_sent_twice_are_saved_once(session: Session, cast: Cast, browser_of) -> None:
    browser = browser_of(cast.alice)

    assert [browser.put(f"/portfolios/{cast.alice}", TEXTS).status_code for _ in range(2)] == [
        303,
        303,
    ]
    assert saved(session, cast)[4] == 1


def test_the_preview_renders_and_saves_nothing(session: Session, cast: Cast, browser_of) -> None:
    browser = browser_of(cast.alice)

    page = browser.post(f"/portfolios/{cast.alice}/introduction/preview", TEXTS)
    fragment = browser.post(f"/portfolios/{cast.alice}/introduction/preview", TEXTS, fragment=True)

    for answer in (page, fragment):
        assert "I <em>build</em> things" in answer.text
    assert 'value="ML engineer"' in page.text
    assert "<html" not in fragment.text
    assert saved(session, cast) is None


def test_the_preview_lets_no_script_through(cast: Cast, browser_of) -> None:
    evil = {**TEXTS, "introduction": "<script>alert(1)</script>[x](javascript:alert(1))"}

    answer = browser_of(cast.alice).post(
        f"/portfolios/{cast.alice}/introduction/preview", evil, fragment=True
    )

    assert "<script" not in answer.text
    assert 'href="javascript' not in answer.text
