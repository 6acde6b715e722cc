"""A person's page for managers: /teams/<slug>/people/<id>"""

from __future__ import annotations

import datetime as dt
import re
import uuid
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.account.actions import set_preference
from roadmap.career import actions as career
from roadmap.career.models import Degree, Position
from roadmap.catalog.queries import published_roadmap
from roadmap.core.dates import PartialDate
from roadmap.evidence import actions as evidence
from roadmap.evidence.item import Impact
from roadmap.evidence.models import Evidence
from roadmap.people.actions import add_member, create_team, remove_member
from roadmap.people.models import Team, User
from roadmap.progress import actions as progress
from roadmap.readiness.models import ReadinessSummary
from roadmap.skills import actions as skills
from roadmap.teams import routes_person
from tests.evidence.builders import (
    DESIGN,
    LATENCY,
    LEVELS,
    MENTOR,
    add_evidence,
    evidence_input,
    review_evidence,
    submit_evidence,
)
from tests.support.cast import Cast
from tests.support.markup import flat, without_csrf_token
from tests.support.statements import statements_of

SLUG = "senior-ml-engineer"
NOT_APPLICABLE = "thesis-a-stranger-reproduces"
OPEN_MILESTONE = "external-conference-talk"
CANARY = "canary-that-no-manager-may-see"
# Dates that appear nowhere else on the page.
MILESTONE_TARGET, ROADMAP_TARGET = dt.date(2031, 7, 17), dt.date(2032, 8, 18)


@pytest.fixture
def path(cast: Cast) -> str:
    return f"/teams/ranking/people/{cast.alice}"


@pytest.fixture
def shared_data(session: Session, cast: Cast, now: dt.datetime) -> None:
    """Alice is on the roadmap, with some of every kind of shared data and with private plans."""
    enroll(session, cast.alice, now)
    for key in (DESIGN, LEVELS, MENTOR):
        progress.set_status(session, cast.alice, key, "done", now=now)
    progress.set_status(
        session, cast.alice, NOT_APPLICABLE, "not_applicable", reason=CANARY, now=now
    )
    progress.set_plan(
        session, cast.alice, OPEN_MILESTONE, note=CANARY, target_on=MILESTONE_TARGET, now=now
    )
    alice, bob = cast.actor(session, cast.alice), cast.actor(session, cast.bob)
    skills.assess_self(session, cast.alice, "mlops", 4, CANARY, by=alice, now=now)
    skills.assess_other(session, cast.alice, "mlops", 2, "Seen in reviews.", by=bob, now=now)
    shared = add_evidence(
        session, cast, cast.alice, now, milestones=[DESIGN, LEVELS], impacts=(LATENCY,)
    )
    submit_evidence(session, cast, shared, now)
    review_evidence(session, cast, shared, now, milestones=[DESIGN])
    career.add(
        session,
        Position,
        cast.alice,
        {"title": "ML engineer", "employer": "Example Search",
         "started_on": PartialDate("2020-01-01"),
         "ended_on": None, "is_ml": True, "summary": CANARY},
        now=now,
    )  # fmt: skip
    career.add(
        session,
        Degree,
        cast.alice,
        {"level": "master", "field": "Statistics", "institution": "Example University",
         "awarded_on": PartialDate("2019-06-01")},
        now=now,
    )  # fmt: skip
    session.commit()


def enroll(session: Session, person: uuid.UUID, now: dt.datetime) -> None:
    found = published_roadmap(session, SLUG)
    assert found is not None
    progress.enroll(
        session,
        person,
        found.roadmap_id,
        target_on=ROADMAP_TARGET,
        hours_per_week=Decimal(6),
        now=now,
    )
    session.commit()


def add_private_data(session: Session, cast: Cast, now: dt.datetime) -> Evidence:
    """Add data hidden from managers: a draft, private evidence and withdrawn evidence."""
    secret = {
        "title": CANARY,
        "description": CANARY,
        "url": f"https://example.org/{CANARY}",
        "role": CANARY,
        "impacts": (Impact("business", CANARY, "1", "2", "%"),),
    }
    add_evidence(
        session, cast, cast.alice, now, milestones=[MENTOR, LEVELS], kind="mentoring", **secret
    )
    add_evidence(
        session, cast, cast.alice, now, milestones=[MENTOR], visibility="private", **secret
    )
    withdrawn = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN], **secret)
    submit_evidence(session, cast, withdrawn, now)
    alice = cast.actor(session, cast.alice)
    evidence.withdraw(session, withdrawn, by=alice, now=now)
    session.commit()
    return withdrawn


def test_manager_sees_shared_data(shared_data, session, cast, now, browser_of, path):
    page = flat(browser_of(cast.bob).get(path).text)
    for text in (
        *("Getting started", "Readiness ", "Senior ML Engineer", "of 7 passed"),
        *("Feature store design", "Design document", "2 Mar 2026", "p99 latency: 180 → 45 ms"),
        *("ML engineer, Example Search", "Master&#39;s degree, Statistics"),
        "Bob rates MLOps two levels lower than Alice does: talk about it",
    ):
        assert text in page, text
    # The evidence is confirmed for one milestone and only linked to the other.
    assert "1 verified" in page
    piece = session.scalar(sa.select(Evidence.id))
    assert page.count(f'href="/reviews/{piece}"') >= 3
    assert "/evidence/" not in page
    assert 'href="/skills' not in page.partition("<main")[2]
    assert f'href="{path}/skills/mlops"' in page


def test_score_is_explained_to_managers_as_to_the_person(
    shared_data, session, cast, now, browser_of, path
):
    """Without "you", except in titles of milestones, because managers read the same text."""
    for title in ("Second design", "Third design"):
        piece = add_evidence(session, cast, cast.alice, now, title=title, milestones=[DESIGN])
        submit_evidence(session, cast, piece, now)
    page = flat(browser_of(cast.bob).get(path).text)
    section = page.split('id="readiness"')[1].split("</section>")[0]
    assert "2 pieces of the kind design document count, and there are 3." in section
    assert "Lines are rounded separately, so they can differ from their part by a tenth." in section
    assert "up to 10 points for the required years alone" in section
    assert not re.search(r"\byour?\b", re.sub("<a .*?</a>", "", section))


def test_score_is_the_stored_shared_score(shared_data, session, cast, now, browser_of, path):
    add_private_data(session, cast, now)
    row = session.scalars(sa.select(ReadinessSummary)).one()
    assert row.own_score > row.shared_score
    page = browser_of(cast.bob).get(path).text
    assert f"Readiness {row.shared_score:.1f} / 100 · " in page
    assert f"<dd>{row.own_score:.1f}</dd>" not in page


def test_stage_parameter_opens_that_stage(shared_data, cast, browser_of, path):
    page = browser_of(cast.bob).get(f"{path}?stage=leadership").text
    assert 'id="stage-leadership" open>' in page
    assert page.count(" open>") == browser_of(cast.bob).get(path).text.count(" open>") + 1
    assert "Mentor a junior engineer" in page


def test_milestone_not_confirmed_by_the_review_is_shown_as_evidenced(
    shared_data, cast, browser_of, path
):
    page = flat(browser_of(cast.bob).get(path).text)
    verified, evidenced = sorted(
        (each.split("</p>")[0] for each in page.split('<p class="milestone-proof">')[1:]),
        key=lambda each: "tone-evidenced" in each,
    )
    assert "tone-verified" in verified
    assert "2 Mar 2026, confirmed by Bob" in verified
    assert "tone-evidenced" in evidenced
    assert "2 Mar 2026, not confirmed for this milestone" in evidenced


def test_date_of_a_tick_is_labelled_as_such(shared_data, cast, now, browser_of, path):
    """The day of verification is another one."""
    bob = browser_of(cast.bob)
    pages = [flat(bob.get(f"{path}?stage={key}").text) for key in ("foundations", "leadership")]
    assert f"Verified, ticked on {now.day} {now:%b %Y}" in "".join(pages)
    assert not re.search("(verified|evidenced|claimed), since", "".join(pages), re.IGNORECASE)


def test_reasons_and_target_dates_are_shown_only_if_shared(
    shared_data, session, cast, now, browser_of, path
):
    bob = browser_of(cast.bob)
    page = bob.get(path).text
    assert "Reasons and target dates are left out" in page
    for private in (CANARY, "17 Jul 2031", "18 Aug 2032", "2031-07", "2032-08"):
        assert private not in page
    set_preference(session, cast.alice, "shares_plans", True, now=now)
    session.commit()
    page = bob.get(path).text
    assert f"Not applicable because: {CANARY}" in page
    assert page.count(CANARY) == 1  # the note and the comment of her assessment stay private
    assert "by 17 Jul 2031" in page
    assert "Target date: 18 Aug 2032" in page


def test_private_data_is_on_no_manager_page(shared_data, session, cast, now, browser_of, path):
    add_private_data(session, cast, now)
    bob, erin = browser_of(cast.bob), browser_of(cast.erin)
    for address in (path, f"{path}?stage=leadership", f"{path}/skills/mlops"):
        for fragment in (False, True):
            assert CANARY not in bob.get(address, fragment=fragment).text
            assert CANARY not in erin.get(address, fragment=fragment).text
    answer = bob.post(f"{path}/skills/mlops/assessments", {"level": "9"})
    assert answer.status_code == 422
    assert CANARY not in answer.text


def test_private_data_changes_no_byte_of_manager_pages(
    shared_data, session, cast, now, browser_of, path
):
    returned = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN], title="Returned")
    submit_evidence(session, cast, returned, now)
    review_evidence(session, cast, returned, now, decision="returned")
    bob = browser_of(cast.bob)
    addresses = (path, f"{path}?stage=leadership", f"{path}/skills/mlops")
    before = [without_csrf_token(bob.get(address).text) for address in addresses]
    add_private_data(session, cast, now)
    alice = cast.actor(session, cast.alice)
    changed = evidence_input(
        title="Returned",
        kind="mentoring",
        occurred_on=PartialDate("2026-09-09"),
        description=CANARY,
        impacts=(Impact("team", CANARY, "1", "2", "people"),),
    )
    evidence.edit(session, returned, changed, by=alice, now=now + dt.timedelta(days=40))
    session.commit()
    assert [without_csrf_token(bob.get(address).text) for address in addresses] == before


def test_person_sees_their_own_page_as_managers_do(
    shared_data, session, cast, now, browser_of, path
):
    add_private_data(session, cast, now)
    page = flat(browser_of(cast.alice).get(path).text)
    assert "This is what your managers and mentors see of you." in page
    assert CANARY not in page
    assert "Feature store design" in page
    assert "Assess</a>" not in page
    assert "/reviews/" not in page
    assert 'href="/teams/ranking"' not in page
    own_page = browser_of(cast.bob).get(f"/teams/ranking/people/{cast.bob}")
    assert (
        own_page.status_code,
        "This is what your managers and mentors see" in own_page.text,
    ) == (
        200,
        True,
    )


def test_page_is_hidden_from_everyone_else(shared_data, cast, browser_of, path):
    for other in (cast.carol, cast.dave, cast.erin, cast.mallory):
        assert browser_of(other).get(path).status_code == 404
    assert browser_of().get(path).status_code == 303
    bob = browser_of(cast.bob)
    for address in (
        f"/teams/vision/people/{cast.alice}",
        f"/teams/nowhere/people/{cast.alice}",
        f"/teams/ranking/people/{cast.dave}",
        f"/teams/ranking/people/{uuid.uuid4()}",
        f"{path}?roadmap=nowhere",
    ):
        assert bob.get(address).status_code == 404


def test_manager_of_a_parent_team_sees_people_of_nested_teams(session, cast, now, browser_of, path):
    above = create_team(session, slug="search", name="Search", by=cast.erin, now=now)
    session.get_one(Team, cast.team).parent_id = above.id
    add_member(session, above, cast.mallory, "manager", by=cast.erin, now=now)
    add_member(session, above, cast.carol, "member", by=cast.erin, now=now)
    session.commit()
    mallory = browser_of(cast.mallory)
    assert mallory.get(path).status_code == 200
    assert mallory.get(f"/teams/search/people/{cast.alice}").status_code == 200
    # Neither the manager of a nested team nor a member of the parent team has access.
    assert browser_of(cast.bob).get(f"/teams/search/people/{cast.alice}").status_code == 404
    assert browser_of(cast.carol).get(f"/teams/search/people/{cast.alice}").status_code == 404


def test_manager_of_another_team_who_is_a_member_of_this_one_has_no_access(
    session, cast, now, browser_of, path
):
    """Dave manages Alice in Vision and is a member of Ranking, where she is too."""
    ranking, vision = (session.get_one(Team, key) for key in (cast.team, cast.other_team))
    add_member(session, ranking, cast.dave, "member", by=cast.erin, now=now)
    add_member(session, vision, cast.alice, "member", by=cast.erin, now=now)
    session.commit()
    dave = browser_of(cast.dave)
    assert dave.get(path).status_code == 404
    assert dave.get(f"/teams/vision/people/{cast.alice}").status_code == 200


def test_page_is_404_after_removal_or_deactivation(session, cast, now, browser_of, path):
    bob = browser_of(cast.bob)
    assert bob.get(path).status_code == 200
    remove_member(session, session.get_one(Team, cast.team), cast.alice, by=cast.erin, now=now)
    session.get_one(User, cast.carol).deactivated_at = now
    session.commit()
    assert bob.get(path).status_code == 404
    assert bob.get(f"/teams/ranking/people/{cast.carol}").status_code == 404


def test_person_without_a_roadmap_has_a_page(session, cast, now, browser_of, path):
    submit_evidence(
        session, cast, add_evidence(session, cast, cast.alice, now, title="<b>Before</b> all"), now
    )
    page = browser_of(cast.bob).get(path)
    assert page.status_code == 200
    assert "Alice is not on a roadmap yet" in page.text
    assert "&lt;b&gt;Before&lt;/b&gt; all" in page.text
    assert "Technical strategy" in page.text
    assert "You are not on a roadmap yet" in browser_of(cast.alice).get(path).text


def test_inactivity_is_shown(session, cast, now, browser_of, path):
    enroll(session, cast.alice, now - dt.timedelta(days=60))
    assert "No activity yet." in browser_of(cast.bob).get(path).text
    moment = now - dt.timedelta(days=30)
    progress.set_status(session, cast.alice, DESIGN, "done", now=moment)
    session.commit()
    assert "No activity for 30 days." in browser_of(cast.bob).get(path).text
    add_evidence(session, cast, cast.alice, now)  # a draft is no activity
    assert "No activity for 30 days." in browser_of(cast.bob).get(path).text


def test_lapsed_evidence_and_pending_versions_are_marked(
    shared_data, session, cast, now, browser_of, path
):
    lapsed = add_evidence(
        session, cast, cast.alice, now, title="Certificate", kind="certification",
        milestones=["cloud-ml-certification"], issuer="Example",
        expires_on=PartialDate("2026-04-01"),
    )  # fmt: skip
    submit_evidence(session, cast, lapsed, now)
    first = session.scalars(sa.select(Evidence).where(Evidence.title.startswith("Feature"))).one()
    alice = cast.actor(session, cast.alice)
    evidence.edit(session, first, evidence_input(role="Lead"), by=alice, now=now)
    session.commit()
    page = browser_of(cast.bob).get(path).text
    assert page.count("Lapsed") >= 2
    assert "version 1 counts until version 2 is reviewed" in page


def test_statement_count_does_not_grow_with_progress(
    app, shared_data, session, cast, now, browser_of, path
):
    bob = browser_of(cast.bob)
    bob.get(path)
    few = statements_of(app, lambda: bob.get(path))
    found = published_roadmap(session, SLUG)
    assert found is not None
    for milestone in found.content.milestones[:40]:
        progress.set_status(session, cast.alice, milestone.key, "done", now=now)
    for _ in range(12):
        piece = add_evidence(
            session, cast, cast.alice, now, milestones=[DESIGN], impacts=(LATENCY,)
        )
        submit_evidence(session, cast, piece, now)
    assert len(statements_of(app, lambda: bob.get(path))) == len(few) <= 22


def test_only_the_latest_evidence_is_listed_beyond_the_limit(
    shared_data, session, cast, now, browser_of, path, monkeypatch
):
    monkeypatch.setattr(routes_person, "MAX_PIECES_SHOWN", 1)
    for title, day in (("An older one", "2026-01-02"), ("The newest one", "2026-05-02")):
        piece = add_evidence(
            session, cast, cast.alice, now, title=title, occurred_on=PartialDate(day),
            visibility="team",
        )  # fmt: skip
        submit_evidence(session, cast, piece, now)
    section = browser_of(cast.bob).get(path).text.split('id="evidence-title"')[1]
    listed = section.split("</section>")[0]
    assert "The latest 1 of 3 pieces." in flat(listed)
    assert "The newest one" in listed
    assert "An older one" not in listed
