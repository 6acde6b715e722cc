"""/admin/audit: the audit log as messages, with filters and pagination."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import uuid

import pytest
import sqlalchemy as sa

from roadmap.admin import routes_audit
from roadmap.admin.audit_messages import KINDS, MESSAGES, MESSAGES_BY_KIND
from roadmap.admin.queries import PAGE_SIZE
from roadmap.auth.email_confirmation import confirm_email, request_email
from roadmap.auth.queries import find_pending_email
from roadmap.invitations import actions as invitations
from roadmap.people import actions
from roadmap.people.audit import record_audit
from roadmap.people.models import AuditEntry, Team, User
from tests.evidence.builders import add_evidence, submit_evidence
from tests.support.recorded_actions import recorded_actions
from tests.support.statements import statements_of


def lines(page):
    return re.findall(r'<span class="wrap-any title">(.*?)</span>', page.text)


def test_log_shows_messages_actors_and_no_secrets(session, cast, erin, now):
    team = session.get(Team, cast.team)
    actions.add_member(session, team, cast.mallory, "manager", by=cast.bob, now=now)
    actions.remove_member(session, team, cast.alice, by=cast.alice, now=now)
    record_audit(
        session,
        by=None,
        action="session.failed",
        target="<x>@example.org",
        address="192.0.2.1",
        now=now,
    )
    token = {"target": str(cast.alice), "now": now, "name": "Laptop", "scope": "write"}
    record_audit(session, by=None, action="token.created", **token)
    record_audit(session, by=None, action="token.revoked", **token)
    actions.add_member(session, team, cast.dave, "member", by=cast.dave, now=now)
    record_audit(
        session, by=uuid.uuid4(), action="evidence.verified", target=str(uuid.uuid4()), now=now,
        person=str(cast.alice),
    )  # fmt: skip
    record_audit(session, by=cast.erin, action="something.new", target="secret title", now=now)
    session.commit()
    page = erin.get("/admin/audit")
    assert page.status_code == 200
    assert lines(page) == [
        "Other: something.new",
        "A piece of evidence of Alice was reviewed.",
        "Dave joined the team Ranking as a member.",
        "The API token “Laptop” of Alice was revoked.",
        "The API token “Laptop” to read and write was created for Alice.",
        "A sign-in as &lt;x&gt;@example.org failed.",
        "Alice left the team Ranking.",
        "Mallory was added to the team Ranking as a manager.",
    ]
    assert "a former colleague" in page.text
    assert page.text.count("someone not signed in") == 1
    assert page.text.count("on the command line") == 2
    assert "secret title" not in page.text


def test_empty_log_says_so(cast, erin):
    page = erin.get("/admin/audit").text
    assert "No entries yet" in page
    assert "a restore brings back the log of its backup" in page


def test_log_is_filtered_by_kind_and_person(session, cast, erin, now):
    team = session.get(Team, cast.team)
    record_audit(session, by=cast.bob, action="session.begun", target="x", now=now)
    record_audit(session, by=cast.erin, action="account.deactivated", target=str(cast.bob), now=now)
    actions.add_member(session, team, cast.bob, "member", by=cast.erin, now=now)
    actions.add_member(session, team, cast.mallory, "member", by=cast.erin, now=now)
    session.commit()
    assert lines(erin.get("/admin/audit?kind=sign-in")) == ["Signed in."]
    assert lines(erin.get("/admin/audit?person=BOB@example.org")) == [
        "Bob was a manager and is now a member in the team Ranking.",
        "The account of Bob was deactivated.",
        "Signed in.",
    ]
    assert lines(erin.get(f"/admin/audit?person={cast.bob}&kind=team")) == [
        "Bob was a manager and is now a member in the team Ranking."
    ]
    assert "No one here has that name or e-mail" in erin.get("/admin/audit?person=nobody").text
    assert "No entries match" in erin.get("/admin/audit?person=x@example.org").text
    assert lines(erin.get("/admin/audit?person=bo&kind=team")) == [
        "Bob was a manager and is now a member in the team Ranking."
    ]
    assert "No entries match" in erin.get("/admin/audit?kind=keeping").text
    assert len(lines(erin.get("/admin/audit?kind=nonsense"))) == 4


def test_log_is_filtered_by_address_with_or_without_an_account(session, cast, erin, now):
    for email in ("Alice@example.org", "Nina@example.test"):
        record_audit(
            session, by=cast.erin, action="invitation.created", target="1", now=now, email=email
        )
        record_audit(session, by=None, action="session.failed", target=email, now=now)
    session.commit()
    for query, email in (
        ("alice@example.org", "Alice@example.org"),
        ("nina@example.test", "Nina@example.test"),
    ):
        page = erin.get(f"/admin/audit?person={query}")
        assert lines(page) == [
            f"A sign-in as {email} failed.",
            f"An invitation to Cairn was created for {email}.",
        ]
        assert f"person={query}" in page.text or f"person={cast.alice}" in page.text
    assert "nina@example.test, an address without an account" in page.text
    # A failed sign-in is listed as sign-in and as refusal.
    assert len(lines(erin.get("/admin/audit?kind=refusal"))) == 2
    assert len(lines(erin.get("/admin/audit?kind=sign-in"))) == 2


def test_reversed_date_range_is_reported(cast, erin):
    page = erin.get("/admin/audit?from=2026-05-31&to=2026-05-01").text
    assert "“From” is later than “To”" in page
    assert "No entries match" not in page
    assert "“From” is later" not in erin.get("/admin/audit?from=2026-05-01&to=2026-05-01").text


def test_ambiguous_name_offers_the_matching_people(session, cast, erin, now):
    for person, name in ((cast.alice, "Wei-Lin"), (cast.carol, "Wei Lin")):
        session.get_one(User, person).name = name
        record_audit(session, by=person, action="session.begun", now=now)
    session.commit()
    page = erin.get("/admin/audit?person=wei+lin&kind=sign-in")
    assert lines(page) == []
    assert "Several people match" in page.text
    offered = re.findall(r'"(/admin/audit\?[^"]+)">(Wei.Lin)<', page.text)
    assert [name for _url, name in offered] == ["Wei Lin", "Wei-Lin"]
    for url, name in offered:
        chosen = erin.get(url.replace("&amp;", "&"))
        assert lines(chosen) == ["Signed in."]
        assert f"What {name} did, what was done to them" in chosen.text


def test_refused_request_names_the_person_it_is_about(session, cast, erin, browser_of):
    alice, path = browser_of(cast.alice), f"/teams/ranking/people/{cast.carol}/skills/mlops"
    assert alice.get(path).status_code == 403
    assert lines(erin.get("/admin/audit?kind=refusal")) == [f"Refused: GET {path}, about Carol."]
    # The entry is also found by her address.
    assert lines(erin.get("/admin/audit?person=carol@example.org&kind=refusal"))


def test_refused_evidence_request_names_its_owner(session, cast, erin, browser_of, now):
    piece = add_evidence(session, cast, cast.alice, now)
    submit_evidence(session, cast, piece, now)
    session.commit()
    path = f"/evidence/{piece.id}/edit"
    assert browser_of(cast.bob).get(path).status_code == 403
    assert lines(erin.get("/admin/audit?kind=refusal")) == [f"Refused: GET {path}, about Alice."]


def test_log_is_paginated(session, cast, erin, now):
    for number in range(PAGE_SIZE + 3):
        record_audit(session, by=cast.erin, action="team.created", target=f"team-{number}", now=now)
    session.commit()
    first = erin.get("/admin/audit?kind=team")
    assert len(lines(first)) == PAGE_SIZE
    older = re.search(r'rel="next" href="([^"]+)"', first.text)
    assert older is not None
    second = erin.get(older[1].replace("&amp;", "&"))
    assert lines(second) == [f"The team team-{number} was created." for number in (2, 1, 0)]
    assert 'rel="next"' not in second.text
    assert 'href="/admin/audit?kind=team"' in second.text


@pytest.mark.parametrize(
    "before", ["x", "-5", "0", "9" * 30], ids=["not a number", "negative", "zero", "too large"]
)
def test_invalid_cursor_is_ignored(session, cast, erin, now, before):
    record_audit(session, by=cast.erin, action="backup.created", now=now)
    session.commit()
    assert erin.get(f"/admin/audit?before={before}").status_code == 200


def test_name_in_an_entry_is_escaped(session, cast, erin, now):
    session.get(User, cast.bob).name = "<b>100%(x)s</b>"
    record_audit(session, by=cast.bob, action="account.created", target=str(cast.bob), now=now)
    session.commit()
    messages = lines(erin.get("/admin/audit"))
    assert messages == ["The account of &lt;b&gt;100%(x)s&lt;/b&gt; was created."]


def test_statement_count_does_not_grow_with_entries(app, session, cast, erin, now):
    def make(count):
        for person in (cast.alice, cast.bob, cast.carol)[:count]:
            record_audit(
                session, by=cast.erin, action="account.created", target=str(person), now=now
            )
        session.commit()

    make(1)
    few = statements_of(app, lambda: erin.get("/admin/audit"))
    make(3)
    many = statements_of(app, lambda: erin.get("/admin/audit"))
    assert len(many) == len(few) <= 4


def test_every_audited_action_has_a_message():
    """Actions composed with an f-string are not checked here but when a test records them."""
    recorded = recorded_actions("record_audit", "audit_download")
    assert {"team.created", "account.created", "portfolio.exported"} <= recorded
    assert recorded <= MESSAGES.keys(), recorded - MESSAGES.keys()
    assert MESSAGES_BY_KIND.keys() == KINDS.keys()


def test_export_entry_names_the_owner_and_the_format(cast, erin, browser_of):
    browser_of(cast.bob).get("/teams/ranking/export/xlsx")
    browser_of(cast.alice).get("/portfolio/export/json-resume")
    assert lines(erin.get("/admin/audit?kind=export")) == [
        "The portfolio of Alice was exported as JSON Resume.",
        "The matrix of the team Ranking was exported as Excel.",
    ]
    assert lines(erin.get("/admin/audit?kind=team")) == []


def test_export_entry_says_that_a_filter_applied(cast, erin, browser_of):
    browser_of(cast.bob).get("/teams/ranking/export/csv?q=alice")
    assert lines(erin.get("/admin/audit?kind=export")) == [
        "The matrix of the team Ranking was exported as CSV, filtered: 1 of 2 people."
    ]


def test_assessment_entry_has_no_level_and_no_comment(session, cast, erin, browser_of):
    bob = browser_of(cast.bob)
    path = f"/teams/ranking/people/{cast.alice}/skills/mlops"
    assert bob.post(f"{path}/assessments", {"level": "3", "comment": "Well"}).status_code == 303
    page = erin.get("/admin/audit?kind=review")
    assert lines(page) == ["A manager assessed Alice in MLOps."]
    entry = session.scalars(
        sa.select(AuditEntry).where(AuditEntry.action == "skill.assessed")
    ).one()
    assert entry.actor_id == cast.bob
    assert entry.data == {"person": str(cast.alice), "skill": "MLOps"}


def test_team_change_entry_says_what_changed(session, cast, erin, now):
    team = session.get(Team, cast.team)
    parts = {"by": cast.erin, "now": now}
    search = actions.create_team(session, slug="search", name="Search", **parts)
    actions.change_team(session, team, name="Relevance", parent_id=search.id, **parts)
    actions.change_team(session, team, name="Relevance", parent_id=None, **parts)
    actions.change_team(session, search, name="Retrieval", parent_id=None, **parts)
    actions.delete_team(session, search, **parts)
    session.commit()
    assert lines(erin.get("/admin/audit?kind=team")) == [
        "The team Retrieval was deleted.",
        "The team Search was renamed to Retrieval.",
        "The team Relevance is no longer nested in another team.",
        "The team Ranking was renamed to Relevance. The team Relevance was nested in Search.",
        "The team Search was created.",
    ]


def test_invitation_entries_name_the_team_the_role_and_the_address(session, cast, erin, now):
    team = session.get(Team, cast.team)
    invitations.invite(
        session, team=team, role="member", email="mallory@example.org", by=cast.bob, now=now
    )
    invitation, _token = invitations.invite(
        session, team=team, role="mentor", email="mallory@example.org", by=cast.bob, now=now
    )
    invitations.accept(session, invitation, cast.mallory, now=now)
    for_anyone, _token = invitations.invite(
        session, team=None, role="member", by=cast.erin, now=now
    )
    invitations.revoke(session, for_anyone, by=cast.erin, now=now)
    session.commit()
    assert lines(erin.get("/admin/audit?kind=invitation")) == [
        "An invitation to Cairn was revoked (for anyone who has the link).",
        "An invitation to Cairn was created for anyone who has the link.",
        "An invitation to the team Ranking as a mentor was accepted (for mallory@example.org).",
        "An invitation to the team Ranking as a mentor was created for mallory@example.org.",
        (
            "An invitation to the team Ranking as a member was replaced by a newer one (for "
            "mallory@example.org)."
        ),
        "An invitation to the team Ranking as a member was created for mallory@example.org.",
    ]


def test_entries_of_older_releases_have_messages(session, cast, erin, now):
    for action, data in (
        ("team.changed", {"before": {"name": "Ranking", "parent": ""}}),
        ("invitation.created", {"team": "ranking", "role": "member", "email": ""}),
        ("session.revoked", {}),
    ):
        record_audit(session, by=cast.erin, action=action, target="ranking", now=now, **data)
    session.commit()
    assert lines(erin.get("/admin/audit")) == [
        "Another browser was signed out.",
        "An invitation to the team ranking as a member was created for anyone who has the link.",
        "The team ranking was renamed or moved.",
    ]


@pytest.mark.parametrize("action", MESSAGES)
def test_entry_without_data_breaks_no_page(session, cast, erin, now, action):
    """Entries of older releases stay as they are."""
    target = "2025-01-01" if action == "audit.pruned" else ""
    record_audit(session, by=cast.erin, action=action, target=target, now=now)
    session.commit()
    assert len(lines(erin.get("/admin/audit"))) == 1


def test_confirming_the_first_address_is_not_logged_as_a_change(
    session, cast, now, erin, with_mail
):
    session.get(User, cast.mallory).email_key = None
    session.flush()
    request_email(session, cast.mallory, "mallory@example.org", by=cast.mallory, now=now)
    session.commit()
    page = erin.get(f"/admin/people/{cast.mallory}").text
    assert "Mallory has to open the link that is being mailed to it." in page
    assert "Confirm it" not in page, "only its owner can"
    pending = find_pending_email(session, cast.mallory)
    confirm_email(session, cast.mallory, pending.id, by=cast.mallory, now=now)
    session.commit()
    page = erin.get("/admin/audit").text
    assert "The e-mail address of Mallory was confirmed." in page
    assert "The e-mail address of Mallory was changed." not in page


@pytest.fixture
def entries_of_three_days(session, cast):
    """Entries of Bob at 23:30 UTC on 1 March and on 2 March, and of Erin on 3 March."""
    names = {}
    for day, hour, person in ((1, 23, cast.bob), (2, 12, cast.bob), (3, 12, cast.erin)):
        at = dt.datetime(2026, 3, day, hour, 30, tzinfo=dt.UTC)
        names[day] = f"=cmd|{day}"
        record_audit(
            session, by=person, action="team.created", target="x", now=at, team_name=names[day]
        )
    session.commit()
    return names


def test_date_filter_uses_the_readers_time_zone(session, cast, erin, entries_of_three_days):
    def days(query):
        return [
            int(day)
            for day in re.findall(
                r"=cmd\|(\d) was", erin.get(f"/admin/audit?kind=team&{query}").text
            )
        ]

    assert days("to=2026-03-03") == [3, 2, 1]
    assert days("from=2026-03-02&to=2026-03-02") == [2]
    assert days(f"to=2026-03-02&person={cast.bob}") == [2, 1]
    page = erin.get("/admin/audit?from=2026-03-02").text
    assert 'name="from" value="2026-03-02"' in page
    session.execute(sa.update(User).where(User.id == cast.erin).values(timezone="Asia/Tokyo"))
    session.commit()
    # 23:30 UTC on 1 March is 2 March in Tokyo.
    assert days("from=2026-03-02&to=2026-03-02") == [2, 1]
    for value in ("x", "2026-02-30", "9999-12-31", "0001-01-01"):
        answer = erin.get(f"/admin/audit?to={value}")
        assert answer.status_code == 200
        assert lines(answer) == []
        assert f"“{value}” is not a day" in answer.text


def test_export_contains_the_filtered_log(session, cast, erin, entries_of_three_days, monkeypatch):
    monkeypatch.setattr(routes_audit, "EXPORT_BATCH", 1)  # several batches, as with a long log
    query = f"?kind=team&person={cast.bob}&to=2026-03-03"
    page = erin.get(f"/admin/audit{query}").text
    [address] = re.findall(r'href="([^"]+)" download', page)
    answer = erin.get(address.replace("&amp;", "&"))
    assert answer.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [(row["When (UTC)"], row["Who"]) for row in rows] == [
        ("2026-03-02T12:30:00+00:00", "Bob"),
        ("2026-03-01T23:30:00+00:00", "Bob"),
    ]
    assert [(row["E-mail"], row["Kind"]) for row in rows] == [("bob@example.org", "Teams")] * 2
    # The name would be a formula only at the start of a cell.
    assert rows[0]["What"] == "The team =cmd|2 was created."
    assert lines(erin.get("/admin/audit?kind=export"))[0] == (
        "The audit log was exported: 2 entries."
    )
    monkeypatch.setattr(routes_audit, "MAX_EXPORTED", 1)
    refused = erin.get(address.replace("&amp;", "&"))
    assert refused.status_code == 422
    assert "More than 1 entries match." in refused.text
    # An ambiguous person redirects to the page, which lists the matches.
    assert erin.get("/admin/audit/export/csv?person=x").status_code == 303
