"""The works of the benchmark: each drives Cairn and the limit, and returns its rows."""

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
# Some sixty of the 200 pieces have it in their title.
WORD = "review"


@dataclass(frozen=True)
class BenchContext:
    """What the works run on. `rounds` are how often a ratio is taken."""

    database: str
    app: Flask
    limit: Flask
    person: SampleUser
    rounds: int
    # The cookie of a manager, by the size of their team; its slug is `of-<size>`.
    managers: Mapping[int, str] = field(default_factory=dict)

    @property
    def cairn(self) -> WsgiApp:
        return self.app.wsgi_app

    @property
    def least(self) -> WsgiApp:
        return self.limit.wsgi_app


def checked_call(call: Call, status: int = 200) -> Callable[[], Answer]:
    """The call, refusing any answer but the expected one: an error page is quick."""

    def step() -> Answer:
        answer = call()
        if answer.status != status:
            raise RuntimeError(f"{call.method} {call.path} answered {answer.status}, not {status}")
        return answer

    return step


def gzipped(body: bytes) -> int:
    return len(gzip.compress(body, 6))


def tick(context: BenchContext) -> Row:
    """T: a milestone is ticked and un-ticked again; the time is that of one of the two.

    Both have milestones of their own, so that each tick and each un-tick stores something.
    """
    slug, milestones = context.person.content.slug, context.person.ticks()
    more = {"X-CSRFToken": context.person.csrf_token, **HTMX}
    ours = [
        _do_and_undo(
            context, context.cairn, f"/roadmaps/{slug}/milestones/{m.key}/completion", more
        )
        for m in milestones[::2]
    ]
    limit = [
        _do_and_undo(context, context.least, f"/milestones/{m.key}", {}) for m in milestones[1::2]
    ]
    both = compare_in_turn(_cycle(ours), _cycle(limit), rounds=context.rounds, times=12)
    compared = Comparison(both.ours / 2, both.limit / 2, both.ratio)
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
    """One step after the other, from the beginning again after the last."""
    following = itertools.cycle(steps)
    return lambda: next(following)()


def page(context: BenchContext) -> Row:
    """D: the whole roadmap page, asked for the first time."""
    path = f"/roadmaps/{context.person.content.slug}"
    ours = checked_call(context.person.call(context.cairn, "GET", path))
    limit = checked_call(context.person.call(context.least, "GET", "/roadmap"))
    compared = compare_in_turn(ours, limit, rounds=context.rounds, times=10)
    answer: list[Answer] = []
    statements = statements_of(context.app, lambda: answer.append(ours()))
    body = answer[0].body
    return Row.of_times(
        "D roadmap page", context.database, compared, 2.5,
        len(statements), len(body), gzipped(body),
        most_statements=10, most_bytes=96 * 1024, most_gzipped=14 * 1024,
    )  # fmt: skip


def matrix(context: BenchContext, size: int) -> Row:
    """M: the matrix of a team of that many, by five stages and eight skills."""
    cookie = {"Cookie": context.managers[size]}
    ours = checked_call(Call(context.cairn, "GET", f"/teams/of-{size}", cookie))
    limit = checked_call(Call(context.least, "GET", f"/matrix/of-{size}", cookie))
    compared = compare_in_turn(ours, limit, rounds=context.rounds, times=6)
    answer: list[Answer] = []
    statements = statements_of(context.app, lambda: answer.append(ours()))
    body = answer[0].body
    return Row.of_times(
        f"M matrix of {size}", context.database, compared, 3.0, len(statements), len(body),
        gzipped(body), most_statements=8, most_gzipped=30 * 1024 if size == 100 else None,
    )  # fmt: skip


def page_compressed(context: BenchContext) -> Row:
    """D as a browser asks for it, with gzip; the limit compresses its own at the same level."""
    path = f"/roadmaps/{context.person.content.slug}"
    ours = checked_call(
        context.person.call(context.cairn, "GET", path, {"Accept-Encoding": "gzip"})
    )
    plain = context.person.call(context.least, "GET", "/roadmap")
    compared = compare_in_turn(
        ours, lambda: gzip.compress(plain().body, 6), rounds=context.rounds, times=10
    )
    answer = ours()
    wire = len(answer.body)
    return Row.of_times("D with gzip", context.database, compared, 2.5, None, wire, None)


def unchanged(context: BenchContext) -> Row:
    """D again: nothing changed since, so the answer is a 304."""
    path = f"/roadmaps/{context.person.content.slug}"
    first = context.person.call(context.cairn, "GET", path)
    tag = {"If-None-Match": first().headers.get("etag", "")}
    ours = checked_call(context.person.call(context.cairn, "GET", path, tag), 304)
    first = context.person.call(context.least, "GET", "/unchanged")
    tag = {"If-None-Match": first().headers["etag"]}
    limit = checked_call(context.person.call(context.least, "GET", "/unchanged", tag), 304)
    compared = compare_in_turn(ours, limit, rounds=context.rounds, times=40)
    statements = statements_of(context.app, ours)
    return Row.of_times("D again (304)", context.database, compared, 2.0, len(statements), 0, None)


def search(context: BenchContext) -> Row:
    """S: a word searched in one's 200 pieces of evidence; the part of the page that changes."""
    ours = checked_call(context.person.call(context.cairn, "GET", f"/evidence?q={WORD}", HTMX))
    limit = checked_call(context.person.call(context.least, "GET", f"/search?q={WORD}"))
    compared = compare_in_turn(ours, limit, rounds=context.rounds, times=10)
    answer: list[Answer] = []
    statements = statements_of(context.app, lambda: answer.append(ours()))
    body = answer[0].body
    return Row.of_times(
        "S search", context.database, compared, 2.5, len(statements), len(body), gzipped(body)
    )


def find(context: BenchContext) -> Row:
    """S: a word searched in everything that one may see; the options of the palette."""
    ours = checked_call(context.person.call(context.cairn, "GET", f"/search?q={WORD}", HTMX))
    limit = checked_call(context.person.call(context.least, "GET", f"/search?q={WORD}"))
    compared = compare_in_turn(ours, limit, rounds=context.rounds, times=10)
    answer: list[Answer] = []
    statements = statements_of(context.app, lambda: answer.append(ours()))
    body = answer[0].body
    return Row.of_times(
        "S everything", context.database, compared, 2.5, len(statements), len(body), gzipped(body)
    )


def export(context: BenchContext, form: str, path: str, least: str) -> Row:
    """X: the export of all evidence."""
    ours = checked_call(context.person.call(context.cairn, "GET", path))
    limit = checked_call(context.person.call(context.least, "GET", least))
    compared = compare_in_turn(ours, limit, rounds=max(3, context.rounds // 3), times=4)
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
    """P: the portfolio as PDF, in seconds."""
    call = checked_call(context.person.call(context.cairn, "GET", path))
    call()
    seconds = statistics.median(measure_seconds(call) for _ in range(3))
    size = len(call().body)
    return Row("P export PDF", context.database, seconds, 3.0, None, "s", None, size, None)


def sign_in(context: BenchContext) -> Row:
    """L: what a sign-in takes beyond its hash, in milliseconds.

    The hash is timed where it happens, within the same request, because from one hash to the
    next its time differs by more than the 10 ms in question.
    """
    times = max(5, context.rounds)
    ours = checked_call(sign_in_form(context.cairn), 303)
    fields = b"email=engineer%40example.org&password=granite+scree+and+lichen"
    limit = checked_call(Call(context.least, "POST", "/login", {}, fields), 303)
    beyond: list[float] = []
    beyond_limit: list[float] = []
    with _measure_hashing() as seconds:
        for step in (ours, limit):
            step()
        statements = statements_of(context.app, ours)
        for _ in range(times):
            for step, found in ((ours, beyond), (limit, beyond_limit)):
                seconds.clear()
                took = measure_seconds(step)
                found.append(took - sum(seconds))
    value, least = statistics.median(beyond), statistics.median(beyond_limit)
    return Row(
        "L sign in, beyond the hash", context.database, value * 1000, 10.0, value / least, "ms",
        len(statements), None, None, note=f"limit {least * 1000:.2f} ms",
    )  # fmt: skip


class _measure_hashing:  # noqa: N801 - reads as the context it is
    """Collects the seconds that argon2 takes meanwhile."""

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
