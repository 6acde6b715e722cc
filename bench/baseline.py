"""The baseline: the smallest Flask application that does the same work on the same rows.

Each view does only the essential work: one statement for session and user, the smallest statement
for the rows, a template without inheritance (for the matrix, with preformatted cells), and one
commit with the same durability. It has no translations, permissions, forms, history, readiness or
headers. It shares the database, secret key and session cookie with Cairn, so one session works for
both.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import secrets
import uuid
import zipfile
from collections.abc import Mapping
from typing import Any

import nh3
import sqlalchemy as sa
from argon2 import PasswordHasher
from flask import Flask, Response, abort, g, request, session
from markdown_it import MarkdownIt
from markupsafe import Markup, escape
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite

from bench.baseline_templates import (
    EXPORT_INDEX,
    EXPORT_MARKDOWN,
    EXPORT_PIECE,
    MATRIX,
    PAGE,
    PIECES_FOUND,
    ROW,
    SKILL_CELL,
    STAGE_CELL,
)
from roadmap.auth.models import LoginSession
from roadmap.catalog.content import Content
from roadmap.catalog.models import Milestone
from roadmap.core.database import normalize_url
from roadmap.core.headers import SessionCookieInterface
from roadmap.core.sqlite import sqlite_module
from roadmap.evidence.models import Evidence, EvidenceMilestone, EvidenceVersion, Impact
from roadmap.people.models import Membership, Team, User
from roadmap.progress.models import MilestoneStatus
from roadmap.readiness.models import ReadinessSummary

SESSIONS: Any = LoginSession.__table__
USERS: Any = User.__table__
STATUSES: Any = MilestoneStatus.__table__

SESSION_USER = (
    sa.select(USERS.c.id, USERS.c.name, USERS.c.version)
    .join(SESSIONS, SESSIONS.c.user_id == USERS.c.id)
    .where(SESSIONS.c.token_hash == sa.bindparam("token_hash"))
)
STATES = sa.select(STATUSES.c.milestone_key, STATUSES.c.status).where(
    STATUSES.c.user_id == sa.bindparam("user_id")
)
TEAM_SUMMARIES = (
    sa.select(
        USERS.c.id,
        USERS.c.name,
        ReadinessSummary.shared_score,
        ReadinessSummary.shared_last_activity_on,
        ReadinessSummary.shared,
    )
    .join(Membership, Membership.user_id == USERS.c.id)
    .join(Team, Team.id == Membership.team_id)
    .join(ReadinessSummary, ReadinessSummary.user_id == USERS.c.id)
    .where(Team.slug == sa.bindparam("slug"), Membership.role == "member")
    .order_by(USERS.c.name)
)
PIECES = (
    sa.select(
        Evidence.id,
        Evidence.title,
        EvidenceVersion.id.label("version_id"),
        EvidenceVersion.kind,
        EvidenceVersion.occurred_on,
        EvidenceVersion.url,
        EvidenceVersion.description,
        EvidenceVersion.role,
    )
    .join(EvidenceVersion, EvidenceVersion.id == Evidence.current_id)
    .where(Evidence.user_id == sa.bindparam("user_id"))
    .order_by(EvidenceVersion.occurred_on.desc())
)
EVIDENCE_SEARCH = (
    sa.select(
        Evidence.id,
        Evidence.title,
        Evidence.state,
        EvidenceVersion.kind,
        EvidenceVersion.occurred_on,
        sa.func.count().over().label("found"),
    )
    .join(EvidenceVersion, EvidenceVersion.id == Evidence.current_id)
    .where(
        Evidence.user_id == sa.bindparam("user_id"),
        sa.or_(
            *(
                column.icontains(sa.bindparam("word"), autoescape=False)
                for column in (Evidence.title, EvidenceVersion.description, EvidenceVersion.role)
            )
        ),
    )
    .order_by(EvidenceVersion.occurred_on.desc())
    .limit(50)
)
TITLES = (
    sa.select(EvidenceMilestone.evidence_id, Milestone.title)
    .join(Milestone, Milestone.key == EvidenceMilestone.milestone_key)
    .where(EvidenceMilestone.evidence_id.in_(sa.bindparam("pieces", expanding=True)))
)
LINKS = sa.select(EvidenceMilestone.evidence_id, EvidenceMilestone.milestone_key).where(
    EvidenceMilestone.user_id == sa.bindparam("user_id")
)
IMPACTS = sa.select(
    Impact.version_id, Impact.metric, Impact.baseline, Impact.result, Impact.unit
).where(Impact.user_id == sa.bindparam("user_id"))


def create_engine(raw_url: str) -> sa.Engine:
    """Create an engine with the same durability as Cairn's."""
    url = normalize_url(raw_url)
    if url.get_backend_name() != "sqlite":
        return sa.create_engine(url, pool_pre_ping=True)
    engine = sa.create_engine(url, module=sqlite_module(), connect_args={"timeout": 10})

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN" if request.method == "GET" else "BEGIN IMMEDIATE")

    return engine


def create_baseline(config: Mapping[str, Any], content: Content) -> Flask:
    """Create the baseline application with the database, key and cookie from Cairn's `config`."""
    app = Flask("baseline", template_folder=None, static_folder=None)
    app.config.update(
        SECRET_KEY=config["SECRET_KEY"],
        SESSION_COOKIE_NAME=config["SESSION_COOKIE_NAME"],
        SESSION_REFRESH_EACH_REQUEST=False,
    )
    app.session_interface = SessionCookieInterface()
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    engine = create_engine(config["DATABASE_URL"])
    app.extensions["engine"] = engine
    hasher = PasswordHasher(
        config["PASSWORD_TIME_COST"], config["PASSWORD_MEMORY_KIB"], parallelism=2
    )
    page, row_part, index, export, markdown, matrix, found = (
        app.jinja_env.from_string(text)
        for text in (PAGE, ROW, EXPORT_INDEX, EXPORT_PIECE, EXPORT_MARKDOWN, MATRIX, PIECES_FOUND)
    )
    columns = {
        "stages": [(stage.key, escape(stage.title)) for stage in content.stages],
        "skills": [(skill.key, escape(skill.title)) for skill in content.skills],
    }
    stages = _stages(content)
    titles = {milestone.key: escape(milestone.title) for milestone in content.milestones}
    insert = (postgresql if engine.dialect.name == "postgresql" else sqlite).insert

    @app.before_request
    def load_person() -> None:
        g.connection = engine.connect()
        if request.path != "/login":
            token = session.get("_user_id", "")
            digest = hashlib.sha256(token.encode()).digest()
            g.person = g.connection.execute(SESSION_USER, {"token_hash": digest}).first() or abort(
                401
            )

    @app.teardown_request
    def close(_error: BaseException | None) -> None:
        g.connection.close()

    @app.get("/roadmap")
    def roadmap() -> str:
        rows = g.connection.execute(STATES, {"user_id": g.person.id})
        states = {row[0]: row[1] for row in rows}
        return page.render(title=content.title, stages=stages, states=states, person=g.person)

    @app.get("/matrix/<slug>")
    def team(slug: str) -> str:
        rows = [
            (key, name, score, moved, shared["verdict"], _cells(slug, key, name, shared, **columns))
            for key, name, score, moved, shared in g.connection.execute(
                TEAM_SUMMARIES, {"slug": slug}
            )
        ]
        return matrix.render(slug=slug, rows=rows, person=g.person, **columns)

    @app.get("/unchanged")
    def unchanged() -> Response:
        tag = f"{g.person.id}:{g.person.version}"
        response = Response(status=304 if request.if_none_match.contains_weak(tag) else 200)
        response.set_etag(tag, weak=True)
        return response

    @app.put("/milestones/<key>")
    def tick(key: str) -> str:
        now = dt.datetime.now(dt.UTC)
        values = {"status": "done", "reason": "", "changed_at": now, "changed_by_id": g.person.id}
        statement = insert(STATUSES).values(user_id=g.person.id, milestone_key=key, **values)
        g.connection.execute(
            statement.on_conflict_do_update(
                index_elements=["user_id", "milestone_key"], set_=values
            )
        )
        g.connection.commit()
        return row_part.render(key=key, title=titles[key], state="done")

    @app.delete("/milestones/<key>")
    def untick(key: str) -> str:
        g.connection.execute(
            sa.delete(STATUSES).where(
                STATUSES.c.user_id == g.person.id, STATUSES.c.milestone_key == key
            )
        )
        g.connection.commit()
        return row_part.render(key=key, title=titles[key], state="open")

    @app.get("/search")
    def search() -> str:
        values = {"user_id": g.person.id, "word": request.args["q"]}
        rows = g.connection.execute(EVIDENCE_SEARCH, values).all()
        titles: dict[uuid.UUID, list[str]] = {}
        pieces = {"pieces": [row.id for row in rows]}
        for evidence_id, title in g.connection.execute(TITLES, pieces):
            titles.setdefault(evidence_id, []).append(title)
        return found.render(rows=rows, titles=titles)

    @app.get("/export.json")
    def export_json() -> Response:
        pieces = [
            {**piece, "id": str(piece["id"]), "description": _plain(piece["description"])}
            for piece in _pieces()
        ]
        text = json.dumps(pieces, default=str, ensure_ascii=False)
        return Response(text, mimetype="application/json")

    @app.get("/export.zip")
    def export_site() -> Response:
        pieces, archive = _pieces(), io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as site:
            site.writestr("index.html", index.render(pieces=pieces, person=g.person))
            for piece in pieces:
                text = export.render(piece=piece, person=g.person, markdown=_markdown)
                site.writestr(f"{piece['id']}.html", text)
        return Response(archive.getvalue(), mimetype="application/zip")

    @app.get("/export.md")
    def export_markdown() -> Response:
        text = markdown.render(pieces=_pieces(), person=g.person, below=_below)
        return Response(text, mimetype="text/markdown")

    @app.post("/login")
    def sign_in() -> Response:
        query = sa.select(USERS.c.id, USERS.c.password_hash)
        person = g.connection.execute(query.where(USERS.c.email_key == request.form["email"])).one()
        g.connection.rollback()
        hasher.verify(person.password_hash, request.form["password"])
        token, now = secrets.token_urlsafe(32), dt.datetime.now(dt.UTC)
        g.connection.execute(
            sa.insert(SESSIONS).values(
                id=uuid.uuid4(),
                user_id=person.id,
                token_hash=hashlib.sha256(token.encode()).digest(),
                created_at=now,
                last_seen_at=now,
                fresh_at=now,
                user_agent="",
                address="",
            )
        )
        g.connection.commit()
        session["_user_id"] = token
        return Response(status=303, headers={"Location": "/"})

    return app


def _cells(
    slug: str,
    user_id: uuid.UUID,
    name: str,
    shared: Mapping[str, Any],
    *,
    stages: list[tuple[str, Markup]],
    skills: list[tuple[str, Markup]],
) -> list[Markup]:
    """Return the HTML of the cells of a matrix row."""
    at, name = f"/teams/{slug}/people/{user_id}", escape(name)
    cells = []
    for key, title in stages:
        tones = shared["stages"][key]
        shares = {tone: int(tones[tone] * 100) for tone in ("claimed", "evidenced", "verified")}
        cells.append(STAGE_CELL.format(at=at, key=key, name=name, title=title, **shares))
    for key, title in skills:
        levels = shared["skills"][key]
        values = {"own": levels["self"], "other": levels["other"]}
        cells.append(SKILL_CELL.format(at=at, key=key, name=name, title=title, **values))
    return [Markup(cell) for cell in cells]  # noqa: S704 - title and name are escaped


def _stages(content: Content) -> list[tuple[str, Markup, list[tuple[str, Markup, int]]]]:
    return [
        (
            stage.key,
            escape(stage.title),
            [(each.key, escape(each.title), each.hours) for each in stage.milestones],
        )
        for stage in content.stages
    ]


def _pieces() -> list[dict[str, Any]]:
    """Load all evidence with links and impacts, in three statements."""
    person = {"user_id": g.person.id}
    links: dict[uuid.UUID, list[str]] = {}
    for evidence_id, key in g.connection.execute(LINKS, person):
        links.setdefault(evidence_id, []).append(key)
    impacts: dict[uuid.UUID, list[Any]] = {}
    for version_id, *impact in g.connection.execute(IMPACTS, person):
        impacts.setdefault(version_id, []).append(impact)
    return [
        {
            **row,
            "milestones": links.get(row["id"], []),
            "impacts": impacts.get(row["version_id"], []),
        }
        for row in g.connection.execute(PIECES, person).mappings()
    ]


_parser = MarkdownIt("commonmark", {"html": False})


def _below(text: str) -> str:
    """Demote the headings in Markdown below those of the export. Finding them takes a parser."""
    lines = text.split("\n")
    for token in _parser.parse(text):
        if token.type == "heading_open" and token.map:
            lines[token.map[0]] = f"###{lines[token.map[0]]}"
    return "\n".join(lines)


def _plain(text: str) -> str:
    """Convert Markdown to plain text for JSON Resume. Finding its blocks takes a parser."""
    return "\n\n".join(token.content for token in _parser.parse(text) if token.content)


def _markdown(text: str) -> Markup:
    return Markup(nh3.clean(_parser.render(text)))  # noqa: S704 - sanitized right here
