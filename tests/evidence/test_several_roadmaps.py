"""Evidence of people enrolled in one or all of several roadmaps that share milestones."""

from __future__ import annotations

import re

import pytest

from roadmap.catalog.models import Skill
from roadmap.catalog.queries import published_roadmaps
from tests.evidence.builders import DESIGN, add_evidence
from tests.support.catalog import OTHER_MILESTONE, enroll
from tests.support.markup import flat
from tests.support.sample_data import SLUG


@pytest.mark.parametrize("primary", [False, True])
def test_shared_milestone_links_to_primary_roadmap(
    session, cast, now, browser_of, other_roadmap, primary
):
    """The first roadmap by title may be one that the user has not started."""
    piece = add_evidence(session, cast, cast.alice, now, milestones=[DESIGN])
    alice = browser_of(cast.alice)
    enroll(session, cast.alice, now, SLUG)
    link = f'href="/roadmaps/{SLUG}/milestones/{DESIGN}"'
    assert link in alice.get(f"/evidence/{piece.id}").text
    enroll(session, cast.alice, now, other_roadmap, primary=primary)
    page = alice.get(f"/evidence/{piece.id}").text
    assert (link in page) is not primary
    assert (f'href="/roadmaps/{other_roadmap}/milestones/{DESIGN}"' in page) is primary


def test_milestone_outside_own_roadmaps_is_not_linked(
    session, cast, now, browser_of, other_roadmap
):
    piece = add_evidence(session, cast, cast.alice, now, milestones=[OTHER_MILESTONE])
    enroll(session, cast.alice, now, SLUG)
    page = flat(browser_of(cast.alice).get(f"/evidence/{piece.id}").text)
    assert "Go the other way" in page
    assert f"/milestones/{OTHER_MILESTONE}" not in page


def test_milestone_search_covers_own_roadmaps_and_names_them(
    session, cast, now, browser_of, other_roadmap
):
    alice = browser_of(cast.alice)

    def found(words: str) -> str:
        return flat(alice.get(f"/evidence/milestones?q={words}").text)

    enroll(session, cast.alice, now, SLUG)
    assert "Go the other way" not in found("other+way")
    assert "Senior ML Engineer ·" not in found("design+document")
    enroll(session, cast.alice, now, other_roadmap)
    assert "Go the other way" in found("other+way")
    assert "Another way · " in found("other+way")
    assert "Senior ML Engineer · " in found("design+document")


def test_skills_of_own_roadmaps_are_offered_first(session, cast, now, browser_of):
    enroll(session, cast.alice, now, SLUG)
    session.add(Skill(key="abacus", title="Abacus", definition={}))
    session.commit()
    page = browser_of(cast.alice).get("/evidence/new").text
    offered = re.findall(r'name="skills" value="([^"]+)"', page)
    [mine] = [each.content for each in published_roadmaps(session) if each.content.slug == SLUG]
    own = {skill.key for skill in mine.skills}
    assert set(offered[: len(own)]) == own
    assert offered[len(own)] == "abacus"
