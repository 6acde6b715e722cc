"""PUT /portfolios/<id> and POST /portfolios/<id>/introduction/preview."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from roadmap.portfolio.models import Portfolio
from tests.support.cast import Cast

FORM = {
    "name": "For the panel",
    "headline": "ML engineer",
    "introduction": "I *build* things",
    "shows_email": "y",
    "shows_self_assessed": "y",
    "revision": "0",
}


def saved_values(session: Session, cast: Cast) -> tuple[str, str, bool, bool, int] | None:
    row = session.get(Portfolio, cast.alice, populate_existing=True)
    values = row and (
        *(row.headline, row.introduction),
        *(row.shows_email, row.shows_self_assessed, row.revision),
    )
    session.rollback()
    return values


def test_skills_can_be_left_out(session: Session, cast: Cast, browser_of) -> None:
    browser = browser_of(cast.alice)
    choices = {"shows_below_bar": "y", "left_out_skills": ["strategy", "mlops", "no-such"]}
    assert browser.put(f"/portfolios/{cast.alice}", {**FORM, **choices}).status_code == 303
    row = session.get_one(Portfolio, cast.alice)
    assert (row.shows_below_bar, row.left_out_skills) == (True, "mlops strategy")
    page = browser.get("/portfolio").text
    assert 'name="left_out_skills" value="mlops" checked' in page
    assert page.count("checked") == 5


def test_texts_are_saved_values(session: Session, cast: Cast, browser_of) -> None:
    browser = browser_of(cast.alice)

    answer = browser.put(f"/portfolios/{cast.alice}", {**FORM, "headline": " ML\x00  engineer "})

    assert answer.status_code == 303
    assert saved_values(session, cast) == ("ML engineer", "I *build* things", True, True, 1)
    page = browser.get("/portfolio").text
    assert 'value="ML engineer"' in page
    assert 'name="revision" type="hidden" value="1"' in page


def test_plain_form_is_saved_values(session: Session, cast: Cast, browser_of) -> None:
    assert (
        browser_of(cast.alice).post(f"/portfolios/{cast.alice}?_method=PUT", FORM).status_code
        == 303
    )
    assert saved_values(session, cast) is not None


def test_sign_in_is_required(session: Session, cast: Cast, browser_of) -> None:
    assert browser_of().put(f"/portfolios/{cast.alice}", FORM).status_code == 401
    assert (
        browser_of().post(f"/portfolios/{cast.alice}/introduction/preview", FORM).status_code == 401
    )
    assert saved_values(session, cast) is None


def test_portfolio_of_other_person_cannot_be_changed(
    session: Session, cast: Cast, browser_of
) -> None:
    browser_of(cast.bob).put(f"/portfolios/{cast.alice}", {**FORM, "user_id": str(cast.alice)})

    assert saved_values(session, cast) is None


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("headline", "x" * 201, "At most 200 characters"),
        ("introduction", "x" * 10_001, "At most 10000 characters"),
        ("revision", "newest", "revision"),
        ("revision", "", "revision"),
    ],
)
def test_invalid_input_is_rejected_and_shown_again(
    session: Session, cast: Cast, browser_of, field: str, value: str, message: str
) -> None:
    typed = {**FORM, "introduction": "typed with care", field: value}

    answer = browser_of(cast.alice).put(f"/portfolios/{cast.alice}", typed)

    assert answer.status_code == 422
    assert message in answer.text
    assert typed["introduction"] in answer.text
    assert saved_values(session, cast) is None


def test_stale_edit_shows_both_versions_and_overwrites_nothing(
    session: Session, cast: Cast, browser_of
) -> None:
    browser = browser_of(cast.alice)
    browser.put(f"/portfolios/{cast.alice}", {**FORM, "introduction": "from the first tab"})
    second = {**FORM, "introduction": "from the second tab"}

    answer = browser.put(f"/portfolios/{cast.alice}", second)

    assert answer.status_code == 409
    assert "from the first tab" in answer.text
    assert "from the second tab</textarea>" in answer.text
    assert saved_values(session, cast)[1] == "from the first tab"
    assert 'name="revision" type="hidden" value="1"' in answer.text
    assert browser.put(f"/portfolios/{cast.alice}", {**second, "revision": "1"}).status_code == 303
    assert saved_values(session, cast)[1] == "from the second tab"


def test_double_submit_is_saved_once(session: Session, cast: Cast, browser_of) -> None:
    browser = browser_of(cast.alice)

    assert [browser.put(f"/portfolios/{cast.alice}", FORM).status_code for _ in range(2)] == [
        303,
        303,
    ]
    assert saved_values(session, cast)[4] == 1


def test_preview_renders_and_saves_nothing(session: Session, cast: Cast, browser_of) -> None:
    browser = browser_of(cast.alice)

    page = browser.post(f"/portfolios/{cast.alice}/introduction/preview", FORM)
    fragment = browser.post(f"/portfolios/{cast.alice}/introduction/preview", FORM, fragment=True)

    for answer in (page, fragment):
        assert "I <em>build</em> things" in answer.text
    assert 'value="ML engineer"' in page.text
    assert "<html" not in fragment.text
    assert saved_values(session, cast) is None


def test_preview_removes_scripts_and_unsafe_links(cast: Cast, browser_of) -> None:
    form = {**FORM, "introduction": "<script>alert(1)</script>[x](javascript:alert(1))"}

    answer = browser_of(cast.alice).post(
        f"/portfolios/{cast.alice}/introduction/preview", form, fragment=True
    )

    assert "<script" not in answer.text
    assert 'href="javascript' not in answer.text
