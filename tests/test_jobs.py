"""The job process, with a real server and on its own."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from flask import Flask

from roadmap.auth.models import Attempt, LoginSession, PasswordLink
from roadmap.career import actions as career
from roadmap.career.models import Position
from roadmap.catalog.queries import published_roadmap
from roadmap.core import config
from roadmap.core.database import db
from roadmap.core.types import new_id
from roadmap.jobs import tasks, wakeup
from roadmap.jobs.queue import JobQueue
from roadmap.mail import outbox
from roadmap.mail.models import OutgoingMail
from roadmap.people.models import User
from roadmap.progress import actions as progress
from roadmap.readiness.actions import find_expired
from roadmap.readiness.models import ReadinessSummary
from tests.support.cast import Cast
from tests.support.databases import SECRET, make_app, ready_database
from tests.support.sample_data import SLUG
from tests.support.server import Server
from tests.support.smtp import FreePortController, Mailbox

SECONDS = 30
RUN = [sys.executable, "-m", "flask", "--app", "roadmap", "jobs", "run"]


@dataclass(frozen=True)
class Installation:
    """An application on a database of its own, and the settings of other processes on it."""

    app: Flask
    cast: Cast
    settings: dict[str, str]


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with ready_database(tmp_path) as url:
        app = make_app(url, tmp_path)
        with app.app_context():
            cast = Cast.create(db.session)
        settings = {
            "ROADMAP_SECRET_KEY": SECRET,
            "ROADMAP_DATABASE_URL": url,
            "ROADMAP_DATA_DIR": str(tmp_path),
        }
        yield Installation(app, cast, settings)
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def box(installation: Installation) -> Iterator[Mailbox]:
    """The mails that were sent. The processes are configured to send them here."""
    box = Mailbox()
    controller: Controller = FreePortController(box, hostname="127.0.0.1", port=0)
    controller.start()
    mail = {
        "SMTP_URL": f"smtp://127.0.0.1:{controller.port}",
        "MAIL_FROM": "cairn@example.org",
        "BASE_URL": "http://cairn.example.org",
    }
    installation.app.config.update(mail)
    installation.settings.update({f"ROADMAP_{name}": value for name, value in mail.items()})
    yield box
    controller.stop()


def started(environment: Mapping[str, str], *words: str, **more: Any) -> subprocess.Popen[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ROADMAP_")}
    return subprocess.Popen(
        [*RUN, *words],
        cwd=config.ROOT,
        env={**kept, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **more,
    )


def until(found: Callable[[], Any], what: str) -> Any:
    """What `found` returns once it is true."""
    deadline = time.monotonic() + SECONDS
    while not (value := found()):
        assert time.monotonic() < deadline, what
        time.sleep(0.02)
    return value


def put(app: Flask, subject: str) -> None:
    """A mail in a transaction that commits, as a request has one."""
    with app.app_context():
        mail = outbox.Mail("alice@example.org", subject, "Hello")
        outbox.enqueue(db.session, mail, now=dt.datetime.now(dt.UTC))
        db.session.commit()


def enroll(person: uuid.UUID, now: dt.datetime) -> None:
    """Starts the roadmap for somebody whose years of experience count."""
    found = published_roadmap(db.session, SLUG)
    assert found is not None
    progress.enroll(db.session, person, found.roadmap_id, by=person, now=now)
    career.add(
        db.session,
        Position,
        person,
        {
            "title": "ML engineer",
            "employer": "Example",
            "started_on": now.date() - dt.timedelta(days=900),
            "ended_on": None,
            "is_ml": True,
            "summary": "",
        },
        by=person,
        now=now,
    )


def expire(when: dt.date) -> None:
    """The summaries as they would be found some months later."""
    db.session.execute(sa.update(ReadinessSummary).values(valid_until=when))


def unsent(app: Flask) -> int:
    with app.app_context(), db.engine.connect() as connection:
        waits = sa.select(sa.func.count()).where(OutgoingMail.due_at.is_not(None))
        return int(connection.execute(waits).scalar_one())


def test_once_does_everything_that_is_due(installation: Installation, box: Mailbox) -> None:
    app, environment = installation.app, installation.settings
    now = dt.datetime.now(dt.UTC)
    long_ago = now - dt.timedelta(days=30)
    with app.app_context():
        person = installation.cast.alice
        enroll(person, now)
        db.session.commit()
        expire(long_ago.date())
        for moment in (now, long_ago):
            db.session.add_all(
                [
                    LoginSession(
                        user_id=person, token_hash=os.urandom(32), created_at=moment,
                        last_seen_at=moment, fresh_at=moment,
                    ),
                    PasswordLink(
                        user_id=person, token_hash=os.urandom(32), created_at=moment,
                        expires_at=moment + dt.timedelta(hours=24),
                    ),
                    Attempt(id=new_id(), bucket="sign-in:one", attempted_at=moment),
                ]
            )  # fmt: skip
        db.session.commit()
    put(app, "Once")
    done = started(environment, "--once")
    said, _ = done.communicate(timeout=SECONDS)
    assert done.returncode == 0, said
    assert said.splitlines()[-1] == (
        "Mail: 1 sent, 0 put off, 0 given up. Summaries recomputed: 1. Snapshots taken: 1. "
        "Warnings of lapses: 0. "
        "Old rows removed: 3 (attempts, links and tokens: 2; sessions: 1). Pages fetched: 0. "
        "Unused files deleted: 0. People erased: 0."
    )
    assert [letter["Subject"] for letter in box.mails] == ["Once"]
    with app.app_context():
        for model in (LoginSession, PasswordLink, Attempt):
            assert db.session.scalar(sa.select(sa.func.count()).select_from(model)) == 1
        kept = db.session.scalar(sa.select(ReadinessSummary.valid_until))
        assert kept is None or kept > long_ago.date()
    again = started(environment, "--once")
    said, _ = again.communicate(timeout=SECONDS)
    assert "Mail: 0 sent" in said
    assert "Old rows removed: 0." in said


@pytest.mark.parametrize("broken", ["alice", "carol"])
def test_one_summary_that_cannot_be_made_keeps_nobody_from_theirs(
    installation: Installation, caplog: pytest.LogCaptureFixture, broken: str
) -> None:
    now = dt.datetime.now(dt.UTC)
    person = getattr(installation.cast, broken)
    with installation.app.app_context():
        for each in (installation.cast.alice, installation.cast.carol):
            enroll(each, now)
        db.session.commit()
        expire(now.date())
        db.session.execute(sa.update(User).where(User.id == person).values(timezone="No/Where"))
        db.session.commit()
        assert tasks.recompute_expired() == 1
        assert f"the summary of person {person} could not be recomputed" in caplog.text
        stale = sa.select(ReadinessSummary.user_id).where(
            ReadinessSummary.valid_until == now.date()
        )
        assert list(db.session.scalars(stale)) == [person]


def test_figures_of_today_are_left_alone(installation: Installation) -> None:
    """Years of experience change each day: they are recomputed once a day, not with every round."""
    with installation.app.app_context():
        enroll(installation.cast.alice, dt.datetime.now(dt.UTC))
        db.session.commit()
        tasks.recompute_expired()
        assert [tasks.recompute_expired() for _ in range(2)] == [0, 0]


@pytest.mark.parametrize(
    ("zone", "recomputed_at"),
    [
        ("Pacific/Kiritimati", dt.datetime(2026, 6, 1, 10, tzinfo=dt.UTC)),
        ("UTC", dt.datetime(2026, 6, 2, tzinfo=dt.UTC)),
        ("Pacific/Pago_Pago", dt.datetime(2026, 6, 2, 11, tzinfo=dt.UTC)),
    ],
)
def test_figures_run_out_at_midnight_where_the_person_is(
    installation: Installation, zone: str, recomputed_at: dt.datetime
) -> None:
    with installation.app.app_context():
        enroll(installation.cast.alice, dt.datetime.now(dt.UTC))
        db.session.execute(sa.update(User).values(timezone=zone))
        db.session.commit()
        expire(dt.date(2026, 6, 2))
        minute = dt.timedelta(minutes=1)
        assert find_expired(db.session, now=recomputed_at - minute) == []
        assert find_expired(db.session, now=recomputed_at) == [installation.cast.alice]
        db.session.rollback()


def test_what_is_old_goes_although_figures_cannot_be_made(installation: Installation) -> None:
    long_ago = dt.datetime.now(dt.UTC) - dt.timedelta(days=30)
    with installation.app.app_context():
        db.session.add(Attempt(id=new_id(), bucket="sign-in:one", attempted_at=long_ago))
        db.session.commit()
        db.session.execute(sa.text("ALTER TABLE readiness_summary RENAME TO elsewhere"))
        db.session.commit()
        with pytest.raises(sa.exc.DBAPIError):
            tasks.tidy()
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Attempt)) == 0


def test_it_is_woken_by_a_commit_and_ends_when_asked(
    installation: Installation, box: Mailbox
) -> None:
    app, environment = installation.app, installation.settings
    put(app, "Before it started")
    process = started(environment)
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["event"] == ("the job process has started")
    until(lambda: len(box.mails) == 1, "what was due is sent at the start")
    for number in range(3):
        began = time.monotonic()
        put(app, f"Number {number}")
        until(lambda: len(box.mails) == 2 + number, "a commit wakes it")  # noqa: B023
        assert time.monotonic() - began < 10, "it waited for the sweep of the next minute"
    until(lambda: unsent(app) == 0, "what was sent is noted")
    process.send_signal(signal.SIGTERM)
    rest, _ = process.communicate(timeout=SECONDS)
    assert process.returncode == 0
    assert rest == "", "nothing worth a line happened"


def test_a_slow_host_keeps_one_worker_at_most(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on, calls = threading.Event(), threading.Event(), []

    def fetch(_stopping: Callable[[], bool]) -> int:
        calls.append(1)
        begun.set()
        go_on.wait(SECONDS)
        return 0

    monkeypatch.setattr(tasks, "fetch_pages", fetch)
    queue = JobQueue(installation.app)
    slow = threading.Thread(target=queue.fetch.call_local)
    slow.start()
    assert begun.wait(SECONDS)
    queue.fetch.call_local()
    go_on.set()
    slow.join(SECONDS)
    assert calls == [1], "the second one did not wait for the host"
    queue.fetch.call_local()
    assert calls == [1, 1]


@pytest.mark.parametrize("way", ["SIGINT", "SIGHUP", "end of input"])
def test_it_ends_by_itself_when_nobody_wants_it(installation: Installation, way: str) -> None:
    environment = installation.settings
    process = started(environment, "--attached", stdin=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    assert process.stdin is not None
    if way == "end of input":
        process.stdin.close()
    else:
        process.send_signal(getattr(signal, way))
    assert process.wait(SECONDS) == 0
    process.stdout.close()
    process.stdin.close()


def test_a_wrong_setting_is_one_line_and_changes_nothing(
    installation: Installation, box: Mailbox
) -> None:
    app, environment = installation.app, installation.settings
    put(app, "Kept")
    done = started({**environment, "ROADMAP_SMTP_URL": "mail.example.org"}, "--once")
    said, _ = done.communicate(timeout=SECONDS)
    assert done.returncode == 1
    assert "ROADMAP_SMTP_URL must look like" in said
    assert "Traceback" not in said
    assert unsent(app) == 1


def test_a_queue_that_cannot_be_written_costs_a_minute_and_nothing_else(
    installation: Installation, box: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    app = installation.app
    queue = app.config["DATA_DIR"] / "jobs.sqlite3"
    queue.write_bytes(b"this is no database, whatever its name says\n" * 100)
    put(app, "All the same")
    assert "it begins within a minute" in caplog.text
    with app.app_context():
        assert tasks.deliver().sent == 1


def test_what_the_queue_says_is_read_as_data(installation: Installation) -> None:
    app = installation.app
    queue = wakeup.get_job_queue(app).huey
    queue.storage.enqueue(b"\x80\x04cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(ValueError):  # noqa: PT011 - JSON or its encoding, but nothing is executed
        queue.dequeue()


# Beside the server


class Whole(Server):
    """The server with its job process, as `make run` starts it."""

    with_jobs = True

    def workers(self) -> list[int]:
        return [pid for pid in super().workers() if "--attached" not in command(pid)]

    def job(self) -> int:
        """The id of the job process."""
        assert self.process is not None
        found = [pid for pid in family(self.process.pid) if "--attached" in command(pid)]
        return found[0] if found else 0


def family(pid: int) -> list[int]:
    """The processes that this one has started, whichever thread it was."""
    found = []
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += [int(child) for child in (task / "children").read_text().split()]
    except OSError:
        return []
    return found


def command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def is_there(pid: int) -> bool:
    """Whether it runs; one that ended and was not yet collected does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.fixture
def whole(installation: Installation, box: Mailbox, tmp_path: Path) -> Iterator[Whole]:
    environment = installation.settings
    server = Whole(environment["ROADMAP_DATABASE_URL"], tmp_path, **environment)
    try:
        yield server.start()
    finally:
        server.kill()


@pytest.mark.slow
def test_the_server_brings_its_job_process_and_both_end_together(
    whole: Whole, installation: Installation, box: Mailbox
) -> None:
    put(installation.app, "From the server")
    until(lambda: box.mails, "the job process beside the server sends it")
    everyone = [whole.job(), *whole.workers()]
    assert all(map(is_there, everyone))
    began = time.monotonic()
    assert whole.stop() == 0
    assert time.monotonic() - began < 15
    assert not any(map(is_there, everyone))


@pytest.mark.slow
def test_a_job_process_that_crashes_starts_again(whole: Whole) -> None:
    first = until(whole.job, "it starts")
    os.kill(first, signal.SIGKILL)
    second = until(lambda: whole.job() not in (0, first) and whole.job(), "it starts again")
    assert is_there(second)
    lines = [json.loads(line) for line in whole.log.read_text().splitlines()]
    told = [line for line in lines if line["logger"] == "roadmap.server.processes"]
    assert [line["event"] for line in told] == [
        "the job process ended with status -9; restarting it in 1 s"
    ]
    assert set(told[0]) == {"event", "level", "logger", "timestamp"}
    assert whole.answers(), "the server did not notice"


@pytest.mark.slow
def test_nothing_stays_behind_when_the_main_process_is_killed(whole: Whole) -> None:
    assert whole.process is not None
    until(whole.job, "it starts")
    whole.wait_for_workers()
    everyone = family(whole.process.pid)
    assert whole.job() in everyone
    os.kill(whole.process.pid, signal.SIGKILL)
    until(lambda: not any(map(is_there, everyone)), "workers and job process end by themselves")


def test_a_savepoint_uses_no_wake_up(installation: Installation, box: Mailbox) -> None:
    """Nothing of it can be seen before the commit: woken earlier, nobody would find the mail."""
    with installation.app.app_context():
        queue = wakeup.get_job_queue(installation.app).huey
        with db.session.begin_nested():
            mail = outbox.Mail("alice@example.org", "Later", "Hello")
            outbox.enqueue(db.session, mail, now=dt.datetime.now(dt.UTC))
        with db.session.begin_nested():
            db.session.execute(sa.text("SELECT 1"))
        assert queue.pending_count() == 0
        db.session.commit()
        assert queue.pending_count() == 1
