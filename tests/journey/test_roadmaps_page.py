"""GET /roadmaps, PUT /roadmaps/<slug>/primary and DELETE /roadmaps/<slug>/enrollment"""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.career.models import Position
from roadmap.catalog import files
from roadmap.catalog.queries import published_roadmap
from roadmap.core.dates import PartialDate
from roadmap.people.models import HistoryEntry
from roadmap.progress import actions, queries
from roadmap.readiness.explanation import explain
from roadmap.readiness.models import ReadinessSummary
from roadmap.readiness.queries import person_record
from roadmap.readiness.tally import Tally
from roadmap.skills import actions as skills
from tests.support.cast import Cast
from tests.support.catalog import SHIPPED_SLUGS, enroll
from tests.support.markup import flat
from tests.support.sample_data import SLUG
from tests.support.statements import statements_of

STAFF, MANAGER = "staff-ml-engineer", "ml-engineering-manager"
SHARED = "build-or-buy-decision-revisited"
ALL = "/roadmaps?all"


def comparison_row(page: str, heading: str) -> list[str]:
    """Return the cells of a row of the comparison, one for each roadmap."""
    found = re.search(rf'<th scope="row">{heading}</th>(.*?)</tr>', flat(page))
    assert found, heading
    cells = re.findall(r"<td>(.*?)</td>", found[1])
    return [" ".join(re.sub("<[^>]+>", " ", cell).split()) for cell in cells]


def primary_slugs(session: Session, cast: Cast) -> list[str]:
    session.expire_all()
    return [each.slug for each in queries.enrollments(session, cast.alice) if each.is_primary]


def test_new_user_sees_all_roadmaps_in_content_order(cast: Cast, browser_of) -> None:
    """The content order is not alphabetical."""
    alice = browser_of(cast.alice)
    for path in ("/roadmaps", "/"):
        page = alice.get(path).text
        places = [page.index(f'href="/roadmaps/{slug}"') for slug in (SLUG, STAFF, MANAGER)]
        assert places == sorted(places)
    assert set(SHIPPED_SLUGS) == {SLUG, STAFF, MANAGER}
    page = alice.get("/roadmaps").text
    assert comparison_row(page, "You") == ["not on it"] * 3
    assert comparison_row(page, "Milestones done") == ["0 of 89", "0 of 50", "0 of 50"]
    assert comparison_row(page, "Readiness with what you have")[0] == "0.0 of 100 Getting started"


def test_see_its_stages_leads_to_the_stages(cast: Cast, browser_of) -> None:
    alice = browser_of(cast.alice)
    for path in ("/roadmaps", "/"):
        link = re.search(r'href="([^"]+)">See its stages', alice.get(path).text)
        assert link is not None
        address, _, anchor = link[1].partition("#")
        stages = alice.get(address).text.partition(f'id="{anchor}"')[2]
        assert anchor
        assert stages.index('class="stage-number"') < stages.index("</section>")


def test_comparison_shows_existing_progress_for_each_roadmap(
    session: Session, cast: Cast, now: dt.datetime, browser_of
) -> None:
    alice = cast.actor(session, cast.alice)
    enroll(session, cast.alice, now, SLUG)
    actions.set_status(session, cast.alice, SHARED, "done", now=now)
    skills.assess_self(session, cast.alice, "technical_direction", 3, by=alice, now=now)
    session.add(
        Position(
            user_id=cast.alice, title="Engineer", employer="Lichen", is_ml=True,
            started_on=PartialDate(now.date() - dt.timedelta(days=4 * 366)), ended_on=None,
        )
    )  # fmt: skip
    session.commit()

    page = browser_of(cast.alice).get(ALL).text

    assert [cell.partition(" ")[0] for cell in comparison_row(page, "You")] == [
        "started",
        "not",
        "not",
    ]
    assert comparison_row(page, "Milestones done") == ["1 of 89", "1 of 50", "0 of 50"]
    # Staff engineers need a higher skill level.
    assert comparison_row(page, "Skills at the bar") == ["1 of 8", "0 of 8", "1 of 12"]
    years = comparison_row(page, "Years recorded")
    assert [cell[:6] for cell in years] == ["4 of 5", "4 of 7", "4 of 5"]
    assert comparison_row(page, "Milestones shared")[1] == "3 with Senior ML Engineer"
    scores = [
        float(cell.split()[0]) for cell in comparison_row(page, "Readiness with what you have")
    ]
    assert all(scores)


def test_compared_readiness_matches_each_roadmap(
    session: Session, cast: Cast, now: dt.datetime, browser_of
) -> None:
    for slug in SHIPPED_SLUGS:
        enroll(session, cast.alice, now, slug)
    for path in files.shipped():
        key = files.read(path)["stages"][0]["objectives"][0]["milestones"][0]["key"]
        actions.set_status(session, cast.alice, key, "done", now=now)
    session.commit()
    page = browser_of(cast.alice).get(ALL).text
    shown = [cell.split()[0] for cell in comparison_row(page, "Readiness with what you have")]
    record = person_record(session, cast.alice)
    for slug, score in zip((SLUG, STAFF, MANAGER), shown, strict=True):
        content = published_roadmap(session, slug).content
        found = explain(Tally(content, record.own, record.today(now)))
        assert score == str(found.shown_score) != "0.0"


def test_statement_count_is_independent_of_progress(
    app, session: Session, cast: Cast, now: dt.datetime, browser_of
) -> None:
    alice = browser_of(cast.alice)
    enroll(session, cast.alice, now, SLUG)
    alice.get(ALL)
    before = statements_of(app, lambda: alice.get(ALL))
    enroll(session, cast.alice, now, STAFF)
    for objective in files.read(files.CONTENT / f"{STAFF}.yaml")["stages"][0]["objectives"]:
        for each in objective["milestones"]:
            actions.set_status(session, cast.alice, each["key"], "done", now=now)
    session.commit()
    assert len(statements_of(app, lambda: alice.get(ALL))) == len(before)


def test_roadmaps_redirects_to_enrolled_roadmap_that_links_all(
    session: Session, cast: Cast, now: dt.datetime, browser_of
) -> None:
    enroll(session, cast.alice, now, SLUG)
    alice = browser_of(cast.alice)
    assert alice.get("/roadmaps").location == f"/roadmaps/{SLUG}"
    assert f'href="{ALL}"' in alice.get(f"/roadmaps/{SLUG}").text


def test_primary_roadmap_can_be_changed(
    session: Session, cast: Cast, now: dt.datetime, browser_of
) -> None:
    enroll(session, cast.alice, now, SLUG)
    enroll(session, cast.alice, now, STAFF)
    alice = browser_of(cast.alice)
    assert primary_slugs(session, cast) == [SLUG]
    assert alice.get(ALL).text.count("Make it primary") == 1
    answer = alice.put(f"/roadmaps/{STAFF}/primary")
    assert (answer.status_code, answer.location) == (303, ALL + "=")
    assert primary_slugs(session, cast) == [STAFF]
    assert "“Staff ML Engineer” is now your primary roadmap." in alice.get(answer.location).text
    assert "0 of 50 milestones done" in alice.get("/").text
    # A roadmap without enrollment cannot be primary.
    assert alice.put(f"/roadmaps/{MANAGER}/primary").location == f"/roadmaps/{MANAGER}"
    assert primary_slugs(session, cast) == [STAFF]
    assert alice.put("/roadmaps/none/primary").status_code == 404


@pytest.mark.parametrize("left", [SLUG, STAFF])
def test_leaving_roadmap_keeps_progress(
    session: Session, cast: Cast, now: dt.datetime, browser_of, left: str
) -> None:
    enroll(session, cast.alice, now, SLUG)
    enroll(session, cast.alice, now, STAFF)
    actions.set_status(session, cast.alice, SHARED, "done", now=now)
    session.commit()
    alice = browser_of(cast.alice)
    before = comparison_row(alice.get(ALL).text, "Readiness with what you have")
    assert f"Leave “{'Staff' if left == STAFF else 'Senior'} ML Engineer”?" in alice.get(ALL).text

    answer = alice.delete(f"/roadmaps/{left}/enrollment")

    assert answer.status_code == 303
    assert "Your ticks and evidence are kept." in alice.get(answer.location).text
    # The remaining roadmap is primary.
    assert primary_slugs(session, cast) == [SLUG if left == STAFF else STAFF]
    assert queries.milestone_state(session, cast.alice, SHARED).status == "done"
    assert comparison_row(alice.get(ALL).text, "Readiness with what you have") == before
    assert session.scalar(sa.select(sa.func.count()).select_from(ReadinessSummary)) == 1
    newest = sa.select(HistoryEntry.action).order_by(HistoryEntry.id.desc()).limit(1)
    assert session.scalar(newest) == "enrollment.left"
    # A second submit changes nothing.
    assert alice.delete(f"/roadmaps/{left}/enrollment").status_code == 303

    alice.post(f"/roadmaps/{left}/enrollment", {})
    assert len(queries.enrollments(session, cast.alice)) == 2
    assert comparison_row(alice.get(ALL).text, "Readiness with what you have") == before


def test_user_can_enroll_again_after_leaving_last_roadmap(
    session: Session, cast: Cast, now: dt.datetime, browser_of
) -> None:
    enroll(session, cast.alice, now, SLUG)
    alice, bob = browser_of(cast.alice), browser_of(cast.bob)
    alice.delete(f"/roadmaps/{SLUG}/enrollment")
    for path in ("/", "/roadmaps", "/readiness", "/skills", "/evidence", "/portfolio"):
        assert alice.get(path).status_code == 200, path
    for path in ("/teams/ranking", f"/teams/ranking/people/{cast.alice}"):
        assert bob.get(path).status_code == 200, path
    enroll(session, cast.alice, now, STAFF)
    assert primary_slugs(session, cast) == [STAFF]
