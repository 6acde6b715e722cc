"""POST /skills/<key>/assessments"""

from __future__ import annotations

import json

import pytest
from sqlalchemy.orm import Session

from roadmap.skills.queries import skills_of
from tests.support.cast import Cast
from tests.support.levels import latest_levels

PATH = "/skills/mlops/assessments"


def test_it_works(session: Session, cast: Cast, browser_of) -> None:
    browser = browser_of(cast.alice)

    answer = browser.post(PATH, {"level": "3", "comment": "On call\x00 since May"})

    assert answer.status_code == 303
    assert answer.location.endswith("/skills/mlops#history")
    assert latest_levels(session, cast.alice) == ({"mlops": 3}, {})
    page = browser.get("/skills/mlops").text
    assert "On call since May" in page


def test_it_leads_to_the_next_skill_until_all_are_assessed(
    session: Session, cast: Cast, browser_of
) -> None:
    browser = browser_of(cast.alice)
    keys = list(skills_of(session, cast.alice))
    said = "Next skill that you have not assessed:"
    assert said not in browser.get(f"/skills/{keys[-1]}").text
    # From the last one on it begins again at the first.
    for key, following in zip((keys[-1], *keys[:-1]), keys, strict=True):
        browser.post(f"/skills/{key}/assessments", {"level": "2"})
        page = browser.get(f"/skills/{key}").text
        assert (said in page) is (key != keys[-2])
        assert (f'href="/skills/{following}#assess"' in page) is (key != keys[-2])


def test_it_answers_with_the_row_and_the_radar(cast: Cast, browser_of) -> None:
    answer = browser_of(cast.alice).post(PATH, {"level": "3", "comment": ""}, fragment=True)

    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<tr id="skill-mlops">')
    assert '<div id="radar" hx-swap-oob="true">' in answer.text
    assert "At the bar" in answer.text
    assert answer.text.count("<tr") == 1
    assert json.loads(answer.headers["HX-Trigger"]) == {"announce": "MLOps: level 3 saved."}


def test_it_needs_sign_in(session: Session, cast: Cast, browser_of) -> None:
    answer = browser_of().post(PATH, {"level": "3"})

    assert answer.status_code == 401
    assert "password" in answer.text
    assert latest_levels(session, cast.alice) == ({}, {})


def test_it_hides_what_is_foreign(session: Session, cast: Cast, browser_of) -> None:
    browser_of(cast.mallory).post(PATH, {"level": "3", "user_id": str(cast.alice)})

    assert latest_levels(session, cast.alice) == ({}, {})


@pytest.mark.parametrize("fragment", [False, True])
@pytest.mark.parametrize("level", ["", "5", "-1", "3.5", "three", "٣"])
def test_it_rejects_bad_input(
    session: Session, cast: Cast, browser_of, level: str, fragment: bool
) -> None:
    answer = browser_of(cast.alice).post(
        PATH, {"level": level, "comment": "typed with care"}, fragment=fragment
    )

    assert answer.status_code == 422
    assert "Choose the highest level" in answer.text
    assert "typed with care" in answer.text
    assert latest_levels(session, cast.alice) == ({}, {})


def test_it_rejects_a_comment_too_long_and_keeps_it(
    session: Session, cast: Cast, browser_of
) -> None:
    comment = "word " * 500

    answer = browser_of(cast.alice).post(PATH, {"level": "3", "comment": comment})

    assert answer.status_code == 422
    assert "At most 2000 characters" in answer.text
    assert comment.strip() in answer.text
    assert latest_levels(session, cast.alice) == ({}, {})


def test_it_rejects_an_unknown_skill(cast: Cast, browser_of) -> None:
    answer = browser_of(cast.alice).post("/skills/juggling/assessments", {"level": "3"})

    assert answer.status_code == 404
