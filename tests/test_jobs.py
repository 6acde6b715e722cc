"""The job process, alone and started by a server."""

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
from tests.support.server import Server, clean_environment
from tests.support.smtp import FreePortController, Mailbox

SECONDS = 30
RUN = [sys.executable, "-m", "flask", "--app", "roadmap", "jobs", "run"]


@dataclass(frozen=True)
class Installation:
    """An application with a separate database, and the settings of other processes on it."""

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
def mailbox(installation: Installation) -> Iterator[Mailbox]:
    """Receive the mails of the installation and its processes."""
    mailbox = Mailbox()
    controller: Controller = FreePortController(mailbox, hostname="127.0.0.1", port=0)
    controller.start()
    mail = {
        "SMTP_URL": f"smtp://127.0.0.1:{controller.port}",
        "MAIL_FROM": "cairn@example.org",
        "BASE_URL": "http://cairn.example.org",
    }
    installation.app.config.update(mail)
    installation.settings.update({f"ROADMAP_{name}": value for name, value in mail.items()})
    yield mailbox
    controller.stop()


def start_job_process(
    environment: Mapping[str, str], *options: str, **more: Any
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*RUN, *options],
        cwd=config.ROOT,
        env=clean_environment(**environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **more,
    )


def wait_for(condition: Callable[[], Any], failure: str) -> Any:
    """Return the value of `condition` once it is true."""
    deadline = time.monotonic() + SECONDS
    while not (value := condition()):
        assert time.monotonic() < deadline, failure
        time.sleep(0.02)
    return value


def enqueue_mail(app: Flask, subject: str) -> None:
    """Enqueue a mail and commit, as a request does."""
    with app.app_context():
        mail = OutgoingMail(recipient="alice@example.org", subject=subject, body="Hello")
        outbox.enqueue(db.session, mail, now=dt.datetime.now(dt.UTC))
        db.session.commit()


def enroll(person: uuid.UUID, now: dt.datetime) -> None:
    """Enroll a person with a position, whose years of experience change the summary daily."""
    found = published_roadmap(db.session, SLUG)
    assert found is not None
    progress.enroll(db.session, person, found.roadmap_id, now=now)
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
        now=now,
    )


def set_valid_until(when: dt.date) -> None:
    """Set the last valid day of all summaries."""
    db.session.execute(sa.update(ReadinessSummary).values(valid_until=when))


def count_unsent_mails(app: Flask) -> int:
    with app.app_context(), db.engine.connect() as connection:
        count = sa.select(sa.func.count()).where(OutgoingMail.due_at.is_not(None))
        return int(connection.execute(count).scalar_one())


def test_once_option_runs_all_due_jobs(installation: Installation, mailbox: Mailbox) -> None:
    app, environment = installation.app, installation.settings
    now = dt.datetime.now(dt.UTC)
    long_ago = now - dt.timedelta(days=30)
    with app.app_context():
        person = installation.cast.alice
        enroll(person, now)
        db.session.commit()
        set_valid_until(long_ago.date())
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
    enqueue_mail(app, "Once")
    done = start_job_process(environment, "--once")
    output, _ = done.communicate(timeout=SECONDS)
    assert done.returncode == 0, output
    assert output.splitlines()[-1] == (
        "Mail: 1 sent, 0 put off, 0 given up. Summaries recomputed: 1. Snapshots taken: 1. "
        "Warnings of lapses: 0. "
        "Old rows removed: 3 (attempts, links and tokens: 2; sessions: 1). Pages fetched: 0. "
        "Unused files deleted: 0. People erased: 0."
    )
    assert [letter["Subject"] for letter in mailbox.mails] == ["Once"]
    with app.app_context():
        for model in (LoginSession, PasswordLink, Attempt):
            assert db.session.scalar(sa.select(sa.func.count()).select_from(model)) == 1
        kept = db.session.scalar(sa.select(ReadinessSummary.valid_until))
        assert kept is None or kept > long_ago.date()
    again = start_job_process(environment, "--once")
    output, _ = again.communicate(timeout=SECONDS)
    assert "Mail: 0 sent" in output
    assert "Old rows removed: 0." in output


@pytest.mark.parametrize("broken", ["alice", "carol"])
def test_failed_summary_does_not_stop_other_summaries(
    installation: Installation, caplog: pytest.LogCaptureFixture, broken: str
) -> None:
    now = dt.datetime.now(dt.UTC)
    person = getattr(installation.cast, broken)
    with installation.app.app_context():
        for each in (installation.cast.alice, installation.cast.carol):
            enroll(each, now)
        db.session.commit()
        set_valid_until(now.date())
        db.session.execute(sa.update(User).where(User.id == person).values(timezone="No/Where"))
        db.session.commit()
        assert tasks.recompute_expired() == 1
        assert f"the summary of person {person} could not be recomputed" in caplog.text
        stale = sa.select(ReadinessSummary.user_id).where(
            ReadinessSummary.valid_until == now.date()
        )
        assert list(db.session.scalars(stale)) == [person]


def test_summary_computed_today_is_not_recomputed(installation: Installation) -> None:
    """Years of experience change daily, so summaries are recomputed once a day."""
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
def test_summary_expires_at_midnight_in_the_users_time_zone(
    installation: Installation, zone: str, recomputed_at: dt.datetime
) -> None:
    with installation.app.app_context():
        enroll(installation.cast.alice, dt.datetime.now(dt.UTC))
        db.session.execute(sa.update(User).values(timezone=zone))
        db.session.commit()
        set_valid_until(dt.date(2026, 6, 2))
        minute = dt.timedelta(minutes=1)
        assert find_expired(db.session, now=recomputed_at - minute) == []
        assert find_expired(db.session, now=recomputed_at) == [installation.cast.alice]
        db.session.rollback()


def test_old_rows_are_removed_when_recomputing_fails(installation: Installation) -> None:
    long_ago = dt.datetime.now(dt.UTC) - dt.timedelta(days=30)
    with installation.app.app_context():
        db.session.add(Attempt(id=new_id(), bucket="sign-in:one", attempted_at=long_ago))
        db.session.commit()
        db.session.execute(sa.text("ALTER TABLE readiness_summary RENAME TO elsewhere"))
        db.session.commit()
        with pytest.raises(sa.exc.DBAPIError):
            tasks.run_maintenance()
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Attempt)) == 0


def test_job_process_wakes_on_commit_and_stops_on_sigterm(
    installation: Installation, mailbox: Mailbox
) -> None:
    app, environment = installation.app, installation.settings
    enqueue_mail(app, "Before it started")
    process = start_job_process(environment)
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["event"] == "the job process has started"
    wait_for(lambda: len(mailbox.mails) == 1, "the due mail was not sent at the start")
    for number in range(3):
        began = time.monotonic()
        enqueue_mail(app, f"Number {number}")
        wait_for(
            lambda count=2 + number: len(mailbox.mails) == count,
            "a commit did not wake the process",
        )
        assert time.monotonic() - began < 10, "sent by the sweep of the next minute"
    wait_for(lambda: count_unsent_mails(app) == 0, "the mails are not recorded as sent")
    process.send_signal(signal.SIGTERM)
    rest, _ = process.communicate(timeout=SECONDS)
    assert process.returncode == 0
    assert rest == ""


def test_slow_host_occupies_one_worker_at_most(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, release, calls = threading.Event(), threading.Event(), []

    def fetch(_stopping: Callable[[], bool]) -> int:
        calls.append(1)
        started.set()
        release.wait(SECONDS)
        return 0

    monkeypatch.setattr(tasks, "fetch_pages", fetch)
    queue = JobQueue(installation.app)
    slow = threading.Thread(target=queue.fetch.call_local)
    slow.start()
    assert started.wait(SECONDS)
    queue.fetch.call_local()
    release.set()
    slow.join(SECONDS)
    assert calls == [1], "the second call also waited for the host"
    queue.fetch.call_local()
    assert calls == [1, 1]


@pytest.mark.parametrize("cause", ["SIGINT", "SIGHUP", "end of input"])
def test_attached_job_process_stops_on_signal_or_end_of_input(
    installation: Installation, cause: str
) -> None:
    environment = installation.settings
    process = start_job_process(environment, "--attached", stdin=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    assert process.stdin is not None
    if cause == "end of input":
        process.stdin.close()
    else:
        process.send_signal(getattr(signal, cause))
    assert process.wait(SECONDS) == 0
    process.stdout.close()
    process.stdin.close()


def test_invalid_setting_is_reported_and_sends_nothing(
    installation: Installation, mailbox: Mailbox
) -> None:
    app, environment = installation.app, installation.settings
    enqueue_mail(app, "Kept")
    done = start_job_process({**environment, "ROADMAP_SMTP_URL": "mail.example.org"}, "--once")
    output, _ = done.communicate(timeout=SECONDS)
    assert done.returncode == 1
    assert "ROADMAP_SMTP_URL must look like" in output
    assert "Traceback" not in output
    assert count_unsent_mails(app) == 1


def test_mail_is_delivered_although_job_queue_is_corrupt(
    installation: Installation, mailbox: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    app = installation.app
    queue = app.config["DATA_DIR"] / "jobs.sqlite3"
    queue.write_bytes(b"not a database, despite its name\n" * 100)
    enqueue_mail(app, "All the same")
    assert "it begins within a minute" in caplog.text
    with app.app_context():
        assert tasks.deliver().sent == 1


def test_queue_messages_are_not_unpickled(installation: Installation) -> None:
    app = installation.app
    queue = wakeup.get_job_queue(app).huey
    queue.storage.enqueue(b"\x80\x04cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(ValueError):  # noqa: PT011 - JSON or its encoding, but nothing is executed
        queue.dequeue()


# With the server


class ServerWithJobs(Server):
    """The server and its job process, as started by `make run`."""

    with_jobs = True

    def workers(self) -> list[int]:
        return [pid for pid in super().workers() if "--attached" not in command_line(pid)]

    def job_pid(self) -> int:
        """Return the process id of the job process, or 0."""
        assert self.process is not None
        found = [pid for pid in child_pids(self.process.pid) if "--attached" in command_line(pid)]
        return found[0] if found else 0


def child_pids(pid: int) -> list[int]:
    """Return the child processes of all threads of a process."""
    found = []
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += [int(child) for child in (task / "children").read_text().split()]
    except OSError:
        return []
    return found


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def is_running(pid: int) -> bool:
    """Return whether a process runs. A zombie does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.fixture
def server(
    installation: Installation, mailbox: Mailbox, tmp_path: Path
) -> Iterator[ServerWithJobs]:
    environment = installation.settings
    server = ServerWithJobs(environment["ROADMAP_DATABASE_URL"], tmp_path, **environment)
    try:
        yield server.start()
    finally:
        server.kill()


@pytest.mark.slow
def test_server_starts_and_stops_its_job_process(
    server: ServerWithJobs, installation: Installation, mailbox: Mailbox
) -> None:
    enqueue_mail(installation.app, "From the server")
    wait_for(lambda: mailbox.mails, "the job process did not send the mail")
    pids = [server.job_pid(), *server.workers()]
    assert all(map(is_running, pids))
    began = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - began < 15
    assert not any(map(is_running, pids))


@pytest.mark.slow
def test_crashed_job_process_is_restarted(server: ServerWithJobs) -> None:
    first = wait_for(server.job_pid, "the job process did not start")
    os.kill(first, signal.SIGKILL)
    second = wait_for(
        lambda: server.job_pid() not in (0, first) and server.job_pid(),
        "the job process did not restart",
    )
    assert is_running(second)
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    reports = [line for line in lines if line["logger"] == "roadmap.server.processes"]
    assert [line["event"] for line in reports] == [
        "the job process ended with status -9; restarting it in 1 s"
    ]
    assert set(reports[0]) == {"event", "level", "logger", "timestamp"}
    assert server.answers()


@pytest.mark.slow
def test_killed_main_process_leaves_no_child_processes(server: ServerWithJobs) -> None:
    assert server.process is not None
    wait_for(server.job_pid, "the job process did not start")
    server.wait_for_workers()
    pids = child_pids(server.process.pid)
    assert server.job_pid() in pids
    os.kill(server.process.pid, signal.SIGKILL)
    wait_for(lambda: not any(map(is_running, pids)), "workers or job process still run")


def test_savepoint_does_not_wake_the_job_process(
    installation: Installation, mailbox: Mailbox
) -> None:
    """Before the commit, the job process could not see the mail."""
    with installation.app.app_context():
        queue = wakeup.get_job_queue(installation.app).huey
        with db.session.begin_nested():
            mail = OutgoingMail(recipient="alice@example.org", subject="Later", body="Hello")
            outbox.enqueue(db.session, mail, now=dt.datetime.now(dt.UTC))
        with db.session.begin_nested():
            db.session.execute(sa.text("SELECT 1"))
        assert queue.pending_count() == 0
        db.session.commit()
        assert queue.pending_count() == 1
