"""The list of teams and the matrix: who sees which people and figures."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from roadmap.catalog.models import Roadmap
from roadmap.people import actions as people
from roadmap.people.models import Team, User
from roadmap.progress import actions as progress
from roadmap.readiness.actions import recompute_all
from roadmap.readiness.models import ReadinessSummary
from roadmap.skills import actions as skills
from roadmap.teams.matrix import Matrix, percent, points, to_json
from roadmap.teams.queries import load_matrix, load_teams_overview
from tests.support.browser_client import BrowserOf
from tests.support.cast import Cast, add_user
from tests.support.markup import flat, without_csrf_token
from tests.support.sample_data import SLUG, SampleDataWriter
from tests.support.snapshot import Snapshot

WatchStatements = Callable[[], AbstractContextManager[list[str]]]
MATRIX = "/teams/ranking"


@pytest.fixture
def write(session: Session, cast: Cast, now: dt.datetime) -> SampleDataWriter:
    return SampleDataWriter(session, cast, now)


@pytest.fixture
def sample_data(snapshot: Snapshot, session: Session, now: dt.datetime) -> dict[str, str]:
    """The sample data with up-to-date readiness summaries, as the nightly job leaves them."""
    recompute_all(session, now=now)
    session.commit()
    return snapshot.ids


def names(page: str) -> list[str]:
    """Return the names in the table, from top to bottom."""
    return re.findall(r"<th scope=row><a [^>]*>([^<]*)</a>", page)


def row_of(page: str, name: str) -> str:
    found = re.search(rf"<tr><th scope=row><a [^>]*>{name}</a>.*?</tr>", page, re.DOTALL)
    assert found is not None, f"{name} has no row"
    return found.group()


def make_member(session: Session, name: str, team: uuid.UUID, now: dt.datetime) -> uuid.UUID:
    return add_user(session, name, team=team, created_at=now).id


def matrix_of(session: Session, cast: Cast, now: dt.datetime, **more: str) -> Matrix:
    team = session.get_one(Team, cast.team)
    return load_matrix(session, cast.actor(session, cast.bob), team, now=now, **more)


# --- The matrix -----------------------------------------------------------------------------------


def test_matrix_shows_readiness_stages_and_skills(
    sample_data: dict[str, str], cast: Cast, browser_of: BrowserOf
) -> None:
    page = browser_of(cast.bob).get(MATRIX).text
    assert names(page) == ["Alice", "Carol"]
    for words in (
        "Last activity",
        "Examples, not from this team",
        "of a stage's effort, 12% is verified",
        "two levels or more apart",
    ):
        assert words in page
    alice = row_of(page, "Alice")
    person_path = f"/teams/ranking/people/{cast.alice}"
    assert f"{person_path}?stage=leadership#stage-leadership'" in alice
    assert f"{person_path}/skills/mlops " in alice
    # The target of the link's anchor exists.
    linked_page = browser_of(cast.bob).get(f"{person_path}?stage=leadership").text
    assert 'id="stage-leadership" open' in linked_page
    # The linked page labels the figures of the cell.
    cell = re.search(r"Alice, [^:]+: (\d+) (\d+) (\d+)% verified", row_of(page, "Alice"))
    verified, evidenced, claimed = cell.groups()
    message = (
        f"{verified}% verified, {evidenced}% evidenced or better, {claimed}% claimed or better."
    )
    assert message in " ".join(linked_page.split())
    # Self 3, manager 2; the bar of MLOps is 3.
    assert "Alice, MLOps: 3 2 by self and manager, bar 3" in alice


def test_pages_require_sign_in(app: Flask, cast: Cast, browser_of: BrowserOf) -> None:
    for path in ("/teams", MATRIX, f"{MATRIX}/export/csv"):
        answer = browser_of().get(path)
        assert answer.status_code == 303
        assert answer.location.startswith("/login")


def test_matrix_is_hidden_from_members_and_other_managers(
    cast: Cast, browser_of: BrowserOf
) -> None:
    assert browser_of(cast.dave).get(MATRIX).status_code == 404
    assert browser_of(cast.alice).get(MATRIX).status_code == 403
    assert browser_of(cast.bob).get("/teams/vision").status_code == 404
    assert browser_of(cast.bob).get("/teams/nowhere").status_code == 404


def test_unknown_roadmap_is_404_and_odd_filters_are_ignored(
    sample_data: dict[str, str], cast: Cast, browser_of: BrowserOf
) -> None:
    bob = browser_of(cast.bob)
    assert bob.get(f"{MATRIX}?roadmap=nowhere").status_code == 404
    odd = "sort=%27%3B&order=up&verdict=x&team=vision&still=&q=%F0%9F%92%A9"
    assert bob.get(f"{MATRIX}?{odd}").status_code == 200
    assert names(bob.get(f"{MATRIX}?sort=password_hash&order=desc").text) == ["Alice", "Carol"]


def test_htmx_request_returns_only_the_table(
    sample_data: dict[str, str], cast: Cast, browser_of: BrowserOf
) -> None:
    bob = browser_of(cast.bob)
    part = bob.get(f"{MATRIX}?q=car", fragment=True)
    assert part.text.lstrip().startswith('<div id="matrix">')
    assert names(part.text) == ["Carol"]
    assert "1 person shown" in part.headers["HX-Trigger"]


def test_figures_match_the_shared_readiness_summary(
    sample_data: dict[str, str],
    session: Session,
    cast: Cast,
    now: dt.datetime,
    browser_of: BrowserOf,
) -> None:
    kept = session.scalars(
        sa.select(ReadinessSummary).where(ReadinessSummary.user_id == cast.alice)
    ).one()
    found = matrix_of(session, cast, now)
    alice = row_of(browser_of(cast.bob).get(MATRIX).text, "Alice")
    assert f"{points(kept.shared['score']):.1f} <span" in alice
    for key, tones in kept.shared["stages"].items():
        claimed, evidenced, verified = (
            percent(tones[tone]) for tone in ("claimed", "evidenced", "verified")
        )
        assert f": {verified} {evidenced} {claimed}% verified, evidenced, claimed" in alice, key
        figures = {"verified": verified, "evidenced": evidenced, "claimed": claimed}
        assert " ".join(f"<span class={name}>{n}</span>" for name, n in figures.items()) in alice
    assert to_json(found)["members"][0]["readiness"] == kept.shared["score"]


def test_drafts_and_private_evidence_change_no_byte(
    sample_data: dict[str, str],
    write: SampleDataWriter,
    session: Session,
    cast: Cast,
    browser_of: BrowserOf,
) -> None:
    paths = (MATRIX, f"{MATRIX}?sort=leadership", f"{MATRIX}/export/csv", f"{MATRIX}/export/xlsx")
    bob = browser_of(cast.bob)

    def seen() -> list[bytes]:
        return [
            without_csrf_token(bob.get(path).text).encode() for path in (*paths[:2], "/teams")
        ] + [bob.get(path).data for path in paths[2:]]

    before = seen()
    write.piece(cast.alice, 1, "talk", "CANARY draft", milestones=["external-conference-talk"])
    write.piece(
        cast.alice, 1, "certification", "CANARY private", visibility="private",
        milestones=["own-a-production-model"],
    )  # fmt: skip
    session.commit()
    assert seen() == before


def test_expired_or_missing_summaries_are_recomputed_on_read(
    sample_data: dict[str, str], session: Session, cast: Cast, now: dt.datetime
) -> None:
    """The result is the same as with a fresh summary."""
    later = now + dt.timedelta(days=400)
    recompute_all(session, now=later)
    session.commit()
    fresh = to_json(matrix_of(session, cast, later))
    recompute_all(session, now=now)
    session.commit()
    kept = session.scalars(sa.select(ReadinessSummary.valid_until)).all()
    assert any(day is not None and day < later.date() for day in kept)
    assert to_json(matrix_of(session, cast, later)) == fresh
    session.execute(sa.delete(ReadinessSummary).where(ReadinessSummary.user_id == cast.carol))
    assert to_json(matrix_of(session, cast, later)) == fresh


def test_row_of_a_person_not_on_the_roadmap_shows_skills_only(
    sample_data: dict[str, str],
    session: Session,
    cast: Cast,
    now: dt.datetime,
    browser_of: BrowserOf,
) -> None:
    newt_id = make_member(session, "Newt", cast.team, now)
    session.commit()
    page = browser_of(cast.bob).get(MATRIX).text
    newt = row_of(page, "Newt")
    assert "Not on this roadmap" in newt
    assert "3 people, 2 on Senior ML Engineer" in " ".join(page.split())
    assert "<td class=readiness" not in newt
    assert "<td class=tones" not in newt
    # Skills are shown nevertheless: an assessment needs no roadmap.
    bob = cast.actor(session, cast.bob)
    skills.assess_other(session, newt_id, "mlops", 1, "", by=bob, now=now)
    skills.assess_other(session, newt_id, "mlops", 4, "", by=bob, now=now)
    session.commit()
    newt = row_of(browser_of(cast.bob).get(MATRIX).text, "Newt")
    assert "Newt, MLOps: self not yet, manager 4, bar 3" in newt
    assert f"/people/{newt_id}/skills/mlops " in newt
    assert (
        browser_of(cast.bob).get(f"/teams/ranking/people/{newt_id}/skills/mlops").status == "200 OK"
    )


def test_links_of_a_person_not_on_the_shown_roadmap_work(
    other_roadmap: str,
    sample_data: dict[str, str],
    session: Session,
    cast: Cast,
    now: dt.datetime,
    browser_of: BrowserOf,
) -> None:
    other = session.scalars(sa.select(Roadmap).where(Roadmap.slug == other_roadmap)).one()
    progress.enroll(session, cast.carol, other.id, now=now)
    session.commit()
    bob = browser_of(cast.bob)
    page = bob.get(f"{MATRIX}?roadmap=another-way").text
    assert "?roadmap=another-way" in row_of(page, "Carol")
    alice = row_of(page, "Alice")
    assert "Not on this roadmap" in alice
    addresses = set(re.findall(r"href='?([^' >]+)", alice))
    assert len(addresses) > 8
    for address in addresses:
        assert bob.get(address.replace("&amp;", "&")).status_code == 200, address


def test_matrix_omits_the_viewer_and_deactivated_users(
    sample_data: dict[str, str],
    session: Session,
    cast: Cast,
    now: dt.datetime,
    browser_of: BrowserOf,
) -> None:
    gone = make_member(session, "Gone", cast.team, now)
    team = session.get_one(Team, cast.team)
    people.add_member(session, team, cast.dave, "manager", by=None, now=now)
    session.execute(sa.update(User).where(User.id == gone).values(deactivated_at=now))
    session.commit()
    assert names(browser_of(cast.bob).get(MATRIX).text) == ["Alice", "Carol"]
    # A second manager sees the same members.
    assert names(browser_of(cast.dave).get(MATRIX).text) == ["Alice", "Carol"]


def test_people_of_nested_teams_are_listed_once(
    sample_data: dict[str, str],
    session: Session,
    cast: Cast,
    now: dt.datetime,
    browser_of: BrowserOf,
) -> None:
    nested = people.create_team(
        session, slug="retrieval", name="Retrieval", parent_id=cast.team, by=None, now=now
    )
    nina = make_member(session, "Nina", nested.id, now)
    people.add_member(session, nested, cast.carol, "member", by=None, now=now)
    session.commit()
    bob = browser_of(cast.bob)
    page = bob.get(MATRIX).text
    assert names(page) == ["Alice", "Carol", "Nina"]
    assert "Ranking, Retrieval" in row_of(page, "Carol")
    assert names(bob.get(f"{MATRIX}?team=retrieval").text) == ["Carol", "Nina"]
    assert names(bob.get("/teams/retrieval").text) == ["Carol", "Nina"]
    people.remove_member(session, nested, nina, by=None, now=now)
    session.commit()
    assert names(bob.get(MATRIX).text) == ["Alice", "Carol"], "removal takes effect at once"


def test_gap_of_two_levels_is_marked(
    sample_data: dict[str, str],
    session: Session,
    cast: Cast,
    now: dt.datetime,
    browser_of: BrowserOf,
) -> None:
    bob = cast.actor(session, cast.bob)
    skills.assess_other(session, cast.alice, "communication", 1, "", by=bob, now=now)
    session.commit()
    alice = row_of(browser_of(cast.bob).get(MATRIX).text, "Alice")
    assert "3 1 by self and manager, bar 3; two levels or more apart" in alice
    levels = "<span class=own-level>3</span> {} <span class=manager-level>1</span>"
    assert levels.format("<span class=arrow-down></span>") in alice


def test_sort_links_toggle_the_order_and_keep_the_filter(
    sample_data: dict[str, str], cast: Cast, browser_of: BrowserOf
) -> None:
    bob = browser_of(cast.bob)
    first = bob.get(f"{MATRIX}?q=a").text
    assert re.search(r'<th scope="col" class="name" rowspan="2" aria-sort="ascending">', first)
    address = re.search(r'id="by-readiness" href="([^"]+)"', first)
    assert address is not None
    there = bob.get(address.group(1).replace("&amp;", "&")).text
    assert names(there) == ["Alice", "Carol"]
    assert 'aria-sort="descending"><a id="by-readiness"' in flat(there)
    assert 'value="a"' in there, "the filter stays"
    back = re.search(r'id="by-readiness" href="([^"]+)"', there)
    assert back is not None
    assert names(bob.get(back.group(1).replace("&amp;", "&")).text) == ["Carol", "Alice"]


def test_inactive_filter_lists_people_without_recent_activity(
    sample_data: dict[str, str], write: SampleDataWriter, cast: Cast, browser_of: BrowserOf
) -> None:
    write.status(cast.alice, "own-a-production-model", 0)
    write.session.execute(
        sa.update(ReadinessSummary)
        .where(ReadinessSummary.user_id == cast.carol)
        .values(shared_last_activity_on=write.day(30))
    )
    write.session.commit()
    page = browser_of(cast.bob).get(f"{MATRIX}?still=1").text
    assert names(page) == ["Carol"]
    assert "30 days ago" in row_of(page, "Carol")


def test_names_are_escaped(
    sample_data: dict[str, str], session: Session, cast: Cast, browser_of: BrowserOf
) -> None:
    name = "<b>'\"&</b>"
    session.execute(sa.update(User).where(User.id == cast.alice).values(name=name))
    session.commit()
    page = browser_of(cast.bob).get(MATRIX).text
    assert "<b>'" not in page
    assert "&lt;b&gt;&#39;&#34;&amp;&lt;/b&gt;, MLOps" in page


def test_statement_count_does_not_grow_with_people(
    sample_data: dict[str, str],
    session: Session,
    cast: Cast,
    now: dt.datetime,
    browser_of: BrowserOf,
    statements: WatchStatements,
    write: SampleDataWriter,
) -> None:
    bob = browser_of(cast.bob)

    def count_statements() -> dict[str, int]:
        counts = {}
        for path in (MATRIX, f"{MATRIX}?sort=readiness&q=a", f"{MATRIX}/export/csv", "/teams"):
            bob.get(path)
            with statements() as seen:
                assert bob.get(path).status_code == 200
            counts[path] = len(seen)
        return counts

    make_member(session, "Newt", cast.team, now)
    session.commit()
    before = count_statements()
    make_member(session, "Eft", cast.team, now)
    for number in range(4):
        person_id = make_member(session, f"Person {number}", cast.team, now)
        write.enroll(person_id, 20)
        write.status(person_id, "point-in-time-sql", 3)
    session.commit()
    assert count_statements() == before
    # /teams needs one more, for the invitations to the viewer.
    assert before[MATRIX] <= 8
    assert before["/teams"] <= 9
    # Recomputing expired summaries takes a few more statements, independent of the people.
    session.execute(sa.update(ReadinessSummary).values(valid_until=dt.date(2020, 1, 1)))
    session.commit()
    [more] = {count - before[path] for path, count in count_statements().items()}
    assert more <= 10


def test_matrix_shows_the_followed_roadmap_by_default(
    sample_data: dict[str, str],
    session: Session,
    cast: Cast,
    now: dt.datetime,
    browser_of: BrowserOf,
) -> None:
    found = matrix_of(session, cast, now)
    assert [(each.slug, each.people) for each in found.roadmaps] == [(SLUG, 2)]
    assert found.roadmap == SLUG
    assert matrix_of(session, cast, now, roadmap=SLUG) == found
    with pytest.raises(LookupError):
        matrix_of(session, cast, now, roadmap="nowhere")


def test_load_matrix_rejects_actors_who_do_not_manage_the_team(
    sample_data: dict[str, str], session: Session, cast: Cast, now: dt.datetime
) -> None:
    team = session.get_one(Team, cast.team)
    for actor_id in (cast.dave, cast.alice, cast.erin):
        with pytest.raises(LookupError):
            load_matrix(session, cast.actor(session, actor_id), team, now=now)


# --- The list of teams ----------------------------------------------------------------------------


def test_member_sees_who_can_see_shared_data(cast: Cast, browser_of: BrowserOf) -> None:
    page = browser_of(cast.alice).get("/teams").text
    assert "Bob can see what you share" in page
    assert "/teams/ranking/membership" in page
    assert 'href="/teams/ranking"' not in page, "the matrix is not for members"


def test_person_in_no_team_is_told_so(cast: Cast, browser_of: BrowserOf) -> None:
    assert "You are not in a team yet" in browser_of(cast.mallory).get("/teams").text


def test_administrator_in_no_team_sees_the_number_of_teams(
    cast: Cast, browser_of: BrowserOf
) -> None:
    page = browser_of(cast.erin).get("/teams").text
    assert "You are not in a team yet" not in page
    assert "You administer 2 teams." in page
    assert '<a class="button" href="/admin/teams">See all teams</a>' in page


def test_manager_sees_nested_teams_as_a_tree(
    sample_data: dict[str, str],
    session: Session,
    cast: Cast,
    now: dt.datetime,
    browser_of: BrowserOf,
) -> None:
    nested = people.create_team(
        session, slug="retrieval", name="Retrieval", parent_id=cast.team, by=None, now=now
    )
    make_member(session, "Nina", nested.id, now)
    session.commit()
    found = load_teams_overview(session, cast.actor(session, cast.bob), now)
    assert [(team.slug, team.depth, team.people, team.enrolled) for team in found.teams] == [
        ("ranking", 0, 3, 2),
        ("retrieval", 1, 1, 0),
    ]
    assert found.people == 3
    assert sum(found.teams[0].verdicts.values()) == 2
    assert 0 < found.teams[0].verified < found.teams[0].evidenced < found.teams[0].claimed < 1
    page = browser_of(cast.bob).get("/teams").text
    assert page.index('class="depth-0"') < page.index('class="depth-1"')
    assert "1 not on a roadmap" in page


def test_cyclic_team_nesting_does_not_loop(
    session: Session, cast: Cast, now: dt.datetime, browser_of: BrowserOf
) -> None:
    """No action creates a cycle, but a restored database may contain one."""
    nested = people.create_team(
        session, slug="retrieval", name="Retrieval", parent_id=cast.team, by=None, now=now
    )
    session.execute(sa.update(Team).where(Team.id == cast.team).values(parent_id=nested.id))
    session.commit()
    bob = browser_of(cast.bob)
    assert bob.get("/teams").status_code == bob.get(MATRIX).status_code == 200
    found = load_teams_overview(session, cast.actor(session, cast.bob), now)
    assert sorted(team.slug for team in found.teams) == ["ranking", "retrieval"]


def test_inactive_people_are_listed_longest_first(
    sample_data: dict[str, str], session: Session, cast: Cast, now: dt.datetime
) -> None:
    later = now + dt.timedelta(days=50)
    make_member(session, "Nina", cast.team, now + dt.timedelta(days=40))
    found = load_teams_overview(session, cast.actor(session, cast.bob), later)
    assert [person.name for person in found.inactive] == ["Alice", "Carol"]
    first, second = (person.last_activity_on for person in found.inactive)
    assert first is not None
    assert second is not None
    assert first < second <= (later - dt.timedelta(days=21)).date()
    assert found.inactive[0].href == f"/teams/ranking/people/{cast.alice}"


def test_teams_overview_statement_count_does_not_grow_with_people(
    sample_data: dict[str, str],
    session: Session,
    cast: Cast,
    now: dt.datetime,
    statements: WatchStatements,
    write: SampleDataWriter,
) -> None:
    def count_statements() -> int:
        bob = cast.actor(session, cast.bob)
        with statements() as seen:
            load_teams_overview(session, bob, now)
        return len(seen)

    before = count_statements()
    for number in range(3):
        write.enroll(make_member(session, f"Person {number}", cast.team, now), 20)
    session.commit()
    assert count_statements() == before <= 4
