"""Import from GitHub, GitLab and ORCID, against a local server in their place."""

from __future__ import annotations

import datetime as dt
import threading
from http.client import HTTPMessage

import pytest
import sqlalchemy as sa

from roadmap.core import outbound
from roadmap.core.database import db
from roadmap.core.outbound import parse_site
from roadmap.importers import fetching
from roadmap.importers.kinds import IMPORTERS
from roadmap.importers.models import PendingImport
from roadmap.jobs import tasks
from tests.importers.pages import checkboxes, form_data, saved_evidence
from tests.support.code_host import Reply, code_host, merge_request, pull_request
from tests.support.markup import text_of

GITHUB, GITLAB = "/evidence/import/github", "/evidence/import/gitlab"
TODAY = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
FORM = {"login": "octo-alice", "since": "2026-01-15"}


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
def set_clock(monkeypatch):
    """Set the clock of the job process."""

    def set_to(moment: dt.datetime) -> None:
        monkeypatch.setattr(tasks, "utc_now", lambda: moment)

    set_to(TODAY)
    return set_to


@pytest.fixture
def fetch(app, set_clock):
    """Fetch pages as the job process does."""

    def run() -> int:
        with app.app_context():
            return tasks.fetch_pages()

    return run


def pull_requests(*numbers: int) -> list[dict]:
    """Return pull requests merged on these days of March."""
    return [pull_request(n, f"2026-03-{n:02}T23:30:00Z") for n in numbers]


def pending_import(session) -> PendingImport:
    session.rollback()
    return session.scalars(sa.select(PendingImport)).one()


def test_github_import_creates_drafts_and_unticks_known_rows(alice, session, host, fetch):
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
    assert alice.post(GITHUB, FORM).location == f"{GITHUB}/preview"
    assert "Nothing found so far" in text_of(alice.get(f"{GITHUB}/preview").text)
    assert fetch() == 2
    assert {query["q"] for _path, query, _headers in host.requests} == {
        "author:octo-alice is:pr is:merged merged:>=2026-01-15",
        "reviewed-by:octo-alice -author:octo-alice is:pr is:closed closed:>=2026-01-01",
    }
    assert all("Authorization" not in headers for _path, _query, headers in host.requests)
    page = alice.get(f"{GITHUB}/preview").text
    assert checkboxes(page) == [
        ("Cut p99 <b>by half</b>", True),
        ("Change 7", True),
        ("Reviewed 3 changes in acme/ranker, Mar 2026", True),
        ("Reviewed 1 change in acme/ranker, Oct 2026", True),
    ]
    assert "1 review from this month is left out" in text_of(page)
    assert alice.post(f"{GITHUB}/records", form_data(page)).status_code == 303
    found = {each.title: each for each in saved_evidence(session)}
    merged = found["Cut p99 <b>by half</b>"].current
    assert (merged.kind, merged.occurred_on, merged.url, merged.role) == (
        "open_source", "2026-04-01", "https://github.com/acme/ranker/pull/412", "Author",
    )  # fmt: skip
    reviews = found["Reviewed 3 changes in acme/ranker, Mar 2026"].current
    assert (reviews.kind, reviews.occurred_on) == ("review_given", "2026-03")
    assert r"- [\[2\] fix](https://github.com/acme/ranker/pull/2)" in reviews.description
    assert {each.state for each in found.values()} == {"draft"}
    alice.post(GITHUB, {**FORM, "login": "https://github.com/octo-alice/"})
    fetch()
    assert not any(ticked for _title, ticked in checkboxes(alice.get(f"{GITHUB}/preview").text))


def test_gitlab_import_follows_pages_and_sends_the_token(
    alice, app, session, host, fetch, monkeypatch
):
    monkeypatch.setitem(app.config, "GITLAB_TOKEN", "glpat-word")
    host.per_page = 2
    host.merged = [merge_request(n, f"2026-03-{n:02}T10:00:00.123Z") for n in range(1, 6)]
    # Merged before the chosen day, but changed after it.
    host.merged.append(merge_request(6, "2025-03-01T10:00:00Z"))
    host.reviewed = [merge_request(9, "2026-04-01T00:00:00Z", "Theirs")]
    alice.post(GITLAB, {"login": "@alice", "since": "2026-01-15"})
    assert fetch() == 4
    paths = {path for path, _query, _headers in host.requests}
    assert paths == {"/api/v4/merge_requests"}
    assert {headers["PRIVATE-TOKEN"] for _path, _query, headers in host.requests} == {"glpat-word"}
    assert [query.get("page") for _path, query, _headers in host.requests] == [None, "2", "3", None]
    page = alice.get(f"{GITLAB}/preview").text
    assert [title for title, _ticked in checkboxes(page)] == [
        *(f"Change {n}" for n in range(1, 6)),
        "Reviewed 1 change in acme/ml/ranker, Apr 2026",
    ]
    assert "https://gitlab.com/acme/ml/ranker/-/merge_requests/1" in page


def test_fetch_resumes_after_the_rate_limit_ends(alice, session, host, fetch, set_clock):
    host.per_page = 2
    host.merged = pull_requests(1, 2, 3)
    reset = TODAY + dt.timedelta(minutes=10)
    alice.post(GITHUB, FORM)
    ok = Reply(200, *first_response(host))
    limited = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(reset.timestamp()))}
    host.queued = [ok, Reply(403, limited, b'{"message": "API rate limit exceeded"}')]
    assert fetch() == 2
    assert pending_import(session).state == "waiting"
    page = alice.get(f"{GITHUB}/preview").text
    assert "2 of 3 found so far" in text_of(page)
    assert "GitHub allows no more requests for now (403)" in text_of(page)
    assert "continues automatically at 12:10" in text_of(page)
    part = alice.get(f"{GITHUB}/preview?partial=1").text
    assert len(checkboxes(part)) == 2
    assert "Only part of it was fetched" in text_of(part)
    assert fetch() == 0
    set_clock(reset + dt.timedelta(seconds=2))
    assert fetch() == 2
    assert len(checkboxes(alice.get(f"{GITHUB}/preview").text)) == 3


def test_outdated_preview_is_shown_again_instead_of_imported(alice, session, host, fetch):
    host.per_page = 1
    host.merged = pull_requests(1, 2)
    alice.post(GITHUB, FORM)
    host.queued = [Reply(200, *first_response(host)), Reply(429)]
    fetch()
    outdated = alice.get(f"{GITHUB}/preview?partial=1").text
    assert "If you import it now, the rest is not fetched" in text_of(outdated)
    session.execute(sa.update(PendingImport).values(resume_at=TODAY))
    session.commit()
    fetch()
    refused = alice.post(f"{GITHUB}/records", form_data(outdated))
    assert refused.status_code == 422
    assert "has changed since" in refused.text
    assert checkboxes(refused.text) == [("Change 1", True), ("Change 2", False)]
    assert saved_evidence(session) == []


def test_overdue_fetch_warns_that_the_job_process_may_be_down(alice, session, host):
    alice.post(GITHUB, FORM)
    assert "job process" not in alice.get(f"{GITHUB}/preview").text
    session.execute(sa.update(PendingImport).values(resume_at=TODAY - dt.timedelta(minutes=5)))
    session.commit()
    assert "the job process may not be running" in alice.get(f"{GITHUB}/preview").text


def first_response(host):
    response = host.answer("/search/issues", {"q": "author:octo-alice"}, host.url)
    return response.headers, response.body


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (Reply(401, body=b'{"message": "Bad credentials"}'), "requires a sign-in (401)"),
        (Reply(403, body=b'{"message": "Forbidden"}'), "refused access (403)"),
        (Reply(404), "at the configured address of GitHub (404)"),
        (Reply(422, body=b'{"message": "Validation Failed"}'), "has no user with this name"),
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
    ids=[
        "unauthorized", "forbidden", "not found", "unknown user", "server error", "redirect",
        "html", "script link", "deep json", "truncated", "too large", "timeout", "number as link",
        "wrong type",
    ],
)  # fmt: skip
def test_failed_fetch_shows_reason_keeps_records_and_can_be_retried(
    alice, session, host, fetch, monkeypatch, response, message
):
    monkeypatch.setattr(fetching, "SECONDS", 0.5)
    monkeypatch.setattr(fetching, "MAX_BYTES", 150_000 if len(response.body) > 10_000 else 1_900)
    host.per_page = 1
    host.merged = pull_requests(1, 2)
    alice.post(GITHUB, FORM)
    host.queued = [Reply(200, *first_response(host)), response]
    fetch()
    assert pending_import(session).state == "failed"
    page = alice.get(f"{GITHUB}/preview").text
    assert message in text_of(page)
    assert checkboxes(page) == [("Change 1", True)]
    assert alice.put(f"{GITHUB}/pages", {}).location == f"{GITHUB}/preview"
    fetch()
    page = alice.get(f"{GITHUB}/preview").text
    assert checkboxes(page) == [("Change 1", True), ("Change 2", True)]
    assert message not in text_of(page)


def test_review_ids_of_two_months_differ_for_long_names(app):
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


def test_rate_limit_end_is_read_from_headers_and_bounded():
    for status, headers, seconds in (
        (429, {"Retry-After": "30"}, 31),
        (429, {}, 61),
        (403, {"Retry-After": "Fri, 20 Nov 2026 12:05:00 GMT"}, 301),
        (429, {"RateLimit-Remaining": "0", "RateLimit-Reset": str(int(TODAY.timestamp()))}, 1),
        (429, {"Retry-After": "999999999"}, 20 * 3600),
        (403, {"X-RateLimit-Remaining": "12", "X-RateLimit-Reset": "1795000000"}, None),
        (403, {"Retry-After": "soon"}, None),
    ):
        response = fetching.HttpResponse(status, http_message(headers), b"")
        expected = None if seconds is None else TODAY + dt.timedelta(seconds=seconds)
        assert fetching.rate_limit_end(response, TODAY) == expected, headers


def http_message(headers: dict[str, str]) -> HTTPMessage:
    message = HTTPMessage()
    for name, value in headers.items():
        message[name] = value
    return message


def test_fetch_refuses_next_page_on_another_host(alice, session, host, fetch):
    alice.post(GITHUB, FORM)
    away = {"Link": '<https://elsewhere.example/search?page=2>; rel="next"'}
    host.queued = [Reply(200, away, b'{"items": [], "total_count": 9}')]
    fetch()
    assert pending_import(session).fault["reason"] == "host"
    assert "cannot be reached" in text_of(alice.get(f"{GITHUB}/preview").text)


def test_invalid_login_or_date_is_rejected_without_any_request(alice, session, host, fetch):
    for login in ("", "a b", "alice is:open", "../repos", "-alice", "a" * 80):
        refused = alice.post(GITHUB, {**FORM, "login": login})
        assert refused.status_code == 422
    refused = alice.post(GITHUB, {"login": "alice", "since": "2031-01-01"})
    assert 'value="alice"' in refused.text
    assert "in the future" in refused.text
    assert fetch() == 0
    assert host.requests == []


def test_progress_fragment_redirects_when_the_fetch_is_complete(alice, host, fetch):
    host.merged = pull_requests(1)
    alice.post(GITHUB, FORM)
    part = alice.get(f"{GITHUB}/preview", fragment=True)
    assert part.text.lstrip().startswith('<div id="progress"')
    fetch()
    done = alice.get(f"{GITHUB}/preview", fragment=True)
    assert (done.status_code, done.headers["HX-Redirect"]) == (204, f"{GITHUB}/preview")


def test_restarted_import_drops_pages_of_the_old_one(alice, app, session, host, fetch):
    host.merged = pull_requests(1)
    alice.post(GITHUB, FORM)
    with app.app_context():
        with db.own_transaction() as own:
            claim = fetching.claim_page(own, TODAY)
            # A claimed page cannot be claimed twice.
            assert fetching.claim_page(own, TODAY) is None
        alice.delete(GITHUB)
        alice.post(GITHUB, {**FORM, "login": "other"})
        with db.own_transaction() as own:
            fetching.store_page(own, claim, fetching.Page([{"what": "merged"}]), TODAY)
    assert (pending_import(session).records, pending_import(session).state) == (
        [],
        "fetching",
    )


def test_import_page_is_missing_when_disabled_by_the_operator(alice, app, monkeypatch):
    monkeypatch.setitem(app.config, "GITHUB_API_URL", None)
    assert GITHUB not in alice.get("/evidence/import").text
    assert alice.get(GITHUB).status_code == 404
    assert alice.post(GITHUB, FORM).status_code == 404


def test_parse_site_accepts_https_only_and_off():
    public = "https://api.github.com"
    assert parse_site("off", public) is None
    assert not parse_site(public, public).allowed.networks
    own = parse_site("https://git.example.org:8443/api/v3/", public)
    assert (own.url, own.host) == ("https://git.example.org:8443/api/v3", "git.example.org:8443")
    assert own.allowed.networks
    for url in (
        *("http://git.example.org", "git.example.org", "https://", "https://a:b@git.example.org"),
        *("https://git.example.org/?a=1", "https://git.example.org:0", "http://10.0.0.1", "Off"),
    ):
        with pytest.raises(ValueError, match="must be an https:// address"):
            parse_site(url, public)


def test_dns_lookup_has_a_deadline(monkeypatch):
    released = threading.Event()
    monkeypatch.setattr(outbound.socket, "getaddrinfo", lambda *_a, **_k: released.wait(20) and [])
    with pytest.raises(outbound.FetchError, match="slow"):
        outbound.get(
            "https://api.github.com/", parse_site("https://api.github.com", "").allowed,
            headers={}, most_bytes=10, seconds=0.1,
        )  # fmt: skip
    released.set()


ORCID_ID = "0000-0002-1825-0097"
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


def test_orcid_works_become_drafts(alice, session, host, fetch):
    host.works[ORCID_ID] = WORKS
    page = alice.get("/evidence/import/orcid").text
    assert "ORCID iD" in page
    assert 'name="since"' not in page
    alice.post("/evidence/import/orcid", {"login": f"https://orcid.org/{ORCID_ID}"})
    assert fetch() == 1
    assert host.requests[0][0] == f"/v3.0/{ORCID_ID}/works"
    preview = alice.get("/evidence/import/orcid/preview").text
    assert sorted(checkboxes(preview)) == [("A measured effect", True), ("A talk", True)]
    alice.post("/evidence/import/orcid/records", form_data(preview))
    paper, talk = saved_evidence(session)
    assert (paper.current.url, paper.current.kind, paper.current.occurred_on) == (
        "https://doi.org/10.1000/ABC", "publication", "2021-04"
    )  # fmt: skip
    assert (talk.current.kind, talk.state) == ("talk", "draft")


@pytest.mark.parametrize("login", ["0000-0002-1825-0098", "0000-0002-1825", "octo-alice"])
def test_invalid_orcid_id_is_rejected_without_any_request(alice, host, login):
    refused = alice.post("/evidence/import/orcid", {"login": login})
    assert refused.status_code == 422
    assert "check the spelling" in refused.text
    assert host.requests == []


def test_preview_names_empty_lists_and_works_without_title(alice, host, fetch):
    alice.post(GITLAB, FORM)
    fetch()
    assert "GitLab lists nothing here. Check the spelling of the name" in text_of(
        alice.get(f"{GITLAB}/preview").text
    )
    host.works[ORCID_ID] = [*WORKS[:1], {"work-summary": [{"put-code": 9}]}]
    alice.post("/evidence/import/orcid", {"login": ORCID_ID})
    fetch()
    page = text_of(alice.get("/evidence/import/orcid/preview").text)
    assert "1 entry cannot be imported Work 2:" in page


def test_unknown_orcid_record_is_reported(alice, host, fetch):
    alice.post("/evidence/import/orcid", {"login": ORCID_ID})
    fetch()
    assert "has no user with this name" in text_of(alice.get("/evidence/import/orcid/preview").text)
