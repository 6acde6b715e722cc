"""`make bench`: prepares the data, runs the works on both databases, prints and keeps the table."""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import gc
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from flask import Flask

from bench import concurrency, report, server, workloads
from bench.baseline import create_baseline
from bench.population import Population
from bench.report import Row
from bench.sample_user import create_sample_user, signed_in_cookie
from bench.workloads import BenchContext
from roadmap import create_app
from roadmap.catalog.queries import published_roadmaps
from roadmap.core.config import ROOT
from roadmap.core.database import db
from tests.support.postgres import PostgresUnavailable, temporary_postgres

FOLDER = ROOT / "instance" / "bench"
RESULT = ROOT / "instance" / "bench.json"
DATABASES = ("sqlite", "postgresql")
ROUNDS, ROUNDS_QUICK = 11, 3
TEAMS = (100, 500)


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds: a first look")
    parser.add_argument("--strict", action="store_true", help="exit 1 where a limit is exceeded")
    parser.add_argument("--database", choices=DATABASES, help="only this one")
    parser.add_argument("--only", default="", metavar="WORD", help="works whose name has WORD")
    return parser.parse_args(arguments)


@contextlib.contextmanager
def database_url(kind: str) -> Iterator[str]:
    """A fresh database on a real disk. PostgreSQL waits for the disk at each commit, too."""
    if kind == "postgresql":
        with temporary_postgres(durable=True) as url:
            yield url
    else:
        yield f"sqlite:///{FOLDER / 'bench.sqlite3'}"


def teams(app: Flask) -> dict[int, str]:
    """A team of each size; the cookies of their managers."""
    now = dt.datetime.now(dt.UTC)
    with app.app_context():
        published = max(
            published_roadmaps(db.session), key=lambda each: len(each.content.milestones)
        )
        db.session.close()
        crowd = Population(db.engine, published, now)
        return {size: signed_in_cookie(app, crowd.team(f"of-{size}", size), now) for size in TEAMS}


def list_workloads() -> list[tuple[str, Callable[[BenchContext], Row]]]:
    """The works in the order of the table: a name and what measures it."""
    found: list[tuple[str, Callable[[BenchContext], Row]]] = [
        ("tick", workloads.tick),
        ("page", workloads.page),
        ("page gzip", workloads.page_compressed),
        ("page again", workloads.unchanged),
        ("search", workloads.search),
        ("search everything", workloads.find),
        ("sign in", workloads.sign_in),
    ]
    found += [(f"matrix of {size}", _matrix(size)) for size in TEAMS]
    for form, path, least in (
        ("JSON", "/portfolio/export/json-resume", "/export.json"),
        ("website", "/portfolio/export/site", "/export.zip"),
        ("Markdown", "/portfolio/export/markdown", "/export.md"),
    ):
        found.append((f"export {form}", _export(form, path, least)))
    found.append(("export PDF", lambda stand: workloads.pdf(stand, "/portfolio/export/pdf")))
    return found


def _matrix(size: int) -> Callable[[BenchContext], Row]:
    return lambda stand: workloads.matrix(stand, size)


def _export(form: str, path: str, least: str) -> Callable[[BenchContext], Row]:
    return lambda stand: workloads.export(stand, form, path, least)


class Bench:
    """One run: its rows, and what could not be measured."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.rows: list[Row] = []
        self.failed: list[str] = []

    def wanted(self, name: str) -> bool:
        return self.options.only in name

    def note(self, name: str, database: str, work: Callable[[], Row]) -> None:
        """Run a work, or write down why it could not be run: the others go on."""
        self.note_each(name, database, lambda: [work()])

    def note_each(self, name: str, database: str, work: Callable[[], list[Row]]) -> None:
        """Run a work that measures several things at once."""
        if not self.wanted(name):
            return
        print(f"  {name}", file=sys.stderr, flush=True)
        try:
            self.rows += work()
        except (RuntimeError, OSError, ValueError) as error:
            self.failed.append(f"{name} ({database}): {error}")

    def run(self, database: str) -> None:
        print(f"{database}: preparing", file=sys.stderr, flush=True)
        shutil.rmtree(FOLDER, ignore_errors=True)
        FOLDER.mkdir(parents=True)
        with database_url(database) as url:
            app = create_app(
                {"SECRET_KEY": "a key of the benchmark's own", "DATABASE_URL": url,
                 "DATA_DIR": str(FOLDER), "RATELIMIT_ENABLED": False}
            )  # fmt: skip
            person = create_sample_user(app)
            limit = create_baseline(app.config, person.content)
            rounds = ROUNDS_QUICK if self.options.quick else ROUNDS
            stand = BenchContext(database, app, limit, person, rounds, teams(app))
            # As a worker of the server does once it has started; it helps both applications.
            gc.collect()
            gc.freeze()
            gc.set_threshold(10_000, 20, 20)
            for name, work in list_workloads():
                self.note(name, database, lambda work=work: work(stand))  # type: ignore[misc]
            if database == "sqlite":
                self._processes(stand)
            limit.extensions["engine"].dispose()
            with app.app_context():
                db.engine.dispose()

    def _processes(self, stand: BenchContext) -> None:
        config, database = stand.app.config, stand.database
        self.note_each(
            "concurrent ticks",
            database,
            lambda: concurrency.concurrent_ticks(config, stand.person, database),
        )
        self.note("start", database, lambda: server.start(config, database))
        self.note("restart", database, lambda: server.restart(config, database))
        if self.wanted("memory") or self.wanted("first visit"):
            with server.serving(config) as (port, pid):
                person = stand.person
                self.note(
                    "first visit", database, lambda: server.first_visit(port, person, database)
                )
                self.note("memory", database, lambda: server.memory(port, pid, person, database))


def main(arguments: list[str] | None = None) -> int:
    """Runs and prints; 1 where something could not be measured, or is over with `--strict`."""
    options = parse_arguments(arguments)
    bench = Bench(options)
    for database in [options.database] if options.database else DATABASES:
        try:
            bench.run(database)
        except PostgresUnavailable as error:
            bench.failed.append(f"{database}: {error}")
    print(report.table(bench.rows))
    if not options.only and not options.database:
        report.write(bench.rows, RESULT)
        print(f"\nwritten to {Path(RESULT).relative_to(ROOT)}")
    over = [row for row in bench.rows if row.over]
    if over:
        print(
            f"\n{len(over)} over their limit: "
            + ", ".join(f"{r.work} ({r.database})" for r in over)
        )
    for line in bench.failed:
        print(f"not measured: {line}", file=sys.stderr)
    return 1 if bench.failed or (over and options.strict) else 0


if __name__ == "__main__":
    sys.exit(main())
