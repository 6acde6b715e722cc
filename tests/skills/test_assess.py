"""POST /skills/<key>/assessments"""

from __future__ import annotations

import json

import pytest
from sqlalchemy.orm import Session

from roadmap.skills.queries import load_user_skills
from tests.support.cast import Cast
from tests.support.levels import latest_levels

PATH = "/skills/mlops/assessments"


def test_assessment_is_saved_and_shown(session: Session, cast: Cast, browser_of) -> None:
    browser = browser_of(cast.alice)

    response = browser.post(PATH, {"level": "3", "comment": "On call\x00 since May"})

    assert response.status_code == 303
    assert response.location.endswith("/skills/mlops#history")
    assert latest_levels(session, cast.alice) == ({"mlops": 3}, {})
    page = browser.get("/skills/mlops").text
    assert "On call since May" in page


def test_page_links_to_the_next_unassessed_skill(session: Session, cast: Cast, browser_of) -> None:
    browser = browser_of(cast.alice)
    keys = list(load_user_skills(session, cast.alice))
    heading = "Next skill that you have not assessed:"
    assert heading not in browser.get(f"/skills/{keys[-1]}").text
    # After the last skill the link wraps around to the first.
    for key, following in zip((keys[-1], *keys[:-1]), keys, strict=True):
        browser.post(f"/skills/{key}/assessments", {"level": "2"})
        page = browser.get(f"/skills/{key}").text
        assert (heading in page) is (key != keys[-2])
        assert (f'href="/skills/{following}#assess"' in page) is (key != keys[-2])


def test_fragment_contains_row_and_radar(cast: Cast, browser_of) -> None:
    response = browser_of(cast.alice).post(PATH, {"level": "3", "comment": ""}, fragment=True)

    assert response.status_code == 200
    assert response.text.lstrip().startswith('<tr id="skill-mlops">')
    assert '<div id="radar" hx-swap-oob="true">' in response.text
    assert "At the bar" in response.text
    assert response.text.count("<tr") == 1
    assert json.loads(response.headers["HX-Trigger"]) == {"announce": "MLOps: level 3 saved."}


def test_assessment_requires_sign_in(session: Session, cast: Cast, browser_of) -> None:
    response = browser_of().post(PATH, {"level": "3"})

    assert response.status_code == 401
    assert "password" in response.text
    assert latest_levels(session, cast.alice) == ({}, {})


def test_user_id_in_the_form_is_ignored(session: Session, cast: Cast, browser_of) -> None:
    browser_of(cast.mallory).post(PATH, {"level": "3", "user_id": str(cast.alice)})

    assert latest_levels(session, cast.alice) == ({}, {})


@pytest.mark.parametrize("fragment", [False, True])
@pytest.mark.parametrize("level", ["", "5", "-1", "3.5", "three", "٣"])
def test_invalid_level_is_rejected_and_comment_kept(
    session: Session, cast: Cast, browser_of, level: str, fragment: bool
) -> None:
    response = browser_of(cast.alice).post(
        PATH, {"level": level, "comment": "typed with care"}, fragment=fragment
    )

    assert response.status_code == 422
    assert "Choose the highest level" in response.text
    assert "typed with care" in response.text
    assert latest_levels(session, cast.alice) == ({}, {})


def test_comment_above_the_length_limit_is_rejected_and_kept(
    session: Session, cast: Cast, browser_of
) -> None:
    comment = "word " * 500

    response = browser_of(cast.alice).post(PATH, {"level": "3", "comment": comment})

    assert response.status_code == 422
    assert "At most 2000 characters" in response.text
    assert comment.strip() in response.text
    assert latest_levels(session, cast.alice) == ({}, {})


def test_unknown_skill_is_not_found(cast: Cast, browser_of) -> None:
    response = browser_of(cast.alice).post("/skills/juggling/assessments", {"level": "3"})

    assert response.status_code == 404
