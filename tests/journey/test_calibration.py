"""GET and PUT /roadmaps/<slug>/calibration: mark completed work, and preview before enrolling."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from roadmap.people.models import User
from roadmap.progress.models import Enrollment, MilestoneStatus

PAGE = "/roadmaps/senior-ml-engineer"
FORM = f"{PAGE}/calibration"


@pytest.fixture
def alice(cast, browser_of):
    browser = browser_of(cast.alice)
    answer = browser.post(f"{PAGE}/enrollment", {})
    assert answer.headers["Location"] == FORM
    return browser


@pytest.fixture
def objectives(alice) -> list[str]:
    """Return the keys of the objectives, in order."""
    return list(dict.fromkeys(re.findall(r'name="objective-([\w-]+)"', alice.get(FORM).text)))


def milestone_keys(browser, objective: str) -> list[str]:
    """Return the keys of an objective's milestones."""
    page = browser.get(FORM).text
    return re.findall(rf'name="milestones-{objective}" type="checkbox" value="([\w-]+)"', page)


def statuses(session, person) -> dict[str, str]:
    rows = session.execute(
        sa.select(MilestoneStatus.milestone_key, MilestoneStatus.status).where(
            MilestoneStatus.user_id == person
        )
    )
    return {row.milestone_key: row.status for row in rows}


def test_calibration_completes_objectives_and_skips_stage(alice, cast, session, objectives):
    first, second = milestone_keys(alice, objectives[0]), milestone_keys(alice, objectives[1])
    answer = alice.put(
        FORM,
        {
            "timezone": "Europe/Stockholm",
            "hours_per_week": "4.5",
            "target_on": "2040-01-01",
            f"objective-{objectives[0]}": "all",
            f"objective-{objectives[1]}": "some",
            f"milestones-{objectives[1]}": second[1],
            "aside-education": "y",
            "reason-education": "I build on experience instead.",
        },
    )
    assert answer.headers["Location"] == PAGE
    found = statuses(session, cast.alice)
    assert {key for key, status in found.items() if status == "done"} == {*first, second[1]}
    assert sum(status == "not_applicable" for status in found.values()) == 8
    person = session.get_one(User, cast.alice)
    assert person.timezone == "Europe/Stockholm"
    enrolled = session.scalars(sa.select(Enrollment)).one()
    assert (str(enrolled.hours_per_week), str(enrolled.target_on)) == ("4.5", "2040-01-01")
    page = alice.get(PAGE).text
    assert f"{len(first) + 1} milestones count now" in page
    assert re.search(r"Best next evidence: \+\d.* points", page)
    assert f"{len(first) + 1} claimed; " in page
    assert "0 verified." not in page


def test_calibration_form_shows_and_changes_saved_answers(alice, cast, session, objectives):
    key = objectives[0]
    alice.put(FORM, {"timezone": "UTC", f"objective-{key}": "all"})
    assert "row-undo" not in alice.get(PAGE).text, "changes are made on the form"
    page = alice.get(FORM).text
    assert re.search(rf'<input checked [^>]*name="objective-{key}" type="radio" value="all"', page)
    assert re.search(rf'<input checked [^>]*name="objective-{objectives[1]}"[^>]*"none"', page)
    # Objectives without an answer stay unchanged.
    alice.put(FORM, {"timezone": "UTC", f"objective-{objectives[1]}": "none"})
    assert len(statuses(session, cast.alice)) == len(milestone_keys(alice, key))
    alice.put(FORM, {"timezone": "UTC", f"objective-{key}": "none"})
    session.rollback()
    assert statuses(session, cast.alice) == {}


def test_answer_all_keeps_not_applicable_milestone(alice, cast, session, objectives):
    skipped, other = milestone_keys(alice, objectives[0])[:2]
    path = f"{PAGE}/milestones/{skipped}/status"
    alice.put(path, {"status": "not_applicable", "reason": "I have a degree."})
    alice.put(FORM, {"timezone": "UTC", f"objective-{objectives[0]}": "all"})
    found = statuses(session, cast.alice)
    assert (found[skipped], found[other]) == ("not_applicable", "done")


def test_skipped_stage_can_be_resumed(alice, cast, session):
    reason = {"reason-education": "I build on experience instead."}
    alice.put(FORM, {"timezone": "UTC", "aside-education": "y", **reason})
    alice.put(FORM, {"timezone": "UTC", **reason})
    assert statuses(session, cast.alice) == {}


def test_invalid_calibration_is_rejected_with_its_input(alice, objectives):
    rejected = alice.put(
        FORM,
        {
            "timezone": "Nowhere/Land",
            "target_on": "2001-01-01",
            f"objective-{objectives[2]}": "some",
            "aside-education": "y",
            "reason-education": " ",
        },
    )
    assert rejected.status_code == 422
    assert "Choose a day after today" in rejected.text
    assert "Say in a sentence why" in rejected.text
    assert re.search(rf'checked [^>]*name="objective-{objectives[2]}"[^>]*"some"', rejected.text)


def test_answer_some_needs_a_milestone(alice, cast, session, objectives):
    first, second = objectives[:2]
    done = milestone_keys(alice, second)[0]
    answers = {
        "timezone": "UTC",
        f"objective-{first}": "some",
        f"objective-{second}": "some",
        f"milestones-{second}": done,
    }
    rejected = alice.put(FORM, answers)
    assert rejected.status_code == 422
    error = rejected.text.split(f'id="objective-{first}-error">')[1].split("</p>")[0]
    assert error == "You chose “Some”: tick the ones that you have done."
    assert f'id="objective-{second}-error"' not in rejected.text
    for objective in (first, second):
        assert re.search(rf'checked [^>]*name="objective-{objective}"[^>]*"some"', rejected.text)
    assert re.search(rf'<input checked [^>]*value="{done}"', rejected.text)
    assert statuses(session, cast.alice) == {}


def test_hidden_answer_of_a_skipped_stage_is_not_required(alice):
    page = alice.get(FORM).text.split('name="aside-education"')[1]
    objective = re.search(r'name="objective-([\w-]+)"', page)[1]
    answers = {"timezone": "UTC", "reason-education": "I build on experience instead."}
    answers[f"objective-{objective}"] = "some"
    assert alice.put(FORM, answers).status_code == 422
    assert alice.put(FORM, {**answers, "aside-education": "y"}).status_code == 303


def test_stages_and_milestones_are_readable_before_enrolling(browser_of, cast):
    carol = browser_of(cast.carol)
    for path in ("/education", "/milestones/algorithms-ml-systems-use"):
        page = carol.get(f"{PAGE}{path}")
        assert page.status_code == 200
        assert page.text.count("Start this roadmap") == 1
        assert "completion" not in page.text
    assert "Done when" in page.text
    assert "A tested repository holds a hash map" in page.text
    assert carol.get(f"{PAGE}/milestones/nothing").status_code == 404
    assert carol.get(f"{PAGE}/nothing").status_code == 404


def test_calibration_keeps_completion_from_another_tab(alice, cast, session, objectives):
    key = milestone_keys(alice, objectives[0])[0]
    shown = re.search(r'name="shown"[^>]*value="([^"]*)"', alice.get(FORM).text)[1]
    alice.put(f"{PAGE}/milestones/{key}/completion")
    form = {"timezone": "UTC", "shown": shown, f"objective-{objectives[0]}": "none"}
    assert alice.put(FORM, form).status_code == 303
    session.rollback()
    assert statuses(session, cast.alice) == {key: "done"}
    # The reopened form shows the completion, and "none" reverts it.
    shown = re.search(r'name="shown"[^>]*value="([^"]*)"', alice.get(FORM).text)[1]
    assert key in shown.split()
    alice.put(FORM, {**form, "shown": shown})
    session.rollback()
    assert statuses(session, cast.alice).get(key) != "done"
