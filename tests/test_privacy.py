"""Managers and administrators cannot get private data through any response.

Each private field contains a canary word. The tests request everything that others may request:
every URL of the manifest as page and fragment, every sort order, filter and search, the exports
(unpacked), the API, error pages, notifications and mail. Adding private data must leave each of
those responses identical byte for byte.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import re
import uuid
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from roadmap.account.actions import change_profile
from roadmap.auth import api_tokens
from roadmap.auth.models import ApiToken
from roadmap.career_plans import actions as career_plans
from roadmap.career_plans.queries import plan as career_plan
from roadmap.core.database import db
from roadmap.core.dates import PartialDate
from roadmap.core.file_store import file_store
from roadmap.credentials import actions as credentials
from roadmap.evidence import actions as evidence
from roadmap.evidence.actions import evidence_input
from roadmap.evidence.item import File, Impact
from roadmap.evidence.models import Evidence
from roadmap.forecast.actions import add_absence
from roadmap.forecast.rules import Span
from roadmap.mail.models import OutgoingMail
from roadmap.market.actions import save_offer
from roadmap.market.rules import OfferTerms
from roadmap.momentum.actions import take_snapshots
from roadmap.people.models import AuditEntry
from roadmap.portfolio import actions as portfolio
from roadmap.portfolio.models import Redaction
from roadmap.portfolio.selection import load_choices
from roadmap.practice import actions as practice
from roadmap.practice.queries import answer as practice_answer
from roadmap.practice.queries import peer_links as practice_links
from roadmap.progress import actions as progress
from roadmap.progress.models import Enrollment
from roadmap.readiness.actions import refresh_changed
from roadmap.readiness.models import ReadinessSummary
from roadmap.skills import actions as skills
from roadmap.time_budget import actions as time_budget
from roadmap.time_budget.calendar_file import Event
from roadmap.time_budget.calendar_import import Import
from roadmap.tools import actions as tools
from roadmap.work_log.actions import add_entry as add_work_log_entry
from tests.support.browser_client import BrowserClient
from tests.support.cast import Cast
from tests.support.route_manifest import PAGES
from tests.support.sample_data import (
    DONE_MILESTONE,
    OPEN_MILESTONE,
    SLUG,
    SampleDataWriter,
    create_sample_data,
)

CANARY = "zanzibar"
SECRET_FILE = hashlib.sha256(f"{CANARY} in a file".encode()).hexdigest()
# A target date in a year that occurs nowhere else.
TARGET_DATE = dt.date(2093, 4, 5)
ABSENCE = Span(TARGET_DATE, TARGET_DATE)
# The year as a whole word, because its digits also occur in random ids and links.
SECRETS = (re.escape(CANARY), rf"(?<![\w-]){TARGET_DATE.year}(?!\w)")

# Her manager, a teammate, another team's manager, an administrator, and an unrelated user.
OTHERS = ("bob", "carol", "dave", "erin", "mallory")
SORT_KEYS = (
    *("name", "readiness", "moved", "leadership", "experience", "mlops", "mentoring"),
    CANARY,
)
MORE_URLS = (
    *(
        f"/teams/ranking?sort={sort}&order={order}"
        for sort in SORT_KEYS
        for order in ("asc", "desc")
    ),
    *(f"/teams/ranking/export/{name}?sort=readiness" for name in ("csv", "xlsx")),
    f"/teams/ranking?q={CANARY}",
    f"/teams/ranking/people/{{alice}}?stage=leadership&roadmap={SLUG}",
    f"/teams/ranking/people/{{alice}}?since=2020-01-01&roadmap={SLUG}",
    f"/reviews?q={CANARY}",
    "/reviews?person={alice}",
    "/reviews?kind=blog_post",
    "/reviews?kind=patent",
    "/reviews?show=judged",
    "/reviews?show=in_review",
    f"/evidence?q={CANARY}",
    *(f"/search?q={word}" for word in (CANARY, "alice", "design")),
    "/search?q=design&in=evidence",
    f"/admin/people?q={CANARY}",
    "/admin/people/{alice}",
    "/admin/audit?person={alice}",
    "/notifications?unread=1",
)
API_PATHS = (
    *(
        "me",
        "roadmaps",
        f"me/roadmaps/{SLUG}",
        "me/evidence",
        "me/readiness",
        "me/skills",
        "me/activity",
    ),
    *("me/portfolio?format=json-resume", "teams", "teams/ranking/matrix", "reviews"),
    *("reviews?limit=1", f"me/evidence?q={CANARY}"),
)
# Pages that read other people's summary rows or shared data.
URLS_ABOUT_OTHERS = r"/($|teams|reviews|notifications|admin|search)"


@dataclass
class Site:
    """The sample data with Alice's secrets, and a browser and token for each person."""

    app: Flask
    cast: Cast
    ids: dict[str, str]
    private_ids: dict[str, str]
    browsers: dict[str, BrowserClient]
    tokens: dict[str, str]

    def responses_by_name(self, role: str, *, only_about_others: bool = False) -> dict[str, bytes]:
        """Return responses by name. Side effects of the requests are undone: audit log entries of
        rejections and exports, and the last use of tokens."""
        lines = self.audit_lines()
        # Rejections are logged once per minute. Reset this, so that each walk writes its own.
        self.app.extensions.pop("refusals", None)
        found = dict(self.responses(role, only_about_others=only_about_others))
        with self.app.app_context(), db.own_transaction() as own:
            own.execute(sa.delete(AuditEntry).where(AuditEntry.id.not_in(lines)))
            own.execute(sa.update(ApiToken).values(last_used_at=None))
        return found

    def audit_lines(self) -> list[int]:
        with self.app.app_context():
            return list(db.session.scalars(sa.select(AuditEntry.id)))

    def responses(
        self, role: str, *, only_about_others: bool = False
    ) -> Iterator[tuple[str, bytes]]:
        """Return all responses for this person, including rejections.

        With `only_about_others`, only responses about other people, without rejections.
        """
        browser = self.browsers[role]
        for url in self.urls():
            if only_about_others and not re.match(URLS_ABOUT_OTHERS, url):
                continue
            for fragment in (False, True):
                answer = browser.get(url, fragment=fragment)
                name = f"{role} {url}{' (fragment)' if fragment else ''}"
                yield name, f"{answer.status_code}".encode() + comparable_bytes(answer)
        for path in API_PATHS:
            if only_about_others and not re.match(URLS_ABOUT_OTHERS, f"/{path}"):
                continue
            answer = browser.client.get(
                f"/api/v1/{path}", headers={"Authorization": f"Bearer {self.tokens[role]}"}
            )
            yield f"{role} API {path}", comparable_bytes(answer)
        for name, key in self.private_ids.items() if not only_about_others else ():
            for method, path, data in forbidden_requests(key):
                answer = browser.send(method, path, data)
                yield f"{role} {method} {path} ({name})", comparable_bytes(answer)

    def urls(self) -> Iterator[str]:
        for page in PAGES:
            # Visitors with Alice's link see what she chose to share.
            if page.rule.startswith(("/p/", "/practice/peer/")):
                continue
            for url in (page.url, *page.variants):
                yield url.format_map(self.ids)
        for url in MORE_URLS:
            yield url.format_map(self.ids)


def forbidden_requests(key: str) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Return requests to try with evidence that the person cannot see."""
    yield "GET", f"/evidence/{key}", {}
    yield "GET", f"/evidence/{key}/files/{SECRET_FILE}", {}
    yield "GET", f"/reviews/{key}", {}
    yield "PUT", f"/reviews/{key}", {"basis": "artefact", "version_id": str(uuid.UUID(int=1))}
    yield "PUT", f"/reviews/{key}/taking", {"version_id": str(uuid.UUID(int=1))}
    yield "POST", f"/evidence/{key}/comments", {"text": "Hello"}
    yield "PUT", f"/evidence/{key}", {"title": "Mine"}
    yield "DELETE", f"/evidence/{key}", {}
    yield "PUT", f"/evidence/{key}/submission", {}


def comparable_bytes(answer: Any) -> bytes:
    """Return headers and body, with archives unpacked and per-response signatures removed."""
    body = answer.data
    if body[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            body = b"".join(packed.read(name) for name in sorted(packed.namelist()))
    body = re.sub(rb'(csrf_token"? value="|X-CSRFToken": ")[^"]+', rb"\1", body)
    # An empty form has a new single-use key in each response.
    body = re.sub(rb'(name="key"[^>]* value=")[^"]+', rb"\1", body)
    kept = {
        name: value
        for name, value in answer.headers.items()
        if name not in ("Set-Cookie", "Date", "Content-Length", "X-Request-Id")
    }
    return f"{sorted(kept.items())}\n".encode() + body


@pytest.fixture
def clock() -> Iterator[dt.datetime]:
    """The time of the whole test, so that relative times are equal in all responses."""
    moment = dt.datetime(2026, 11, 23, 10, 0, tzinfo=dt.UTC)
    with time_machine.travel(moment, tick=False):
        yield moment


@pytest.fixture
def site(app: Flask, cast: Cast, clock: dt.datetime) -> Site:
    with app.app_context():
        ids = create_sample_data(db.session, cast, clock)
        write = SampleDataWriter(db.session, cast, clock)
        private_ids = add_private_data(write, ids)
        tokens = {
            role: api_tokens.create(
                db.session, getattr(cast, role), name="All", scope="write", days=30,
                by=getattr(cast, role), now=clock,
            )
            for role in OTHERS
        }  # fmt: skip
        db.session.commit()
    return Site(
        app,
        cast,
        ids,
        private_ids,
        {role: BrowserClient.of(app, getattr(cast, role)) for role in OTHERS},
        tokens,
    )


def add_private_data(write: SampleDataWriter, ids: dict[str, str]) -> dict[str, str]:
    """Put the canary into every private field of Alice; return the ids of private data."""
    session, alice = write.session, write.cast.alice
    actor = write.actor(alice)
    progress.set_plan(
        session, alice, OPEN_MILESTONE, note=f"{CANARY} note", target_on=TARGET_DATE, now=write.now
    )
    progress.set_status(
        session, alice, "decide-on-a-degree", "not_applicable", reason=f"{CANARY} reason",
        now=write.now - dt.timedelta(days=30),
    )  # fmt: skip
    skills.assess_self(
        session, alice, "strategy", 2, f"{CANARY} of my own", by=actor, now=write.now
    )
    texts = {name: f"{CANARY} {name}" for name in ("name", "headline", "introduction")}
    mine = portfolio.lock_portfolio(session, alice, by=actor, now=write.now)
    portfolio.save_texts(session, mine, texts, revision=mine.revision, now=write.now)
    portfolio.create_portfolio(
        session, name=f"{CANARY} second", copy_of=alice, by=actor, now=write.now
    )
    # Managers see the evidence, not its replacement text.
    redaction = Redaction(f"{CANARY} redacted", f"{CANARY} redacted text")
    for key in load_choices(session, alice):
        portfolio.redact_item(session, mine, key, redaction, now=write.now)
    urls = {"website": f"https://example.org/{CANARY}"}
    portfolio.save_profiles(session, urls, by=actor, now=write.now)
    add_career_plans(write, f"{CANARY} plan")
    add_offer(write, f"{CANARY} offer")
    add_tool_record(write, f"{CANARY} of a tool")
    add_cost(write, 300)
    add_practice(write, f"{CANARY} of a story")
    add_hours(write, f"{CANARY} of her week")
    add_work_log_entry(write.session, alice, write.now.date(), f"{CANARY} noted", now=write.now)
    add_absence(write.session, alice, ABSENCE, f"{CANARY} off", now=write.now)
    private_ids = {}
    for name, visibility in (
        ("draft", "portfolio"),
        ("team draft", "team"),
        ("private", "private"),
    ):
        private_ids[name] = str(create_private_draft(write, visibility).id)
    # Submitted and withdrawn.
    withdrawn = create_private_draft(write, "portfolio")
    evidence.submit(session, withdrawn, by=actor, now=write.now)
    evidence.withdraw(session, withdrawn, by=actor, now=write.now)
    private_ids["withdrawn"] = str(withdrawn.id)
    # Submitted, then made private.
    closed = create_private_draft(write, "team")
    evidence.submit(session, closed, by=actor, now=write.now)
    evidence.edit(
        session,
        closed,
        replace(evidence_input(closed), visibility="private"),
        by=actor,
        now=write.now,
    )
    private_ids["created private"] = str(closed.id)
    # Returned and edited: the edit is private until resubmitted.
    returned = session.get_one(Evidence, uuid.UUID(ids["returned"]))
    evidence.edit(
        session,
        returned,
        replace(
            evidence_input(returned),
            description=f"{CANARY} not sent yet",
            role=f"{CANARY} role",
            url=f"https://{CANARY}.example.org/",
            impacts=(Impact("team", f"{CANARY} metric", "1", "2", CANARY, ""),),
            files=(private_file(),),
        ),
        by=actor,
        now=write.now,
    )
    return private_ids


def private_file() -> File:
    """Store a file for private evidence."""
    content = f"{CANARY} in a file".encode()
    return File(file_store().put(io.BytesIO(content)), f"{CANARY}.txt", len(content), "text/plain")


def add_offer(write: SampleDataWriter, name: str) -> None:
    terms = OfferTerms(180_000, equity=TARGET_DATE.year)
    save_offer(write.session, write.cast.alice, terms, name=name, currency="USD", now=write.now)


def add_cost(write: SampleDataWriter, amount: int) -> None:
    """Add the costs of a certification."""
    alice = write.cast.alice
    held = sa.select(Evidence.id).where(Evidence.title == "Cloud certificate")
    credentials.save_cost(
        write.session, alice, write.session.scalars(held).one(), TARGET_DATE.year, amount, "USD",
        now=write.now,
    )  # fmt: skip


def add_tool_record(write: SampleDataWriter, text: str) -> None:
    """Add a private entry for a tool."""
    alice = write.cast.alice
    said = {"level": "tried", "interest": "learn", "last_used": None, "note": text}
    tools.save(write.session, alice, "jax", said, now=write.now)


def add_practice(write: SampleDataWriter, text: str) -> None:
    """Add interview practice that cites shared evidence."""
    session, alice, question = write.session, write.cast.alice, "incident-you-caused"
    saved = practice_answer(session, alice, question)
    shared = session.scalars(sa.select(Evidence.id).where(Evidence.user_id == alice)).first()
    practice.save_answer(
        session, alice, question, "star", {"situation": text}, [shared] if shared else [],
        revision=saved.revision if saved else 0, now=write.now,
    )  # fmt: skip
    attempt = practice.start_attempt(session, alice, question, now=write.now)
    practice.rate_attempt(session, attempt, 2, text, now=write.now)
    practice.make_peer_link(session, alice, question, attempt, now=write.now)
    link = practice_links(session, alice, question)[0]
    practice.rate_as_peer(session, link, 2, text, text, revision=1, now=write.now)


def add_hours(write: SampleDataWriter, title: str) -> None:
    """Add hours of today, personal limits and imported calendar events."""
    session, alice = write.session, write.cast.alice
    time_budget.add_entry(
        session, alice, day=write.now.date(), category="deep-work", minutes=90, title=title,
        now=write.now,
    )  # fmt: skip
    limits = {"week_minutes": 1234, "deep_work_minutes": 987}
    time_budget.save_limits(session, alice, limits)
    start = write.now.replace(hour=0, minute=0)
    event = Event(title, start, start + dt.timedelta(hours=1), title)
    time_budget.save_import(
        session, alice, Import(write.now.date(), write.now.date(), [event], []),
        {title: "mentoring"}, keep_titles=True, now=write.now,
    )  # fmt: skip
    time_budget.save_address(session, alice, f"https://calendar.example.org/{title}.ics")


def add_career_plans(write: SampleDataWriter, text: str) -> None:
    """Add plans and a reflection with private texts."""
    session, alice, challenge = write.session, write.cast.alice, "managing-up"
    for kind, subject in (
        ("challenge", challenge),
        ("direction", ""),
        ("education", "doctorate"),
    ):
        saved = career_plan(session, alice, kind, subject)
        career_plans.save_plan(
            session, alice, kind, subject, {"plan": text, "reason": text, "role": text},
            revision=saved.revision if saved else 0, now=write.now,
        )  # fmt: skip
    career_plans.add_reflection(
        session, alice, challenge, text, today=write.now.date(), now=write.now
    )


def create_private_draft(write: SampleDataWriter, visibility: str) -> Evidence:
    """Create a draft with the canary in every text."""
    made = write.piece(
        write.cast.alice,
        12,
        "patent",
        f"{CANARY} title",
        visibility=visibility,
        milestones=[DONE_MILESTONE, "patent-application"],
        impacts=[Impact("business", f"{CANARY} metric", "1", "2", CANARY, "")],
    )
    evidence.edit(
        write.session,
        made,
        replace(
            evidence_input(made),
            description=f"{CANARY} description",
            role=f"{CANARY} role",
            url=f"https://{CANARY}.example.org/",
            issuer=f"{CANARY} issuer",
            files=(private_file(),),
        ),
        by=write.actor(write.cast.alice),
        now=write.now,
    )
    return made


def find_secrets(responses: Iterable[tuple[str, bytes]]) -> list[str]:
    """Return a line for each response that contains a secret of Alice."""
    found = []
    for name, response in responses:
        # The search term is repeated in the searcher's own page.
        text = response
        for own in (f"q={CANARY}", f'value="{CANARY}"', f"“{CANARY}”"):
            text = text.replace(own.encode(), b"")
        found += [f"{name}: {word}" for word in SECRETS if re.search(word.encode(), text)]
    return found


@pytest.mark.slow
@pytest.mark.parametrize("role", ["carol", "dave", "mallory"])
def test_responses_to_others_contain_no_private_data(site: Site, role: str) -> None:
    """`test_private_additions_change_no_response_to_others` covers Bob and Erin."""
    assert find_secrets(site.responses(role)) == []


def test_canary_is_found_on_owner_pages(site: Site, browser_of) -> None:
    """The canary is stored and displayed, so the other tests would detect a leak."""
    alice = browser_of(site.cast.alice)
    assert CANARY in alice.get("/evidence").text
    assert CANARY in alice.get(f"/evidence/{site.private_ids['draft']}").text
    planned = alice.get(f"/roadmaps/{SLUG}/milestones/{OPEN_MILESTONE}").text
    assert [word for word in SECRETS if re.search(word, planned)] == list(SECRETS)
    assert CANARY in alice.get("/portfolio/preview").text
    assert alice.get("/career/challenges/managing-up").text.count(CANARY) == 2
    for page in ("direction", "education/doctorate"):
        assert CANARY in alice.get(f"/career/{page}").text
    assert CANARY in alice.get("/market/offers").text
    assert str(TARGET_DATE.year) in alice.get("/credentials").text
    assert CANARY in alice.get("/tools/jax").text
    assert CANARY in alice.get("/practice/incident-you-caused").text
    assert CANARY in alice.get("/time").text


def test_mail_to_others_contains_no_private_data(site: Site) -> None:
    with site.app.app_context():
        mails = db.session.execute(
            sa.select(OutgoingMail.recipient, OutgoingMail.subject, OutgoingMail.body)
        ).all()
    to_others = [mail for mail in mails if mail.recipient != "alice@example.org"]
    assert not [
        mail for mail in to_others if any(re.search(word, " ".join(mail)) for word in SECRETS)
    ]


def current_summary(write: SampleDataWriter) -> None:
    """Keep Alice's summary row, which is current."""


def other_time_zone(write: SampleDataWriter) -> None:
    """Tick a milestone, then change to a time zone in which that was tomorrow."""
    alice = write.cast.alice
    progress.set_status(write.session, alice, OPEN_MILESTONE, "in_progress", now=write.now)
    write.session.commit()
    change_profile(write.session, alice, timezone="Pacific/Kiritimati", now=write.now)


def expired_summary(write: SampleDataWriter) -> None:
    """Let Alice's summary row expire today."""
    write.session.execute(sa.update(ReadinessSummary).values(valid_until=write.now.date()))


def no_summary(write: SampleDataWriter) -> None:
    """Delete Alice's summary row, as before it is first computed."""
    write.session.execute(sa.delete(ReadinessSummary))


def not_enrolled(write: SampleDataWriter) -> None:
    """End Alice's enrollment. Her shared evidence stays visible."""
    write.session.execute(sa.delete(ReadinessSummary))
    write.session.execute(sa.delete(Enrollment).where(Enrollment.user_id == write.cast.alice))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("role", "prepare"),
    [
        *(
            ("bob", each)
            for each in (
                current_summary,
                other_time_zone,
                expired_summary,
                no_summary,
                not_enrolled,
            )
        ),
        ("erin", current_summary),
    ],
)
def test_private_additions_change_no_response_to_others(
    site: Site, role: str, prepare: Callable[[SampleDataWriter], None]
) -> None:
    """A private write recomputes Alice's summary row without a visible change, in any state."""
    with site.app.app_context():
        prepare(SampleDataWriter(db.session, site.cast, dt.datetime.now(dt.UTC)))
        db.session.commit()
    only_about_others = prepare is not current_summary
    before, lines = (
        site.responses_by_name(role, only_about_others=only_about_others),
        site.audit_lines(),
    )
    with site.app.app_context():
        later = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=30)
        add_more_private_data(SampleDataWriter(db.session, site.cast, later), site.ids)
        db.session.commit()
    assert site.audit_lines() == lines
    after = site.responses_by_name(role, only_about_others=only_about_others)
    assert find_secrets([*before.items(), *after.items()]) == []
    different = [name for name in before if before[name] != after[name]]
    assert not different, "\n".join(different)


def add_more_private_data(write: SampleDataWriter, ids: dict[str, str]) -> None:
    """Add a draft, private evidence, a note, a changed reason for a skipped milestone, and an
    unsubmitted edit of returned evidence.

    The edit changes only versioned fields: title, links, skills and visibility belong to the
    evidence itself and are visible at once (`tests/evidence/test_shared.py`).
    """
    alice = write.cast.alice
    for visibility in ("portfolio", "team", "private"):
        assert create_private_draft(write, visibility).state == "draft"
    add_career_plans(write, "Another one.")
    add_offer(write, "Another one.")
    add_tool_record(write, "Another one.")
    add_cost(write, 400)
    add_practice(write, "Another one.")
    add_hours(write, "Another one.")
    add_work_log_entry(write.session, alice, write.now.date(), "Another one.", now=write.now)
    add_absence(write.session, alice, ABSENCE, "Another one.", now=write.now)
    refresh_changed(write.session)
    take_snapshots(write.session, alice)
    progress.set_plan(
        write.session,
        alice,
        DONE_MILESTONE,
        note="Another one.",
        target_on=TARGET_DATE,
        now=write.now,
    )
    progress.set_status(
        write.session, alice, "decide-on-a-degree", "not_applicable", reason="Another one.",
        now=write.now,
    )  # fmt: skip
    returned = write.session.get_one(Evidence, uuid.UUID(ids["returned"]))
    evidence.edit(
        write.session,
        returned,
        replace(evidence_input(returned), kind="talk", occurred_on=PartialDate(write.day(400))),
        by=write.actor(alice),
        now=write.now,
    )
