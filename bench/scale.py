"""`make bench-scale`: compare the cost of a request with 100,000 people to that with 1,000.

    python -m bench.scale [--people N] [--database sqlite|postgresql] [--strict]

One process uses a small and a large database with the same schema and content, and with the same
measured user. Each workload alternates between the two; the ratio is the cost of growth.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import shutil
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import Flask

from bench import report
from bench.__main__ import DATABASES
from bench.measure import Step, compare_in_turn
from bench.population import Population
from bench.report import Row
from bench.sample_user import SampleUser, create_sample_user, signed_in_cookie
from bench.workloads import HTMX, WORD, checked_call, gzipped
from bench.wsgi import Call
from roadmap import create_app
from roadmap.catalog.queries import published_roadmaps
from roadmap.core.config import ROOT
from roadmap.core.database import db
from tests.support.postgres import PostgresUnavailable, create_database, temporary_postgres
from tests.support.statements import statements_of

FOLDER = ROOT / "instance" / "bench-scale"
RESULT = ROOT / "instance" / "bench-scale.json"
SMALL, LARGE = 1_000, 100_000
MAX_RATIO = 1.3
TEAM, MEMBERS = "hundred", 100
ROUNDS = 15


@dataclass(frozen=True)
class Site:
    """An application on one of the databases, its user, and a manager's session cookie."""

    app: Flask
    person: SampleUser
    manager: str

    def page(self) -> Step:
        """Return workload D: the whole roadmap page."""
        path = f"/roadmaps/{self.person.content.slug}"
        return checked_call(self.person.call(self.app.wsgi_app, "GET", path))

    def search(self) -> Step:
        """Return workload S: a search in the user's 200 pieces of evidence."""
        path = f"/evidence?q={WORD}"
        return checked_call(self.person.call(self.app.wsgi_app, "GET", path, HTMX))

    def find(self) -> Step:
        """Return workload S: a search in everything the user may see."""
        path = f"/search?q={WORD}"
        return checked_call(self.person.call(self.app.wsgi_app, "GET", path, HTMX))

    def find_of_manager(self) -> Step:
        """Return workload S: a search by a manager, including evidence that members share."""
        headers = {"Cookie": self.manager, **HTMX}
        return checked_call(Call(self.app.wsgi_app, "GET", "/search?q=design", headers))

    def matrix(self) -> Step:
        """Return workload M: the matrix of a team of a hundred."""
        call = Call(self.app.wsgi_app, "GET", f"/teams/{TEAM}", {"Cookie": self.manager})
        return checked_call(call)

    def tick(self) -> Step:
        """Return workload T: tick and untick a milestone."""
        more = {"X-CSRFToken": self.person.csrf_token, **HTMX}
        key = self.person.ticks()[0].key
        path = f"/roadmaps/{self.person.content.slug}/milestones/{key}/completion"
        put, delete = (
            checked_call(self.person.call(self.app.wsgi_app, method, path, more))
            for method in ("PUT", "DELETE")
        )

        def step() -> None:
            put()
            delete()

        return step


def create_site(url: str, people: int, now: dt.datetime) -> Site:
    """Create an application on an empty database and add `people` people."""
    app = create_app(
        {"SECRET_KEY": "a key of the benchmark's own", "DATABASE_URL": url,
         "DATA_DIR": str(FOLDER), "RATELIMIT_ENABLED": False}
    )  # fmt: skip
    person = create_sample_user(app)
    with app.app_context():
        published = max(
            published_roadmaps(db.session), key=lambda each: len(each.content.milestones)
        )
        db.session.close()
        population = Population(db.engine, published, now)
        manager: uuid.UUID = population.team(TEAM, MEMBERS)
        population.add(people - MEMBERS)
        update_statistics(db.engine)
        cookie = signed_in_cookie(app, manager, now)
    return Site(app, person, cookie)


def update_statistics(engine: sa.Engine) -> None:
    """Update the planner statistics, as a database in use does from time to time."""
    # These statements cannot run in a transaction, so bypass the engine, which would begin one.
    lent = engine.raw_connection()
    raw: Any = lent.driver_connection
    if engine.dialect.name == "postgresql":
        raw.autocommit = True
        for statement in ("SET statement_timeout = 0", "VACUUM ANALYZE"):
            raw.execute(statement)
    else:
        for statement in ("ANALYZE", "PRAGMA wal_checkpoint(TRUNCATE)"):
            raw.execute(statement)
    lent.invalidate()


@contextlib.contextmanager
def database_urls(kind: str) -> Iterator[tuple[str, str]]:
    """Create two empty databases on disk and yield their URLs."""
    if kind == "sqlite":
        yield f"sqlite:///{FOLDER / 'small.sqlite3'}", f"sqlite:///{FOLDER / 'large.sqlite3'}"
        return
    with temporary_postgres(durable=True) as url:
        yield create_database(url, "small"), create_database(url, "large")


def measure(kind: str, people: int) -> list[Row]:
    """Run all workloads on one kind of database and return the rows."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    now = dt.datetime.now(dt.UTC)
    with database_urls(kind) as (few, many):
        print(f"{kind}: {SMALL:,} people", file=sys.stderr, flush=True)
        small = create_site(few, SMALL, now)
        print(f"{kind}: {people:,} people", file=sys.stderr, flush=True)
        large = create_site(many, people, now)
        works: tuple[tuple[str, Callable[[Site], Step], int], ...] = (
            ("T tick", Site.tick, 2),
            ("D roadmap page", Site.page, 1),
            (f"M matrix of {MEMBERS}", Site.matrix, 1),
            ("S search", Site.search, 1),
            ("S everything", Site.find, 1),
            (f"S everything, manager of {MEMBERS}", Site.find_of_manager, 1),
        )
        rows = []
        for name, step_of, requests in works:
            print(f"  {name}", file=sys.stderr, flush=True)
            rows.append(measure_growth(name, kind, people, large, small, step_of, requests))
        for each in (small, large):
            with each.app.app_context():
                db.engine.dispose()
    shutil.rmtree(FOLDER, ignore_errors=True)
    return rows


def measure_growth(
    name: str,
    kind: str,
    people: int,
    large: Site,
    small: Site,
    step_of: Callable[[Site], Step],
    requests: int,
) -> Row:
    """Measure one workload on both sites; a step makes `requests` requests."""
    ours, theirs = step_of(large), step_of(small)
    compared = compare_in_turn(ours, theirs, rounds=ROUNDS, times=12)
    statements = len(statements_of(large.app, ours)) // requests
    answer = ours() if requests == 1 else None
    body = getattr(answer, "body", None)
    return Row(
        f"{name}, {people:,} people against {SMALL:,}",
        kind,
        compared.ratio,
        MAX_RATIO,
        compared.ratio,
        "ratio",
        statements,
        len(body) if body else None,
        gzipped(body) if body else None,
        note=f"{compared.ours * 1000 / requests:.2f} ms, "
        f"{compared.baseline * 1000 / requests:.2f} ms",
    )


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; return 1 on failures, or with `--strict` if a limit is exceeded."""
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__)
    parser.add_argument("--people", type=int, default=LARGE, help="in the large database")
    parser.add_argument("--database", choices=DATABASES, help="run on this database only")
    parser.add_argument("--strict", action="store_true", help="exit 1 if growth costs too much")
    options = parser.parse_args(arguments)
    rows: list[Row] = []
    failed = []
    for kind in [options.database] if options.database else DATABASES:
        try:
            rows += measure(kind, options.people)
        except PostgresUnavailable as error:
            failed.append(f"{kind}: {error}")
    print(report.table(rows))
    if not options.database and options.people == LARGE:
        report.write(rows, RESULT)
        print(f"\nwritten to {RESULT.relative_to(ROOT)}")
    for line in failed:
        print(f"not measured: {line}", file=sys.stderr)
    return 1 if failed or (options.strict and any(row.over for row in rows)) else 0


if __name__ == "__main__":
    sys.exit(main())
