"""/tools: the inventory, and the records of a user."""

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
RAY_FORM = {
    "level": "used",
    "interest": "learn",
    "last_used": "Mar 2026",
    "note": "Tune, not Serve.",
}


@pytest.fixture
def alice(cast, browser_of):
    return browser_of(cast.alice)


def visible_text(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def listed_keys(page: str) -> list[str]:
    return re.findall(r'<li id="([a-z0-9-]+)">', page.partition('id="sources"')[0])


def test_tools_are_listed_by_group_with_status_licence_and_date(alice):
    page, content = alice.get("/tools").text, tool_content()
    for group in content.groups:
        part = page.partition(f'<h2 id="group-{group.key}">')[2].partition("</section>")[0]
        assert listed_keys(part) == [tool.key for tool in content.tools if tool.group == group.key]
    for tool in content.tools:
        text = visible_text(page.partition(f'<li id="{tool.key}">')[2].partition("</li>")[0])
        assert text.startswith(f"{tool.title} {tool.status.capitalize()} {tool.what}")
        assert "checked 29 Nov 2026" in text
        assert (tool.licence or "") in text
        assert ("named by the guide" in text) == (tool.key in content.named_by_guide)
        if tool.successor:
            assert f"Instead: {content.by_key[tool.successor].title}" in text


def test_tool_page_shows_source_note_and_successor(alice):
    for key in ("seldon-core", "torchserve", "modal"):
        tool = tool_content().by_key[key]
        text = visible_text(alice.get(f"/tools/{key}").text)
        assert tool.source in text
        assert f"Checked 29 Nov 2026. {tool.source}" in text
        assert (tool.note or "") in text
    assert 'href="/tools/kserve"' in alice.get("/tools/seldon-core").text


def test_list_is_filtered_by_group_status_and_own_records(alice):
    retired = listed_keys(alice.get("/tools?status=retired").text)
    assert {"torchserve", "neptune"} < set(retired)
    assert all(tool_content().by_key[key].status == "retired" for key in retired)
    serving = alice.get("/tools?group=serving&status=retired").text
    assert set(listed_keys(serving)) == set(retired) - {"neptune"}
    assert 'value="serving" selected' in serving
    everything = [tool.key for tool in tool_content().tools]
    assert listed_keys(alice.get("/tools?group=nonsense&status=nonsense").text) == everything
    nothing = alice.get("/tools?mine=1").text
    assert listed_keys(nothing) == []
    assert "You have recorded nothing yet." in nothing
    assert "No tool matches." in alice.get("/tools?group=frameworks&status=retired").text
    alice.put("/tools/ray", RAY_FORM)
    assert listed_keys(alice.get("/tools?mine=1").text) == ["ray"]


def test_record_is_saved_shown_and_deleted(alice, session):
    answer = alice.put("/tools/ray", RAY_FORM)
    assert (answer.status_code, answer.location) == (303, "/tools#ray")
    row = visible_text(alice.get("/tools").text.partition('<li id="ray">')[2].partition("</li>")[0])
    assert row.endswith("Used it in a project last used Mar 2026 Want to learn it with a note")
    form = alice.get("/tools/ray").text
    assert '<option selected value="used">' in form
    assert "Tune, not Serve." in form
    alice.put("/tools/ray", {**RAY_FORM, "level": "production"})
    alice.put("/tools/ray", {**RAY_FORM, "level": "production"})
    assert session.scalars(sa.select(ToolRecord.level)).all() == ["production"]
    alice.put("/tools/ray", dict.fromkeys(RAY_FORM, ""))
    assert session.scalars(sa.select(ToolRecord)).all() == []
    subjects = sa.select(HistoryEntry.subject).where(HistoryEntry.action == "tool.recorded")
    assert session.scalars(subjects).all() == ["ray"] * 3


@pytest.mark.parametrize(
    ("invalid", "message"),
    [
        ({"level": "expert"}, "Choose one of the options."),
        ({"interest": "all"}, "Choose one of the options."),
        ({"last_used": "soon"}, "This is not a date."),
        ({"last_used": "2099"}, "This date is in the future."),
        ({"last_used": "1897"}, "This is before 1980; check the year."),
        ({"note": "x" * 2001}, "At most 2000 characters."),
    ],
)
def test_invalid_input_is_reported_and_not_saved(alice, session, invalid, message):
    answer = alice.put("/tools/ray", {**RAY_FORM, **invalid})
    assert answer.status_code == 422
    assert message in visible_text(answer.text)
    assert invalid.get("last_used", "Mar 2026") in answer.text
    assert session.scalars(sa.select(ToolRecord)).all() == []


def test_last_use_over_18_months_ago_is_marked(alice):
    for key, last_used, old in (("ray", "2021", True), ("jax", "2026", False)):
        alice.put(f"/tools/{key}", {**RAY_FORM, "last_used": last_used})
        row = visible_text(
            alice.get("/tools").text.partition(f'<li id="{key}">')[2].partition("</li>")[0]
        )
        assert ("over 18 months ago" in row) == old


def test_tool_and_milestone_link_to_each_other(alice):
    alice.post(f"/roadmaps/{SLUG}/enrollment", {})
    milestone = f"/roadmaps/{SLUG}/milestones/compare-model-servers"
    assert f'href="{milestone}"' in alice.get("/tools/triton-inference-server").text
    assert 'href="/tools/triton-inference-server"' in alice.get(milestone).text
    asked = listed_keys(alice.get("/tools?asked=1").text)
    assert "triton-inference-server" in asked
    assert "neptune" not in asked


def test_tool_page_lists_own_evidence_that_names_the_tool(alice, session, cast, now):
    for title, text in (("Sweeps with Ray", ""), ("An X-Ray archive of arrays", "no ray here")):
        add_evidence(session, cast, cast.alice, now, title=title, description=text)
    add_evidence(session, cast, cast.carol, now, title="Ray of Carol")
    page = visible_text(alice.get("/tools/ray").text)
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


def test_unknown_tool_is_not_found(alice):
    assert alice.get("/tools/no-such").status_code == 404
    assert alice.put("/tools/no-such", RAY_FORM).status_code == 404


def test_record_is_private(alice, cast, browser_of):
    alice.put("/tools/ray", RAY_FORM)
    for name in ("bob", "carol", "dave", "erin", "mallory"):
        other = browser_of(getattr(cast, name))
        assert listed_keys(other.get("/tools?mine=1").text) == []
        assert "Tune, not Serve." not in other.get("/tools/ray").text


def test_tools_page_is_in_the_menu_and_needs_sign_in(cast, browser_of):
    assert browser_of().get("/tools").location == "/login?next=/tools"
    assert 'href="/tools"' in browser_of(cast.mallory).get("/").text


def test_statement_count_is_independent_of_records(alice, session):
    counts = []
    for key in ("ray", "jax", "vllm"):
        alice.put(f"/tools/{key}", RAY_FORM)
        with record_session_statements(session) as counted:
            alice.get("/tools")
        counts.append(len(counted))
    assert counts[0] == counts[1] == counts[2]


def form_version(page: str) -> str:
    return re.search(r'name="seen"[^>]*value="([0-9a-f]+)"', page)[1]


def test_stale_form_gets_409_and_can_be_confirmed(alice, session):
    seen = form_version(alice.get("/tools/ray").text)
    alice.put("/tools/ray", {**RAY_FORM, "seen": seen})
    mine = {**RAY_FORM, "note": "Mine.", "level": "tried", "seen": seen}
    late = alice.put("/tools/ray", mine)
    assert late.status_code == 409
    text = visible_text(late.text)
    assert "How well you know it Used it in a project Note Tune, not Serve." in text
    assert session.scalars(sa.select(ToolRecord.note)).all() == ["Tune, not Serve."]
    # Equal values are no conflict, and the form of the conflict may replace the record.
    assert alice.put("/tools/ray", {**RAY_FORM, "seen": seen}).status_code == 303
    assert alice.put("/tools/ray", {**mine, "seen": form_version(late.text)}).status_code == 303
    assert session.scalars(sa.select(ToolRecord.note)).all() == ["Mine."]
