"""The benchmark's workloads: each runs on Cairn and on the baseline, and returns a row."""

from __future__ import annotations

import gzip
import itertools
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import argon2
from flask import Flask

from bench.measure import Comparison, Step, compare_in_turn, measure_seconds
from bench.report import Row
from bench.sample_user import SampleUser, sign_in_form
from bench.wsgi import Answer, Call, WsgiApp
from tests.support.statements import statements_of

HTMX = {"HX-Request": "true"}
# About sixty of the 200 pieces of evidence have it in their title.
WORD = "review"


@dataclass(frozen=True)
class BenchContext:
    """The applications and data the workloads use. `rounds` is the number of ratios taken."""

    database: str
    app: Flask
    baseline: Flask
    person: SampleUser
    rounds: int
    # Session cookies of managers by team size; a team's slug is `of-<size>`.
    managers: Mapping[int, str] = field(default_factory=dict)

    @property
    def cairn(self) -> WsgiApp:
        return self.app.wsgi_app

    @property
    def baseline_wsgi(self) -> WsgiApp:
        return self.baseline.wsgi_app


def checked_call(call: Call, status: int = 200) -> Callable[[], Answer]:
    """Wrap a call to raise on an unexpected status, because error pages are fast."""

    def step() -> Answer:
        answer = call()
        if answer.status != status:
            raise RuntimeError(f"{call.method} {call.path} answered {answer.status}, not {status}")
        return answer

    return step


def gzipped(body: bytes) -> int:
    return len(gzip.compress(body, 6))


def tick(context: BenchContext) -> Row:
    """Measure T: tick and untick a milestone. The time is that of one request.

    The applications use separate milestones, so that each request changes a row.
    """
    slug, milestones = context.person.content.slug, context.person.ticks()
    more = {"X-CSRFToken": context.person.csrf_token, **HTMX}
    ours = [
        _do_and_undo(
            context, context.cairn, f"/roadmaps/{slug}/milestones/{m.key}/completion", more
        )
        for m in milestones[::2]
    ]
    baseline = [
        _do_and_undo(context, context.baseline_wsgi, f"/milestones/{m.key}", {})
        for m in milestones[1::2]
    ]
    both = compare_in_turn(_cycle(ours), _cycle(baseline), rounds=context.rounds, times=12)
    compared = Comparison(both.ours / 2, both.baseline / 2, both.ratio)
    path = f"/roadmaps/{slug}/milestones/{milestones[0].key}/completion"
    once = checked_call(context.person.call(context.cairn, "PUT", path, more))
    answer: list[Answer] = []
    statements = statements_of(context.app, lambda: answer.append(once()))
    body = answer[0].body
    return Row.of_times(
        "T tick", context.database, compared, 6.0, len(statements), len(body), gzipped(body),
        most_statements=16,
    )  # fmt: skip


def _do_and_undo(context: BenchContext, app: WsgiApp, path: str, more: dict[str, str]) -> Step:
    put, delete = (
        checked_call(context.person.call(app, method, path, more)) for method in ("PUT", "DELETE")
    )

    def step() -> None:
        put()
        delete()

    return step


def _cycle(steps: list[Step]) -> Step:
    """Return a step that runs the given steps in turn."""
    following = itertools.cycle(steps)
    return lambda: next(following)()


def page(context: BenchContext) -> Row:
    """Measure D: the whole roadmap page, without a cached copy."""
    path = f"/roadmaps/{context.person.content.slug}"
    ours = checked_call(context.person.call(context.cairn, "GET", path))
    baseline = checked_call(context.person.call(context.baseline_wsgi, "GET", "/roadmap"))
    compared = compare_in_turn(ours, baseline, rounds=context.rounds, times=10)
    answer: list[Answer] = []
    statements = statements_of(context.app, lambda: answer.append(ours()))
    body = answer[0].body
    return Row.of_times(
        "D roadmap page", context.database, compared, 2.5,
        len(statements), len(body), gzipped(body),
        most_statements=10, most_bytes=96 * 1024, most_gzipped=14 * 1024,
    )  # fmt: skip


def matrix(context: BenchContext, size: int) -> Row:
    """Measure M: the matrix of a team of `size`, with five stages and eight skills."""
    cookie = {"Cookie": context.managers[size]}
    ours = checked_call(Call(context.cairn, "GET", f"/teams/of-{size}", cookie))
    baseline = checked_call(Call(context.baseline_wsgi, "GET", f"/matrix/of-{size}", cookie))
    compared = compare_in_turn(ours, baseline, rounds=context.rounds, times=6)
    answer: list[Answer] = []
    statements = statements_of(context.app, lambda: answer.append(ours()))
    body = answer[0].body
    return Row.of_times(
        f"M matrix of {size}", context.database, compared, 3.0, len(statements), len(body),
        gzipped(body), most_statements=8, most_gzipped=30 * 1024 if size == 100 else None,
    )  # fmt: skip


def page_compressed(context: BenchContext) -> Row:
    """Measure D with gzip, as browsers request it. The baseline compresses at the same level."""
    path = f"/roadmaps/{context.person.content.slug}"
    ours = checked_call(
        context.person.call(context.cairn, "GET", path, {"Accept-Encoding": "gzip"})
    )
    plain = context.person.call(context.baseline_wsgi, "GET", "/roadmap")
    compared = compare_in_turn(
        ours, lambda: gzip.compress(plain().body, 6), rounds=context.rounds, times=10
    )
    answer = ours()
    wire = len(answer.body)
    return Row.of_times("D with gzip", context.database, compared, 2.5, None, wire, None)


def unchanged(context: BenchContext) -> Row:
    """Measure D again: nothing has changed, so the response is a 304."""
    path = f"/roadmaps/{context.person.content.slug}"
    first = context.person.call(context.cairn, "GET", path)
    tag = {"If-None-Match": first().headers.get("etag", "")}
    ours = checked_call(context.person.call(context.cairn, "GET", path, tag), 304)
    first = context.person.call(context.baseline_wsgi, "GET", "/unchanged")
    tag = {"If-None-Match": first().headers["etag"]}
    baseline = checked_call(
        context.person.call(context.baseline_wsgi, "GET", "/unchanged", tag), 304
    )
    compared = compare_in_turn(ours, baseline, rounds=context.rounds, times=40)
    statements = statements_of(context.app, ours)
    return Row.of_times("D again (304)", context.database, compared, 2.0, len(statements), 0, None)


def search(context: BenchContext) -> Row:
    """Measure S: a search in the user's 200 pieces of evidence, as a fragment."""
    ours = checked_call(context.person.call(context.cairn, "GET", f"/evidence?q={WORD}", HTMX))
    baseline = checked_call(context.person.call(context.baseline_wsgi, "GET", f"/search?q={WORD}"))
    compared = compare_in_turn(ours, baseline, rounds=context.rounds, times=10)
    answer: list[Answer] = []
    statements = statements_of(context.app, lambda: answer.append(ours()))
    body = answer[0].body
    return Row.of_times(
        "S search", context.database, compared, 2.5, len(statements), len(body), gzipped(body)
    )


def find(context: BenchContext) -> Row:
    """Measure S: a search in everything the user may see, as options of the palette."""
    ours = checked_call(context.person.call(context.cairn, "GET", f"/search?q={WORD}", HTMX))
    baseline = checked_call(context.person.call(context.baseline_wsgi, "GET", f"/search?q={WORD}"))
    compared = compare_in_turn(ours, baseline, rounds=context.rounds, times=10)
    answer: list[Answer] = []
    statements = statements_of(context.app, lambda: answer.append(ours()))
    body = answer[0].body
    return Row.of_times(
        "S everything", context.database, compared, 2.5, len(statements), len(body), gzipped(body)
    )


def export(context: BenchContext, form: str, path: str, baseline_path: str) -> Row:
    """Measure X: the export of all evidence."""
    ours = checked_call(context.person.call(context.cairn, "GET", path))
    baseline = checked_call(context.person.call(context.baseline_wsgi, "GET", baseline_path))
    compared = compare_in_turn(ours, baseline, rounds=max(3, context.rounds // 3), times=4)
    answer: list[Answer] = []
    statements = statements_of(context.app, lambda: answer.append(ours()))
    body = answer[0].body
    return Row.of_times(
        f"X export {form}",
        context.database,
        compared,
        3.0,
        len(statements),
        len(body),
        gzipped(body),
    )


def pdf(context: BenchContext, path: str) -> Row:
    """Measure P: the portfolio as PDF, in seconds."""
    call = checked_call(context.person.call(context.cairn, "GET", path))
    call()
    seconds = statistics.median(measure_seconds(call) for _ in range(3))
    size = len(call().body)
    return Row("P export PDF", context.database, seconds, 3.0, None, "s", None, size, None)


def sign_in(context: BenchContext) -> Row:
    """Measure L: a sign-in without its password hash, in milliseconds.

    The hash is timed within the same request, because the times of two hashes differ by more than
    the 10 ms in question.
    """
    times = max(5, context.rounds)
    ours = checked_call(sign_in_form(context.cairn), 303)
    fields = b"email=engineer%40example.org&password=granite+scree+and+lichen"
    baseline = checked_call(Call(context.baseline_wsgi, "POST", "/login", {}, fields), 303)
    beyond: list[float] = []
    beyond_baseline: list[float] = []
    with _measure_hashing() as seconds:
        for step in (ours, baseline):
            step()
        statements = statements_of(context.app, ours)
        for _ in range(times):
            for step, found in ((ours, beyond), (baseline, beyond_baseline)):
                seconds.clear()
                took = measure_seconds(step)
                found.append(took - sum(seconds))
    value, baseline_value = statistics.median(beyond), statistics.median(beyond_baseline)
    return Row(
        "L sign in, beyond the hash", context.database, value * 1000, 10.0,
        value / baseline_value, "ms", len(statements), None, None,
        note=f"baseline {baseline_value * 1000:.2f} ms",
    )  # fmt: skip


class _measure_hashing:  # noqa: N801 - named like a context manager function
    """Collect the seconds spent in argon2 within the context."""

    def __enter__(self) -> list[float]:
        self.verify: Callable[..., Any] = argon2.PasswordHasher.verify
        seconds: list[float] = []

        def timed_verify(hasher: argon2.PasswordHasher, *args: object) -> bool:
            start = time.perf_counter()
            try:
                return self.verify(hasher, *args)
            finally:
                seconds.append(time.perf_counter() - start)

        argon2.PasswordHasher.verify = timed_verify  # type: ignore[method-assign,assignment]
        return seconds

    def __exit__(self, *_error: object) -> None:
        argon2.PasswordHasher.verify = self.verify  # type: ignore[method-assign]
