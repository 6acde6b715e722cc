"""The benchmark compares Cairn with a baseline that does the same work, and writes JSON."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from bench import report, workloads
from bench.baseline import create_baseline
from bench.measure import Comparison, compare_in_turn
from bench.sample_user import signed_in_cookie
from bench.wsgi import Call
from roadmap.catalog.queries import published_roadmaps
from roadmap.core.database import db
from roadmap.progress.actions import enroll
from roadmap.progress.models import MilestoneStatus
from tests.evidence.builders import add_evidence


@pytest.fixture
def published(app, cast, now):
    with app.app_context():
        found = published_roadmaps(db.session)[0]
        enroll(db.session, cast.alice, found.roadmap_id, now=now)
        db.session.commit()
        return found


@pytest.fixture
def baseline(app, published):
    baseline = create_baseline(app.config, published.content)
    yield baseline
    baseline.extensions["engine"].dispose()


@pytest.fixture
def headers(app, cast, now):
    with app.app_context():
        return {"Cookie": signed_in_cookie(app, cast.alice, now)}


def stored_statuses(app) -> list[tuple[str, str]]:
    with app.app_context():
        query = sa.select(MilestoneStatus.milestone_key, MilestoneStatus.status)
        return [tuple(row) for row in db.session.execute(query)]


def test_session_cookie_works_in_cairn_and_baseline(app, baseline, published, headers):
    path = f"/roadmaps/{published.content.slug}"
    assert Call(app.wsgi_app, "GET", path, headers)().status == 200
    assert Call(baseline.wsgi_app, "GET", "/roadmap", headers)().status == 200
    assert Call(baseline.wsgi_app, "GET", "/roadmap", {})().status == 401


def test_cairn_and_baseline_show_every_milestone(app, baseline, published, headers):
    content = published.content
    cairn_body = Call(app.wsgi_app, "GET", f"/roadmaps/{content.slug}", headers)().body
    baseline_body = Call(baseline.wsgi_app, "GET", "/roadmap", headers)().body
    for milestone in content.milestones:
        assert f"/milestones/{milestone.key}".encode() in cairn_body
        assert f"/milestones/{milestone.key}".encode() in baseline_body
    assert 0.5 < len(baseline_body) / len(cairn_body) < 2


def test_baseline_tick_stores_a_milestone_status(app, baseline, published, headers):
    key = published.content.milestones[0].key
    assert Call(baseline.wsgi_app, "PUT", f"/milestones/{key}", headers)().status == 200
    assert stored_statuses(app) == [(key, "done")]
    assert Call(baseline.wsgi_app, "DELETE", f"/milestones/{key}", headers)().status == 200
    assert stored_statuses(app) == []


def test_baseline_returns_304(baseline, headers):
    first = Call(baseline.wsgi_app, "GET", "/unchanged", headers)()
    again = {**headers, "If-None-Match": first.headers["etag"]}
    assert Call(baseline.wsgi_app, "GET", "/unchanged", again)().status == 304


def test_cairn_and_baseline_search_find_the_same(app, baseline, cast, headers, session, now):
    for title in ("Review of the ranking", "A design", "Code review, twice"):
        add_evidence(session, cast, cast.alice, now, title=title)
    session.commit()
    cairn_body = Call(
        app.wsgi_app, "GET", "/evidence?q=review", {**headers, **workloads.HTMX}
    )().body
    baseline_body = Call(baseline.wsgi_app, "GET", "/search?q=review", headers)().body
    for body in (cairn_body, baseline_body):
        assert b"2 pieces found" in body
        assert b"Review of the ranking" in body
        assert b"Code review, twice" in body
        assert b"A design" not in body


def test_baseline_markdown_export_has_all_evidence(baseline, cast, headers, session, now):
    for title in ("Review of the ranking", "A design"):
        evidence = add_evidence(session, cast, cast.alice, now, title=title)
        evidence.current.description = "# Why\n\nBecause."
    session.commit()
    text = Call(baseline.wsgi_app, "GET", "/export.md", headers)().body.decode()
    assert "### Review of the ranking" in text
    assert "### A design" in text
    assert text.count("#### Why\n\nBecause.") == 2


def test_error_response_is_not_measured(baseline):
    with pytest.raises(RuntimeError, match="answered 401"):
        workloads.checked_call(Call(baseline.wsgi_app, "GET", "/roadmap", {}))()


def test_cairn_and_baseline_are_called_equally_often():
    calls = []
    compare_in_turn(
        lambda: calls.append("ours"), lambda: calls.append("baseline"), rounds=2, times=4
    )
    assert calls.count("ours") == calls.count("baseline") == 3 + 2 * 4


def test_report_is_a_json_list_of_workloads(tmp_path):
    compared = Comparison(ours=0.004, baseline=0.001, ratio=4.0)
    row = report.Row.of_times(
        "T tick", "sqlite", compared, 2.0, 9, 1_000, 500, most_statements=8, most_gzipped=600
    )
    file = tmp_path / "bench.json"
    report.write([row], file)
    assert json.loads(file.read_text()) == [
        {
            "work": "T tick",
            "database": "sqlite",
            "value": 4.0,
            "limit": 2.0,
            "ratio": 4.0,
            "unit": "ratio",
            "statements": 9,
            "bytes": 1_000,
            "gzip_bytes": 500,
        }
    ]
    assert row.over == ["4.00 ratio > 2", "statements 9 > 8"]
    assert "OVER" in report.table([row])
