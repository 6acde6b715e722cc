"""/tools: the inventory, and a person's entry for each tool."""

from __future__ import annotations

import html
import re

import pytest
import sqlalchemy as sa

from roadmap.people.models import HistoryEntry
from roadmap.tools.models import ToolRecord
from roadmap.tools.queries import tool_content
from tests.evidence.builders import add_evidence
from tests.support.statements import record_session_statements

SLUG = "senior-ml-engineer"
RAY = {"level": "used", "interest": "learn", "last_used": "Mar 2026", "note": "Tune, not Serve."}


@pytest.fixture
def alice(cast, browser_of):
    return browser_of(cast.alice)


def visible(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def listed(page: str) -> list[str]:
    return re.findall(r'<li id="([a-z0-9-]+)">', page.partition('id="sources"')[0])


def test_every_tool_stands_in_its_group_with_status_licence_and_day(alice):
    page, content = alice.get("/tools").text, tool_content()
    for group in content.groups:
        part = page.partition(f'<h2 id="group-{group.key}">')[2].partition("</section>")[0]
        assert listed(part) == [tool.key for tool in content.tools if tool.group == group.key]
    for tool in content.tools:
        text = visible(page.partition(f'<li id="{tool.key}">')[2].partition("</li>")[0])
        assert text.startswith(f"{tool.title} {tool.status.capitalize()} {tool.what}")
        assert "checked 29 Nov 2026" in text
        assert (tool.licence or "") in text
        assert ("named by the guide" in text) == (tool.key in content.named_by_guide)
        if tool.successor:
            assert f"Instead: {content.by_key[tool.successor].title}" in text


def test_a_tool_has_its_source_on_its_page(alice):
    for key in ("seldon-core", "torchserve", "modal"):
        tool = tool_content().by_key[key]
        text = visible(alice.get(f"/tools/{key}").text)
        assert tool.source in text
        assert f"Checked 29 Nov 2026. {tool.source}" in text
        assert (tool.note or "") in text
    assert 'href="/tools/kserve"' in alice.get("/tools/seldon-core").text


def test_filters_by_group_status_and_what_is_ones_own(alice):
    retired = listed(alice.get("/tools?status=retired").text)
    assert {"torchserve", "neptune"} < set(retired)
    assert all(tool_content().by_key[key].status == "retired" for key in retired)
    serving = alice.get("/tools?group=serving&status=retired").text
    assert set(listed(serving)) == set(retired) - {"neptune"}
    assert 'value="serving" selected' in serving
    everything = [tool.key for tool in tool_content().tools]
    assert listed(alice.get("/tools?group=nonsense&status=nonsense").text) == everything
    nothing = alice.get("/tools?mine=1").text
    assert listed(nothing) == []
    assert "You have recorded nothing yet." in nothing
    assert "No tool matches." in alice.get("/tools?group=frameworks&status=retired").text
    alice.put("/tools/ray", RAY)
    assert listed(alice.get("/tools?mine=1").text) == ["ray"]


def test_what_one_says_is_kept_shown_and_deleted_again(alice, session):
    answer = alice.put("/tools/ray", RAY)
    assert (answer.status_code, answer.location) == (303, "/tools#ray")
    row = visible(alice.get("/tools").text.partition('<li id="ray">')[2].partition("</li>")[0])
    assert row.endswith("Used it in a project last used Mar 2026 Want to learn it with a note")
    form = alice.get("/tools/ray").text
    assert '<option selected value="used">' in form
    assert "Tune, not Serve." in form
    alice.put("/tools/ray", {**RAY, "level": "production"})
    alice.put("/tools/ray", {**RAY, "level": "production"})
    assert session.scalars(sa.select(ToolRecord.level)).all() == ["production"]
    alice.put("/tools/ray", dict.fromkeys(RAY, ""))
    assert session.scalars(sa.select(ToolRecord)).all() == []
    said = sa.select(HistoryEntry.subject).where(HistoryEntry.action == "tool.recorded")
    assert session.scalars(said).all() == ["ray"] * 3


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"level": "expert"}, "Choose one of the options."),
        ({"interest": "all"}, "Choose one of the options."),
        ({"last_used": "soon"}, "This is not a date."),
        ({"last_used": "2099"}, "This date is in the future."),
        ({"last_used": "1897"}, "This is before 1980; check the year."),
        ({"note": "x" * 2001}, "At most 2000 characters."),
    ],
)
def test_wrong_input_is_named_and_nothing_is_kept(alice, session, wrong, said):
    answer = alice.put("/tools/ray", {**RAY, **wrong})
    assert answer.status_code == 422
    assert said in visible(answer.text)
    assert wrong.get("last_used", "Mar 2026") in answer.text
    assert session.scalars(sa.select(ToolRecord)).all() == []


def test_old_use_is_said(alice):
    for key, last_used, old in (("ray", "2021", True), ("jax", "2026", False)):
        alice.put(f"/tools/{key}", {**RAY, "last_used": last_used})
        row = visible(
            alice.get("/tools").text.partition(f'<li id="{key}">')[2].partition("</li>")[0]
        )
        assert ("over 18 months ago" in row) == old


def test_a_tool_and_the_milestones_that_work_with_it_lead_to_each_other(alice):
    alice.post(f"/roadmaps/{SLUG}/enrollment", {})
    milestone = f"/roadmaps/{SLUG}/milestones/compare-model-servers"
    assert f'href="{milestone}"' in alice.get("/tools/triton-inference-server").text
    assert 'href="/tools/triton-inference-server"' in alice.get(milestone).text
    asked = listed(alice.get("/tools?asked=1").text)
    assert "triton-inference-server" in asked
    assert "neptune" not in asked


def test_evidence_that_names_a_tool_stands_on_its_page(alice, session, cast, now):
    for title, text in (("Sweeps with Ray", ""), ("An X-Ray archive of arrays", "no ray here")):
        add_evidence(session, cast, cast.alice, now, title=title, description=text)
    add_evidence(session, cast, cast.carol, now, title="Ray of Carol")
    page = visible(alice.get("/tools/ray").text)
    assert "Sweeps with Ray" in page
    assert "Ray of Carol" not in page
    add_evidence(session, cast, cast.alice, now, title="Cheaper sweeps", description="On W&B.")
    assert "Cheaper sweeps" in alice.get("/tools/weights-and-biases").text
    assert "None yet." in alice.get("/tools/jax").text
    assert "Search all your evidence" not in page
    for number in range(20):
        add_evidence(session, cast, cast.alice, now, title=f"Ray cluster {number}")
    page = alice.get("/tools/ray").text
    assert page.count('<li><a href="/evidence/') == 20
    assert 'href="/evidence?q=Ray"' in page


def test_a_tool_that_is_not_listed_is_not_found(alice):
    assert alice.get("/tools/no-such").status_code == 404
    assert alice.put("/tools/no-such", RAY).status_code == 404


def test_nobody_else_sees_it(alice, cast, browser_of):
    alice.put("/tools/ray", RAY)
    for name in ("bob", "carol", "dave", "erin", "mallory"):
        other = browser_of(getattr(cast, name))
        assert listed(other.get("/tools?mine=1").text) == []
        assert "Tune, not Serve." not in other.get("/tools/ray").text


def test_the_page_is_in_the_menu_and_needs_sign_in(cast, browser_of):
    assert browser_of().get("/tools").location == "/login?next=/tools"
    assert 'href="/tools"' in browser_of(cast.mallory).get("/").text


def test_the_number_of_statements_does_not_grow(alice, session):
    counts = []
    for key in ("ray", "jax", "vllm"):
        alice.put(f"/tools/{key}", RAY)
        with record_session_statements(session) as counted:
            alice.get("/tools")
        counts.append(len(counted))
    assert counts[0] == counts[1] == counts[2]


def seen_of(page: str) -> str:
    return re.search(r'name="seen"[^>]*value="([0-9a-f]+)"', page)[1]


def test_another_tab_is_not_overwritten_unseen(alice, session):
    seen = seen_of(alice.get("/tools/ray").text)
    alice.put("/tools/ray", {**RAY, "seen": seen})
    mine = {**RAY, "note": "Mine.", "level": "tried", "seen": seen}
    late = alice.put("/tools/ray", mine)
    assert late.status_code == 409
    said = visible(late.text)
    assert "How well you know it Used it in a project Note Tune, not Serve." in said
    assert session.scalars(sa.select(ToolRecord.note)).all() == ["Tune, not Serve."]
    # The same again is no conflict, and sending the form of the conflict replaces knowingly.
    assert alice.put("/tools/ray", {**RAY, "seen": seen}).status_code == 303
    assert alice.put("/tools/ray", {**mine, "seen": seen_of(late.text)}).status_code == 303
    assert session.scalars(sa.select(ToolRecord.note)).all() == ["Mine."]
