"""/evidence/import/github and /gitlab, against a local stand-in for both."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from roadmap.core.outbound import parse_site
from roadmap.evidence.models import Evidence
from roadmap.importers import fetching
from roadmap.importers.kinds import IMPORTERS
from roadmap.importers.models import PendingImport
from roadmap.jobs import tasks
from tests.importers.test_csv import boxes, fields, text_of
from tests.support.code_host import Reply, code_host, merge_request, pull_request

GITHUB, GITLAB = "/evidence/import/github", "/evidence/import/gitlab"
TODAY = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
SENT = {"login": "octo-alice", "since": "2026-01-15"}


@pytest.fixture
def host(app, monkeypatch):
    with code_host() as host:
        for name in ("GITHUB_API_URL", "GITLAB_URL", "ORCID_URL"):
            monkeypatch.setitem(app.config, name, parse_site(host.url, "https://public.example"))
        monkeypatch.setitem(app.config, "GITHUB_TOKEN", "")
        monkeypatch.setitem(app.config, "GITLAB_TOKEN", "")
        yield host


@pytest.fixture
def alice(cast, browser_of, monkeypatch):
    monkeypatch.setattr("roadmap.importers.routes.now", lambda: TODAY)
    return browser_of(cast.alice)


@pytest.fixture
def at(monkeypatch):
    """Sets the clock of the job process."""

    def set_clock(moment: dt.datetime) -> None:
        monkeypatch.setattr(tasks, "utc_now", lambda: moment)

    set_clock(TODAY)
    return set_clock


@pytest.fixture
def fetch(app, at):
    """Does what the job process does."""

    def run() -> int:
        with app.app_context():
            return tasks.fetch_pages()

    return run


def days(*numbers: int) -> list[dict]:
    return [pull_request(n, f"2026-03-{n:02}T23:30:00Z") for n in numbers]


def pieces(session) -> list[Evidence]:
    session.rollback()
    return list(session.scalars(sa.select(Evidence).order_by(Evidence.title)))


def state(session) -> PendingImport:
    session.rollback()
    return session.scalars(sa.select(PendingImport)).one()


def test_github_merged_and_reviewed_become_drafts_once(alice, session, host, fetch):
    host.merged = [
        pull_request(412, "2026-03-31T23:30:00Z", "Cut p99 <b>by half</b>"),
        pull_request(7, "2026-02-01T10:00:00Z", place="acme/docs"),
    ]
    host.reviewed = [
        *(pull_request(n, "2026-03-09T10:00:00Z", f"[{n}] fix") for n in (1, 2, 3)),
        pull_request(4, "2026-10-02T10:00:00Z"),
        pull_request(5, "2026-11-02T10:00:00Z"),
    ]
    session.execute(sa.text("""UPDATE "user" SET timezone = 'Europe/Berlin'"""))
    session.commit()
    assert alice.post(GITHUB, SENT).location == f"{GITHUB}/preview"
    assert "Nothing found so far" in text_of(alice.get(f"{GITHUB}/preview").text)
    assert fetch() == 2
    assert {query["q"] for _path, query, _headers in host.requests} == {
        "author:octo-alice is:pr is:merged merged:>=2026-01-15",
        "reviewed-by:octo-alice -author:octo-alice is:pr is:closed closed:>=2026-01-01",
    }
    assert all("Authorization" not in headers for _path, _query, headers in host.requests)
    page = alice.get(f"{GITHUB}/preview").text
    assert boxes(page) == [
        ("Cut p99 <b>by half</b>", True),
        ("Change 7", True),
        ("Reviewed 3 changes in acme/ranker, Mar 2026", True),
        ("Reviewed 1 change in acme/ranker, Oct 2026", True),
    ]
    assert "1 review of this month is left out" in text_of(page)
    assert alice.post(f"{GITHUB}/records", fields(page)).status_code == 303
    found = {each.title: each for each in pieces(session)}
    merged = found["Cut p99 <b>by half</b>"].current
    assert (merged.kind, merged.occurred_on, merged.url, merged.role) == (
        "open_source", "2026-04-01", "https://github.com/acme/ranker/pull/412", "Author",
    )  # fmt: skip
    reviews = found["Reviewed 3 changes in acme/ranker, Mar 2026"].current
    assert (reviews.kind, reviews.occurred_on) == ("review_given", "2026-03")
    assert r"- [\[2\] fix](https://github.com/acme/ranker/pull/2)" in reviews.description
    assert {each.state for each in found.values()} == {"draft"}
    alice.post(GITHUB, {**SENT, "login": "https://github.com/octo-alice/"})
    fetch()
    assert not any(ticked for _title, ticked in boxes(alice.get(f"{GITHUB}/preview").text))


def test_gitlab_lists_page_by_page_with_the_token(alice, app, session, host, fetch, monkeypatch):
    monkeypatch.setitem(app.config, "GITLAB_TOKEN", "glpat-word")
    host.per_page = 2
    host.merged = [merge_request(n, f"2026-03-{n:02}T10:00:00.123Z") for n in range(1, 6)]
    # Merged before the day: only its last change was later.
    host.merged.append(merge_request(6, "2025-03-01T10:00:00Z"))
    host.reviewed = [merge_request(9, "2026-04-01T00:00:00Z", "Theirs")]
    alice.post(GITLAB, {"login": "@alice", "since": "2026-01-15"})
    assert fetch() == 4
    paths = {path for path, _query, _headers in host.requests}
    assert paths == {"/api/v4/merge_requests"}
    assert {headers["PRIVATE-TOKEN"] for _path, _query, headers in host.requests} == {"glpat-word"}
    assert [query.get("page") for _path, query, _headers in host.requests] == [None, "2", "3", None]
    page = alice.get(f"{GITLAB}/preview").text
    assert [title for title, _ticked in boxes(page)] == [
        *(f"Change {n}" for n in range(1, 6)),
        "Reviewed 1 change in acme/ml/ranker, Apr 2026",
    ]
    assert "https://gitlab.com/acme/ml/ranker/-/merge_requests/1" in page


def test_it_waits_for_the_limit_and_goes_on_by_itself(alice, session, host, fetch, at):
    host.per_page = 2
    host.merged = days(1, 2, 3)
    reset = TODAY + dt.timedelta(minutes=10)
    alice.post(GITHUB, SENT)
    ok = Reply(200, *_first(host))
    limited = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(reset.timestamp()))}
    host.queued = [ok, Reply(403, limited, b'{"message": "API rate limit exceeded"}')]
    assert fetch() == 2
    assert state(session).state == "waiting"
    page = alice.get(f"{GITHUB}/preview").text
    assert "2 of 3 found so far" in text_of(page)
    assert "GitHub allows no more requests for now (403)" in text_of(page)
    assert "continues automatically at 12:10" in text_of(page)
    part = alice.get(f"{GITHUB}/preview?partial=1").text
    assert len(boxes(part)) == 2
    assert "Only part of it was fetched" in text_of(part)
    assert fetch() == 0
    at(reset + dt.timedelta(seconds=2))
    assert fetch() == 2
    assert len(boxes(alice.get(f"{GITHUB}/preview").text)) == 3


def test_what_came_meanwhile_is_looked_at_first(alice, session, host, fetch):
    host.per_page = 1
    host.merged = days(1, 2)
    alice.post(GITHUB, SENT)
    host.queued = [Reply(200, *_first(host)), Reply(429)]
    fetch()
    old = alice.get(f"{GITHUB}/preview?partial=1").text
    assert "If you import it now, the rest is not fetched" in text_of(old)
    session.execute(sa.update(PendingImport).values(resume_at=TODAY))
    session.commit()
    fetch()
    refused = alice.post(f"{GITHUB}/records", fields(old))
    assert refused.status_code == 422
    assert "has changed since" in refused.text
    assert boxes(refused.text) == [("Change 1", True), ("Change 2", False)]
    assert pieces(session) == []


def test_a_job_process_that_does_not_run_is_said(alice, session, host):
    alice.post(GITHUB, SENT)
    assert "job process" not in alice.get(f"{GITHUB}/preview").text
    session.execute(sa.update(PendingImport).values(resume_at=TODAY - dt.timedelta(minutes=5)))
    session.commit()
    assert "the job process may not be running" in alice.get(f"{GITHUB}/preview").text


def _first(host):
    response = host.answer("/search/issues", {"q": "author:octo-alice"}, host.url)
    return response.headers, response.body


@pytest.mark.parametrize(
    ("response", "why"),
    [
        (Reply(401, body=b'{"message": "Bad credentials"}'), "wants a sign-in (401)"),
        (Reply(403, body=b'{"message": "Forbidden"}'), "forbids it (403)"),
        (Reply(404), "nothing at the address of GitHub (404)"),
        (Reply(422, body=b'{"message": "Validation Failed"}'), "knows nobody of this name"),
        (Reply(502, body=b"<html>"), "answered with an error (502)"),
        (Reply(302, {"Location": "https://elsewhere.example/"}), "has moved (302)"),
        (Reply(200, body=b"<html>Sign in</html>"), "something other than a list"),
        (Reply(200, body=b'{"items": [{"html_url": "javascript:1"}], "total_count": 1}'),
         "something other than a list"),
        (Reply(200, body=b"[" * 100_000), "something other than a list"),
        (Reply(200, body=b'{"items": [', bytes_sent=4), "was cut off"),
        (Reply(200, body=b" " * 2_000), "too large"),
        (Reply(hangs=True), "did not answer in time"),
        (Reply(200, body=b'{"items": [{"html_url": 5}], "total_count": 1}'),
         "something other than a list"),
        (Reply(200, body=b'{"items": [{"html_url": "https://github.com/a/b/pull/1", "title": "A", '
                       b'"number": 1, "pull_request": "text"}], "total_count": 1}'),
         "something other than a list"),
    ],
)  # fmt: skip
def test_what_stops_it_is_said_and_what_was_fetched_is_kept(
    alice, session, host, fetch, monkeypatch, response, why
):
    monkeypatch.setattr(fetching, "SECONDS", 0.5)
    monkeypatch.setattr(fetching, "MAX_BYTES", 150_000 if len(response.body) > 10_000 else 1_900)
    host.per_page = 1
    host.merged = days(1, 2)
    alice.post(GITHUB, SENT)
    host.queued = [Reply(200, *_first(host)), response]
    fetch()
    assert state(session).state == "failed"
    page = alice.get(f"{GITHUB}/preview").text
    assert why in text_of(page)
    assert boxes(page) == [("Change 1", True)]
    assert alice.put(f"{GITHUB}/pages", {}).location == f"{GITHUB}/preview"
    fetch()
    page = alice.get(f"{GITHUB}/preview").text
    assert boxes(page) == [("Change 1", True), ("Change 2", True)]
    assert why not in text_of(page)


def test_months_of_a_long_name_are_told_apart(app):
    reviews = [
        {"what": "reviewed", "url": "https://git.example.org/a", "title": "A", "number": 1,
         "place": "group/" * 30, "project": "https://git.example.org",
         "at": f"{month}-10T09:00:00Z"}
        for month in ("2026-03", "2026-04")
    ]  # fmt: skip
    options = {"login": "l" * 250, "since": "2026-01-01", "day": "2026-11-20"}
    with app.test_request_context():
        found = IMPORTERS["gitlab"].read(reviews, options).candidates
    assert len({each.external_id for each in found}) == 2


def test_when_a_limit_ends():
    for status, headers, seconds in (
        (429, {"Retry-After": "30"}, 31),
        (429, {}, 61),
        (403, {"Retry-After": "Fri, 20 Nov 2026 12:05:00 GMT"}, 301),
        (429, {"RateLimit-Remaining": "0", "RateLimit-Reset": str(int(TODAY.timestamp()))}, 1),
        (429, {"Retry-After": "999999999"}, 20 * 3600),
        (403, {"X-RateLimit-Remaining": "12", "X-RateLimit-Reset": "1795000000"}, None),
        (403, {"Retry-After": "soon"}, None),
    ):
        answer = fetching.HttpResponse(status, _headers(headers), b"")
        ends = fetching.rate_limit_end(answer, TODAY)
        wanted = None if seconds is None else TODAY + dt.timedelta(seconds=seconds)
        assert ends == wanted, headers


def _headers(given):
    from http.client import HTTPMessage

    message = HTTPMessage()
    for name, value in given.items():
        message[name] = value
    return message


def test_the_next_page_is_of_the_same_host(alice, session, host, fetch):
    alice.post(GITHUB, SENT)
    away = {"Link": '<https://elsewhere.example/search?page=2>; rel="next"'}
    host.queued = [Reply(200, away, b'{"items": [], "total_count": 9}')]
    fetch()
    assert state(session).fault["reason"] == "host"
    assert "cannot be reached" in text_of(alice.get(f"{GITHUB}/preview").text)


def test_wrong_names_are_refused_and_nothing_is_asked(alice, session, host, fetch):
    for login in ("", "a b", "alice is:open", "../repos", "-alice", "a" * 80):
        refused = alice.post(GITHUB, {**SENT, "login": login})
        assert refused.status_code == 422
    refused = alice.post(GITHUB, {"login": "alice", "since": "2031-01-01"})
    assert 'value="alice"' in refused.text
    assert "in the future" in refused.text
    assert fetch() == 0
    assert host.requests == []


def test_it_goes_on_by_fragments_until_everything_is_there(alice, host, fetch):
    host.merged = days(1)
    alice.post(GITHUB, SENT)
    part = alice.get(f"{GITHUB}/preview", fragment=True)
    assert part.text.lstrip().startswith('<div id="progress"')
    fetch()
    done = alice.get(f"{GITHUB}/preview", fragment=True)
    assert (done.status_code, done.headers["HX-Redirect"]) == (204, f"{GITHUB}/preview")


def test_what_is_discarded_or_begun_again_keeps_nothing_of_the_old_one(
    alice, app, session, host, fetch
):
    host.merged = days(1)
    alice.post(GITHUB, SENT)
    with app.app_context():
        from roadmap.core.database import db

        with db.own_transaction() as own:
            claim = fetching.claim_page(own, TODAY)
            # Nobody else takes the same page.
            assert fetching.claim_page(own, TODAY) is None
        alice.delete(GITHUB)
        alice.post(GITHUB, {**SENT, "login": "other"})
        with db.own_transaction() as own:
            fetching.store_page(own, claim, fetching.Page([{"what": "merged"}]), TODAY)
    assert (state(session).records, state(session).state) == ([], "fetching")


def test_an_operator_can_switch_it_off(alice, app, monkeypatch):
    monkeypatch.setitem(app.config, "GITHUB_API_URL", None)
    assert GITHUB not in alice.get("/evidence/import").text
    assert alice.get(GITHUB).status_code == 404
    assert alice.post(GITHUB, SENT).status_code == 404


def test_servers_that_an_operator_names():
    public = "https://api.github.com"
    assert parse_site("off", public) is None
    assert not parse_site(public, public).allowed.networks
    own = parse_site("https://git.example.org:8443/api/v3/", public)
    assert (own.url, own.host) == ("https://git.example.org:8443/api/v3", "git.example.org:8443")
    assert own.allowed.networks
    for wrong in (
        *("http://git.example.org", "git.example.org", "https://", "https://a:b@git.example.org"),
        *("https://git.example.org/?a=1", "https://git.example.org:0", "http://10.0.0.1", "Off"),
    ):
        with pytest.raises(ValueError, match="must be an https:// address"):
            parse_site(wrong, public)


def test_a_look_up_has_a_deadline(monkeypatch):
    import threading

    from roadmap.core import outbound

    released = threading.Event()
    monkeypatch.setattr(outbound.socket, "getaddrinfo", lambda *_a, **_k: released.wait(20) and [])
    with pytest.raises(outbound.FetchError, match="slow"):
        outbound.get(
            "https://api.github.com/", parse_site("https://api.github.com", "").allowed,
            headers={}, most_bytes=10, seconds=0.1,
        )  # fmt: skip
    released.set()


IRIS = "0000-0002-1825-0097"
WORKS = [
    {"work-summary": [{
        "put-code": 12, "type": "journal-article",
        "title": {"title": {"value": "A measured effect"}},
        "journal-title": {"value": "Journal of Tests"},
        "publication-date": {"year": {"value": "2021"}, "month": {"value": "4"}, "day": None},
        "external-ids": {"external-id": [
            {"external-id-type": "issn", "external-id-value": "1234-5678",
             "external-id-relationship": "part-of"},
            {"external-id-type": "doi", "external-id-value": "10.1000/ABC",
             "external-id-relationship": "self"},
        ]},
    }]},
    {"work-summary": [{"put-code": 13, "type": "lecture-speech",
                       "title": {"title": {"value": "A talk"}}, "external-ids": None,
                       "publication-date": {"year": {"value": "2022"}},
                       "url": {"value": "https://example.org/talk"}}]},
    {"work-summary": []},
    None,
]  # fmt: skip


def test_the_works_of_an_orcid_record_become_drafts(alice, session, host, fetch):
    host.works[IRIS] = WORKS
    page = alice.get("/evidence/import/orcid").text
    assert "ORCID iD" in page
    assert 'name="since"' not in page
    alice.post("/evidence/import/orcid", {"login": f"https://orcid.org/{IRIS}"})
    assert fetch() == 1
    assert host.requests[0][0] == f"/v3.0/{IRIS}/works"
    preview = alice.get("/evidence/import/orcid/preview").text
    assert sorted(boxes(preview)) == [("A measured effect", True), ("A talk", True)]
    alice.post("/evidence/import/orcid/records", fields(preview))
    paper, talk = pieces(session)
    assert (paper.current.url, paper.current.kind, paper.current.occurred_on) == (
        "https://doi.org/10.1000/ABC", "publication", "2021-04"
    )  # fmt: skip
    assert (talk.current.kind, talk.state) == ("talk", "draft")


@pytest.mark.parametrize("login", ["0000-0002-1825-0098", "0000-0002-1825", "octo-alice"])
def test_an_orcid_id_that_is_mistyped_is_not_asked_for(alice, host, login):
    refused = alice.post("/evidence/import/orcid", {"login": login})
    assert refused.status_code == 422
    assert "check how it is written" in refused.text
    assert host.requests == []


def test_a_host_that_lists_nothing_and_a_work_without_a_title_are_named(alice, host, fetch):
    alice.post(GITLAB, SENT)
    fetch()
    assert "GitLab lists nothing here. Check how the name" in text_of(
        alice.get(f"{GITLAB}/preview").text
    )
    host.works[IRIS] = [*WORKS[:1], {"work-summary": [{"put-code": 9}]}]
    alice.post("/evidence/import/orcid", {"login": IRIS})
    fetch()
    page = text_of(alice.get("/evidence/import/orcid/preview").text)
    assert "1 entry cannot be imported Work 2:" in page


def test_an_orcid_record_that_is_not_there_says_so(alice, host, fetch):
    alice.post("/evidence/import/orcid", {"login": IRIS})
    fetch()
    assert "knows nobody of this name" in text_of(alice.get("/evidence/import/orcid/preview").text)
