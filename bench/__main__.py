"""`make bench`: prepare data, run the workloads on both databases, print and save the table."""

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
    parser.add_argument("--quick", action="store_true", help="run fewer rounds")
    parser.add_argument("--strict", action="store_true", help="exit 1 if a limit is exceeded")
    parser.add_argument("--database", choices=DATABASES, help="run on this database only")
    parser.add_argument(
        "--only", default="", metavar="WORD", help="run workloads whose name contains WORD"
    )
    return parser.parse_args(arguments)


@contextlib.contextmanager
def database_url(kind: str) -> Iterator[str]:
    """Create an empty database on disk and yield its URL. Both kinds sync at each commit."""
    if kind == "postgresql":
        with temporary_postgres(durable=True) as url:
            yield url
    else:
        yield f"sqlite:///{FOLDER / 'bench.sqlite3'}"


def teams(app: Flask) -> dict[int, str]:
    """Create a team of each size; return the managers' session cookies by size."""
    now = dt.datetime.now(dt.UTC)
    with app.app_context():
        published = max(
            published_roadmaps(db.session), key=lambda each: len(each.content.milestones)
        )
        db.session.close()
        people = Population(db.engine, published, now)
        return {size: signed_in_cookie(app, people.team(f"of-{size}", size), now) for size in TEAMS}


def list_workloads() -> list[tuple[str, Callable[[BenchContext], Row]]]:
    """Return names and functions of the workloads, in the order of the table."""
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
    for form, path, baseline_path in (
        ("JSON", "/portfolio/export/json-resume", "/export.json"),
        ("website", "/portfolio/export/site", "/export.zip"),
        ("Markdown", "/portfolio/export/markdown", "/export.md"),
    ):
        found.append((f"export {form}", _export(form, path, baseline_path)))
    found.append(("export PDF", lambda context: workloads.pdf(context, "/portfolio/export/pdf")))
    return found


def _matrix(size: int) -> Callable[[BenchContext], Row]:
    return lambda context: workloads.matrix(context, size)


def _export(form: str, path: str, baseline_path: str) -> Callable[[BenchContext], Row]:
    return lambda context: workloads.export(context, form, path, baseline_path)


class Bench:
    """A benchmark run: its rows, and the workloads that failed."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.rows: list[Row] = []
        self.failed: list[str] = []

    def is_selected(self, name: str) -> bool:
        return self.options.only in name

    def run_one(self, name: str, database: str, work: Callable[[], Row]) -> None:
        """Run a workload and record its row, or record the error and continue."""
        self.run_many(name, database, lambda: [work()])

    def run_many(self, name: str, database: str, work: Callable[[], list[Row]]) -> None:
        """Run a workload that returns several rows."""
        if not self.is_selected(name):
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
            baseline = create_baseline(app.config, person.content)
            rounds = ROUNDS_QUICK if self.options.quick else ROUNDS
            context = BenchContext(database, app, baseline, person, rounds, teams(app))
            # Like a server worker after its start. Both applications benefit.
            gc.collect()
            gc.freeze()
            gc.set_threshold(3_000, 10, 10)
            for name, work in list_workloads():
                self.run_one(name, database, lambda work=work: work(context))  # type: ignore[misc]
            if database == "sqlite":
                self._processes(context)
            baseline.extensions["engine"].dispose()
            with app.app_context():
                db.engine.dispose()

    def _processes(self, context: BenchContext) -> None:
        config, database = context.app.config, context.database
        self.run_many(
            "concurrent ticks",
            database,
            lambda: concurrency.concurrent_ticks(config, context.person, database),
        )
        self.run_one("start", database, lambda: server.start(config, database))
        self.run_one("restart", database, lambda: server.restart(config, database))
        if self.is_selected("memory") or self.is_selected("first visit"):
            with server.serving(config) as (port, pid):
                person = context.person
                self.run_one(
                    "first visit", database, lambda: server.first_visit(port, person, database)
                )
                self.run_one("memory", database, lambda: server.memory(port, pid, person, database))


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; return 1 on failures, or with `--strict` if a limit is exceeded."""
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
