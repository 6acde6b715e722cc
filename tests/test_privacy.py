"""Managers and administrators cannot get private data through any response.

Each private field holds a canary word. Everything that others may request is requested: every URL
of the manifest as page and fragment, every order, filter and search, the exports (unpacked), the
API, error pages, notifications and mail. Adding private data also leaves each of those responses
identical byte for byte.
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
FAR = dt.date(2093, 4, 5)
AWAY = Span(FAR, FAR)
# The year as a whole word, because its digits also occur in random ids and links.
SECRETS = (re.escape(CANARY), rf"(?<![\w-]){FAR.year}(?!\w)")

# Her manager, a teammate, another team's manager, an administrator, and an unrelated user.
OTHERS = ("bob", "carol", "dave", "erin", "mallory")
SORTS = (
    *("name", "readiness", "moved", "leadership", "experience", "mlops", "mentoring"),
    CANARY,
)
MORE = (
    *(f"/teams/ranking?sort={sort}&order={order}" for sort in SORTS for order in ("asc", "desc")),
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
API = (
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
OF_OTHERS = r"/($|teams|reviews|notifications|admin|search)"


@dataclass
class Site:
    """The sample data with Alice's secrets, and a browser and token for each person."""

    app: Flask
    cast: Cast
    ids: dict[str, str]
    hidden: dict[str, str]
    browsers: dict[str, BrowserClient]
    tokens: dict[str, str]

    def all_answers(self, role: str, *, only_of_others: bool = False) -> dict[str, bytes]:
        """Return responses by name. Side effects of the requests are undone: audit log entries of
        rejections and exports, and the last use of tokens."""
        lines = self.audit_lines()
        # Rejections are logged once per minute. Reset this, so that each walk writes its own.
        self.app.extensions.pop("refusals", None)
        found = dict(self.answers(role, only_of_others=only_of_others))
        with self.app.app_context(), db.own_transaction() as own:
            own.execute(sa.delete(AuditEntry).where(AuditEntry.id.not_in(lines)))
            own.execute(sa.update(ApiToken).values(last_used_at=None))
        return found

    def audit_lines(self) -> list[int]:
        with self.app.app_context():
            return list(db.session.scalars(sa.select(AuditEntry.id)))

    def answers(self, role: str, *, only_of_others: bool = False) -> Iterator[tuple[str, bytes]]:
        """Return all responses for this person, including rejections.

        With `only_of_others`, only responses about other people, without rejections.
        """
        browser = self.browsers[role]
        for url in self.urls():
            if only_of_others and not re.match(OF_OTHERS, url):
                continue
            for fragment in (False, True):
                answer = browser.get(url, fragment=fragment)
                name = f"{role} {url}{' (fragment)' if fragment else ''}"
                yield name, f"{answer.status_code}".encode() + readable(answer)
        for path in API:
            if only_of_others and not re.match(OF_OTHERS, f"/{path}"):
                continue
            answer = browser.client.get(
                f"/api/v1/{path}", headers={"Authorization": f"Bearer {self.tokens[role]}"}
            )
            yield f"{role} API {path}", readable(answer)
        for name, key in self.hidden.items() if not only_of_others else ():
            for method, path, data in attempts(key):
                answer = browser.send(method, path, data)
                yield f"{role} {method} {path} ({name})", readable(answer)

    def urls(self) -> Iterator[str]:
        for page in PAGES:
            # Visitors with Alice's link see what she chose to share.
            if page.rule.startswith(("/p/", "/practice/peer/")):
                continue
            for url in (page.url, *page.variants):
                yield url.format_map(self.ids)
        for url in MORE:
            yield url.format_map(self.ids)


def attempts(key: str) -> Iterator[tuple[str, str, dict[str, str]]]:
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


def readable(answer: Any) -> bytes:
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
        hidden = plant(write, ids)
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
        hidden,
        {role: BrowserClient.of(app, getattr(cast, role)) for role in OTHERS},
        tokens,
    )


def plant(write: SampleDataWriter, ids: dict[str, str]) -> dict[str, str]:
    """Put the canary into every private field of Alice; return the ids of private data."""
    session, alice = write.session, write.cast.alice
    actor = write.actor(alice)
    progress.set_plan(
        session,
        alice,
        OPEN_MILESTONE,
        note=f"{CANARY} note",
        target_on=FAR,
        by=alice,
        now=write.now,
    )
    progress.set_status(
        session, alice, "decide-on-a-degree", "not_applicable", reason=f"{CANARY} reason",
        by=alice, now=write.now - dt.timedelta(days=30),
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
    keep_career_plans(write, f"{CANARY} plan")
    keep_offer(write, f"{CANARY} offer")
    keep_tool_record(write, f"{CANARY} of a tool")
    keep_cost(write, 300)
    keep_practice(write, f"{CANARY} of a story")
    keep_hours(write, f"{CANARY} of her week")
    add_work_log_entry(write.session, alice, write.now.date(), f"{CANARY} noted", now=write.now)
    add_absence(write.session, alice, AWAY, f"{CANARY} off", now=write.now)
    hidden = {}
    for name, visibility in (
        ("draft", "portfolio"),
        ("team draft", "team"),
        ("private", "private"),
    ):
        hidden[name] = str(secret(write, visibility).id)
    # Submitted and withdrawn.
    withdrawn = secret(write, "portfolio")
    evidence.submit(session, withdrawn, by=actor, now=write.now)
    evidence.withdraw(session, withdrawn, by=actor, now=write.now)
    hidden["withdrawn"] = str(withdrawn.id)
    # Submitted, then made private.
    closed = secret(write, "team")
    evidence.submit(session, closed, by=actor, now=write.now)
    evidence.edit(
        session,
        closed,
        replace(evidence_input(closed), visibility="private"),
        by=actor,
        now=write.now,
    )
    hidden["created private"] = str(closed.id)
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
            files=(secret_file(),),
        ),
        by=actor,
        now=write.now,
    )
    return hidden


def secret_file() -> File:
    """A file of private evidence."""
    content = f"{CANARY} in a file".encode()
    return File(file_store().put(io.BytesIO(content)), f"{CANARY}.txt", len(content), "text/plain")


def keep_offer(write: SampleDataWriter, name: str) -> None:
    terms = OfferTerms(180_000, equity=FAR.year)
    save_offer(write.session, write.cast.alice, terms, name=name, currency="USD", now=write.now)


def keep_cost(write: SampleDataWriter, amount: int) -> None:
    """The costs of a certification."""
    alice = write.cast.alice
    held = sa.select(Evidence.id).where(Evidence.title == "Cloud certificate")
    credentials.save_cost(
        write.session, alice, write.session.scalars(held).one(), FAR.year, amount, "USD",
        by=alice, now=write.now,
    )  # fmt: skip


def keep_tool_record(write: SampleDataWriter, text: str) -> None:
    """A private entry for a tool."""
    alice = write.cast.alice
    said = {"level": "tried", "interest": "learn", "last_used": None, "note": text}
    tools.save(write.session, alice, "jax", said, by=alice, now=write.now)


def keep_practice(write: SampleDataWriter, text: str) -> None:
    """Interview practice that cites shared evidence."""
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


def keep_hours(write: SampleDataWriter, title: str) -> None:
    """Hours of today, and personal limits."""
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


def keep_career_plans(write: SampleDataWriter, text: str) -> None:
    """A plan and a reflection with private texts."""
    session, alice, challenge = write.session, write.cast.alice, "managing-up"
    for kind, subject in (
        ("challenge", challenge),
        ("direction", ""),
        ("education", "doctorate"),
    ):
        saved = career_plan(session, alice, kind, subject)
        career_plans.save_plan(
            session, alice, kind, subject, {"plan": text, "reason": text, "role": text},
            revision=saved.revision if saved else 0, by=alice, now=write.now,
        )  # fmt: skip
    career_plans.add_reflection(
        session, alice, challenge, text, today=write.now.date(), by=alice, now=write.now
    )


def secret(write: SampleDataWriter, visibility: str) -> Evidence:
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
            files=(secret_file(),),
        ),
        by=write.actor(write.cast.alice),
        now=write.now,
    )
    return made


def find_secrets(answers: Iterable[tuple[str, bytes]]) -> list[str]:
    """Return a line for each response that contains a secret of Alice."""
    told = []
    for name, answer in answers:
        # The search term is repeated in the searcher's own page.
        said = answer
        for own in (f"q={CANARY}", f'value="{CANARY}"', f"“{CANARY}”"):
            said = said.replace(own.encode(), b"")
        told += [f"{name}: {word}" for word in SECRETS if re.search(word.encode(), said)]
    return told


@pytest.mark.slow
@pytest.mark.parametrize("role", ["carol", "dave", "mallory"])
def test_no_answer_holds_what_is_hers_alone(site: Site, role: str) -> None:
    """The comparison test below checks the responses for Bob and Erin."""
    assert find_secrets(site.answers(role)) == []


def test_the_canary_can_be_found(site: Site, browser_of) -> None:
    """Where the canary may be shown it is shown, so the test above can detect it."""
    alice = browser_of(site.cast.alice)
    assert CANARY in alice.get("/evidence").text
    assert CANARY in alice.get(f"/evidence/{site.hidden['draft']}").text
    planned = alice.get(f"/roadmaps/{SLUG}/milestones/{OPEN_MILESTONE}").text
    assert [word for word in SECRETS if re.search(word, planned)] == list(SECRETS)
    assert CANARY in alice.get("/portfolio/preview").text
    assert alice.get("/career/challenges/managing-up").text.count(CANARY) == 2
    for page in ("direction", "education/doctorate"):
        assert CANARY in alice.get(f"/career/{page}").text
    assert CANARY in alice.get("/market/offers").text
    assert str(FAR.year) in alice.get("/credentials").text
    assert CANARY in alice.get("/tools/jax").text
    assert CANARY in alice.get("/practice/incident-you-caused").text
    assert CANARY in alice.get("/time").text


def test_no_mail_to_anybody_else_holds_it(site: Site) -> None:
    with site.app.app_context():
        mails = db.session.execute(
            sa.select(OutgoingMail.recipient, OutgoingMail.subject, OutgoingMail.body)
        ).all()
    told = [mail for mail in mails if mail.recipient != "alice@example.org"]
    assert not [mail for mail in told if any(re.search(word, " ".join(mail)) for word in SECRETS)]


def as_kept(write: SampleDataWriter) -> None:
    """Her summary row is current."""


def elsewhere(write: SampleDataWriter) -> None:
    """She ticked a milestone, then changed to a time zone where that was tomorrow."""
    alice = write.cast.alice
    progress.set_status(
        write.session, alice, OPEN_MILESTONE, "in_progress", by=alice, now=write.now
    )
    write.session.commit()
    change_profile(write.session, alice, timezone="Pacific/Kiritimati", by=alice, now=write.now)


def run_out(write: SampleDataWriter) -> None:
    """Her summary row expires today."""
    write.session.execute(sa.update(ReadinessSummary).values(valid_until=write.now.date()))


def never_kept(write: SampleDataWriter) -> None:
    """She has no summary row yet."""
    write.session.execute(sa.delete(ReadinessSummary))


def on_no_roadmap(write: SampleDataWriter) -> None:
    """She left the roadmap, but her shared data is still visible."""
    write.session.execute(sa.delete(ReadinessSummary))
    write.session.execute(sa.delete(Enrollment).where(Enrollment.user_id == write.cast.alice))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("role", "standing"),
    [
        *(("bob", each) for each in (as_kept, elsewhere, run_out, never_kept, on_no_roadmap)),
        ("erin", as_kept),
    ],
)
def test_what_is_added_in_private_changes_no_byte(
    site: Site, role: str, standing: Callable[[SampleDataWriter], None]
) -> None:
    """In every state of her summary row, a private write recomputes it without a visible change."""
    with site.app.app_context():
        standing(SampleDataWriter(db.session, site.cast, dt.datetime.now(dt.UTC)))
        db.session.commit()
    only_of_others = standing is not as_kept
    before, lines = site.all_answers(role, only_of_others=only_of_others), site.audit_lines()
    with site.app.app_context():
        later = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=30)
        add_in_private(SampleDataWriter(db.session, site.cast, later), site.ids)
        db.session.commit()
    assert site.audit_lines() == lines
    after = site.all_answers(role, only_of_others=only_of_others)
    assert find_secrets([*before.items(), *after.items()]) == []
    different = [name for name in before if before[name] != after[name]]
    assert not different, "\n".join(different)


def add_in_private(write: SampleDataWriter, ids: dict[str, str]) -> None:
    """Add a draft, private evidence, a note, a changed reason for a skipped milestone, and an
    unsubmitted edit of returned evidence.

    The edit changes only versioned fields: title, links, skills and visibility belong to the
    evidence itself and are visible at once (`tests/evidence/test_shared.py`).
    """
    alice = write.cast.alice
    for visibility in ("portfolio", "team", "private"):
        assert secret(write, visibility).state == "draft"
    keep_career_plans(write, "Another one.")
    keep_offer(write, "Another one.")
    keep_tool_record(write, "Another one.")
    keep_cost(write, 400)
    keep_practice(write, "Another one.")
    keep_hours(write, "Another one.")
    add_work_log_entry(write.session, alice, write.now.date(), "Another one.", now=write.now)
    add_absence(write.session, alice, AWAY, "Another one.", now=write.now)
    refresh_changed(write.session)
    take_snapshots(write.session, alice)
    progress.set_plan(
        write.session,
        alice,
        DONE_MILESTONE,
        note="Another one.",
        target_on=FAR,
        by=alice,
        now=write.now,
    )
    progress.set_status(
        write.session, alice, "decide-on-a-degree", "not_applicable", reason="Another one.",
        by=alice, now=write.now,
    )  # fmt: skip
    returned = write.session.get_one(Evidence, uuid.UUID(ids["returned"]))
    evidence.edit(
        write.session,
        returned,
        replace(evidence_input(returned), kind="talk", occurred_on=PartialDate(write.day(400))),
        by=write.actor(alice),
        now=write.now,
    )
